// What the Python side hands to a variant of the kernel that classifies images: layers, images, and where results go.
#pragma once

#include <atomic>
#include <cstdint>

namespace lrn {

enum class Kind : std::int32_t { convolution, norm, sum };

// One layer. It reads tensor `from` and makes the next one: tensor 0 are the images, tensor k + 1 comes from layer k.
struct Layer {
  Kind kind;
  std::int32_t from;
  std::int32_t other;    // sum: what is added, each `stride`-th pixel of its channels; -1: nothing
  std::int32_t channels; // convolution: that it makes
  std::int32_t kernel;   // convolution: height and width, odd; its image is padded by half of that
  std::int32_t stride;
  std::int32_t biased;   // convolution
  std::int32_t rectified; // whether a ReLU follows
};
constexpr int fields = 8;
static_assert(sizeof(Layer) == fields * sizeof(std::int32_t));

struct Shape {
  int channels, height, width;
  long size() const { return long(channels) * height * width; }
};

// What a layer makes of tensors of these shapes; 0 pixels where its numbers do not fit them.
inline Shape shape_after(const Layer &layer, Shape from, Shape other) {
  if (layer.kind == Kind::convolution)
    return {layer.channels, (from.height - 1) / layer.stride + 1, (from.width - 1) / layer.stride + 1};
  if (layer.kind == Kind::sum && layer.other >= 0) {
    const int height = (other.height - 1) / layer.stride + 1, width = (other.width - 1) / layer.stride + 1;
    if (height != from.height || width != from.width || other.channels > from.channels) return {};
  }
  return from;
}

// How many parameters it has: in torch's order, weight (out, in, kernel, kernel) before bias.
inline long parameters_of(const Layer &layer, Shape from) {
  if (layer.kind == Kind::norm) return 2 * from.channels;
  if (layer.kind == Kind::sum) return 0;
  return long(layer.channels) * from.channels * layer.kernel * layer.kernel + (layer.biased ? layer.channels : 0);
}

template <class R> struct ImageJob {
  const Layer *layers;          // (K,)
  const std::int32_t *read;     // (T,) tensors whose averages the linear classifier reads
  int layer_count, read_count, classes;
  int last;                     // the layer whose gradient is `last_gradient`; that of the first one is the other
  Shape image;
  int train, test, batch, epochs;
  const R *train_x, *test_x;    // (N, C, H, W)
  const std::int32_t *train_y;  // (N,)
  const std::int32_t *order;    // (S, epochs, N) training images as each network sees them
  double lr, momentum;
  long count;                   // S
  const R *initial;             // (S, P)

  R *first_gradient, *last_gradient;  // (S,) norms, of the loss of all training images before training
  R *loss, *accuracy, *gradient;      // (S, epochs, N / batch) before each step; the first convolution's norm
  std::int32_t *predicted;            // (S, test) classes
  std::uint8_t *silent;               // (S, A) channels after ReLUs that are zero on every training image

  std::atomic<long> *next, *done;     // vectors of networks: the next to take; networks finished
  std::atomic<bool> *cancelled;
};

} // namespace lrn

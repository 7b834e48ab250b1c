// What the Python side hands to a variant of the kernel that classifies images: layers, images, and where results go.
#pragma once

#include <algorithm>
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
  long pixels() const { return long(height) * width; }
  long size() const { return channels * pixels(); }
};

// So many images in parts of at most `most`: as even as they can be, the larger ones first, as numpy.array_split does.
struct Parts {
  int images, count;
  Parts(int images, int most) : images(images), count(int((long(images) + most - 1) / most)) {}
  int first(int k) const { return images / count * k + std::min(k, images % count); }
  int size(int k) const { return first(k + 1) - first(k); }
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
  const Layer *layers; // (K,)
  int layer_count;
  int last;             // the layer whose gradient is `last_gradient`; that of the first one is the other
  const std::int32_t *read; // (T,) tensors whose averages the linear classifier reads
  int read_count, classes;

  Shape image;
  int train, test;             // how many images there are (N, M)
  const R *train_x, *test_x;   // (N, C, H, W), (M, C, H, W)
  const std::int32_t *train_y; // (N,)

  int part;                  // of all training images, so many at most are looked at together
  int batch, epochs;         // an epoch's last batch may be smaller
  double lr, momentum;
  const std::int32_t *order; // (S, epochs, N) training images as each network sees them
  long count;                // S
  const R *initial;          // (S, P)

  R *first_gradient, *last_gradient; // (S,) norms, of the loss of all training images before training
  R *loss, *accuracy, *gradient;     // (S, epochs, steps) before each step; the first convolution's norm
  std::int32_t *predicted;           // (S, M) classes
  std::uint8_t *silent;              // (S, A) channels after ReLUs that are zero on every training image

  std::atomic<long> *next, *done; // vectors of networks: the next to take; networks finished
  std::atomic<bool> *cancelled;

  int steps() const { return (train + batch - 1) / batch; } // of an epoch
};

} // namespace lrn

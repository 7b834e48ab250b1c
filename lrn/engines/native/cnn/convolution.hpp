// Convolutions of one vector of networks: loops over tiles that stay in registers, and pixels that were looked up before.
//
// Every sum adds in one order, whatever the tiles: all vector lengths agree to the bit.
#pragma once
#include "blocks.hpp"

#include <vector>

namespace LRN_NAMESPACE {

// Which pixels a convolution, or its way back, brings together. It is tabulated once, before training: borders and strides
// then cost nothing in the loops, and the gradient of what goes in takes the same loop as the convolution.
struct Geometry {
  struct Tap { int weight, pixel; };  // the kernel's weight for another image's pixel
  struct Pair { int to, from; };
  using Taps = std::vector<std::vector<Tap>>; // for each pixel
  Taps forward, backward;                               // of those that come out, and of those that go in
  std::vector<std::vector<std::vector<Pair>>> meetings; // for each group of pixels that come out and each weight
  static constexpr int group = 16; // pixels of four channels and images: two such fit in the nearest cache
  int blocks = 1;                  // of images that gather gradients together, where there are few pixels

  Geometry() = default;
  Geometry(int kernel, int stride, Shape from, Shape to)
      : forward(to.height * to.width), backward(from.height * from.width),
        blocks(std::max(1, group / (to.height * to.width))) {
    meetings.assign((to.height * to.width + group - 1) / group, std::vector<std::vector<Pair>>(kernel * kernel));
    for (int made = 0; made < to.height * to.width; ++made)
      for (int tap = 0; tap < kernel * kernel; ++tap) {
        const int row = made / to.width * stride + tap / kernel - kernel / 2;
        const int column = made % to.width * stride + tap % kernel - kernel / 2;
        if (row < 0 || row >= from.height || column < 0 || column >= from.width) continue;
        const int read = row * from.width + column;
        forward[made].push_back({tap, read});
        backward[read].push_back({tap, made});
        meetings[made / group][tap].push_back({made, read});
      }
  }
};

// out[c][p] = start + the sum over channels d and taps of p: weight[c, d, tap] * in[d][q]. This is a convolution, or with
// `c` and `d` exchanged the gradient of what goes into one.
// Weights (out, in, kernel, kernel) lie in torch's order for both directions: `by_c` and `by_d` say how far it is from one
// channel to the next.
template <class V> struct Gathering {
  const Geometry::Taps &taps;
  long in_channels, in_pixels;
  const V *weight;
  long by_c, by_d;  // steps between weights
  const V *bias;    // where the sum starts, or null
  bool add;         // without a bias: the sum starts at what is there
  bool rectified;   // whether a ReLU follows

  // A tile of C channels from c on, and a block of B images. `fired`: the output of the ReLU that the
  // gradient passes on its way back; or null.
  template <int C, int B> LRN_APART_FN void tile(long c0, const V *in, V *out, const V *fired) const {
    const long out_pixels = long(taps.size()), channels = in_channels, pixels = in_pixels, step = by_d;
    const V *rows[C];
    LRN_UNROLL_ALL
    for (int c = 0; c < C; ++c) rows[c] = weight + (c0 + c) * by_c;
    for (long p = 0; p < out_pixels; ++p) {
      V *const to = out + (c0 * out_pixels + p) * B;
      V sum[C][B];
      LRN_UNROLL_ALL
      for (int c = 0; c < C; ++c)
        LRN_UNROLL_ALL
        for (int b = 0; b < B; ++b) sum[c][b] = bias ? bias[c0 + c] : add ? to[c * out_pixels * B + b] : V{};
      const Geometry::Tap *const first = taps[p].data(), *const end = first + taps[p].size();
      // Taps are looked up, so borders and strides cost no test here, and nothing is multiplied by padding.
      for (long d = 0; d < channels; ++d)
        for (const Geometry::Tap *tap = first; tap != end; ++tap) {
          const V *const pixel = in + (d * pixels + tap->pixel) * B;
          const long k = d * step + tap->weight;
          LRN_UNROLL_ALL
          for (int c = 0; c < C; ++c) {
            const V factor = rows[c][k];
            LRN_UNROLL_ALL
            for (int b = 0; b < B; ++b) sum[c][b] = fma(factor, pixel[b], sum[c][b]);
          }
        }
      if (fired) {
        const V *const passed = fired + (to - out);
        LRN_UNROLL_ALL
        for (int channel = 0; channel < C; ++channel)
          LRN_UNROLL_ALL
          for (int image = 0; image < B; ++image)
            sum[channel][image] = gate(passed[channel * out_pixels * B + image], sum[channel][image]);
      }
      LRN_UNROLL_ALL
      for (int c = 0; c < C; ++c)
        LRN_UNROLL_ALL
        for (int b = 0; b < B; ++b) to[c * out_pixels * B + b] = rectified ? relu(sum[c][b]) : sum[c][b];
    }
  }
};

// Sums of 16 pixels at a time, whose values fit in the nearest cache beside those of the other tensor.
// The gradients of a convolution's weights: of all pairs of pixels that meet under a weight, in a few blocks.
template <class V> struct Meeting {
  int blocks;
  const V *to, *from;           // gradients of what came out, and what went in
  long to_channel, from_channel; // steps between channels
  long to_block, from_block;     // and between blocks
  V *gradient;
  long by_c, by_d;               // steps between weights

  // Adds to those of C x D weights of one tap, from channels c0 and d0 on; blocks have B images.
  template <int C, int D, int B>
  LRN_APART_FN void tile(const std::vector<Geometry::Pair> &pairs, int c0, int d0, long tap) const {
    V *const sums = gradient + c0 * by_c + d0 * by_d + tap;
    const long step_to = to_channel, step_from = from_channel;
    V sum[C][D];
    LRN_UNROLL_ALL
    for (int c = 0; c < C; ++c)
      LRN_UNROLL_ALL
      for (int d = 0; d < D; ++d) sum[c][d] = sums[c * by_c + d * by_d];
    for (int k = 0; k < blocks; ++k) {
      const V *const made = to + k * to_block + c0 * step_to, *const read = from + k * from_block + d0 * step_from;
      for (const auto &pair : pairs) {
        const V *const to_values = made + pair.to * B, *const from_values = read + pair.from * B;
        for (int i = 0; i < B; ++i) {
          V right[D];
          LRN_UNROLL_ALL
          for (int d = 0; d < D; ++d) right[d] = from_values[d * step_from + i];
          LRN_UNROLL_ALL
          for (int c = 0; c < C; ++c) {
            const V left = to_values[c * step_to + i];
            LRN_UNROLL_ALL
            for (int d = 0; d < D; ++d) sum[c][d] = fma(left, right[d], sum[c][d]);
          }
        }
      }
    }
    LRN_UNROLL_ALL
    for (int c = 0; c < C; ++c)
      LRN_UNROLL_ALL
      for (int d = 0; d < D; ++d) sums[c * by_c + d * by_d] = sum[c][d];
  }
};

template <class V> struct Convolution {
  const Geometry &geometry;
  Shape from, to;
  int kernel;

  long taps() const { return long(kernel) * kernel; }

  // `bias` may be null.
  LRN_BIG_FN void forward(Span images, Tensor<V> in, const V *weight, const V *bias, bool rectified, Tensor<V> out) const {
    const Gathering<V> gathering{geometry.forward, from.channels, from.pixels(), weight, from.channels * taps(), taps(),
                                 bias, false, rectified};
    gather(gathering, to.channels, images, in, out, {nullptr, 0});
  }

  // Writes the gradient against the input to `in`, or adds it there. Where `fired` has values, they are the output of the ReLU
  // that made the input, and the gradient is also multiplied by that ReLU's derivative.
  LRN_BIG_FN void backward(Span images, Tensor<V> gradient, const V *weight, Tensor<V> in, bool add, Tensor<V> fired) const {
    const Gathering<V> gathering{geometry.backward, to.channels, to.pixels(), weight, taps(), from.channels * taps(),
                                 nullptr, add, false};
    gather(gathering, from.channels, images, gradient, in, fired);
  }

  // Adds the gradients of weights and, where it has one, of the bias.
  LRN_BIG_FN void learn(Span images, Tensor<V> gradient, Tensor<V> in, V *of_weight, V *of_bias) const {
    // A group of 16 pixels of four images and channels fits into the nearest cache twice. Where a layer has fewer pixels,
    // several blocks make a group, so that a weight's sum is loaded and stored less often.
    const int full = images.first + (images.end - images.first) / block_size * block_size;
    for (int n = images.first; n < full; n += geometry.blocks * block_size)
      meet<block_size>(std::min(geometry.blocks, (full - n) / block_size), n, gradient, in, of_weight);
    for (int n = full; n < images.end; ++n) meet<1>(1, n, gradient, in, of_weight);
    if (!of_bias) return;
    for_channels(to, images, [&](int n, auto B, int channel, long k) {
      const V *const gradients = gradient.at(n) + k;
      V sum[B]{};
      for (long pixel = 0; pixel < to.pixels(); ++pixel)
        for (int image = 0; image < B; ++image) sum[image] = sum[image] + gradients[pixel * B + image];
      for (int image = 0; image < B; ++image) of_bias[channel] = of_bias[channel] + sum[image];
    });
  }

private:
  static LRN_FN void gather(const Gathering<V> &gathering, int channels, Span images, Tensor<V> in, Tensor<V> out,
                            Tensor<V> fired) {
    for_blocks(images, [&](int n, auto B) {
      const V *const passed = fired.values ? fired.at(n) : nullptr;
      for_tiles<V>(channels, [&](int channel, auto C) { gathering.template tile<C, B>(channel, in.at(n), out.at(n), passed); });
    });
  }

  // Of `blocks` blocks of B images, from image n on.
  template <int B> LRN_BIG_FN void meet(int blocks, int n, Tensor<V> gradient, Tensor<V> in, V *of_weight) const {
    const Meeting<V> meeting{blocks, gradient.at(n), in.at(n), to.pixels() * B, from.pixels() * B, gradient.stride * B,
                             in.stride * B, of_weight, from.channels * taps(), taps()};
    // Groups of pixels are the outermost loop: a group's values are read by all tiles of weights while they are in the cache.
    for (const auto &pairs : geometry.meetings)
      for_tiles<V>(to.channels, [&](int to_channel, auto C) {
        for_tiles<V>(from.channels, [&](int from_channel, auto D) {
          for (long tap = 0; tap < taps(); ++tap) meeting.template tile<C, D, B>(pairs[tap], to_channel, from_channel, tap);
        });
      });
  }
};

} // namespace LRN_NAMESPACE

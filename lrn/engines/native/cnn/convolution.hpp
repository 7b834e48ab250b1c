// Convolutions of one vector of networks: loops over tiles that stay in registers, and pixels that were looked up before.
//
// Images come in blocks of four, or alone where fewer are left: the values of a block lie as (channels, pixels, block),
// and blocks one after the other. Every sum adds in one order, whatever the tiles: all vector lengths agree to the bit.
#pragma once
#include "../vec.hpp"
#include "job.hpp"

#include <algorithm>
#include <type_traits>
#include <vector>

namespace LRN_NAMESPACE {

using lrn::Shape;

constexpr int block_size = 4;

// Calls `f(first, size)` for each block of `count` images; the size is a constant.
template <class F> LRN_FN void for_blocks(int count, F f) {
  int n = 0;
  for (; n + block_size <= count; n += block_size) f(n, std::integral_constant<int, block_size>());
  for (; n < count; ++n) f(n, std::integral_constant<int, 1>());
}

// The same for tiles of channels.
template <class V, class F> LRN_FN void for_tiles(int count, F f) {
  int c = 0;
  if constexpr (Lanes<V>::registers >= 32)
    for (; c + 4 <= count; c += 4) f(c, std::integral_constant<int, 4>());
  for (; c + 2 <= count; c += 2) f(c, std::integral_constant<int, 2>());
  for (; c < count; ++c) f(c, std::integral_constant<int, 1>());
}

// Which pixels a convolution, or its way back, brings together.
struct Geometry {
  struct Tap { int weight, pixel; };  // the kernel's weight for another image's pixel
  struct Pair { int to, from; };
  std::vector<std::vector<Tap>> forward, backward; // for each pixel that comes out, and for each that goes in
  std::vector<std::vector<std::vector<Pair>>> meetings; // for each group of rows that come out and each weight
  int blocks = 1; // of images that gather gradients together, where there are few pixels

  Geometry() = default;
  Geometry(int kernel, int stride, Shape from, Shape to)
      : forward(to.height * to.width), backward(from.height * from.width),
        blocks(std::max(1, 16 / (to.height * to.width))) {
    const int rows = std::max(1, 16 / to.width), groups = (to.height + rows - 1) / rows;
    meetings.assign(groups, std::vector<std::vector<Pair>>(kernel * kernel));
    for (int p = 0; p < to.height * to.width; ++p)
      for (int tap = 0; tap < kernel * kernel; ++tap) {
        const int y = p / to.width * stride + tap / kernel - kernel / 2;
        const int x = p % to.width * stride + tap % kernel - kernel / 2;
        if (y < 0 || y >= from.height || x < 0 || x >= from.width) continue;
        const int q = y * from.width + x;
        forward[p].push_back({tap, q}), backward[q].push_back({tap, p});
        meetings[p / to.width / rows][tap].push_back({p, q});
      }
  }
};

// out[c][p] = start + the sum over channels d and taps of p: weight[c, d, tap] * in[d][q]. This is a convolution, or with
// `c` and `d` exchanged the gradient of what goes into one. A tile of C channels and a block of B images. The sum starts
// at `bias`, if that is not null, or at what is there, if it is to `add`.
template <int C, int B, class V>
LRN_APART_FN void gather_tile(const std::vector<std::vector<Geometry::Tap>> &taps, const V *in, long in_channels,
                              long in_pixels, const V *weight, long by_c, long by_d, V *out, const V *bias, bool add) {
  const long out_pixels = long(taps.size());
  const V *rows[C];
  LRN_UNROLL_ALL
  for (int c = 0; c < C; ++c) rows[c] = weight + c * by_c;
  for (long p = 0; p < out_pixels; ++p) {
    V sum[C][B];
    LRN_UNROLL_ALL
    for (int c = 0; c < C; ++c)
      LRN_UNROLL_ALL
      for (int b = 0; b < B; ++b) sum[c][b] = bias ? bias[c] : add ? out[(c * out_pixels + p) * B + b] : V{};
    const Geometry::Tap *const first = taps[p].data(), *const end = first + taps[p].size();
    for (long d = 0; d < in_channels; ++d)
      for (const Geometry::Tap *tap = first; tap != end; ++tap) {
        const V *const pixel = in + (d * in_pixels + tap->pixel) * B;
        const long k = d * by_d + tap->weight;
        LRN_UNROLL_ALL
        for (int c = 0; c < C; ++c) {
          const V a = rows[c][k];
          LRN_UNROLL_ALL
          for (int b = 0; b < B; ++b) sum[c][b] = fma(a, pixel[b], sum[c][b]);
        }
      }
    LRN_UNROLL_ALL
    for (int c = 0; c < C; ++c)
      LRN_UNROLL_ALL
      for (int b = 0; b < B; ++b) out[(c * out_pixels + p) * B + b] = sum[c][b];
  }
}

// Adds to the gradients of C x D weights of one tap: of all its pairs of pixels in some blocks.
template <int C, int D, int B, class V>
LRN_APART_FN void meet_tile(const std::vector<Geometry::Pair> &pairs, int blocks, const V *to, long to_channel,
                            long to_block, const V *from, long from_channel, long from_block, V *gradient, long by_c,
                            long by_d) {
  V sum[C][D];
  LRN_UNROLL_ALL
  for (int c = 0; c < C; ++c)
    LRN_UNROLL_ALL
    for (int d = 0; d < D; ++d) sum[c][d] = gradient[c * by_c + d * by_d];
  for (int k = 0; k < blocks; ++k)
    for (const auto &pair : pairs) {
      const V *const a = to + k * to_block + pair.to * B, *const b = from + k * from_block + pair.from * B;
      for (int i = 0; i < B; ++i) {
        V read[D];
        LRN_UNROLL_ALL
        for (int d = 0; d < D; ++d) read[d] = b[d * from_channel + i];
        LRN_UNROLL_ALL
        for (int c = 0; c < C; ++c) {
          const V made = a[c * to_channel + i];
          LRN_UNROLL_ALL
          for (int d = 0; d < D; ++d) sum[c][d] = fma(made, read[d], sum[c][d]);
        }
      }
    }
  LRN_UNROLL_ALL
  for (int c = 0; c < C; ++c)
    LRN_UNROLL_ALL
    for (int d = 0; d < D; ++d) gradient[c * by_c + d * by_d] = sum[c][d];
}

template <class V> struct Convolution {
  const Geometry &geometry;
  Shape from, to;
  int kernel;

  long taps() const { return long(kernel) * kernel; }
  long from_pixels() const { return long(from.height) * from.width; }
  long to_pixels() const { return long(to.height) * to.width; }

  // `bias` may be null.
  LRN_BIG_FN void forward(int count, const V *in, const V *weight, const V *bias, V *out) const {
    for_tiles<V>(to.channels, [&](int c, auto C) {
      for_blocks(count, [&](int n, auto B) {
        gather_tile<C, B>(geometry.forward, in + n * from.size(), from.channels, from_pixels(),
                          weight + c * from.channels * taps(), from.channels * taps(), taps(),
                          out + n * to.size() + c * to_pixels() * B, bias ? bias + c : nullptr, false);
      });
    });
  }

  // The gradient of what went in, or that added to what is there.
  LRN_BIG_FN void backward(int count, const V *gradient, const V *weight, V *in, bool add) const {
    for_tiles<V>(from.channels, [&](int c, auto C) {
      for_blocks(count, [&](int n, auto B) {
        gather_tile<C, B>(geometry.backward, gradient + n * to.size(), to.channels, to_pixels(), weight + c * taps(),
                          taps(), from.channels * taps(), in + n * from.size() + c * from_pixels() * B,
                          static_cast<const V *>(nullptr), add);
      });
    });
  }

  // Adds the gradients of weights and, where it has one, of the bias.
  LRN_BIG_FN void learn(int count, const V *gradient, const V *in, V *of_weight, V *of_bias) const {
    const int full = count / block_size;
    for (int k = 0; k < full; k += geometry.blocks)
      meet<block_size>(std::min(geometry.blocks, full - k), gradient + k * block_size * to.size(),
                       in + k * block_size * from.size(), of_weight);
    for (int n = full * block_size; n < count; ++n) meet<1>(1, gradient + n * to.size(), in + n * from.size(), of_weight);
    if (of_bias)
      for_blocks(count, [&](int n, auto B) {
        const V *g = gradient + n * to.size();
        for (int c = 0; c < to.channels; ++c) {
          V sum[B]{};
          for (long p = 0; p < to_pixels(); ++p, g += B)
            for (int b = 0; b < B; ++b) sum[b] = sum[b] + g[b];
          for (int b = 0; b < B; ++b) of_bias[c] = of_bias[c] + sum[b];
        }
      });
  }

private:
  template <int B> LRN_BIG_FN void meet(int blocks, const V *gradient, const V *in, V *of_weight) const {
    for (const auto &rows : geometry.meetings)
      for_tiles<V>(to.channels, [&](int c, auto C) {
        for_tiles<V>(from.channels, [&](int d, auto D) {
          for (long tap = 0; tap < taps(); ++tap)
            meet_tile<C, D, B>(rows[tap], blocks, gradient + c * to_pixels() * B, to_pixels() * B, to.size() * B,
                               in + d * from_pixels() * B, from_pixels() * B, from.size() * B,
                               of_weight + (c * from.channels + d) * taps() + tap, from.channels * taps(), taps());
        });
      });
  }
};

} // namespace LRN_NAMESPACE

// How the values of images lie in memory, and the loops over them.
//
// Images come in blocks of four, or alone where fewer are left: the values of a block lie as (channels, pixels, block),
// and blocks one after the other.
#pragma once
#include "../vec.hpp"
#include "job.hpp"

#include <algorithm>
#include <type_traits>

namespace LRN_NAMESPACE {

using lrn::Shape;

constexpr int block_size = 4;

// Images from `first` up to, but without, `end`. Both are multiples of the block size, or `end` is the last image's.
struct Span {
  int first, end;
};

// One tensor of many images: `at(n)` is where the block that starts with image n lies.
template <class V> struct Tensor {
  V *values;
  long stride; // numbers per image; more than its size where tensors of several sizes take turns in one place

  LRN_FN V *at(int n) const { return values + n * stride; }
};

// Calls `f(first, size)` for each block of some images; the size is a constant.
template <class F> LRN_FN void for_blocks(Span images, F f) {
  int n = images.first;
  for (; n + block_size <= images.end; n += block_size) f(n, std::integral_constant<int, block_size>());
  for (; n < images.end; ++n) f(n, std::integral_constant<int, 1>());
}

// Calls `f(n, size, c, k)` for each channel c of each block: its values are k, k + 1, ... of the block's.
template <class F> LRN_FN void for_channels(Shape shape, Span images, F f) {
  const long pixels = shape.pixels();
  for_blocks(images, [&](int n, auto size) {
    for (int c = 0; c < shape.channels; ++c) f(n, size, c, c * pixels * size);
  });
}

// Calls `f(first, size)` for each tile of channels, as large as the processor's registers allow; the size is a constant.
template <class V, class F> LRN_FN void for_tiles(int channels, F f) {
  int c = 0;
  if constexpr (Lanes<V>::registers >= 32)
    for (; c + 4 <= channels; c += 4) f(c, std::integral_constant<int, 4>());
  for (; c + 2 <= channels; c += 2) f(c, std::integral_constant<int, 2>());
  for (; c < channels; ++c) f(c, std::integral_constant<int, 1>());
}

} // namespace LRN_NAMESPACE

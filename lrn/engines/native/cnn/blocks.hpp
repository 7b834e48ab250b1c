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

// Four images and four channels make a tile of sixteen sums: eight loads per sixteen multiply-adds.
constexpr int block_size = 4;

// Images from `first` up to, but without, `end`. Both are multiples of the block size, or `end` is the last image's.
struct Span {
  int first, end;
};

// One tensor of many images: `at(n)` is where the block that starts with image n lies.
template <class V> struct Tensor {
  V *values;
  long stride; // numbers per image; more than its size where tensors of several sizes take turns in one place
  int first = 0; // image; those before it are not there

  LRN_FN V *at(int n) const { return values + (n - first) * stride; }
};

// Calls `use(first, size)` for each block of some images; the size is a constant, so that sums of a block are in registers.
template <class F> LRN_FN void for_blocks(Span images, F use) {
  int n = images.first;
  for (; n + block_size <= images.end; n += block_size) use(n, std::integral_constant<int, block_size>());
  for (; n < images.end; ++n) use(n, std::integral_constant<int, 1>());
}

// Calls `use(n, size, channel, k)` for each channel of each block: its values are k, k + 1, ... of the block's.
template <class F> LRN_FN void for_channels(Shape shape, Span images, F use) {
  const long pixels = shape.pixels();
  for_blocks(images, [&](int n, auto size) {
    for (int channel = 0; channel < shape.channels; ++channel) use(n, size, channel, channel * pixels * size);
  });
}

// Calls `use(first, size)` for each tile of channels, as large as the processor's registers allow; the size is a constant.
template <class V, class F> LRN_FN void for_tiles(int channels, F use) {
  int channel = 0;
  if constexpr (Lanes<V>::registers >= 32)
    for (; channel + 4 <= channels; channel += 4) use(channel, std::integral_constant<int, 4>());
  for (; channel + 2 <= channels; channel += 2) use(channel, std::integral_constant<int, 2>());
  for (; channel < channels; ++channel) use(channel, std::integral_constant<int, 1>());
}

} // namespace LRN_NAMESPACE

// Batch normalisation of one vector of networks, with torch's epsilon (Ioffe & Szegedy, 2015).
//
// Means, variances and what the way back needs are of all images of a pass. So a pass over a norm stops after each step
// until all images have come so far; the functions here take the images that are at hand.
#pragma once
#include "blocks.hpp"

namespace LRN_NAMESPACE {

// Adds to `totals` (channels,), in the order of the images, what `value(k)` makes of each value of a channel.
// `of(n, c)` returns that function for the block that starts with image n. A block's images have sums of their own,
// which do not wait for each other.
template <class V, class Of> LRN_FN void add_up(Shape shape, Span images, V *totals, Of of) {
  const long pixels = shape.pixels();
  for_channels(shape, images, [&](int n, auto B, int c, long k) {
    const auto value = of(n, c);
    V sum[B]{};
    for (long p = 0; p < pixels; ++p, k += B)
      for (int b = 0; b < B; ++b) sum[b] = value(k + b, sum[b]);
    for (int b = 0; b < B; ++b) totals[c] = totals[c] + sum[b];
  });
}

template <class V> LRN_BIG_FN void add_values(Shape shape, Span images, Tensor<V> in, V *totals) {
  add_up(shape, images, totals, [&](int n, int) {
    return [x = in.at(n)](long k, V sum) { return sum + x[k]; };
  });
}

template <class V> LRN_BIG_FN void add_squares(Shape shape, Span images, Tensor<V> in, const V *means, V *totals) {
  add_up(shape, images, totals, [&](int n, int c) {
    return [x = in.at(n), mean = means[c]](long k, V sum) { return fma(x[k] - mean, x[k] - mean, sum); };
  });
}

// What a norm does to each channel: (x - mean) * spread * weight + bias; `spread` is 1 / standard deviation.
template <class V> struct Normalisation {
  const V *mean, *spread, *weight, *bias;
};

template <class V>
LRN_BIG_FN void normalise(Shape shape, Span images, Tensor<V> in, Tensor<V> out, Normalisation<V> by, bool rectified) {
  const long pixels = shape.pixels();
  for_channels(shape, images, [&](int n, auto B, int c, long k) {
    const V mean = by.mean[c], scale = by.weight[c] * by.spread[c], bias = by.bias[c];
    const V *const x = in.at(n);
    V *const y = out.at(n);
    for (const long end = k + pixels * B; k < end; ++k) {
      const V value = fma(x[k] - mean, scale, bias);
      y[k] = rectified ? relu(value) : value;
    }
  });
}

// Takes the gradient against what a norm, and perhaps a ReLU, put out back through the ReLU, and adds up those against the
// norm's biases and weights, (channels,) each. What the ReLU read is computed anew: that is quicker than to read its output.
template <class V>
LRN_BIG_FN void norm_gradient(Shape shape, Span images, Tensor<V> in, Tensor<V> gradient, Normalisation<V> by,
                              bool rectified, V *of_bias, V *of_weight) {
  const long pixels = shape.pixels();
  for_channels(shape, images, [&](int n, auto B, int c, long k) {
    const V mean = by.mean[c], spread = by.spread[c], scale = by.weight[c] * spread, bias = by.bias[c];
    const V *x = in.at(n) + k;
    V *g = gradient.at(n) + k;
    V sum[B]{}, along[B]{};
    for (long p = 0; p < pixels; ++p, x += B, g += B)
      for (int b = 0; b < B; ++b) {
        const V d = x[b] - mean;
        if (rectified) g[b] = gate(fma(d, scale, bias), g[b]);
        sum[b] = sum[b] + g[b];
        along[b] = fma(g[b], d * spread, along[b]);
      }
    for (int b = 0; b < B; ++b) {
      of_bias[c] = of_bias[c] + sum[b];
      of_weight[c] = of_weight[c] + along[b];
    }
  });
}

// From there to the gradient against what the norm read, once those against biases and weights are complete, of `count`
// images. It is added to what is `below`, unless it is the `first`; then `below` may be where `gradient` is.
template <class V>
LRN_BIG_FN void denormalise(Shape shape, Span images, int count, Tensor<V> in, Tensor<V> gradient, Normalisation<V> by,
                            const V *of_bias, const V *of_weight, Tensor<V> below, bool first) {
  using R = typename Lanes<V>::real;
  const long pixels = shape.pixels();
  const V share = fill<V>(1 / (R(count) * R(shape.height) * R(shape.width)));
  for_channels(shape, images, [&](int n, auto B, int c, long k) {
    const V of_mean = of_bias[c] * share, of_spread = of_weight[c] * share * by.spread[c];
    const V mean = by.mean[c], scale = by.weight[c] * by.spread[c];
    const V *const x = in.at(n), *const g = gradient.at(n);
    V *const to = below.at(n);
    for (const long end = k + pixels * B; k < end; ++k) {
      const V one = fma(-of_spread, x[k] - mean, g[k] - of_mean) * scale;
      to[k] = first ? one : to[k] + one;
    }
  });
}

} // namespace LRN_NAMESPACE

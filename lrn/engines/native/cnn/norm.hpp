// Batch normalisation of one vector of networks, with torch's epsilon (Ioffe & Szegedy, 2015).
//
// Means, variances and what the way back needs are of all images of a pass. So a pass over a norm stops after each step
// until all images have come so far; the functions here take the images that are at hand.
#pragma once
#include "blocks.hpp"

namespace LRN_NAMESPACE {

// The order of the images is the order of the sum, whatever the visits, so the bits do not depend on memory or threads.
// Adds to `totals` (channels,), in the order of the images, what `value(k)` makes of each value of a channel.
// `of(n, c)` returns that function for the block that starts with image n. A block's images have sums of their own,
// which do not wait for each other.
template <class V, class Of> LRN_FN void add_up(Shape shape, Span images, V *totals, Of of) {
  const long pixels = shape.pixels();
  for_channels(shape, images, [&](int n, auto B, int channel, long k) {
    const auto value = of(n, channel);
    V sum[B]{};
    for (long p = 0; p < pixels; ++p, k += B)
      for (int image = 0; image < B; ++image) sum[image] = value(k + image, sum[image]);
    for (int image = 0; image < B; ++image) totals[channel] = totals[channel] + sum[image];
  });
}

template <class V> LRN_BIG_FN void add_values(Shape shape, Span images, Tensor<V> in, V *totals) {
  add_up(shape, images, totals, [&](int n, int) {
    return [values = in.at(n)](long k, V sum) { return sum + values[k]; };
  });
}

template <class V> LRN_BIG_FN void add_squares(Shape shape, Span images, Tensor<V> in, const V *means, V *totals) {
  add_up(shape, images, totals, [&](int n, int channel) {
    return [values = in.at(n), mean = means[channel]](long k, V sum) { return fma(values[k] - mean, values[k] - mean, sum); };
  });
}

// What a norm does to each channel: (x - mean) * spread * weight + bias; `spread` is 1 / standard deviation.
template <class V> struct Normalisation {
  const V *mean, *spread, *weight, *bias;
};

template <class V>
LRN_BIG_FN void normalise(Shape shape, Span images, Tensor<V> in, Tensor<V> out, Normalisation<V> by, bool rectified) {
  const long pixels = shape.pixels();
  for_channels(shape, images, [&](int n, auto B, int channel, long k) {
    const V mean = by.mean[channel], scale = by.weight[channel] * by.spread[channel], bias = by.bias[channel];
    const V *const read = in.at(n);
    V *const made = out.at(n);
    for (const long end = k + pixels * B; k < end; ++k) {
      const V value = fma(read[k] - mean, scale, bias);
      made[k] = rectified ? relu(value) : value;
    }
  });
}

// Takes the gradient against what a norm, and perhaps a ReLU, put out back through the ReLU, and adds up those against the
// norm's biases and weights, (channels,) each. What the ReLU read is computed anew: that is quicker than to read its output.
template <class V>
LRN_BIG_FN void norm_gradient(Shape shape, Span images, Tensor<V> in, Tensor<V> gradient, Normalisation<V> by,
                              bool rectified, V *of_bias, V *of_weight) {
  const long pixels = shape.pixels();
  for_channels(shape, images, [&](int n, auto B, int channel, long k) {
    const V mean = by.mean[channel], spread = by.spread[channel], scale = by.weight[channel] * spread, bias = by.bias[channel];
    const V *values = in.at(n) + k;
    V *gradients = gradient.at(n) + k;
    V sum[B]{}, along[B]{};
    for (long p = 0; p < pixels; ++p, values += B, gradients += B)
      for (int image = 0; image < B; ++image) {
        const V deviation = values[image] - mean;
        if (rectified) gradients[image] = gate(fma(deviation, scale, bias), gradients[image]);
        sum[image] = sum[image] + gradients[image];
        along[image] = fma(gradients[image], deviation * spread, along[image]);
      }
    for (int image = 0; image < B; ++image) {
      of_bias[channel] = of_bias[channel] + sum[image];
      of_weight[channel] = of_weight[channel] + along[image];
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
  for_channels(shape, images, [&](int n, auto B, int channel, long k) {
    // The derivative of the mean and of the spread, both of which depend on every value of the channel.
    const V of_mean = of_bias[channel] * share, of_spread = of_weight[channel] * share * by.spread[channel];
    const V mean = by.mean[channel], scale = by.weight[channel] * by.spread[channel];
    const V *const values = in.at(n), *const gradients = gradient.at(n);
    V *const target = below.at(n);
    for (const long end = k + pixels * B; k < end; ++k) {
      const V passed_on = fma(-of_spread, values[k] - mean, gradients[k] - of_mean) * scale;
      target[k] = first ? passed_on : target[k] + passed_on;
    }
  });
}

} // namespace LRN_NAMESPACE

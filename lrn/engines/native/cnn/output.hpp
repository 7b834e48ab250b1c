// The linear classifier at the end of a vector of networks: averages of images, logits, cross-entropy.
#pragma once
#include "../elu.hpp"
#include "../memory.hpp"
#include "graph.hpp"

#include <cmath>
#include <utility>

namespace LRN_NAMESPACE {

template <class V> class Output {
  using R = typename Lanes<V>::real;
  static constexpr int L = Lanes<V>::count;

public:
  Output(const Graph<R> &graph, long images)
      : graph(graph), job(graph.job), F(graph.features), C(job.classes), averages(allocate<V>(images * F)),
        of_averages(allocate<V>(images * F)), logits(allocate<V>(images * C)) {}

  // Logits of `count` images from the tensors that are read; `tensor(t)` is one of them. `weight` (C, F) comes before the
  // biases (C,).
  template <class Tensors> void forward(int count, const V *weight, Tensors tensor) {
    for_read([&](int t, const Shape &shape, int feature) {
      const Tensor<V> in = tensor(t);
      const V share = fill<V>(R(1) / R(shape.pixels()));
      for_channels(shape, {0, count}, [&](int n, auto B, int c, long k) {
        for (int b = 0; b < B; ++b) {
          V sum{};
          for (long p = 0; p < shape.pixels(); ++p) sum = sum + in.at(n)[k + p * B + b];
          averages[long(n + b) * F + feature + c] = sum * share;
        }
      });
    });
    const V *const bias = weight + C * F;
    for (int n = 0; n < count; ++n)
      for (int c = 0; c < C; ++c) {
        V sum = bias[c];
        for (int f = 0; f < F; ++f) sum = fma(weight[c * F + f], averages[n * F + f], sum);
        logits[n * C + c] = sum;
      }
  }

  // After `forward`: the class that lane i gives the n-th image. As torch's argmax, the first of the largest, or of NaNs.
  int predicted(int n, int i) const {
    int best = 0;
    const auto at = [&](int c) { return lane(logits[n * C + c], i); };
    for (int c = 1; c < C; ++c)
      if (!std::isnan(at(best)) && !(at(c) <= at(best))) best = c;
    return best;
  }

  // After `forward`: logits become the gradient of the mean cross-entropy against them. Returns the loss, and the share
  // of images that are classified rightly. `label(n, i)`: lane i's n-th image's class.
  template <class Label> std::pair<V, V> judge(int count, Label label) {
    const V share = fill<V>(R(1) / R(count));
    V loss{}, right{};
    for (int n = 0; n < count; ++n) {
      V *const z = logits.get() + n * C;
      V most = z[0], sum{}, own{}, logarithm{};
      for (int i = 0; i < L; ++i) {
        set_lane(own, i, lane(z[label(n, i)], i));
        set_lane(right, i, lane(right, i) + R(predicted(n, i) == label(n, i)));
      }
      for (int c = 1; c < C; ++c) most = select_gt(z[c], most, z[c], most);
      for (int c = 0; c < C; ++c) sum = sum + exponential(z[c] - most);
      for (int i = 0; i < L; ++i) set_lane(logarithm, i, R(std::log(double(lane(sum, i)))));
      loss = loss + (logarithm - (own - most));
      const V scale = share / sum;
      for (int c = 0; c < C; ++c) z[c] = exponential(z[c] - most) * scale;
      for (int i = 0; i < L; ++i) set_lane(z[label(n, i)], i, lane(z[label(n, i)], i) - lane(share, i));
    }
    return {loss * share, right * share};
  }

  // After `judge`: adds the gradients against weights and biases, and fills those against the tensors that are read;
  // `gradient(t)` is one of them.
  template <class Tensors> void backward(int count, const V *weight, V *of_weight, Tensors gradient) {
    V *const of_bias = of_weight + C * F;
    std::fill_n(of_averages.get(), count * F, V{});
    for (int n = 0; n < count; ++n)
      for (int c = 0; c < C; ++c) {
        const V g = logits[n * C + c];
        of_bias[c] = of_bias[c] + g;
        for (int f = 0; f < F; ++f) {
          of_weight[c * F + f] = fma(g, averages[n * F + f], of_weight[c * F + f]);
          of_averages[n * F + f] = fma(g, weight[c * F + f], of_averages[n * F + f]);
        }
      }
    for_read([&](int t, const Shape &shape, int feature) {
      if (t == 0) return; // the images
      const Tensor<V> below = gradient(t);
      const V share = fill<V>(R(1) / R(shape.pixels()));
      for_channels(shape, {0, count}, [&](int n, auto B, int c, long k) {
        for (long p = 0; p < shape.pixels(); ++p)
          for (int b = 0; b < B; ++b)
            below.at(n)[k + p * B + b] = of_averages[long(n + b) * F + feature + c] * share;
      });
    });
  }

private:
  // Calls `f(tensor, shape, feature)` for each tensor that is read; its first channel's average is that feature.
  template <class Use> void for_read(Use use) const {
    int feature = 0;
    for (int t = 0; t < job.read_count; ++t) {
      const Shape &shape = graph.shapes[job.read[t]];
      use(job.read[t], shape, feature);
      feature += shape.channels;
    }
  }

  const Graph<R> &graph;
  const lrn::ImageJob<R> &job;
  const long F, C;
  Memory<V> averages, of_averages; // (images, F)
  Memory<V> logits;                // (images, C)
};

} // namespace LRN_NAMESPACE

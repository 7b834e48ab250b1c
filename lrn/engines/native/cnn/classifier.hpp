// One vector of networks that classify images: forwards, backwards, and the linear classifier at their end.
#pragma once
#include "../elu.hpp"
#include "../memory.hpp"
#include "graph.hpp"

#include <cmath>
#include <utility>

namespace LRN_NAMESPACE {

enum class Mode { train, measure, evaluate }; // norms by these images' statistics, which `measure` keeps, or by those

template <class V> class Classifier {
  using R = typename Lanes<V>::real;
  static constexpr int L = Lanes<V>::count;

public:
  explicit Classifier(const Graph<R> &graph)
      : graph(graph), job(graph.job), largest(std::max(job.train, job.test)), P(graph.parameters),
        parameters(allocate<V>(3 * P)), statistics(allocate<V>(3 * graph.normed + 1)), tensors(graph.shapes.size()),
        gradients(graph.places), pooled(allocate<V>(2 * long(largest) * graph.features)),
        logits(allocate<V>(long(largest) * job.classes)) {
    long widest = 0;
    for (const Shape &shape : graph.shapes) widest = std::max(widest, shape.size());
    for (std::size_t t = 0; t < tensors.size(); ++t) tensors[t] = allocate<V>(largest * graph.shapes[t].size());
    for (auto &gradient : gradients) gradient = allocate<V>(job.train * widest);
  }

  V *weights() const { return parameters.get(); }
  V *gradient() const { return parameters.get() + P; }
  V *velocity() const { return parameters.get() + 2 * P; }

  // `image(n, i)`: where lane i's n-th image lies.
  template <class Image> void load(int count, Image image) {
    const long size = job.image.size();
    for_blocks(count, [&](int n, auto B) {
      for (int b = 0; b < B; ++b)
        for (int i = 0; i < L; ++i) {
          const R *const from = image(n + b, i);
          V *const to = tensors[0].get() + n * size + b;
          for (long k = 0; k < size; ++k) set_lane(to[k * B], i, from[k]);
        }
    });
  }

  void forward(int count, Mode mode) {
    for (const Node &node : graph.nodes) {
      const V *const in = tensors[node.layer.from].get();
      V *const out = made_by(node), *const w = weights();
      if (node.layer.kind == Kind::convolution) {
        const V *const bias = node.layer.biased ? w + node.bias : nullptr;
        convolution(node).forward(count, in, w + node.weight, bias, out);
      } else if (node.layer.kind == Kind::norm) {
        if (mode != Mode::evaluate) look_at(node, count, in, mode);
        normalise(node, count, in, out, mode == Mode::evaluate ? kept(node) : spreads(node));
      } else {
        add(node, count, in, out);
      }
      if (node.layer.rectified)
        for (long k = 0; k < count * node.to.size(); ++k) out[k] = relu(out[k]);
    }
    classify(count);
  }

  // After `forward`: fills `gradient()` with that of the mean cross-entropy. `label(n, i)`: lane i's n-th image's class.
  // Returns the loss, and the share of images that are classified rightly.
  template <class Label> std::pair<V, V> backward(int count, Label label) {
    const auto found = judge(count, label);
    std::fill_n(gradient(), P, V{});
    declassify(count);
    for (std::size_t k = graph.nodes.size(); k-- > 0;) {
      const Node &node = graph.nodes[k];
      if (node.gradient_to < 0) continue;
      V *const g = gradients[node.gradient_to].get();
      V *const below = node.gradient_from < 0 ? nullptr : gradients[node.gradient_from].get();
      const V *const in = tensors[node.layer.from].get(), *const out = made_by(node);
      if (node.layer.rectified)
        for (long k = 0; k < count * node.to.size(); ++k) g[k] = gate(out[k], g[k]);
      if (node.layer.kind == Kind::convolution) {
        const auto conv = convolution(node);
        conv.learn(count, g, in, gradient() + node.weight, node.layer.biased ? gradient() + node.bias : nullptr);
        if (below) conv.backward(count, g, weights() + node.weight, below, !node.first_from);
      } else if (node.layer.kind == Kind::norm) {
        denormalise(node, count, in, g, below);
      } else {
        share(node, count, g, below);
      }
    }
    return found;
  }

  // As torch.optim.SGD steps.
  void step() {
    const V lr = fill<V>(R(-job.lr)), momentum = fill<V>(R(job.momentum));
    V *const w = weights(), *const v = velocity();
    const V *const g = gradient();
    for (long p = 0; p < P; ++p) {
      v[p] = fma(v[p], momentum, g[p]);
      w[p] = fma(lr, v[p], w[p]);
    }
  }

  // The norm of the gradient of a convolution's weights.
  V gradient_norm(const Node &node) const {
    V sum{};
    for (long p = node.weight; p < node.weight + weights_of(node); ++p) sum = fma(gradient()[p], gradient()[p], sum);
    return root(sum);
  }

  // After `forward`: the class that lane i gives the n-th image. As torch's argmax, the first of the largest, or of NaNs.
  int predicted(int n, int i) const {
    int best = 0;
    const auto at = [&](int c) { return lane(logits[long(n) * job.classes + c], i); };
    for (int c = 1; c < job.classes; ++c)
      if (!std::isnan(at(best)) && !(at(c) <= at(best))) best = c;
    return best;
  }

  // After `forward`: the sum of a channel, which after a ReLU is zero where each of its values is.
  V sum_of(const Node &node, int count, int channel) const {
    V sum[1]{};
    const V *const out = made_by(node);
    add_up(node.to, count, channel, sum, [&](long k, V *sum) { sum[0] = sum[0] + out[k]; });
    return sum[0];
  }

private:
  V *made_by(const Node &node) const { return tensors[&node - graph.nodes.data() + 1].get(); }
  Convolution<V> convolution(const Node &node) const { return {node.geometry, node.from, node.to, node.layer.kernel}; }
  static long weights_of(const Node &node) {
    return long(node.to.channels) * node.from.channels * node.layer.kernel * node.layer.kernel;
  }

  // Sums over the values of a channel: `f(k, sum)` adds what the k-th one brings. A block's images have sums of their
  // own, which do not wait for each other.
  template <int K, class F> LRN_FN static void add_up(Shape shape, int count, int channel, V (&total)[K], F f) {
    const long pixels = long(shape.height) * shape.width;
    for_blocks(count, [&](int n, auto B) {
      V sum[B][K]{};
      long k = n * shape.size() + channel * pixels * B;
      for (long p = 0; p < pixels; ++p, k += B)
        for (int b = 0; b < B; ++b) f(k + b, sum[b]);
      for (int b = 0; b < B; ++b)
        for (int j = 0; j < K; ++j) total[j] = total[j] + sum[b][j];
    });
  }

  // Calls `f(c, k)` for each channel and the places of its values.
  template <class F> LRN_FN static void for_values(Shape shape, int count, F f) {
    const long pixels = long(shape.height) * shape.width;
    for_blocks(count, [&](int n, auto B) {
      long k = n * shape.size();
      for (int c = 0; c < shape.channels; ++c)
        for (const long end = k + pixels * B; k < end; ++k) f(c, k);
    });
  }

  // ---- batch normalisation, with torch's epsilon ----

  V *means(const Node &node) const { return statistics.get() + node.statistics; }
  V *spreads(const Node &node) const { return means(node) + graph.normed; } // 1 / standard deviation
  V *kept(const Node &node) const { return means(node) + 2 * graph.normed; } // the same of variances without bias

  void look_at(const Node &node, int count, const V *in, Mode mode) {
    const V one = fill<V>(R(1)), epsilon = fill<V>(R(1e-5));
    const R values = R(count) * R(node.from.height) * R(node.from.width);
    for (int c = 0; c < node.from.channels; ++c) {
      V sum[1]{}, squares[1]{};
      add_up(node.from, count, c, sum, [&](long k, V *sum) { sum[0] = sum[0] + in[k]; });
      const V mean = sum[0] * fill<V>(1 / values);
      add_up(node.from, count, c, squares, [&](long k, V *sum) { sum[0] = fma(in[k] - mean, in[k] - mean, sum[0]); });
      means(node)[c] = mean;
      spreads(node)[c] = one / root(squares[0] * fill<V>(1 / values) + epsilon);
      if (mode == Mode::measure) kept(node)[c] = one / root(squares[0] * fill<V>(1 / (values - 1)) + epsilon);
    }
  }

  void normalise(const Node &node, int count, const V *in, V *out, const V *spread) const {
    const V *const weight = weights() + node.weight, *const bias = weights() + node.bias, *const mean = means(node);
    for_values(node.to, count, [&](int c, long k) { out[k] = fma(in[k] - mean[c], weight[c] * spread[c], bias[c]); });
  }

  void denormalise(const Node &node, int count, const V *in, const V *g, V *below) {
    const V *const mean = means(node), *const spread = spreads(node);
    const V share = fill<V>(1 / (R(count) * R(node.from.height) * R(node.from.width)));
    std::vector<V> of_mean(node.from.channels), of_spread(node.from.channels), scale(node.from.channels);
    for (int c = 0; c < node.from.channels; ++c) {
      V sum[2]{};
      add_up(node.from, count, c, sum, [&](long k, V *sum) {
        sum[0] = sum[0] + g[k];
        sum[1] = fma(g[k], (in[k] - mean[c]) * spread[c], sum[1]);
      });
      gradient()[node.bias + c] = sum[0], gradient()[node.weight + c] = sum[1];
      of_mean[c] = sum[0] * share, of_spread[c] = sum[1] * share * spread[c];
      scale[c] = weights()[node.weight + c] * spread[c];
    }
    if (!below) return;
    for_values(node.from, count, [&](int c, long k) {
      const V one = fma(-of_spread[c], in[k] - mean[c], g[k] - of_mean[c]) * scale[c];
      below[k] = node.first_from ? one : below[k] + one;
    });
  }

  // ---- sums ----

  // Calls `f(k, j)` for each value of the sum, and the place in `other` of what is added to it.
  template <class F> LRN_FN static void for_added(const Node &node, int count, F f) {
    const int stride = node.layer.stride;
    for_blocks(count, [&](int n, auto B) {
      long k = n * node.to.size();
      for (int c = 0; c < node.other.channels; ++c)
        for (int y = 0; y < node.to.height; ++y)
          for (int x = 0; x < node.to.width; ++x) {
            const long q = (long(c) * node.other.height + y * stride) * node.other.width + x * stride;
            for (int b = 0; b < B; ++b, ++k) f(k, n * node.other.size() + q * B + b);
          }
    });
  }

  void add(const Node &node, int count, const V *in, V *out) const {
    std::copy_n(in, count * node.to.size(), out);
    if (node.layer.other < 0) return;
    const V *const other = tensors[node.layer.other].get();
    for_added(node, count, [&](long k, long j) { out[k] = out[k] + other[j]; });
  }

  void share(const Node &node, int count, const V *g, V *below) {
    if (node.gradient_other >= 0) {
      V *const other = gradients[node.gradient_other].get();
      if (node.first_other) std::fill_n(other, count * node.other.size(), V{});
      for_added(node, count, [&](long k, long j) { other[j] = other[j] + g[k]; });
    }
    if (below && below != g)
      for (long k = 0; k < count * node.to.size(); ++k) below[k] = below[k] + g[k];
  }

  // ---- the classifier at the end: averages of images, a linear layer, cross-entropy ----

  V *pooled_gradient() const { return pooled.get() + long(largest) * graph.features; }

  // Calls `f(tensor, shape, feature)` for each tensor that it reads.
  template <class F> void for_read(F f) const {
    int feature = 0;
    for (int t = 0; t < job.read_count; ++t) {
      const Shape &shape = graph.shapes[job.read[t]];
      f(job.read[t], shape, feature);
      feature += shape.channels;
    }
  }

  void classify(int count) {
    const int F = graph.features, C = job.classes;
    for_read([&](int t, const Shape &shape, int feature) {
      const long pixels = long(shape.height) * shape.width;
      const V *const in = tensors[t].get(), share = fill<V>(R(1) / R(pixels));
      for_blocks(count, [&](int n, auto B) {
        for (int c = 0; c < shape.channels; ++c)
          for (int b = 0; b < B; ++b) {
            V sum{};
            for (long p = 0; p < pixels; ++p) sum = sum + in[n * shape.size() + (c * pixels + p) * B + b];
            pooled[long(n + b) * F + feature + c] = sum * share;
          }
      });
    });
    const V *const weight = weights() + graph.output, *const bias = weight + long(C) * F;
    for (int n = 0; n < count; ++n)
      for (int c = 0; c < C; ++c) {
        V sum = bias[c];
        for (int f = 0; f < F; ++f) sum = fma(weight[c * F + f], pooled[long(n) * F + f], sum);
        logits[long(n) * C + c] = sum;
      }
  }

  // Logits become the loss's gradient against them.
  template <class Label> std::pair<V, V> judge(int count, Label label) {
    const V share = fill<V>(R(1) / R(count));
    V loss{}, right{};
    for (int n = 0; n < count; ++n) {
      V *const z = logits.get() + long(n) * job.classes;
      V most = z[0], sum{}, own{}, logarithm{};
      for (int i = 0; i < L; ++i) {
        set_lane(own, i, lane(z[label(n, i)], i));
        set_lane(right, i, lane(right, i) + R(predicted(n, i) == label(n, i)));
      }
      for (int c = 1; c < job.classes; ++c) most = select_gt(z[c], most, z[c], most);
      for (int c = 0; c < job.classes; ++c) sum = sum + exponential(z[c] - most);
      for (int i = 0; i < L; ++i) set_lane(logarithm, i, R(std::log(double(lane(sum, i)))));
      loss = loss + (logarithm - (own - most));
      const V scale = share / sum;
      for (int c = 0; c < job.classes; ++c) z[c] = exponential(z[c] - most) * scale;
      for (int i = 0; i < L; ++i) set_lane(z[label(n, i)], i, lane(z[label(n, i)], i) - lane(share, i));
    }
    return {loss * share, right * share};
  }

  void declassify(int count) {
    const int F = graph.features, C = job.classes;
    const V *const weight = weights() + graph.output;
    V *const of_weight = gradient() + graph.output, *const of_bias = of_weight + long(C) * F;
    std::fill_n(pooled_gradient(), long(count) * F, V{});
    for (int n = 0; n < count; ++n)
      for (int c = 0; c < C; ++c) {
        const V g = logits[long(n) * C + c];
        of_bias[c] = of_bias[c] + g;
        for (int f = 0; f < F; ++f) {
          of_weight[c * F + f] = fma(g, pooled[long(n) * F + f], of_weight[c * F + f]);
          pooled_gradient()[long(n) * F + f] = fma(g, weight[c * F + f], pooled_gradient()[long(n) * F + f]);
        }
      }
    for_read([&](int t, const Shape &shape, int feature) {
      if (t == 0) return;
      const long pixels = long(shape.height) * shape.width;
      V *const below = gradients[graph.gradient_of[t]].get();
      const V share = fill<V>(R(1) / R(pixels));
      for_blocks(count, [&](int n, auto B) {
        for (int c = 0; c < shape.channels; ++c)
          for (long p = 0; p < pixels; ++p)
            for (int b = 0; b < B; ++b)
              below[n * shape.size() + (c * pixels + p) * B + b] =
                  pooled_gradient()[long(n + b) * F + feature + c] * share;
      });
    });
  }

  const Graph<R> &graph;
  const lrn::ImageJob<R> &job;
  int largest;
  long P;
  Memory<V> parameters, statistics;
  std::vector<Memory<V>> tensors, gradients;
  Memory<V> pooled, logits;
};

} // namespace LRN_NAMESPACE

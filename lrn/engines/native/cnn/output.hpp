// The linear classifier at the end of a vector of networks: averages of images, logits, cross-entropy.
#pragma once
#include "../elu.hpp"
#include "../memory.hpp"
#include "graph.hpp"

#include <cmath>
#include <utility>

namespace LRN_NAMESPACE {

// Each tensor that is read gives its channels' averages over all pixels. So the features are few, and the loops below need
// no tiles.
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
    for_read([&](int index, const Shape &shape, int feature) {
      const Tensor<V> in = tensor(index);
      const V share = fill<V>(R(1) / R(shape.pixels()));
      for_channels(shape, {0, count}, [&](int n, auto B, int channel, long k) {
        for (int image = 0; image < B; ++image) {
          V sum{};
          for (long p = 0; p < shape.pixels(); ++p) sum = sum + in.at(n)[k + p * B + image];
          averages[long(n + image) * F + feature + channel] = sum * share;
        }
      });
    });
    const V *const bias = weight + C * F;
    for (int n = 0; n < count; ++n)
      for (int label = 0; label < C; ++label) {
        V sum = bias[label];
        for (int f = 0; f < F; ++f) sum = fma(weight[label * F + f], averages[n * F + f], sum);
        logits[n * C + label] = sum;
      }
  }

  // After `forward`: the class that lane i gives the n-th image. As torch's argmax, the first of the largest, or of NaNs.
  int predicted(int n, int i) const {
    int best = 0;
    const auto at = [&](int label) { return lane(logits[n * C + label], i); };
    for (int label = 1; label < C; ++label)
      if (!std::isnan(at(best)) && !(at(label) <= at(best))) best = label;
    return best;
  }

  // After `forward`: logits of `count` images become the gradient against them of the mean cross-entropy of `all`. Adds to the
  // loss, and to the number of images that are classified rightly. `label(n, i)`: lane i's n-th image's class.
  template <class Label> void judge(int count, int all, Label label, V &loss, V &right) {
    const V share = fill<V>(R(1) / R(all));
    for (int n = 0; n < count; ++n) {
      V *const scores = logits.get() + n * C;
      // The largest score is subtracted before exponentials are taken, so that none of them overflows. Labels differ between
      // lanes (each network has its own order of the images), hence the loops over lanes.
      V most = scores[0], sum{}, own{}, logarithm{};
      for (int i = 0; i < L; ++i) {
        set_lane(own, i, lane(scores[label(n, i)], i));
        set_lane(right, i, lane(right, i) + R(predicted(n, i) == label(n, i)));
      }
      for (int k = 1; k < C; ++k) most = select_gt(scores[k], most, scores[k], most);
      for (int k = 0; k < C; ++k) sum = sum + exponential(scores[k] - most);
      // The logarithm is the C library's in double precision, rounded: one per image and network is not worth a vector's.
      for (int i = 0; i < L; ++i) set_lane(logarithm, i, R(std::log(double(lane(sum, i)))));
      loss = loss + (logarithm - (own - most));
      const V scale = share / sum;
      for (int k = 0; k < C; ++k) scores[k] = exponential(scores[k] - most) * scale;
      for (int i = 0; i < L; ++i) set_lane(scores[label(n, i)], i, lane(scores[label(n, i)], i) - lane(share, i));
    }
  }

  // After `judge`: adds the gradients against weights and biases, and fills those against the tensors that are read;
  // `gradient(t)` is one of them.
  template <class Tensors> void backward(int count, const V *weight, V *of_weight, Tensors gradient) {
    V *const of_bias = of_weight + C * F;
    std::fill_n(of_averages.get(), count * F, V{});
    for (int n = 0; n < count; ++n)
      for (int label = 0; label < C; ++label) {
        const V score_gradient = logits[n * C + label];
        of_bias[label] = of_bias[label] + score_gradient;
        for (int f = 0; f < F; ++f) {
          of_weight[label * F + f] = fma(score_gradient, averages[n * F + f], of_weight[label * F + f]);
          of_averages[n * F + f] = fma(score_gradient, weight[label * F + f], of_averages[n * F + f]);
        }
      }
    for_read([&](int index, const Shape &shape, int feature) {
      if (index == 0) return; // the images
      const Tensor<V> below = gradient(index);
      const V share = fill<V>(R(1) / R(shape.pixels()));
      for_channels(shape, {0, count}, [&](int n, auto B, int channel, long k) {
        for (long p = 0; p < shape.pixels(); ++p)
          for (int image = 0; image < B; ++image)
            below.at(n)[k + p * B + image] = of_averages[long(n + image) * F + feature + channel] * share;
      });
    });
  }

private:
  // Calls `use(tensor, shape, feature)` for each tensor that is read; its first channel's average is that feature.
  template <class Use> void for_read(Use use) const {
    int feature = 0;
    for (int index = 0; index < job.read_count; ++index) {
      const Shape &shape = graph.shapes[job.read[index]];
      use(job.read[index], shape, feature);
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

// One vector of networks that classify images: forwards, backwards, and a step.
//
// A few images at a time go through as many layers as they can, so that what one layer makes is still in the nearest
// cache when the next one reads it. They can go as far as the next norm, whose statistics are of all images of a pass.
#pragma once
#include "norm.hpp"
#include "output.hpp"

namespace LRN_NAMESPACE {

// At 28 x 28 pixels a pass of 32 images makes 6 megabytes per layer for 16 networks, more than the second-level cache holds.
// Every pass over memory counts, hence: gradients of norms and sums are made in place, a sum is written over its first term,
// and what a ReLU behind a norm has read is computed anew rather than loaded.
//
// Norms by the statistics of a pass's own images; the same, adding them to those that are measured; by the latter.
enum class Mode { train, measure, evaluate };

// Images do not interact when norms use measured statistics, so such passes can be small.
constexpr int evaluated = 16; // images of a pass that evaluates: few enough for the nearest caches

// The gradients of which layers somebody reads: of all, or of the first convolution and `last_gradient`'s.
enum class Learned { all, ends };

template <class V> class Classifier {
  using R = typename Lanes<V>::real;
  static constexpr int L = Lanes<V>::count;

public:
  // `images`: that are at hand together, at most; `trained`: of those that also go back.
  Classifier(const Graph<R> &graph, int images, int trained)
      : graph(graph), job(graph.job), P(graph.parameters), numbers(allocate<V>(3 * P)),
        statistics(allocate<V>(5 * graph.normed + 1)), tensors(graph.shapes.size()), gradients(graph.places),
        output(graph, images) {
    tensors[0] = allocate<V>(images * job.image.size());
    for (const Node &node : graph.nodes)
      if (!tensors[node.out]) tensors[node.out] = allocate<V>((node.remade ? evaluated : images) * node.to.size());
    remade = allocate<V>(std::min(images, graph.visit) * graph.widest);
    for (auto &gradient : gradients) gradient = allocate<V>(trained * graph.widest);
  }

  V *weights() const { return numbers.get(); }
  V *gradient() const { return numbers.get() + P; }
  V *velocity() const { return numbers.get() + 2 * P; }

  // `image(n, i)`: where lane i's n-th image lies.
  template <class Image> void load(int count, Image image) {
    const long size = job.image.size();
    for_blocks({0, count}, [&](int n, auto B) {
      for (int offset = 0; offset < B; ++offset)
        for (int i = 0; i < L; ++i) {
          const R *const from = image(n + offset, i);
          V *const to = tensors[0].get() + n * size + offset;
          for (long k = 0; k < size; ++k) set_lane(to[k * B], i, from[k]);
        }
    });
  }

  // `share`: how much a pass that measures adds to what is measured.
  void forward(int count, Mode of_pass, R share = 1) {
    mode = of_pass;
    const int all = int(graph.nodes.size());
    if (mode == Mode::evaluate) {
      ascend(0, all, count, mode);
    } else {
      int begin = 0;
      for (const int norm : graph.norms) {
        ascend(begin, norm, count, mode);
        look_at(graph.nodes[norm], count, mode, share);
        begin = norm;
      }
      if (mode == Mode::measure) return;
      ascend(begin, all, count, mode);
    }
    output.forward(count, weights() + graph.output, [&](int index) { return tensor(index); });
  }

  // The gradient of the mean cross-entropy of `count` images, in `gradient()`. `image(n, i)` as for `load`, `label(n, i)`: lane
  // i's n-th image's class. Returns the loss, and the share of images that are classified rightly.
  //
  // Without norms, images do not interact. They then go forward and back a few at a time, while their tensors are in the caches.
  template <class Image, class Label> std::pair<V, V> learn(int count, Image image, Label label, Learned learned) {
    std::fill_n(gradient(), P, V{});
    V loss{}, right{};
    const int most = together(graph, count);
    for (int first = 0; first < count; first += most) {
      const int some = std::min(most, count - first);
      load(some, [&](int nth, int network) { return image(first + nth, network); });
      forward(some, Mode::train);
      const auto label_here = [&](int nth, int network) { return label(first + nth, network); };
      output.judge(some, count, label_here, loss, right);
      backward(some, learned);
    }
    const V share = fill<V>(R(1) / R(count));
    return {loss * share, right * share};
  }

  // How many of a pass's images have to be at hand together.
  static int together(const Graph<R> &graph, int count) { return graph.norms.empty() ? std::min(graph.visit, count) : count; }

  // As torch.optim.SGD steps.
  void step() {
    const V lr = fill<V>(R(-job.lr)), momentum = fill<V>(R(job.momentum));
    V *const parameters = weights(), *const velocities = velocity();
    const V *const gradients = gradient();
    for (long p = 0; p < P; ++p) {
      velocities[p] = fma(velocities[p], momentum, gradients[p]);
      parameters[p] = fma(lr, velocities[p], parameters[p]);
    }
  }

  // Passes that measure come between these two: the statistics of all their images, for passes that evaluate.
  void start_measuring() { std::fill_n(statistics.get() + 2 * graph.normed, 2 * graph.normed, V{}); }
  void finish_measuring() {
    V *const variances = statistics.get() + 3 * graph.normed;
    for (long channel = 0; channel < graph.normed; ++channel) variances[channel] = spread_of(variances[channel]);
  }

  // The gradient of a convolution's weights.
  std::vector<V> weight_gradient(const Node &node) const {
    const V *const start = gradient() + node.weight;
    return {start, start + long(node.to.channels) * node.from.channels * node.layer.kernel * node.layer.kernel};
  }

  int predicted(int n, int i) const { return output.predicted(n, i); }

  // After `forward`: the sum of a channel, which after a ReLU is zero where each of its values is.
  V sum_of(const Node &node, int count, int channel) const {
    V sum{};
    const Tensor<V> out = made_by(node);
    const long pixels = node.to.pixels();
    for_blocks({0, count}, [&](int n, auto B) {
      for (long k = channel * pixels * B; k < (channel + 1) * pixels * B; ++k) sum = sum + out.at(n)[k];
    });
    return sum;
  }

private:
  Tensor<V> made_by(const Node &node) const {
    if (node.remade && mode != Mode::evaluate) return {remade.get(), node.to.size(), visited};
    return {tensors[node.out].get(), node.to.size()};
  }
  Tensor<V> tensor(int index) const {
    return index == 0 ? Tensor<V>{tensors[0].get(), job.image.size()} : made_by(graph.nodes[index - 1]);
  }
  Tensor<V> gradient_at(int place) const { return {gradients[place].get(), graph.widest}; }
  Convolution<V> convolution(const Node &node) const { return {node.geometry, node.from, node.to, node.layer.kernel}; }

  // ---- the way up ----

  // Nodes from `begin` up to, but without, `end`; that one, if it is a norm that looks at its images, adds up what it reads.
  void ascend(int begin, int end, int count, Mode mode) {
    const bool looks = mode != Mode::evaluate && end < int(graph.nodes.size());
    const Node *const norm = looks ? &graph.nodes[end] : nullptr;
    if (norm) std::fill_n(totals(), norm->from.channels, V{});
    for_visits(count, [&](Span images) {
      for (int k = begin; k < end; ++k) make(graph.nodes[k], images, mode);
      if (norm) add_values(norm->from, images, tensor(norm->layer.from), totals());
    });
  }

  void make(const Node &node, Span images, Mode mode) {
    const Tensor<V> in = tensor(node.layer.from), out = made_by(node);
    const V *const parameters = weights();
    switch (node.layer.kind) {
    case Kind::convolution:
      convolution(node).forward(images, in, parameters + node.weight, node.layer.biased ? parameters + node.bias : nullptr,
                                node.layer.rectified, out);
      return;
    case Kind::norm:
      normalise(node.to, images, in, out, normalisation(node, mode), node.layer.rectified);
      return;
    case Kind::sum:
      add(node, images, in, out);
      return;
    }
  }

  // ---- the way down ----

  // After `forward`: adds to `gradient()`.
  void backward(int count, Learned learned) {
    output.backward(count, weights() + graph.output, gradient() + graph.output,
                    [&](int index) { return gradient_at(graph.gradient_of[index]); });
    // Backward between norms as forward: each stretch of layers runs for a few images at a time.
    int end = int(graph.nodes.size());
    for (auto norm = graph.norms.rbegin(); norm != graph.norms.rend(); ++norm) {
      descend(*norm, end, count, true, learned);
      end = *norm + 1;
    }
    descend(0, end, count, false, learned);
  }

  // Nodes from the one before `end` down to `begin`; that one, if it is a norm that waits, adds up its gradients only.
  void descend(int begin, int end, int count, bool waits, Learned learned) {
    for_visits(count, [&](Span images) {
      for (int layer = end - 1; layer >= begin + waits; --layer)
        take_back(graph.nodes[layer], images, count, learned == Learned::all || layer == 0 || layer == job.last);
      if (waits) gather_norm(graph.nodes[begin], images);
    });
  }

  void take_back(const Node &node, Span images, int count, bool learns) {
    if (node.gradient_to < 0) return;
    const Tensor<V> gradients = gradient_at(node.gradient_to), in = tensor(node.layer.from);
    const bool hands_on = node.gradient_from >= 0;
    const Tensor<V> below = hands_on ? gradient_at(node.gradient_from) : Tensor<V>{nullptr, 0};
    switch (node.layer.kind) {
    case Kind::convolution: {
      through_relu(node, images, gradients);
      const auto conv = convolution(node);
      if (node.layer.from > 0 && graph.nodes[node.layer.from - 1].remade)
        make(graph.nodes[node.layer.from - 1], images, Mode::train);
      V *const of_bias = node.layer.biased ? gradient() + node.bias : nullptr;
      if (learns) conv.learn(images, gradients, in, gradient() + node.weight, of_bias);
      if (hands_on) {
        const Tensor<V> fired = node.gates ? in : Tensor<V>{nullptr, 0};
        conv.backward(images, gradients, weights() + node.weight, below, !node.first_from, fired);
      }
      return;
    }
    case Kind::norm:
      if (hands_on)
        denormalise(node.from, images, count, in, gradients, normalisation(node, Mode::train), gradient() + node.bias,
                    gradient() + node.weight, below, node.first_from);
      return;
    case Kind::sum:
      through_relu(node, images, gradients);
      share(node, images, gradients, below);
      return;
    }
  }

  // The output of a ReLU tells where it let the gradient pass, so its input need not be stored. A convolution that adds the
  // last term to the gradient has done this already.
  void through_relu(const Node &node, Span images, Tensor<V> gradient) const {
    if (!node.layer.rectified || node.gated) return;
    const Tensor<V> out = made_by(node);
    for_blocks(images, [&](int n, auto B) {
      const V *const fired = out.at(n);
      V *const gradients = gradient.at(n);
      for (long k = 0; k < node.to.size() * B; ++k) gradients[k] = gate(fired[k], gradients[k]);
    });
  }

  // ---- batch normalisation ----

  // Five rows of one memory: the pass's means and spreads, the measured means and variances, and the sums of one norm.
  V *means(const Node &node) const { return statistics.get() + node.statistics; }
  V *spreads(const Node &node) const { return means(node) + graph.normed; }
  V *measured_means(const Node &node) const { return means(node) + 2 * graph.normed; }
  V *measured_variances(const Node &node) const { return means(node) + 3 * graph.normed; } // then their spreads
  V *totals() const { return statistics.get() + 4 * graph.normed; } // of the norm that is at hand

  Normalisation<V> normalisation(const Node &node, Mode mode) const {
    const V *const parameters = weights();
    const bool measured = mode == Mode::evaluate;
    return {measured ? measured_means(node) : means(node), measured ? measured_variances(node) : spreads(node),
            parameters + node.weight, parameters + node.bias};
  }

  // Means and spreads of what a norm reads; `totals` holds the sums.
  void look_at(const Node &node, int count, Mode mode, R share) {
    const int channels = node.from.channels;
    const R values = R(count) * R(node.from.height) * R(node.from.width);
    V *const mean = means(node), *const squares = totals();
    for (int channel = 0; channel < channels; ++channel) {
      mean[channel] = totals()[channel] * fill<V>(1 / values);
      squares[channel] = V{};
    }
    // A second pass, over differences from the mean: in one pass the variance would be a small difference of large numbers.
    add_squares(node.from, {0, count}, tensor(node.layer.from), mean, squares);
    for (int channel = 0; channel < channels; ++channel)
      spreads(node)[channel] = spread_of(squares[channel] * fill<V>(1 / values));
    if (mode != Mode::measure) return;
    for (int channel = 0; channel < channels; ++channel) {
      // Divided by one less than the count, as torch does for running statistics, and only for them.
      const V variance = squares[channel] * fill<V>(1 / (values - 1));
      measured_means(node)[channel] = fma(fill<V>(share), mean[channel], measured_means(node)[channel]);
      measured_variances(node)[channel] = fma(fill<V>(share), variance, measured_variances(node)[channel]);
    }
  }

  static V spread_of(V variance) { return fill<V>(R(1)) / root(variance + fill<V>(R(1e-5))); }

  void gather_norm(const Node &node, Span images) {
    if (node.gradient_to < 0) return;
    norm_gradient(node.to, images, tensor(node.layer.from), gradient_at(node.gradient_to),
                  normalisation(node, Mode::train), node.layer.rectified, gradient() + node.bias,
                  gradient() + node.weight);
  }

  // ---- sums ----

  // Whether both tensors have the same shape: then value k of the one meets value k of the other.
  static bool alike(const Node &node) { return node.layer.stride == 1 && node.other.channels == node.to.channels; }

  // Calls `use(k, j)` for each value k of a block of the sum to which value j of the other tensor's block is added.
  template <class B, class F> LRN_FN static void for_added(const Node &node, B size, F use) {
    const int stride = node.layer.stride;
    long k = 0;
    for (int channel = 0; channel < node.other.channels; ++channel)
      for (int row = 0; row < node.to.height; ++row)
        for (int column = 0; column < node.to.width; ++column) {
          const long pixel = (long(channel) * node.other.height + row * stride) * node.other.width + column * stride;
          for (int image = 0; image < size; ++image, ++k) use(k, pixel * size + image);
        }
  }

  void add(const Node &node, Span images, Tensor<V> in, Tensor<V> out) const {
    const bool rectified = node.layer.rectified, adds = node.layer.other >= 0;
    const auto finish = [rectified](V value) { return rectified ? relu(value) : value; };
    for_blocks(images, [&](int n, auto B) {
      const V *const read = in.at(n), *const other = adds ? tensor(node.layer.other).at(n) : nullptr;
      V *const made = out.at(n);
      const long size = node.to.size() * B;
      if (adds && alike(node)) {
        for (long k = 0; k < size; ++k) made[k] = finish(read[k] + other[k]);
        return;
      }
      // A sum may lie where its first term lies (`Graph::plan_tensors`); then there is nothing to copy.
      if (read != made) std::copy_n(read, size, made);
      if (adds) for_added(node, B, [&](long k, long j) { made[k] = made[k] + other[j]; });
      for (long k = 0; rectified && k < size; ++k) made[k] = relu(made[k]);
    });
  }

  // Adds the gradient against a sum to those against what it reads, or leaves it there as theirs.
  void share(const Node &node, Span images, Tensor<V> gradient, Tensor<V> below) {
    for_blocks(images, [&](int n, auto B) {
      const V *const gradients = gradient.at(n);
      const long size = node.to.size() * B;
      if (node.gradient_other >= 0) {
        V *const other = gradient_at(node.gradient_other).at(n);
        const bool first = node.first_other;
        if (first && alike(node)) {
          for (long k = 0; k < size; ++k) other[k] = V{} + gradients[k]; // with the sign that a sum's zero has
        } else {
          if (first) std::fill_n(other, node.other.size() * B, V{});
          for_added(node, B, [&](long k, long j) { other[j] = other[j] + gradients[k]; });
        }
      }
      if (below.values && below.at(n) != gradients) {
        V *const to = below.at(n);
        for (long k = 0; k < size; ++k) to[k] = to[k] + gradients[k];
      }
    });
  }

  template <class F> void for_visits(int count, F use) {
    for (visited = 0; visited < count; visited += graph.visit) use(Span{visited, std::min(visited + graph.visit, count)});
  }

  const Graph<R> &graph;
  const lrn::ImageJob<R> &job;
  const long P;
  Memory<V> numbers;                // (3, P): weights, gradients, velocities
  Memory<V> statistics;             // (5, channels of all norms)
  std::vector<Memory<V>> tensors;   // the images, and what the nodes make of them
  std::vector<Memory<V>> gradients; // places where gradients against tensors take turns
  Memory<V> remade;                 // outputs of a norm for the images of one visit
  Output<V> output;
  Mode mode = Mode::train; // of the last pass
  int visited = 0;         // the first image of the visit
};

} // namespace LRN_NAMESPACE

// One instruction set's build of the kernel that classifies images.
#include "classifier.hpp"

namespace LRN_NAMESPACE {

#ifndef LRN_VECTOR
#define LRN_VECTOR float
#endif

namespace {

template <class V> V norm(const std::vector<V> &gradient) {
  V sum{};
  for (const V &value : gradient) sum = fma(value, value, sum);
  return root(sum);
}

// Trains vectors of networks, from initial weights to results; a thread has one of these.
template <class V, class R> class Trainer {
  static constexpr int L = Lanes<V>::count;

public:
  explicit Trainer(const lrn::ImageJob<R> &job)
      : job(job), graph(job), parts(job.train, job.part),
        net(graph, std::max(evaluated, most_together()), most_together()) {}

  // Takes vectors until none is left; threads share one job.
  void work() {
    while ((first = job.next->fetch_add(1) * L) < job.count && !*job.cancelled) {
      used = int(std::min<long>(L, job.count - first));
      start();
      look_before_training();
      train();
      if (*job.cancelled) return;
      measure();
      look_after_training();
      test();
      if (*job.cancelled) return;
      *job.done += used;
    }
  }

private:
  // Memory is for the largest pass of each kind: only passes that train need gradients against tensors.
  int most_together() const {
    return Classifier<V>::together(graph, std::max(parts.size(0), std::min(job.batch, job.train)));
  }

  void start() {
    std::fill_n(net.velocity(), graph.parameters, V{});
    for_lanes([&](int i, long s) {
      for (long p = 0; p < graph.parameters; ++p)
        set_lane(net.weights()[p], i, job.initial[s * graph.parameters + p]);
    });
  }

  // The gradient of all training images is the mean of those of the parts.
  void look_before_training() {
    const Node &bottom = graph.nodes[0], &top = graph.nodes[job.last];
    std::vector<V> first_gradient = net.weight_gradient(bottom), last_gradient = net.weight_gradient(top);
    std::fill(first_gradient.begin(), first_gradient.end(), V{});
    std::fill(last_gradient.begin(), last_gradient.end(), V{});
    for_parts([&](int from, int count, R share) {
      net.learn(count, images_from(from), [&](int nth, int) { return job.train_y[from + nth]; }, Learned::ends);
      add(first_gradient, net.weight_gradient(bottom), share);
      add(last_gradient, net.weight_gradient(top), share);
    });
    store(job.first_gradient, 0, 1, norm(first_gradient));
    store(job.last_gradient, 0, 1, norm(last_gradient));
  }

  void train() {
    const long steps = job.steps(), N = job.train, size = job.image.size(), all = job.epochs * steps;
    long order[L];
    for (long step = 0; step < all && !*job.cancelled; ++step) {
      const long epoch = step / steps, begin = step % steps * job.batch;
      const int count = int(std::min<long>(job.batch, N - begin));
      for_lanes([&](int i, long s) { order[i] = (s * job.epochs + epoch) * N + begin; });
      const auto image = [&](int n, int i) { return job.order[order[i] + n]; };
      const auto [loss, accuracy] =
          net.learn(count, [&](int nth, int network) { return job.train_x + image(nth, network) * size; },
                    [&](int nth, int network) { return job.train_y[image(nth, network)]; }, Learned::all);
      store(job.loss, step, all, loss);
      store(job.accuracy, step, all, accuracy);
      store(job.gradient, step, all, norm(net.weight_gradient(graph.nodes[0])));
      net.step();
    }
  }

  // The statistics of norms are the mean of those of the parts.
  void measure() {
    if (graph.norms.empty()) return;
    net.start_measuring();
    for_parts([&](int from, int count, R share) {
      net.load(count, images_from(from));
      net.forward(count, Mode::measure, share);
    });
    net.finish_measuring();
  }

  void look_after_training() {
    std::vector<V> sums(graph.rectified);
    evaluate(job.train_x, job.train, [&](int, int count) {
      long index = 0;
      for (const Node &node : graph.nodes)
        for (int channel = 0; node.layer.rectified && channel < node.to.channels; ++channel, ++index)
          sums[index] = sums[index] + net.sum_of(node, count, channel);
    });
    for (long index = 0; index < graph.rectified; ++index)
      for (int i = 0; i < used; ++i) job.silent[(first + i) * graph.rectified + index] = lane(sums[index], i) == 0;
  }

  void test() {
    evaluate(job.test_x, job.test, [&](int from, int count) {
      for (int i = 0; i < used; ++i)
        for (int n = 0; n < count; ++n) job.predicted[(first + i) * job.test + from + n] = net.predicted(n, i);
    });
  }

  // Calls `use(from, count, share)` for each part of the training images; `share` of all are in it.
  template <class Use> void for_parts(Use use) {
    for (int k = 0; k < parts.count && !*job.cancelled; ++k) {
      const int from = parts.first(k), count = parts.size(k);
      use(from, count, R(count) / R(job.train));
    }
  }

  // Of training images, the same for all networks, where each lies.
  auto images_from(int first_image) const {
    return [this, first_image](int nth, int) { return job.train_x + (first_image + nth) * job.image.size(); };
  }

  // Calls `use(from, count)` after a few images have passed, which come one after another.
  template <class Use> void evaluate(const R *images, int number, Use use) {
    const long size = job.image.size();
    for (int from = 0; from < number && !*job.cancelled; from += evaluated) {
      const int count = std::min(evaluated, number - from);
      net.load(count, [&](int n, int) { return images + (from + n) * size; });
      net.forward(count, Mode::evaluate);
      use(from, count);
    }
  }

  static void add(std::vector<V> &sum, const std::vector<V> &gradient, R share) {
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] = fma(fill<V>(share), gradient[k], sum[k]);
  }

  // Calls `use(i, s)` for each lane and its network; lanes to spare train the last network once more.
  template <class F> void for_lanes(F use) const {
    for (int i = 0; i < L; ++i) use(i, std::min(first + i, job.count - 1));
  }

  // Each network's number of that step, where each has so `many`.
  void store(R *to, long step, long many, const V &value) const {
    for (int i = 0; i < used; ++i) to[(first + i) * many + step] = lane(value, i);
  }

  const lrn::ImageJob<R> &job;
  const Graph<R> graph;
  const lrn::Parts parts;
  Classifier<V> net;
  long first = 0; // network of this vector
  int used = 0;   // lanes
};

template <class V, class R> void classify_all(const lrn::ImageJob<R> &job) {
  flush_subnormals();
  Trainer<V, R>(job).work();
}

} // namespace

void classify(const lrn::ImageJob<float> &job) { classify_all<LRN_VECTOR>(job); }
void classify(const lrn::ImageJob<double> &job) { classify_all<double>(job); }

} // namespace LRN_NAMESPACE

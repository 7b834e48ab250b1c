// One instruction set's build of the kernel that classifies images.
#include "classifier.hpp"

namespace LRN_NAMESPACE {

#ifndef LRN_VECTOR
#define LRN_VECTOR float
#endif

namespace {

// Trains vectors of networks until none is left; threads share one job.
template <class V, class R> void classify_all(const lrn::ImageJob<R> &job) {
  constexpr int L = Lanes<V>::count;
  flush_subnormals();
  const Graph<R> graph(job);
  Classifier<V> net(graph);
  const long N = job.train, size = job.image.size(), steps = N / job.batch;
  for (long first; (first = job.next->fetch_add(1) * L) < job.count && !*job.cancelled;) {
    const int used = int(std::min<long>(L, job.count - first));
    const auto each = [&](auto f) { // lanes to spare train the last network once more
      for (int i = 0; i < L; ++i) f(i, std::min(first + i, job.count - 1));
    };
    const auto store = [&](R *to, long step, long of, const V &value) {
      for (int i = 0; i < used; ++i) to[(first + i) * of + step] = lane(value, i);
    };
    std::fill_n(net.velocity(), graph.parameters, V{});
    each([&](int i, long s) {
      for (long p = 0; p < graph.parameters; ++p) set_lane(net.weights()[p], i, job.initial[s * graph.parameters + p]);
    });
    const auto load_all = [&] { net.load(job.train, [&](int n, int) { return job.train_x + n * size; }); };

    load_all();
    net.forward(job.train, Mode::train);
    net.backward(job.train, [&](int n, int) { return job.train_y[n]; });
    store(job.first_gradient, 0, 1, net.gradient_norm(graph.nodes[0]));
    store(job.last_gradient, 0, 1, net.gradient_norm(graph.nodes[job.last]));

    long order[L];
    for (long step = 0, end = job.epochs * steps; step < end && !*job.cancelled; ++step) {
      each([&](int i, long s) { order[i] = (s * job.epochs + step / steps) * N + step % steps * job.batch; });
      const auto image = [&](int n, int i) { return job.order[order[i] + n]; };
      net.load(job.batch, [&](int n, int i) { return job.train_x + image(n, i) * size; });
      net.forward(job.batch, Mode::train);
      const auto [loss, accuracy] = net.backward(job.batch, [&](int n, int i) { return job.train_y[image(n, i)]; });
      store(job.loss, step, end, loss), store(job.accuracy, step, end, accuracy);
      store(job.gradient, step, end, net.gradient_norm(graph.nodes[0]));
      net.step();
    }
    if (*job.cancelled) return;

    load_all();
    net.forward(job.train, Mode::measure);
    net.forward(job.train, Mode::evaluate);
    long a = 0;
    for (const Node &node : graph.nodes)
      for (int c = 0; node.layer.rectified && c < node.to.channels; ++c, ++a) {
        const V sum = net.sum_of(node, job.train, c);
        for (int i = 0; i < used; ++i) job.silent[(first + i) * graph.rectified + a] = lane(sum, i) == 0;
      }
    net.load(job.test, [&](int n, int) { return job.test_x + n * size; });
    net.forward(job.test, Mode::evaluate);
    for (int i = 0; i < used; ++i)
      for (int n = 0; n < job.test; ++n) job.predicted[(first + i) * job.test + n] = net.predicted(n, i);
    *job.done += used;
  }
}

} // namespace

void classify(const lrn::ImageJob<float> &job) { classify_all<LRN_VECTOR>(job); }
void classify(const lrn::ImageJob<double> &job) { classify_all<double>(job); }

} // namespace LRN_NAMESPACE

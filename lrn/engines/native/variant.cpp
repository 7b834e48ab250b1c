// One instruction set's build of the kernel. Compiled several times, each with its own flags and LRN_NAMESPACE.
#include "general.hpp"
#include "held.hpp"
#include "job.hpp"
#include "network.hpp"
#include "philox.hpp"
#include "tiles.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

namespace LRN_NAMESPACE {

#ifndef LRN_VECTOR
#define LRN_VECTOR float
#endif

namespace {

// Results below the smallest normal number are zero: as on GPUs, and 100 times faster where Adam's moments fade out.
void flush_subnormals() {
#if defined(__x86_64__)
  _mm_setcsr(_mm_getcsr() | 0x8040);
#elif defined(__aarch64__)
  std::uint64_t control;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control));
  __asm__ volatile("msr fpcr, %0" : : "r"(control | (1ull << 24)));
#endif
}

// Bias corrections as torch computes them, in double, one product an epoch.
template <class R> struct Schedule {
  std::vector<R> step, root;
  explicit Schedule(const lrn::Job<R> &job) : step(job.epochs), root(job.epochs) {
    double power1 = 1, power2 = 1;
    for (int e = 0; e < job.epochs; ++e) {
      power1 *= 0.9, power2 *= 0.999;
      step[e] = R(job.lr / (1 - power1));
      root[e] = R(1 / std::sqrt(1 - power2));
    }
  }
};

template <class V> class Memory {
public:
  template <class R> Fleet<V> fleet(const lrn::Job<R> &job, long P) {
    fleet_of<V>(job, P, [&](long n) {
      total += n;
      return Cells<V>{nullptr};
    });
    cells.reset(static_cast<V *>(std::aligned_alloc(64, (total * sizeof(V) + 63) / 64 * 64)));
    if (!cells) throw std::bad_alloc();
    V *next = cells.get();
    return fleet_of<V>(job, P, [&](long n) {
      V *p = next;
      next += n;
      return Cells<V>{p};
    });
  }
  void clear() { std::fill_n(cells.get(), total, V{}); }

private:
  struct Free { void operator()(V *p) const { std::free(p); } };
  std::unique_ptr<V[], Free> cells;
  long total = 0;
};

template <class V, class Net> class Work {
  using R = typename Lanes<V>::real;
  static constexpr int L = Lanes<V>::count;

public:
  explicit Work(const lrn::Job<R> &job)
      : job(job), schedule(job), P(parameter_count(job)), fleet(memory.fleet(job, P)),
        task(task_of<R>(job, schedule.step.data(), schedule.root.data())) {}

  void train() {
    for (long g; (g = job.next->fetch_add(1)) * L < job.count && !*job.cancelled;) train(g * L);
  }

  void survey() {
    for (long g; (g = job.next->fetch_add(1)) * L < job.count && !*job.cancelled;) {
      load(g * L);
      Net(task, fleet).predict();
      for (int i = 0; i < L && g * L + i < job.count; ++i) {
        int l = job.depth;
        while (l > 0 && !dead_layer(l - 1, i)) --l;
        job.settled[g * L + i] = l;
      }
    }
  }

private:
  long network_of(long first, int lane) const {
    const long k = std::min(first + lane, job.count - 1);
    return job.order ? job.order[k] : k;
  }

  void load(long first) {
    memory.clear();
    for (int i = 0; i < L; ++i) {
      const long s = network_of(first, i);
      if (job.initial)
        for (long p = 0; p < P; ++p) set_lane(fleet.w[p], i, job.initial[s * P + p]);
      else
        draw<R>(job, job.seeds[s], [&](long p, R value) { set_lane(fleet.w[p], i, value); });
    }
    for (long k = 0; k < long(job.samples) * job.features; ++k) fleet.input[k] = fill<V>(job.x[k]);
  }

  void train(long first) {
    load(first);
    const int lanes = int(std::min<long>(L, job.count - first));
    Net network(task, fleet);
    Outcome<V> outcome;
    const bool finished = LRN_NAMESPACE::train(
        network, outcome, [&](int) { return !*job.cancelled; },
        [&](int epoch, const V &rmse) {
          if (job.trace)
            for (int i = 0; i < lanes; ++i) job.trace[network_of(first, i) * job.epochs + epoch] = lane(rmse, i);
        });
    if (!finished) return;
    for (int i = 0; i < lanes; ++i) store(network_of(first, i), i, outcome);
    *job.done += lanes;
  }

  bool dead(long l, long j, int i) const {
    for (long n = 0; n < job.samples; ++n)
      if (lane(fleet.fired[(l * job.samples + n) * job.width + j], i) != 0) return false;
    return true;
  }

  bool dead_layer(long l, int i) const {
    for (long j = 0; j < job.width; ++j)
      if (!dead(l, j, i)) return false;
    return true;
  }

  void store(long s, int i, const Outcome<V> &outcome) {
    const long N = job.samples, W = job.width, D = job.depth, NO = N * job.outputs;
    job.rmse[s] = lane(outcome.rmse, i);
    job.rmse_initial[s] = lane(outcome.rmse_initial, i);
    job.converged_at[s] = std::int32_t(lane(outcome.since, i));
    for (long k = 0; k < NO; ++k) job.prediction[s * NO + k] = lane(fleet.y[k], i);
    for (long l = 0; l < D; ++l)
      for (long j = 0; j < W; ++j) job.dead[(s * D + l) * W + j] = dead(l, j, i);
    if (job.parameters)
      for (long p = 0; p < P; ++p) job.parameters[s * P + p] = lane(fleet.w[p], i);
  }

  const lrn::Job<R> &job;
  Schedule<R> schedule;
  long P;
  Memory<V> memory;
  Fleet<V> fleet;
  Task<R> task;
};

template <class V, class Net, class R> void go(const lrn::Job<R> &job) {
  Work<V, Net> work(job);
  job.settled ? work.survey() : work.train();
}

// The variant that takes one network at a time, as a GPU's threads do, also takes their way through it. Where vectors
// have registers for it, several samples at a time are quicker.
template <class V, class Act, Optimizer opt, bool late, int width, class R> void by_samples(const lrn::Job<R> &job) {
#if defined(LRN_HELD_SAMPLES)
  if constexpr (sizeof(R) == sizeof(float))
    if (job.samples == LRN_HELD_SAMPLES)
      return go<V, HeldNetwork<V, Act, opt, late, width, LRN_HELD_SAMPLES>>(job);
#endif
  if constexpr (Lanes<V>::registers >= 32 && width == 2)
    if (job.features == 1) return go<V, TiledNetwork<V, Act, opt, late, width>>(job);
  go<V, Network<V, Act, opt, late, width>>(job);
}

template <class V, class Act, Optimizer opt, bool late, class R> void by_width(const lrn::Job<R> &job) {
  job.width == 2 ? by_samples<V, Act, opt, late, 2>(job) : by_samples<V, Act, opt, late, 4>(job);
}

template <class V, class Act, Optimizer opt, class R> void by_connection(const lrn::Job<R> &job) {
  job.connection == Connection::late ? by_width<V, Act, opt, true>(job) : by_width<V, Act, opt, false>(job);
}

template <class V, class Act, class R> void by_optimizer(const lrn::Job<R> &job) {
  job.optimizer == Optimizer::adam ? by_connection<V, Act, Optimizer::adam>(job)
                                   : by_connection<V, Act, Optimizer::sgd>(job);
}

// Whether such a network is so common that the compiler knows its activation, connection and optimizer, too.
template <class R> bool is_common(const lrn::Job<R> &job) {
  return job.norm == Norm::none && (job.connection == Connection::plain || job.connection == Connection::late) &&
         (job.optimizer == Optimizer::adam || job.optimizer == Optimizer::sgd) &&
         (job.activation == Activation::relu || job.activation == Activation::leaky_relu);
}

template <class V, class R> void work(const lrn::Job<R> &job) {
  flush_subnormals();
  const bool narrow = (job.width == 2 || job.width == 4) && job.features == 1 && job.outputs == 1;
  if (!narrow) go<V, GeneralNetwork<V, 0>>(job);
  else if (!is_common(job)) job.width == 2 ? go<V, GeneralNetwork<V, 2>>(job) : go<V, GeneralNetwork<V, 4>>(job);
  else job.activation == Activation::relu ? by_optimizer<V, Relu>(job) : by_optimizer<V, LeakyRelu>(job);
}

} // namespace

#if defined(__FMA__) || defined(__aarch64__)
constexpr bool fused = true;
#else
constexpr bool fused = false;
#endif

extern const lrn::Variant variant;
const lrn::Variant variant{LRN_NAME, Lanes<LRN_VECTOR>::count, fused, work<LRN_VECTOR, float>, work<double, double>};

} // namespace LRN_NAMESPACE

// One instruction set's build of the kernel. Compiled several times, each with its own flags and LRN_NAMESPACE.
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
    const long N = job.samples, W = job.width, F = job.features, D = job.depth, O = job.outputs;
    const long wide = std::max(P, W * std::max(F, W)); // P: tiles.hpp
    total = 3 * P + N * F + D * N * W + 4 * N * W + N * O + wide + D * W * tile_size;
    cells.reset(static_cast<V *>(std::aligned_alloc(64, (total * sizeof(V) + 63) / 64 * 64)));
    if (!cells) throw std::bad_alloc();
    next = cells.get();
    return {take(P), take(P), take(P), take(N * F), take(D * N * W), take(N * W),
            take(N * W), take(N * W), take(N * O), take(N * W), take(wide), take(D * W * tile_size)};
  }
  void clear() { std::fill_n(cells.get(), total, V{}); }

private:
  Cells<V> take(long n) {
    V *p = next;
    next += n;
    return {p};
  }
  struct Free { void operator()(V *p) const { std::free(p); } };
  std::unique_ptr<V[], Free> cells;
  V *next = nullptr;
  long total = 0;
};

template <class V, class Net> class Work {
  using R = typename Lanes<V>::real;
  static constexpr int L = Lanes<V>::count;

public:
  explicit Work(const lrn::Job<R> &job)
      : job(job), schedule(job), P(parameter_count(job)), fleet(memory.fleet(job, P)),
        task{job.features, job.outputs, job.samples, job.depth, job.width, job.epochs, job.iterative, job.x, job.t,
             R(job.target_scale), R(job.threshold), R(job.lr), R(1 - 0.9), R(0.999), R(1 - 0.999), R(1e-8),
             schedule.step.data(), schedule.root.data()} {}

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
    if (job.samples == LRN_HELD_SAMPLES && job.features == 1)
      return go<V, HeldNetwork<V, Act, opt, late, width, LRN_HELD_SAMPLES>>(job);
#endif
  if constexpr (Lanes<V>::registers >= 32 && width == 2)
    if (job.features == 1) return go<V, TiledNetwork<V, Act, opt, late, width>>(job);
  go<V, Network<V, Act, opt, late, width>>(job);
}

template <class V, class Act, Optimizer opt, bool late, class R> void by_width(const lrn::Job<R> &job) {
  if (job.width == 2 && job.outputs == 1) by_samples<V, Act, opt, late, 2>(job);
  else if (job.width == 4 && job.outputs == 1) by_samples<V, Act, opt, late, 4>(job);
  else go<V, Network<V, Act, opt, late, 0>>(job);
}

template <class V, class Act, class R> void by_optimizer(const lrn::Job<R> &job) {
  if (job.adam) job.late ? by_width<V, Act, Optimizer::adam, true>(job) : by_width<V, Act, Optimizer::adam, false>(job);
  else job.late ? by_width<V, Act, Optimizer::sgd, true>(job) : by_width<V, Act, Optimizer::sgd, false>(job);
}

template <class V, class R> void work(const lrn::Job<R> &job) {
  flush_subnormals();
  switch (job.activation) {
  case lrn::Activation::relu: return by_optimizer<V, Relu>(job);
  case lrn::Activation::leaky_relu: return by_optimizer<V, LeakyRelu>(job);
  }
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

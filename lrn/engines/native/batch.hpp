// A few vectors of networks that train by turns, from initial weights to results.
//
// A vector can skip a layer only if the layer is settled in all its networks, and networks settle at different times. If
// layers can settle, the networks are therefore sorted between turns: networks with equally many settled layers share a
// vector. The numbers of a network do not depend on its lane.
#pragma once
#include "job.hpp"
#include "memory.hpp"
#include "network.hpp"
#include "philox.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

namespace LRN_NAMESPACE {

// Bias corrections as torch computes them: in double, with one product per epoch.
template <class R> struct Schedule {
  std::vector<R> step, root;
  explicit Schedule(const lrn::Job<R> &job) : step(job.epochs), root(job.epochs) {
    double power1 = 1, power2 = 1;
    for (int epoch = 0; epoch < job.epochs; ++epoch) {
      power1 *= 0.9;
      power2 *= 0.999;
      step[epoch] = R(job.lr / (1 - power1));
      root[epoch] = R(1 / std::sqrt(1 - power2));
    }
  }
};

template <class V, class Net> class Batch {
  using R = typename Lanes<V>::real;
  static constexpr int L = Lanes<V>::count;
  // Short enough that a vector does not wait long for its last network to settle a layer, and long enough that sorting
  // costs little beside training.
  static constexpr int turn = 64; // epochs; the first is as long as it takes to find what is settled from the start

public:
  explicit Batch(const lrn::Job<R> &job)
      : job(job), schedule(job), P(parameter_count(job)), fleet(lay_out()),
        task(task_of<R>(job, schedule.step.data(), schedule.root.data())), outcomes(job.vectors) {}

  // Takes batches until none is left; threads share one job.
  void work() {
    for (long first; (first = job.next->fetch_add(1) * job.vectors * L) < job.count && !*job.cancelled;) {
      load(first);
      for (int epoch = 0; epoch < job.epochs && !*job.cancelled;) {
        const int until = vectors == 1 ? job.epochs : std::min(job.epochs, epoch ? epoch + turn : check_every);
        for (int vector = 0; vector < vectors && train(vector, epoch, until); ++vector) {}
        epoch = until;
        if (vectors > 1) regroup();
      }
    }
  }

private:
  Fleet<V> lay_out() {
    long total = 0;
    const auto count = [&](long n) {
      total += n;
      return Cells<V>{nullptr};
    };
    fleet_of<V>(job, P, count);
    // Only parameters and moments outlive a turn. All other memory is shared by the vectors, and so stays in the cache.
    size = total + (job.vectors - 1) * 3 * P;
    cells = allocate<V>(size);
    V *next = cells.get();
    return fleet_of<V>(job, P, [&](long n) {
      V *const start = next;
      next += n;
      return Cells<V>{start};
    });
  }

  // Parameters and moments of one vector; what lies behind them in memory is scratch that all share.
  V *state(int vector) const { return vector == 0 ? cells.get() : cells.get() + (size - 3 * P * vector); }

  void load(long first) {
    std::fill_n(cells.get(), size, V{});
    vectors = int(std::min<long>(job.vectors, (job.count - first + L - 1) / L));
    networks.resize(vectors * L), settled.assign(vectors * L, 0);
    std::iota(networks.begin(), networks.end(), first);
    for (int k = 0; k < vectors * L; ++k) {
      // A vector cannot be shorter than its lanes, so the last one may train a network several times. `train` stores none of
      // its copies.
      const long s = std::min(networks[k], job.count - 1); // lanes to spare train the last network once more
      V *const w = state(k / L);
      if (job.initial)
        for (long p = 0; p < P; ++p) set_lane(w[p], k % L, flushed(job.initial[s * P + p]));
      else
        draw<R>(job, job.seeds[s], [&](long p, R value) { set_lane(w[p], k % L, value); });
    }
    for (long k = 0; k < long(job.samples) * job.features; ++k) fleet.input[k] = fill<V>(job.x[k]);
    std::fill_n(outcomes.begin(), vectors, Outcome<V>{});
  }

  bool train(int vector, int epoch, int until) {
    // The three lie one after another, see `fleet_of`. Vectors take turns by pointer, nothing is copied.
    fleet.weights = {state(vector)};
    fleet.first_moment = {state(vector) + P};
    fleet.second_moment = {state(vector) + 2 * P};
    Net network(task, fleet);
    const long *const mine = networks.data() + vector * L;
    const bool finished = LRN_NAMESPACE::train(
        network, outcomes[vector], epoch, until, [&](int) { return !*job.cancelled; },
        [&](int epoch, const V &rmse) {
          if (job.trace)
            for (int i = 0; i < L; ++i)
              if (mine[i] < job.count) job.trace[mine[i] * job.epochs + epoch] = one_nan(lane(rmse, i));
        });
    if (!finished) return false;
    for (int i = 0; i < L; ++i) settled[vector * L + i] = int(lane(network.settled, i));
    if (until < job.epochs) return true;
    finish(network, outcomes[vector]);
    for (int i = 0; i < L; ++i)
      if (mine[i] < job.count) store(mine[i], i, outcomes[vector]);
    return true;
  }

  // Sorts networks by how many of their layers are settled, where that lets vectors skip more.
  void regroup() {
    std::vector<int> order(vectors * L);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int one, int other) { return settled[one] < settled[other]; });
    // Sorting moves every parameter and both moments. It is done only if some vector then starts with more settled layers
    // than it has now, that is, more than the fewest of its networks.
    int gain = 0;
    for (int vector = 0; vector < vectors; ++vector)
      gain += settled[order[vector * L]] - *std::min_element(settled.begin() + vector * L, settled.begin() + (vector + 1) * L);
    if (gain == 0) return;
    std::vector<R> before(vectors * L);
    const auto permute = [&](auto row) {
      for (int k = 0; k < vectors * L; ++k) before[k] = lane(row(k / L), k % L);
      for (int k = 0; k < vectors * L; ++k) set_lane(row(k / L), k % L, before[order[k]]);
    };
    for (long p = 0; p < 3 * P; ++p) permute([&](int vector) -> V & { return state(vector)[p]; });
    // `rmse` needs no move: the next epoch sets it anew.
    permute([&](int vector) -> V & { return outcomes[vector].rmse_initial; });
    permute([&](int vector) -> V & { return outcomes[vector].since; });
    std::vector<long> old = networks;
    for (int k = 0; k < vectors * L; ++k) networks[k] = old[order[k]];
  }

  bool dead(long l, long j, int i) const {
    for (long n = 0; n < job.samples; ++n)
      if (lane(fleet.fired[(l * job.samples + n) * job.width + j], i) != 0) return false;
    return true;
  }

  void store(long s, int i, const Outcome<V> &outcome) {
    const long N = job.samples, W = job.width, D = job.depth, NO = N * job.outputs;
    job.rmse[s] = one_nan(lane(outcome.rmse, i));
    job.rmse_initial[s] = one_nan(lane(outcome.rmse_initial, i));
    job.converged_at[s] = std::int32_t(lane(outcome.since, i));
    for (long k = 0; k < NO; ++k) job.prediction[s * NO + k] = one_nan(lane(fleet.output[k], i));
    for (long l = 0; l < D; ++l)
      for (long j = 0; j < W; ++j) job.dead[(s * D + l) * W + j] = dead(l, j, i);
    if (job.parameters)
      for (long p = 0; p < P; ++p) job.parameters[s * P + p] = one_nan(lane(fleet.weights[p], i));
    *job.done += 1;
  }

  const lrn::Job<R> &job;
  Schedule<R> schedule;
  long P, size;
  Memory<V> cells;
  Fleet<V> fleet;
  Task<R> task;
  int vectors = 0;                  // of this batch
  std::vector<long> networks;       // (vectors * L,) which network trains in which lane; from `count` on, none
  std::vector<int> settled;         // (vectors * L,) layers of it that are settled
  std::vector<Outcome<V>> outcomes; // (vectors,)
};

} // namespace LRN_NAMESPACE

// A few vectors of networks that train by turns, from initial weights to results.
//
// A vector can skip a layer only if the layer is settled in all its networks, and networks settle at different times. If
// layers can settle, the networks are therefore sorted between turns: networks with equally many settled layers share a
// vector. The numbers of a network do not depend on its lane.
#pragma once
#include "memory.hpp"
#include "network.hpp"
#include "philox.hpp"
#include "variants.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

namespace LRN_NAMESPACE {

// Bias corrections as torch computes them: in double, with one product per epoch.
template <class R> struct Schedule {
  std::vector<R> step, root;
  explicit Schedule(const lrn::SharedJob<R> &job) : step(job.epochs), root(job.epochs) {
    double power1 = 1, power2 = 1;
    for (int epoch = 0; epoch < job.epochs; ++epoch) {
      power1 *= 0.9;
      power2 *= 0.999;
      step[epoch] = R(job.lr / (1 - power1));
      root[epoch] = R(1 / std::sqrt(1 - power2));
    }
  }
};

// One vector's epochs [epoch, until).
template <class V> struct Turn {
  using R = typename Lanes<V>::real;
  const lrn::SharedJob<R> &job;
  const Task<R> &task;
  const Fleet<V> &fleet;
  const long *networks; // (lanes,) which network trains in which lane; from `job.count` on, none
  Outcome<V> &outcome;
  int epoch, until;
  V rank{}; // how many layers of each network can be skipped after it (`Judged::rank`)

  bool goes_on() const { return !*job.cancelled; }

  void record(int at, const V &rmse) const {
    if (!job.trace) return;
    for (int index = 0; index < Lanes<V>::count; ++index)
      if (networks[index] < job.count) job.trace[networks[index] * job.epochs + at] = one_nan(lane(rmse, index));
  }
};

// Takes the turn with networks of a type; false if the job was cancelled meanwhile. After the last epoch predictions and
// outputs are in `turn.fleet`.
template <class V, class Net> bool take(Turn<V> &turn) {
  Net network(turn.task, turn.fleet);
  const bool finished = train(
      network, turn.outcome, turn.epoch, turn.until, [&](int) { return turn.goes_on(); },
      [&](int epoch, const V &rmse) { turn.record(epoch, rmse); });
  turn.rank = network.rank();
  if (finished && turn.until == turn.job.epochs) finish(network, turn.outcome);
  return finished;
}

// The type of the networks matters to `take` alone, so all of this is compiled once for all types.
template <class V> class Batch {
  using R = typename Lanes<V>::real;
  using Take = bool (*)(Turn<V> &);
  static constexpr int lanes = Lanes<V>::count;
  // Short enough that a vector does not wait long for its last network to settle a layer, and long enough that sorting
  // costs little beside training.
  static constexpr int epochs_per_turn = 128; // the first turn is shorter: it finds the layers that are settled from the start

public:
  Batch(const lrn::SharedJob<R> &job, Take take)
      : job(job), take(take), schedule(job), P(parameter_count(job)), fleet(lay_out()),
        task(task_of<R>(job, schedule.step.data(), schedule.root.data())), outcomes(job.vectors) {}

  // Takes batches until none is left; threads share one job.
  void work() {
    for (long first; (first = job.next->fetch_add(1) * job.vectors * lanes) < job.count && !*job.cancelled;) {
      load(first);
      for (int epoch = 0; epoch < task.epochs && !*job.cancelled;) {
        const int until = vectors == 1 ? task.epochs : std::min(task.epochs, epoch ? epoch + epochs_per_turn : check_every);
        for (int vector = 0; vector < vectors && train(vector, epoch, until); ++vector) {}
        epoch = until;
        if (vectors > 1) regroup();
      }
    }
  }

private:
  Fleet<V> lay_out() {
    long total = 0;
    const auto count = [&](long cells) {
      total += cells;
      return Cells<V>{nullptr};
    };
    fleet_of<V>(job, P, count);
    // Only parameters and moments outlive a turn. All other memory is shared by the vectors, and so stays in the cache.
    size = total + (job.vectors - 1) * 3 * P;
    cells = allocate<V>(size);
    V *next = cells.get();
    return fleet_of<V>(job, P, [&](long count) {
      V *const start = next;
      next += count;
      return Cells<V>{start};
    });
  }

  // Parameters and moments of one vector; what lies behind them in memory is scratch that all share.
  V *state(int vector) const { return vector == 0 ? cells.get() : cells.get() + (size - 3 * P * vector); }

  void load(long first) {
    vectors = int(std::min<long>(job.vectors, (job.count - first + lanes - 1) / lanes));
    networks.resize(vectors * lanes);
    ranks.assign(vectors * lanes, 0);
    std::iota(networks.begin(), networks.end(), first);
    // All other numbers are set before they are read.
    for (int vector = 0; vector < vectors; ++vector) std::fill_n(state(vector) + P, 2 * P, V{});
    for (int index = 0; index < vectors * lanes; ++index) {
      // A vector cannot be shorter than its lanes, so the last one may train a network several times. `train` stores none of
      // its copies.
      const long network = std::min<long>(networks[index], job.count - 1);
      V *const weights = state(index / lanes);
      if (job.initial)
        for (long p = 0; p < P; ++p) set_lane(weights[p], index % lanes, flushed(job.initial[network * P + p]));
      else
        draw<R>(job, job.seeds[network], [&](long p, R value) { set_lane(weights[p], index % lanes, value); });
    }
    for (long k = 0; k < long(job.samples) * job.features; ++k) fleet.input[k] = fill<V>(job.x[k]);
    std::fill_n(outcomes.begin(), vectors, Outcome<V>{});
  }

  // False if the job was cancelled meanwhile.
  bool train(int vector, int epoch, int until) {
    // The three lie one after another, see `fleet_of`. Vectors take turns by pointer, nothing is copied.
    fleet.weights = {state(vector)};
    fleet.first_moment = {state(vector) + P};
    fleet.second_moment = {state(vector) + 2 * P};
    const long *const mine = networks.data() + vector * lanes;
    Turn<V> turn{job, task, fleet, mine, outcomes[vector], epoch, until};
    if (!take(turn)) return false;
    for (int index = 0; index < lanes; ++index) ranks[vector * lanes + index] = int(lane(turn.rank, index));
    if (until < job.epochs) return true;
    for (int index = 0; index < lanes; ++index)
      if (mine[index] < job.count) store(mine[index], index, outcomes[vector]);
    return true;
  }

  // Sorts networks by how many of their layers can be skipped, where that lets vectors skip more. Of plain networks of width 4
  // and depth 30, vectors then skip 70 % of the work, where networks on their own could skip 73 %.
  void regroup() {
    std::vector<int> order(vectors * lanes);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int one, int other) { return ranks[one] < ranks[other]; });
    // Sorting moves every parameter and both moments. It is done only if some vector can then skip more layers than now,
    // that is, more than the fewest of its networks.
    int gain = 0;
    for (int vector = 0; vector < vectors; ++vector) {
      const auto first = ranks.begin() + vector * lanes;
      gain += ranks[order[vector * lanes]] - *std::min_element(first, first + lanes);
    }
    if (gain == 0) return;
    std::vector<R> before(vectors * lanes);
    const auto permute = [&](auto row) {
      for (int vector = 0; vector < vectors; ++vector)
        for (int index = 0; index < lanes; ++index) before[vector * lanes + index] = lane(row(vector), index);
      for (int vector = 0; vector < vectors; ++vector) {
        const int *const from = order.data() + vector * lanes;
        V after{};
        for (int index = 0; index < lanes; ++index) set_lane(after, index, before[from[index]]);
        row(vector) = after;
      }
    };
    for (long p = 0; p < 3 * P; ++p) permute([&](int vector) -> V & { return state(vector)[p]; });
    // `rmse` needs no move: the next epoch sets it anew.
    permute([&](int vector) -> V & { return outcomes[vector].rmse_initial; });
    permute([&](int vector) -> V & { return outcomes[vector].since; });
    std::vector<long> old = networks;
    for (int to = 0; to < vectors * lanes; ++to) networks[to] = old[order[to]];
  }

  bool dead(long layer, long neuron, int index) const {
    for (long sample = 0; sample < job.samples; ++sample)
      if (lane(fleet.fired[(layer * job.samples + sample) * job.width + neuron], index) != 0) return false;
    return true;
  }

  // The results of one network, which trained in that lane.
  void store(long network, int index, const Outcome<V> &outcome) {
    const long W = job.width, D = job.depth, predictions = job.samples * job.outputs;
    job.rmse[network] = one_nan(lane(outcome.rmse, index));
    job.rmse_initial[network] = one_nan(lane(outcome.rmse_initial, index));
    job.converged_at[network] = std::int32_t(lane(outcome.since, index));
    for (long k = 0; k < predictions; ++k)
      job.prediction[network * predictions + k] = one_nan(lane(fleet.output[k], index));
    for (long layer = 0; layer < D; ++layer)
      for (long neuron = 0; neuron < W; ++neuron)
        job.dead[(network * D + layer) * W + neuron] = dead(layer, neuron, index);
    if (job.parameters)
      for (long p = 0; p < P; ++p) job.parameters[network * P + p] = one_nan(lane(fleet.weights[p], index));
    *job.done += 1;
  }

  const lrn::SharedJob<R> &job;
  Take take;
  Schedule<R> schedule;
  long P, size;
  Memory<V> cells;
  Fleet<V> fleet;
  Task<R> task;
  int vectors = 0;                  // of this batch
  std::vector<long> networks;       // (vectors * lanes,) which network trains in which lane; from `count` on, none
  std::vector<int> ranks;           // (vectors * lanes,) how many of its layers can be skipped (`Judged::rank`)
  std::vector<Outcome<V>> outcomes; // (vectors,)
};

} // namespace LRN_NAMESPACE

// What all networks share, however they compute: their errors, their steps, and when a layer is settled for good.
#pragma once
#include "fleet.hpp"

namespace LRN_NAMESPACE {

template <class V> struct Judged {
  using R = typename Lanes<V>::real;
  const Task<R> &task;
  Fleet<V> fleet;
  V settled{};    // how many layers of each network are settled for good (see `settle`)
  int frozen = 0; // layers below this one are skipped: settled in all networks, and what they put out stays in fleet.fired

  LRN_FN Judged(const Task<R> &task, const Fleet<V> &fleet) : task(task), fleet(fleet) {}

  // How many layers of each network can be skipped: networks alike in that should share a vector.
  LRN_FN V rank() const { return settled; }

  LRN_FN void swap() {
    Cells<V> above = fleet.da;
    fleet.da = fleet.da_below;
    fleet.da_below = above;
  }

  // Predictions become errors, in the same memory: nothing needs them any more.
  template <class Y> LRN_FN void errors(Y &predictions, const R *targets, int count) const {
    LRN_UNROLL_SAMPLES
    for (int k = 0; k < count; ++k) predictions[k] = predictions[k] - fill<V>(targets[k]);
  }

  // Root of the mean squared error, in original units.
  template <class Y> LRN_FN V rmse(const Y &errors, int count) const {
    V sum{};
    LRN_UNROLL_SAMPLES
    for (int k = 0; k < count; ++k) sum = fma(errors[k], errors[k], sum);
    // The mean is a product with 1 / count, which is rounded once for all networks, rather than a quotient for each.
    return root(sum * fill<V>(R(1) / R(count))) * fill<V>(task.target_scale);
  }

  template <class Y> LRN_FN void errors_to_gradient(Y &errors, int count) const {
    const V scale = fill<V>(R(2) / R(count));
    LRN_UNROLL_SAMPLES
    for (int k = 0; k < count; ++k) errors[k] = errors[k] * scale;
  }

  // After a prediction of all samples: fleet.output holds errors, and the result is their RMSE.
  LRN_FN V judge() {
    errors(fleet.output, task.t, task.samples * task.outputs);
    return rmse(fleet.output, task.samples * task.outputs);
  }

  // After `judge`: one step on what this epoch trains on, and the RMSE of that before the step. `net.backward(samples)` goes
  // from the gradient against the predictions of those samples, in fleet.output, to the changed parameters.
  template <class Net> LRN_FN V step(Net &net, int epoch, V rmse_of_all) {
    const int outputs = task.outputs;
    const Samples samples = task.iterative ? one_sample(epoch % task.samples) : Samples{0, task.samples};
    const Cells<V> of_step = fleet.output.from(long(samples.first) * outputs);
    const V rmse_before = task.iterative ? rmse(of_step, outputs) : rmse_of_all;
    errors_to_gradient(of_step, samples.count() * outputs);
    net.backward(samples);
    return rmse_before;
  }

  // Under SGD a weight without gradient stays as it is. Under Adam the first moment still moves it, but shrinks by a tenth per
  // step, until it moves nothing any more (`Stepper::drift`). From then on the layers are settled: most of the work of deep
  // plain networks need not be done.
  //
  // In a plain network nothing at or below a dead ReLU layer receives a gradient. Once no weight there moves without one,
  // they never change again, and the layer stays dead: skipping them leaves every bit of the result. A vector skips the
  // layers that are settled in all its networks.
  template <class Net, class Steps> LRN_BIG_FN void settle(const Net &net, const Steps &stepper) {
    const V one = fill<V>(R(1));
    V open{}; // above zero where something up to here may still change
    for (int layer = frozen; layer < task.depth && !all_zero(select_le(open, V{}, one, V{})); ++layer) {
      for (long p = net.layer_at(layer); p < net.layer_at(layer + 1); ++p) open = open + differs(stepper.drift(p));
      // A layer whose output is zero on all samples is dead in this network. `open` also notes outputs that are NaN or
      // infinite: zero times such a number is not zero, so a gradient may pass.
      V alive{};
      for (long k = 0; k < long(task.samples) * net.W(); ++k) {
        const V output = net.output_of(layer)[k];
        alive = alive + differs(output);
        open = open + differs(output - output);
      }
      settled = select_le(open + alive, V{}, fill<V>(R(layer + 1)), settled);
    }
    // Skipping is a matter of the whole vector: every lane must have settled the layer.
    while (frozen < task.depth && all_zero(select_le(fill<V>(R(frozen + 1)), settled, V{}, one))) ++frozen;
  }

private:
  LRN_FN static Samples one_sample(int sample) { return {sample, sample + 1}; }

  // 1 where `value` is not zero, or NaN.
  LRN_FN static V differs(V value) {
    const V one = fill<V>(R(1));
    return select_le(value, V{}, select_le(V{}, value, V{}, one), one);
  }
};

} // namespace LRN_NAMESPACE

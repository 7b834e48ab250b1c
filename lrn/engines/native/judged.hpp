// What all networks share, however they compute: their errors, their steps, and when a layer is settled for good.
#pragma once
#include "fleet.hpp"

namespace LRN_NAMESPACE {

template <class V> struct Judged {
  using R = typename Lanes<V>::real;
  const Task<R> &task;
  Fleet<V> f;
  int frozen = 0; // layers below this one are settled for good and their output is zero (see `freeze_layers`)

  LRN_FN Judged(const Task<R> &task, const Fleet<V> &fleet) : task(task), f(fleet) {}

  LRN_FN void swap() {
    Cells<V> above = f.da;
    f.da = f.da_below;
    f.da_below = above;
  }

  // Predictions become errors.
  template <class Y> LRN_FN void errors(Y &y, const R *t, int count) const {
    LRN_UNROLL_SAMPLES
    for (int k = 0; k < count; ++k) y[k] = y[k] - fill<V>(t[k]);
  }

  // Root of the mean squared error, in original units.
  template <class Y> LRN_FN V rmse(const Y &errors, int count) const {
    V sum{};
    LRN_UNROLL_SAMPLES
    for (int k = 0; k < count; ++k) sum = fma(errors[k], errors[k], sum);
    return root(sum * fill<V>(R(1) / R(count))) * fill<V>(task.target_scale);
  }

  template <class Y> LRN_FN void errors_to_gradient(Y &errors, int count) const {
    const V scale = fill<V>(R(2) / R(count));
    LRN_UNROLL_SAMPLES
    for (int k = 0; k < count; ++k) errors[k] = errors[k] * scale;
  }

  // After a prediction of all samples: f.y holds errors, and the result is their RMSE.
  LRN_FN V judge() {
    errors(f.y, task.t, task.samples * task.outputs);
    return rmse(f.y, task.samples * task.outputs);
  }

  // After `judge`: one step on what this epoch trains on, and the RMSE of that before the step.
  template <class Net> LRN_FN V step(Net &net, int epoch, V rmse_of_all) {
    const int O = task.outputs, n0 = task.iterative ? epoch % task.samples : 0;
    const int n1 = task.iterative ? n0 + 1 : task.samples;
    const Cells<V> y = f.y.from(long(n0) * O);
    const V rmse_before = task.iterative ? rmse(y, O) : rmse_of_all;
    errors_to_gradient(y, (n1 - n0) * O);
    net.backward(n0, n1);
    return rmse_before;
  }

  // In a plain network nothing at or below a dead ReLU layer receives a gradient. Once first moments there are zero too,
  // if the optimizer has them, those weights never change again, and the layer stays dead: skipping them leaves every
  // bit of the result.
  template <class Net> LRN_BIG_FN void freeze_layers(const Net &net, bool moments) {
    for (int l = frozen; l < task.depth; ++l) {
      for (long p = net.layer(l); p < net.layer(l + 1); ++p) {
        if (!all_zero(f.w[p] - f.w[p])) return; // an infinity times a zero gradient is no zero
        if (moments && !all_zero(f.m[p])) return;
      }
      bool dead = true;
      for (long k = 0; k < long(task.samples) * net.W(); ++k) {
        const V a = net.output_of(l)[k];
        if (!all_zero(a - a)) return;
        dead = dead && all_zero(a);
      }
      if (dead) frozen = l + 1;
    }
  }
};

} // namespace LRN_NAMESPACE

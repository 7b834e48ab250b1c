// The whole network: forward, loss, backward and optimizer step, from initial to final weights.
#pragma once
#include "narrow.hpp"
#include "wide.hpp"

namespace LRN_NAMESPACE {

// Width 2 and 4 with one output are narrow; width 0 stands for any other shape, given at run time.
template <class V, class Act, Optimizer opt, bool late, int width> struct Network {
  using R = typename Lanes<V>::real;
  const Task<R> &task;
  Fleet<V> f;
  Stepper<V, opt> s;
  int frozen = 0; // layers below this one are settled for good and their output is zero (see `freeze`)

  LRN_FN Network(const Task<R> &task, const Fleet<V> &fleet) : task(task), f(fleet), s(fleet, task) {}

  LRN_FN int W() const { return width ? width : task.width; }
  LRN_FN long columns() const { return late ? long(task.depth) * W() : W(); } // of the output weights
  LRN_FN long layer(int l) const { // first parameter of hidden layer l; l = D gives the output layer's
    return l == 0 ? 0 : long(W()) * (task.features + 1) + long(l - 1) * W() * (W() + 1);
  }
  LRN_FN long tap(int l) const { return layer(task.depth) + (late ? long(l) * W() : 0); }
  LRN_FN long output_bias() const { return layer(task.depth) + columns() * task.outputs; }
  LRN_FN bool taps(int l) const { return late || l == task.depth - 1; }
  LRN_FN Cells<V> output_of(int l) const { return f.fired.from(long(l) * task.samples * W()); }
  LRN_FN Cells<V> input_of(int l) const {
    return l == 0 ? f.input : l == frozen ? f.zeros : output_of(l - 1);
  }

  template <bool tap_here> LRN_BIG_FN void forward_layer(int l, int n0, int n1) const {
    const int In = l == 0 ? task.features : W();
    const Cells<V> below = input_of(l), out = output_of(l);
    if constexpr (width > 0) {
      if (l > 0)
        return forward_narrow<V, Act, width, width, tap_here>(f, f.y, below, out, layer(l), tap(l), n0, n1);
      if (In == 1)
        return forward_narrow<V, Act, 1, width, tap_here>(f, f.y, below, out, layer(l), tap(l), n0, n1);
    }
    forward_wide<V, Act>(f, below, out, layer(l), In, W(), n0, n1);
    if constexpr (tap_here) forward_tap(f, out, tap(l), columns(), W(), task.outputs, n0, n1);
  }

  template <bool tap_here> LRN_BIG_FN void backward_layer(int l, int n0, int n1) const {
    const int In = l == 0 ? task.features : W();
    const bool first = l == 0 || l == frozen, top = l == task.depth - 1;
    const Cells<V> below = input_of(l), out = output_of(l);
    if constexpr (width > 0) {
      if (l > 0)
        return backward_narrow<V, Act, opt, width, width, tap_here>(f, s, f.y, f.da, f.da_below, below, out, layer(l),
                                                                  tap(l), n0, n1, first, top);
      if (In == 1)
        return backward_narrow<V, Act, opt, 1, width, tap_here>(f, s, f.y, f.da, f.da_below, below, out, layer(l),
                                                                  tap(l), n0, n1, first, top);
    }
    if constexpr (tap_here) backward_tap(f, s, out, tap(l), columns(), W(), task.outputs, n0, n1, top);
    backward_wide<V, Act, opt>(f, s, below, out, layer(l), In, W(), n0, n1, first);
  }

  LRN_BIG_FN void forward(int n0, int n1) const {
    const int O = task.outputs, D = task.depth;
    for (int n = n0; n < n1; ++n)
      for (int o = 0; o < O; ++o) f.y[n * O + o] = f.w[output_bias() + o];
    for (int l = frozen; l < D - 1; ++l) forward_layer<late>(l, n0, n1);
    if (frozen < D) forward_layer<true>(D - 1, n0, n1);
    else forward_tap(f, f.zeros, tap(D - 1), columns(), W(), O, n0, n1);
  }

  // Consumes f.y, which holds the gradient of the loss against the predictions.
  LRN_BIG_FN void backward(int n0, int n1) {
    const int O = task.outputs, D = task.depth;
    V bias_grad[1];
    if (frozen < D) {
      backward_layer<true>(D - 1, n0, n1);
      for (int l = D - 2; l >= frozen; --l) {
        swap();
        backward_layer<late>(l, n0, n1);
      }
    } else {
      backward_tap(f, s, f.zeros, tap(D - 1), columns(), W(), O, n0, n1, true);
    }
    for (int o = 0; o < O; ++o) {
      bias_grad[0] = V{};
      for (int n = n0; n < n1; ++n) bias_grad[0] = bias_grad[0] + f.y[n * O + o];
      s.update(output_bias() + o, bias_grad[0]);
    }
  }

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

  // ---- what `train` asks of a network ----

  // Forward over all samples: f.y holds the predictions, and f.fired every layer's outputs.
  LRN_FN void predict() { forward(0, task.samples); }

  // The same, but f.y holds errors; returns the RMSE. `keep`: whether f.fired will be looked at before the next call.
  LRN_FN V evaluate(bool /* keep */) {
    predict();
    errors(f.y, task.t, task.samples * task.outputs);
    return rmse(f.y, task.samples * task.outputs);
  }

  // After `evaluate`: one step on what this epoch trains on, and the RMSE of that before the step.
  LRN_FN V learn(int epoch, V rmse_of_all) {
    const int O = task.outputs, n0 = task.iterative ? epoch % task.samples : 0;
    const int n1 = task.iterative ? n0 + 1 : task.samples;
    const Cells<V> y = f.y.from(long(n0) * O);
    const V rmse_before = task.iterative ? rmse(y, O) : rmse_of_all;
    s.at(task, epoch);
    errors_to_gradient(y, (n1 - n0) * O);
    backward(n0, n1);
    return rmse_before;
  }

  // In a plain network nothing at or below a dead layer receives a gradient. Once Adam's first moments there are zero
  // too, those weights never change again, and the layer stays dead: skipping them leaves every bit of the result.
  LRN_BIG_FN void freeze() {
    if constexpr (!late && Act::can_die) {
      for (int l = frozen; l < task.depth; ++l) {
        for (long p = layer(l); p < layer(l + 1); ++p) {
          if (!all_zero(f.w[p] - f.w[p])) return; // an infinity times a zero gradient is no zero
          if constexpr (opt == Optimizer::adam)
            if (!all_zero(f.m[p])) return;
        }
        bool dead = true;
        for (long k = 0; k < long(task.samples) * W(); ++k) {
          const V a = output_of(l)[k];
          if (!all_zero(a - a)) return;
          dead = dead && all_zero(a);
        }
        if (dead) frozen = l + 1;
      }
    }
  }
};

// `keep_going(epoch)` is asked before each epoch; `record(epoch, rmse)` gets the RMSE of what each epoch trains on.
template <class V, class Net, class KeepGoing, class Record>
LRN_BIG_FN bool train(Net &net, Outcome<V> &result, KeepGoing keep_going, Record record) {
  using R = typename Lanes<V>::real;
  constexpr int every = 32;
  const int epochs = net.task.epochs;
  const V threshold = fill<V>(net.task.threshold), never = fill<V>(R(-1));
  V since = never, rmse{};
  for (int epoch = 0;; ++epoch) {
    rmse = net.evaluate(epoch % every == 0);
    if (epoch == 0) result.rmse_initial = rmse;
    since = select_le(rmse, threshold, select_le(since, V{} - fill<V>(R(0.5)), fill<V>(R(epoch)), since), never);
    if (epoch == epochs) break;
    if (!keep_going(epoch)) return false;
    if (epoch % every == 0) net.freeze();
    record(epoch, net.learn(epoch, rmse));
  }
  net.predict(); // `evaluate` left errors
  result.rmse = rmse;
  result.since = since;
  return true;
}

} // namespace LRN_NAMESPACE

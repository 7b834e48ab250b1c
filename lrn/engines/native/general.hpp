// Networks of any shape, connection, activation, norm and optimizer: what they are is looked at when they run, once for
// each layer and outside of the loops over its numbers.
#pragma once
#include "choices.hpp"
#include "judged.hpp"
#include "narrow.hpp"
#include "wide.hpp"

namespace LRN_NAMESPACE {

struct Identity {
  template <class V> static LRN_FN V apply(V sum) { return sum; }
  template <class V> static LRN_FN V backward(V, V gradient) { return gradient; }
};

// Width 2 and 4 are known to the compiler and have one feature and one output; width 0 is any shape.
template <class V, int width> struct GeneralNetwork : Judged<V> {
  using Base = Judged<V>;
  using typename Base::R;
  using Base::task, Base::f, Base::frozen;
  AnyStepper<V> s;

  LRN_FN GeneralNetwork(const Task<R> &task, const Fleet<V> &fleet) : Base(task, fleet), s(fleet, task) {}

  LRN_FN int W() const { return width ? width : task.width; }
  LRN_FN int F() const { return width ? 1 : task.features; }
  LRN_FN int O() const { return width ? 1 : task.outputs; }
  LRN_FN bool late() const { return task.connection == Connection::late; }
  LRN_FN bool residual() const { return task.connection == Connection::residual; }
  LRN_FN bool normed() const { return task.norm == Norm::batch; }
  LRN_FN bool prelu() const { return task.activation == Activation::prelu; }
  LRN_FN long columns() const { return late() ? long(task.depth) * W() : W(); }

  // First parameter of a hidden layer (l = D gives what follows them), of a norm, of a slope, of a tap.
  LRN_FN long layer(int l) const { return l == 0 ? 0 : long(W()) * (F() + 1) + long(l - 1) * W() * (W() + 1); }
  LRN_FN long norm(int l) const { return layer(task.depth) + 2 * long(l) * W(); }
  LRN_FN long slope(int l) const { return norm(normed() ? task.depth : 0) + l; }
  LRN_FN long tap(int l) const { return slope(prelu() ? task.depth : 0) + (late() ? long(l) * W() : 0); }
  LRN_FN long output_bias() const { return tap(0) + columns() * O(); }
  LRN_FN bool taps(int l) const { return late() || l == task.depth - 1; }

  LRN_FN Cells<V> of_layer(Cells<V> all, int l) const { return all.from(long(l) * task.samples * W()); }
  LRN_FN Cells<V> output_of(int l) const { return of_layer(f.fired, l); }
  LRN_FN Cells<V> handed_on(int l) const { return residual() && l > 0 ? of_layer(f.sums, l) : output_of(l); }
  LRN_FN Cells<V> input_of(int l) const { return l == 0 ? f.input : handed_on(l - 1); }
  LRN_FN V slope_of(int l) const { return prelu() ? f.weights[slope(l)] : V{}; }

  LRN_BIG_FN void forward_layer(int l, int n0, int n1) const {
    const long start = long(n0) * W(), count = long(n1 - n0) * W();
    const Cells<V> out = output_of(l), sums = normed() || reads_input(task.activation) ? of_layer(f.pre_activation, l) : out;
    forward_sums(l, sums, n0, n1);
    Cells<V> before = sums.from(start);
    if (normed()) {
      normalise(sums, f.spread.from(long(l) * W()), task.samples, W());
      scale_and_shift(l, out, sums);
      before = out;
    }
    activate(task.activation, out.from(start), before, slope_of(l), count);
    if (residual() && l > 0) {
      const Cells<V> sum = handed_on(l), below = handed_on(l - 1);
      for (long k = start; k < start + count; ++k) sum[k] = out[k] + below[k];
    }
    if (taps(l)) forward_output(l, n0, n1);
  }

  LRN_BIG_FN void forward_sums(int l, Cells<V> sums, int n0, int n1) const {
    const Cells<V> below = input_of(l);
    if constexpr (width > 0) {
      if (l > 0) forward_narrow<V, Identity, width, width, false>(f, f.output, below, sums, layer(l), 0, n0, n1);
      else forward_narrow<V, Identity, 1, width, false>(f, f.output, below, sums, layer(l), 0, n0, n1);
    } else {
      forward_linear(f, below, sums, layer(l), l == 0 ? F() : W(), W(), n0, n1);
    }
  }

  // What layer l adds to the output. A plain or residual network's output reads the last layer only (`taps`).
  LRN_BIG_FN void forward_output(int l, int n0, int n1) const {
    const Cells<V> out = handed_on(l);
    if constexpr (width > 0) {
      V weights[width];
      LRN_UNROLL
      for (int j = 0; j < width; ++j) weights[j] = f.weights[tap(l) + j];
      for (int n = n0; n < n1; ++n) {
        V output = f.output[n];
        LRN_UNROLL
        for (int j = 0; j < width; ++j) output = fma(out[n * width + j], weights[j], output);
        f.output[n] = output;
      }
    } else {
      forward_tap(f, out, tap(l), columns(), W(), O(), n0, n1);
    }
  }

  LRN_BIG_FN void backward_output(int l, int n0, int n1) const {
    const Cells<V> out = handed_on(l);
    const bool top = l == task.depth - 1;
    if constexpr (width > 0) {
      V weights[width], gradients[width];
      LRN_UNROLL
      for (int j = 0; j < width; ++j) weights[j] = f.weights[tap(l) + j], gradients[j] = V{};
      for (int n = n0; n < n1; ++n) {
        const V error = f.output[n];
        LRN_UNROLL
        for (int j = 0; j < width; ++j) {
          f.da[n * width + j] = fma(error, weights[j], top ? V{} : f.da[n * width + j]);
          gradients[j] = fma(error, out[n * width + j], gradients[j]);
        }
      }
      LRN_UNROLL
      for (int j = 0; j < width; ++j) f.grad[tap(l) + j] = gradients[j];
    } else {
      backward_tap(f, out, tap(l), columns(), W(), O(), n0, n1, top);
    }
  }

  LRN_BIG_FN void scale_and_shift(int l, Cells<V> out, Cells<V> normal) const {
    const Cells<V> weight = f.weights.from(norm(l)), bias = f.weights.from(norm(l) + W());
    for (int n = 0; n < task.samples; ++n)
      for (int j = 0; j < W(); ++j) out[n * W() + j] = fma(weight[j], normal[n * W() + j], bias[j]);
  }

  LRN_BIG_FN void backward_layer(int l, int n0, int n1) {
    const long start = long(n0) * W(), count = long(n1 - n0) * W();
    if (taps(l)) backward_output(l, n0, n1);
    const Cells<V> dz = f.dz.from(start), da = f.da.from(start);
    const Cells<V> normal = of_layer(f.pre_activation, l); // without a norm, the activation's input
    Cells<V> sums = normal.from(start);
    // The input of the activation is computed anew: storing it beside the normalised sums would double this memory.
    if (normed() && reads_input(task.activation)) {
      scale_and_shift(l, f.dz, normal);
      sums = dz;
    }
    if (prelu()) f.grad[slope(l)] = slope_gradient(da, sums, count);
    activation_gradient(task.activation, dz, da, output_of(l).from(start), sums, slope_of(l), count);
    if (normed())
      norm_gradient(f.dz, normal, f.spread.from(long(l) * W()), f.weights.from(norm(l)), f.grad.from(norm(l)), task.samples,
                    W());
    backward_sums(l, n0, n1);
    if (residual() && l > 0) { // what the layer reads has this gradient, too
      for (long k = 0; k < count; ++k) da[k] = da[k] + f.da_below[start + k];
    } else {
      this->swap();
    }
    // After the layer's weights were read for the way down. Norms, slopes and the output layer step at the end of `backward`.
    step_all(s, layer(l), layer(l + 1));
  }

  LRN_BIG_FN void backward_sums(int l, int n0, int n1) const {
    const bool first = l == 0 || l == frozen;
    const Cells<V> below = input_of(l);
    if constexpr (width > 0) {
      const Stepper<V, gather> gathering{f.grad};
      Cells<V> da_below = f.da_below;
      if (l > 0)
        backward_narrow<V, Identity, gather, width, width, false>(f, gathering, f.output, f.dz, da_below, below, f.dz, layer(l),
                                                                  0, n0, n1, first, false);
      else
        backward_narrow<V, Identity, gather, 1, width, false>(f, gathering, f.output, f.dz, da_below, below, f.dz, layer(l), 0,
                                                              n0, n1, first, false);
    } else {
      backward_linear(f, below, f.dz, f.da_below, layer(l), l == 0 ? F() : W(), W(), n0, n1, first, false);
    }
  }

  LRN_BIG_FN void forward(int n0, int n1) const {
    const int D = task.depth;
    for (int n = n0; n < n1; ++n)
      for (int o = 0; o < O(); ++o) f.output[n * O() + o] = f.weights[output_bias() + o];
    for (int l = frozen; l < D; ++l) forward_layer(l, n0, n1);
    // All layers are settled, so none of them has added its part. Such networks are plain: only the last layer has one.
    if (frozen == D) forward_tap(f, output_of(D - 1), tap(D - 1), columns(), W(), O(), n0, n1);
  }

  // Consumes f.output, which holds the gradient of the loss against the predictions.
  LRN_BIG_FN void backward(int n0, int n1) {
    const int D = task.depth;
    if (frozen == D) backward_tap(f, output_of(D - 1), tap(D - 1), columns(), W(), O(), n0, n1, true);
    for (int l = D - 1; l >= frozen; --l) backward_layer(l, n0, n1);
    for (int o = 0; o < O(); ++o) {
      V gradient{};
      for (int n = n0; n < n1; ++n) gradient = gradient + f.output[n * O() + o];
      f.grad[output_bias() + o] = gradient;
    }
    step_all(s, layer(D), output_bias() + O()); // norms, slopes and the output layer
  }

  LRN_FN void predict() { forward(0, task.samples); }
  LRN_FN V evaluate(bool /* keep */) {
    predict();
    return this->judge();
  }
  LRN_FN V learn(int epoch, V rmse_of_all) {
    s.at(task, epoch);
    return this->step(*this, epoch, rmse_of_all);
  }

  LRN_BIG_FN void freeze(int epoch) {
    s.at(task, epoch);
    if (can_settle(task)) this->settle(*this, s);
  }
};

} // namespace LRN_NAMESPACE

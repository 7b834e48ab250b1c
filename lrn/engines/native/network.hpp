// The networks that most work goes into: one feature, one output, plain or late, as narrow as 2 or 4 neurons, their
// activation and optimizer known to the compiler. And the training of any network, from initial to final weights.
#pragma once
#include "judged.hpp"
#include "narrow.hpp"
#include "wide.hpp"

namespace LRN_NAMESPACE {

template <class V, class Act, Optimizer opt, bool late, int width> struct Network : Judged<V> {
  using Base = Judged<V>;
  using typename Base::R;
  using Base::task, Base::f, Base::frozen;
  static constexpr bool can_settle = !late && Act::can_die; // whether layers of such networks can be settled for good
  Stepper<V, opt> s;
  // True if every network of the vector has a settled layer. All samples have the same activations above a dead layer, so
  // the layers above `frozen` are computed for the first sample only. (If the settled layer of one network lies higher, the
  // layers between are settled, too, and their outputs do not matter.)
  static constexpr bool can_be_alike = can_settle && Lanes<V>::count > 1;
  bool alike = false;

  LRN_FN Network(const Task<R> &task, const Fleet<V> &fleet) : Base(task, fleet), s(fleet, task) {}

  LRN_FN int W() const { return width; }
  LRN_FN long columns() const { return late ? long(task.depth) * width : width; } // of the output weights
  LRN_FN long layer(int l) const { // first parameter of hidden layer l; l = D gives the output layer's
    return l == 0 ? 0 : 2 * width + long(l - 1) * width * (width + 1);
  }
  LRN_FN long tap(int l) const { return layer(task.depth) + (late ? long(l) * width : 0); }
  LRN_FN long output_bias() const { return layer(task.depth) + columns(); }
  LRN_FN Cells<V> output_of(int l) const { return f.fired.from(long(l) * task.samples * width); }
  LRN_FN Cells<V> input_of(int l) const {
    return l == 0 ? f.input : output_of(l - 1);
  }

  template <bool tap_here> LRN_BIG_FN void forward_layer(int l, int n0, int n1) const {
    const Cells<V> below = input_of(l), out = output_of(l);
    if (l > 0) forward_narrow<V, Act, width, width, tap_here>(f, f.output, below, out, layer(l), tap(l), n0, n1);
    else forward_narrow<V, Act, 1, width, tap_here>(f, f.output, below, out, layer(l), tap(l), n0, n1);
  }

  LRN_BIG_FN void forward(int n0, int n1) const {
    const int D = task.depth;
    for (int n = n0; n < n1; ++n) f.output[n] = f.weights[output_bias()];
    for (int l = frozen; l < D - 1; ++l) forward_layer<late>(l, n0, n1);
    if (frozen < D) forward_layer<true>(D - 1, n0, n1);
    else forward_tap(f, output_of(D - 1), tap(D - 1), columns(), width, 1, n0, n1);
  }

  // Consumes f.output, which holds the gradient of the loss against the predictions.
  LRN_BIG_FN void backward(int n0, int n1) {
    if (frozen == task.depth) {
      learn_tap(n0, n1);
    } else if (alike) {
      if constexpr (can_be_alike) descend(n0, n1, [this](int l) { return Repeated<V, width>{output_of(l)}; });
    } else {
      descend(n0, n1, [this](int l) { return output_of(l); });
    }
    learn_output_bias(n0, n1);
  }

  // Where all layers are settled, nothing but the output layer learns.
  LRN_FN void learn_tap(int n0, int n1) const {
    const int D = task.depth;
    backward_tap(f, output_of(D - 1), tap(D - 1), columns(), width, 1, n0, n1, true);
    for (int j = 0; j < width; ++j) s.update(tap(D - 1) + j, f.grad[tap(D - 1) + j]);
  }

  LRN_FN void learn_output_bias(int n0, int n1) const {
    V bias_grad{};
    for (int n = n0; n < n1; ++n) bias_grad = bias_grad + f.output[n];
    s.update(output_bias(), bias_grad);
  }

  // `outputs(l)`: of layer l, for all samples.
  template <class Outputs> LRN_BIG_FN void descend(int n0, int n1, Outputs outputs) {
    const int D = task.depth;
    // With 32 registers all gradients of a layer of width 4 fit, and its samples are streamed once. With 16 they are
    // streamed once for every two neurons. The order of each sum is the same.
    if constexpr (Lanes<V>::registers >= 32) {
      through_top_narrow<V, Act, opt, width>(f, s, f.output, f.da, outputs(D - 1), tap(D - 1), n0, n1);
      for (int l = D - 1; l > frozen; --l) {
        descend_narrow<V, Act, opt, width, width, late, false>(f, s, f.output, f.da, f.da_below, outputs(l - 1), layer(l),
                                                               tap(l - 1), n0, n1);
        this->swap();
      }
      if (frozen > 0)
        descend_narrow<V, Act, opt, width, width, late, true>(f, s, f.output, f.da, f.da_below, outputs(frozen - 1),
                                                              layer(frozen), 0, n0, n1);
      else
        descend_narrow<V, Act, opt, 1, width, late, true>(f, s, f.output, f.da, f.da_below, f.input, layer(0), 0, n0, n1);
    } else {
      backward_layer<true>(D - 1, n0, n1, outputs);
      for (int l = D - 2; l >= frozen; --l) {
        this->swap();
        backward_layer<late>(l, n0, n1, outputs);
      }
    }
  }

  template <bool tap_here, class Outputs> LRN_BIG_FN void backward_layer(int l, int n0, int n1, Outputs outputs) const {
    const bool first = l == 0 || l == frozen, top = l == task.depth - 1;
    const auto out = outputs(l);
    if (l > 0)
      backward_narrow<V, Act, opt, width, width, tap_here>(f, s, f.output, f.da, f.da_below, outputs(l - 1), out, layer(l),
                                                           tap(l), n0, n1, first, top);
    else
      backward_narrow<V, Act, opt, 1, width, tap_here>(f, s, f.output, f.da, f.da_below, f.input, out, layer(l), tap(l), n0, n1,
                                                       first, top);
  }

  // ---- what `train` asks of a network ----

  // Forward over all samples: f.output holds the predictions, and f.fired every layer's outputs.
  LRN_FN void predict() { forward(0, task.samples); }

  // The same, but f.output holds errors; returns the RMSE. `keep`: whether f.fired will be looked at before the next call.
  LRN_FN V evaluate(bool keep) {
    // Where outputs are kept, every sample's are needed: `store` looks for dead neurons in them, and `settle` for dead layers.
    alike = can_be_alike && !keep && frozen > 0 && frozen < task.depth;
    if (alike) {
      forward(0, 1);
      for (int n = 1; n < task.samples; ++n) f.output[n] = f.output[0];
    } else {
      predict();
    }
    return this->judge();
  }

  LRN_FN V learn(int epoch, V rmse_of_all) {
    s.at(task, epoch);
    return this->step(*this, epoch, rmse_of_all);
  }

  LRN_BIG_FN void freeze(int epoch) {
    s.at(task, epoch);
    if constexpr (can_settle) this->settle(*this, s);
  }
};

// A check reads the parameters, moments and outputs of every layer that is not settled yet: too much for each epoch.
constexpr int check_every = 32; // epochs between looks for layers that are settled

// Epochs [epoch, until), the first a multiple of `check_every`; a network may start anew there. `keep_going(epoch)` is asked
// before each; `record(epoch, rmse)` gets the RMSE of what each trains on.
template <class V, class Net, class KeepGoing, class Record>
LRN_BIG_FN bool train(Net &net, Outcome<V> &result, int epoch, int until, KeepGoing keep_going, Record record) {
  const V threshold = fill<V>(net.task.threshold);
  for (; epoch < until; ++epoch) {
    const V rmse = net.evaluate(epoch % check_every == 0);
    result.look(epoch, rmse, threshold);
    if (!keep_going(epoch)) return false;
    // Between the forward pass and the step: f.fired holds this epoch's outputs, and the weights are still those that made
    // them.
    if (epoch % check_every == 0) net.freeze(epoch);
    record(epoch, net.learn(epoch, rmse));
  }
  return true;
}

// After the last epoch: leaves the predictions in f.output and all outputs in f.fired.
template <class V, class Net> LRN_BIG_FN void finish(Net &net, Outcome<V> &result) {
  result.look(net.task.epochs, net.evaluate(true), fill<V>(net.task.threshold));
  net.predict(); // `evaluate` left errors
}

} // namespace LRN_NAMESPACE

// Wide layers with nothing between their sums and a ReLU: the loops that make the sums also activate them, add what the layer
// puts out to the output and, on the way down, make the step.
//
// A pass over memory for each of these would take a quarter of the time at width 8. So the ends of a product (wide.hpp) take
// tiles of its sums while they are in registers.
#pragma once
#include "choices.hpp"
#include "wide.hpp"

namespace LRN_NAMESPACE {

// Up: a sum starts from its neuron's bias, is activated, and goes to the `outputs` that the layer has a tap to: all, or none.
template <class V, class Act, class Width> struct Fired {
  Rows<V, Width> out;
  Cells<V> biases;
  Rows<V> output, tap_weights;
  int outputs;

  LRN_FN V start(int, int neuron) const { return biases[neuron]; }
  template <int rows, int columns> LRN_FN void finish(int first_sample, int first_neuron, V (&sums)[rows][columns]) const {
    LRN_UNROLL_ALL
    for (int sample = 0; sample < rows; ++sample)
      LRN_UNROLL_ALL
      for (int neuron = 0; neuron < columns; ++neuron) {
        sums[sample][neuron] = Act::apply(sums[sample][neuron]);
        out(first_sample + sample, first_neuron + neuron) = sums[sample][neuron];
      }
    // The sums of an output run over the neurons in order, since a product's columns do.
    for (int target = 0; target < outputs; ++target)
      LRN_UNROLL_ALL
      for (int sample = 0; sample < rows; ++sample) {
        V predicted = output(first_sample + sample, target);
        LRN_UNROLL_ALL
        for (int neuron = 0; neuron < columns; ++neuron)
          predicted = fma(sums[sample][neuron], tap_weights(target, first_neuron + neuron), predicted);
        output(first_sample + sample, target) = predicted;
      }
  }
};

// Down: the sum over the neurons above goes on with the tap, where the layer has one, and passes its activation. What the
// samples of a tile add to the gradients against biases and tap is at hand here; they gather in memory, in the samples' order.
template <class V, class Act, class Width> struct Descended {
  Rows<V, Width> dz, out;
  Rows<V> errors, tap_weights, tap_gradients;
  Cells<V> bias_gradients;
  int outputs;

  LRN_FN V start(int, int) const { return V{}; }
  template <int rows, int columns> LRN_FN void finish(int first_sample, int first_neuron, V (&sums)[rows][columns]) const {
    for (int target = 0; target < outputs; ++target)
      LRN_UNROLL_ALL
      for (int sample = 0; sample < rows; ++sample) {
        const V error = errors(first_sample + sample, target);
        LRN_UNROLL_ALL
        for (int neuron = 0; neuron < columns; ++neuron)
          sums[sample][neuron] = fma(error, tap_weights(target, first_neuron + neuron), sums[sample][neuron]);
      }
    V fired[rows][columns];
    LRN_UNROLL_ALL
    for (int sample = 0; sample < rows; ++sample)
      LRN_UNROLL_ALL
      for (int neuron = 0; neuron < columns; ++neuron) {
        fired[sample][neuron] = out(first_sample + sample, first_neuron + neuron);
        sums[sample][neuron] = Act::backward(fired[sample][neuron], sums[sample][neuron]);
        dz(first_sample + sample, first_neuron + neuron) = sums[sample][neuron];
      }
    LRN_UNROLL_ALL
    for (int neuron = 0; neuron < columns; ++neuron) {
      V gradient = first_sample ? bias_gradients[first_neuron + neuron] : V{};
      LRN_UNROLL_ALL
      for (int sample = 0; sample < rows; ++sample) gradient = gradient + sums[sample][neuron];
      bias_gradients[first_neuron + neuron] = gradient;
    }
    for (int target = 0; target < outputs; ++target)
      LRN_UNROLL_ALL
      for (int neuron = 0; neuron < columns; ++neuron) {
        V gradient = first_sample ? tap_gradients(target, first_neuron + neuron) : V{};
        LRN_UNROLL_ALL
        for (int sample = 0; sample < rows; ++sample)
          gradient = fma(errors(first_sample + sample, target), fired[sample][neuron], gradient);
        tap_gradients(target, first_neuron + neuron) = gradient;
      }
  }
};

// Gradients against weights, the first of which is parameter `first`, make the step at once: they are never stored.
template <class V, class Steps, class Inputs> struct Stepped {
  const Steps &stepper;
  long first;
  Inputs inputs;

  LRN_FN V start(int, int) const { return V{}; }
  template <int rows, int columns> LRN_FN void finish(int row, int column, const V (&sums)[rows][columns]) const {
    constexpr int together = rows % 2 ? 1 : 2;
    LRN_UNROLL_ALL
    for (int first_row = 0; first_row < rows; first_row += together) {
      V gradients[together * columns];
      LRN_UNROLL_ALL
      for (int k = 0; k < together * columns; ++k) gradients[k] = sums[first_row + k / columns][k % columns];
      stepper.template update_all<4>(gradients, [&](int k) {
        return first + (row + first_row + k / columns) * long(inputs) + column + k % columns;
      });
    }
  }
};

template <class V, Optimizer opt, class Inputs>
LRN_FN auto stepped(const Stepper<V, opt> &stepper, long first, Inputs inputs) {
  return Stepped<V, Stepper<V, opt>, Inputs>{stepper, first, inputs};
}

// The passes of a network `Net` (general.hpp) of such layers.
template <class V, class Act, class Width, class Net> struct Activated {
  Net &net;
  Width width;

  LRN_BIG_FN void ascend(Samples samples) const {
    for (int layer = net.frozen; layer < net.task.depth; ++layer) {
      if (layer == 0) fire(0, Linear{0L, net.F(), width}, samples);
      else fire(layer, hidden(layer), samples);
    }
  }

  // fleet.output holds the gradient of the loss against the predictions.
  LRN_BIG_FN void descend(Samples samples) const {
    const int top = net.task.depth - 1;
    // From above there comes nothing, a product whose sums have no terms.
    multiply(rows_of(net.fleet.dz, samples, width), hidden(top).matrix_in(net.fleet.weights),
             Product{samples.count(), width, Known<0>()}, descended(net.fleet.dz, top, samples));
    for (int layer = top; layer > net.frozen; --layer) {
      pass_on(net.fleet, hidden(layer), samples, net.fleet.dz, descended(net.fleet.da, layer - 1, samples));
      learn(layer, hidden(layer), samples);
      const Cells<V> above = net.fleet.dz;
      net.fleet.dz = net.fleet.da;
      net.fleet.da = above;
    }
    // The compiler does not know the number of features. Knowing the width alone saves no time here, and costs compiling.
    if (net.frozen == 0) learn(0, Linear{0L, net.F(), int(width)}, samples);
    else learn(net.frozen, hidden(net.frozen), samples);
  }

private:
  LRN_FN auto hidden(int layer) const { return Linear{net.layer_at(layer), width, width}; }
  LRN_FN long biases(int layer) const { return net.layer_at(layer + 1) - width; }
  LRN_FN int outputs(int layer) const { return net.taps(layer) ? net.O() : 0; }

  template <class Layer> LRN_BIG_FN void fire(int layer, Layer linear, Samples samples) const {
    const Tap<V> tap = net.tap(layer);
    const Fired<V, Act, Width> fired{rows_of(tap.out, samples, width), net.fleet.weights.from(linear.biases()),
                                     rows_of(net.fleet.output, samples, net.O()), tap.matrix_in(net.fleet.weights),
                                     outputs(layer)};
    forward_linear(net.fleet, linear, samples, net.input_of(layer), fired);
  }

  // To `dz`, the gradient against a layer's sums.
  LRN_FN Descended<V, Act, Width> descended(Cells<V> dz, int layer, Samples samples) const {
    const Tap<V> tap = net.tap(layer);
    return {rows_of(dz, samples, width), rows_of(tap.out, samples, width), rows_of(net.fleet.output, samples, net.O()),
            tap.matrix_in(net.fleet.weights), tap.matrix_in(net.fleet.grad), net.fleet.grad.from(biases(layer)),
            outputs(layer)};
  }

  // One step of a layer's parameters, after its weights were read for the way down.
  template <class Layer> LRN_BIG_FN void learn(int layer, Layer linear, Samples samples) const {
    const auto &stepper = net.stepper;
    const Cells<V> below = net.input_of(layer), dz = net.fleet.dz;
    const long end = net.layer_at(layer + 1);
    const auto multiplied = [&](const auto &ends) { weight_gradients(linear, samples, below, dz, ends); };
    if (stepper.optimizer == Optimizer::adam || stepper.optimizer == Optimizer::sgd) {
      step_all(stepper, linear.biases(), end);
      if (stepper.optimizer == Optimizer::adam) multiplied(stepped(stepper.adam, linear.weights, linear.inputs));
      else multiplied(stepped(stepper.sgd, linear.weights, linear.inputs));
    } else {
      multiplied(plain(linear.matrix_in(net.fleet.grad)));
      step_all(stepper, linear.weights, end);
    }
  }
};

} // namespace LRN_NAMESPACE

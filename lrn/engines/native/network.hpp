// The networks that most work goes into: one feature, one output, plain or late, as narrow as 2 or 4 neurons, their
// activation and optimizer known to the compiler. And the training of any network, from initial to final weights.
#pragma once
#include "judged.hpp"
#include "narrow.hpp"

namespace LRN_NAMESPACE {

template <class V, class Act, Optimizer opt, bool late, int width> struct Network : Judged<V> {
  using Base = Judged<V>;
  using typename Base::R;
  using Base::task, Base::fleet, Base::frozen;
  using Kind = Narrow<V, Act, opt, width>;
  static constexpr bool can_settle = !late && Act::can_die; // whether layers of such networks can be settled for good
  Stepper<V, opt> stepper;
  // True if every network of the vector has a settled layer. All samples have the same activations above a dead layer, so
  // the layers above `frozen` are computed for the first sample only. (If the settled layer of one network lies higher, the
  // layers between are settled, too, and their outputs do not matter.)
  static constexpr bool can_be_alike = can_settle && Lanes<V>::count > 1;
  bool alike = false;

  LRN_FN Network(const Task<R> &task, const Fleet<V> &fleet) : Base(task, fleet), stepper(fleet, task) {}

  LRN_FN int W() const { return width; }
  LRN_FN long columns() const { return late ? long(task.depth) * width : width; } // of the output weights

  // The first parameter of a hidden layer (layer D is the output layer), of a tap, and the output's bias.
  LRN_FN long layer_at(int layer) const { return layer == 0 ? 0 : 2 * width + long(layer - 1) * width * (width + 1); }
  LRN_FN long tap_at(int layer) const { return layer_at(task.depth) + (late ? long(layer) * width : 0); }
  LRN_FN long output_bias_at() const { return layer_at(task.depth) + columns(); }

  LRN_FN Cells<V> output_of(int layer) const { return fleet.fired.from(long(layer) * task.samples * width); }
  LRN_FN Cells<V> input_of(int layer) const { return layer == 0 ? fleet.input : output_of(layer - 1); }
  LRN_FN NarrowLayer narrow(int layer, Samples samples) const { return {layer_at(layer), tap_at(layer), samples}; }

  template <bool tap> LRN_BIG_FN void forward_layer(int layer, Samples samples) const {
    const Cells<V> below = input_of(layer);
    Cells<V> out = output_of(layer), output = fleet.output;
    if (layer > 0) forward_narrow<Kind, width, tap>(fleet, narrow(layer, samples), output, below, out);
    else forward_narrow<Kind, 1, tap>(fleet, narrow(layer, samples), output, below, out);
  }

  LRN_BIG_FN void forward(Samples samples) const {
    const int top = task.depth - 1;
    for (int sample = samples.first; sample < samples.end; ++sample) fleet.output[sample] = fleet.weights[output_bias_at()];
    for (int layer = frozen; layer < top; ++layer) forward_layer<late>(layer, samples);
    if (frozen <= top) forward_layer<true>(top, samples);
    else repeat_output(samples);
  }

  // Where all layers are settled, the last one is dead: it puts out the same for all samples, and so does the network.
  LRN_FN void repeat_output(Samples samples) const {
    const Cells<V> out = output_of(task.depth - 1);
    V output = fleet.weights[output_bias_at()];
    for (int neuron = 0; neuron < width; ++neuron) output = fma(out[neuron], fleet.weights[tap_at(0) + neuron], output);
    for (int sample = samples.first; sample < samples.end; ++sample) fleet.output[sample] = output;
  }

  // Consumes fleet.output, which holds the gradient of the loss against the predictions.
  LRN_BIG_FN void backward(Samples samples) {
    if (frozen == task.depth) return learn_output(samples);
    if (alike) {
      if constexpr (can_be_alike)
        descend(samples, [this](int layer) { return Repeated<V, width>{output_of(layer)}; });
    } else {
      descend(samples, [this](int layer) { return output_of(layer); });
    }
    learn_output_bias(samples);
  }

  // Then nothing but the output layer learns. Its weights and its bias lie side by side, so all gradients gather in one pass,
  // and the roots and quotients of the step overlap.
  LRN_FN void learn_output(Samples samples) const {
    const Cells<V> out = output_of(task.depth - 1);
    V gradients[width + 1];
    LRN_UNROLL_ALL
    for (int k = 0; k <= width; ++k) gradients[k] = V{};
    for (int sample = samples.first; sample < samples.end; ++sample) {
      const V error = fleet.output[sample];
      LRN_UNROLL_ALL
      for (int neuron = 0; neuron < width; ++neuron)
        gradients[neuron] = fma(error, out[sample * width + neuron], gradients[neuron]);
      gradients[width] = gradients[width] + error;
    }
    stepper.update_all(gradients, [this](int k) { return tap_at(0) + k; });
  }

  LRN_FN void learn_output_bias(Samples samples) const {
    V bias_gradient{};
    for (int sample = samples.first; sample < samples.end; ++sample) bias_gradient = bias_gradient + fleet.output[sample];
    stepper.update(output_bias_at(), bias_gradient);
  }

  // `outputs(layer)`: for all samples.
  template <class Outputs> LRN_BIG_FN void descend(Samples samples, Outputs outputs) {
    // With 32 registers all gradients of a layer of width 4 fit, and its samples are streamed once. With 16 they are
    // streamed once for every two neurons. The order of each sum is the same.
    if constexpr (Lanes<V>::registers >= 32) {
      const int top = task.depth - 1;
      through_top_narrow<Kind>(stepper, narrow(top, samples), fleet.output, fleet.da, outputs(top));
      for (int layer = top; layer > frozen; --layer) {
        descend_layer<width, late, false>(layer, samples, outputs(layer - 1));
        this->swap();
      }
      if (frozen > 0) descend_layer<width, late, true>(frozen, samples, outputs(frozen - 1));
      else descend_layer<1, late, true>(0, samples, fleet.input);
    } else {
      backward_layer<true>(task.depth - 1, samples, outputs);
      for (int layer = task.depth - 2; layer >= frozen; --layer) {
        this->swap();
        backward_layer<late>(layer, samples, outputs);
      }
    }
  }

  template <int inputs, bool tap, bool lowest, class Below>
  LRN_FN void descend_layer(int layer, Samples samples, const Below &below) {
    const NarrowLayer narrow_layer{layer_at(layer), lowest ? 0 : tap_at(layer - 1), samples};
    const Gradients gradients{fleet.output, fleet.da, fleet.da_below};
    descend_narrow<Kind, inputs, tap, lowest>(stepper, narrow_layer, gradients, below);
  }

  template <bool tap, class Outputs> LRN_BIG_FN void backward_layer(int layer, Samples samples, Outputs outputs) {
    const bool lowest = layer == 0 || layer == frozen, topmost = layer == task.depth - 1;
    const NarrowLayer narrow_layer{layer_at(layer), tap_at(layer), samples, lowest, topmost};
    const Gradients gradients{fleet.output, fleet.da, fleet.da_below};
    const auto out = outputs(layer);
    if (layer == 0) {
      backward_narrow<Kind, 1, tap>(fleet, stepper, narrow_layer, gradients, Activations{fleet.input, out});
    } else {
      const auto below = outputs(layer - 1);
      backward_narrow<Kind, width, tap>(fleet, stepper, narrow_layer, gradients, Activations{below, out});
    }
  }

  // ---- what `train` asks of a network ----

  // Forward over all samples: fleet.output holds the predictions, and fleet.fired every layer's outputs.
  LRN_FN void predict() { forward({0, task.samples}); }

  // The same, but fleet.output holds errors; returns the RMSE. `keep`: whether fleet.fired is read before the next call.
  // A step on all samples needs the same pass as the RMSE before it: `learn` goes on from what is left here.
  LRN_FN V evaluate(bool keep) {
    // Where outputs are kept, every sample's are needed: `store` looks for dead neurons in them, and `settle` for dead layers.
    alike = can_be_alike && !keep && frozen > 0 && frozen < task.depth;
    if (alike) {
      forward({0, 1});
      for (int sample = 1; sample < task.samples; ++sample) fleet.output[sample] = fleet.output[0];
    } else {
      predict();
    }
    return this->judge();
  }

  LRN_FN V learn(int epoch, V rmse_of_all) {
    stepper.at(task, epoch);
    return this->step(*this, epoch, rmse_of_all);
  }

  LRN_BIG_FN void freeze(int epoch) {
    stepper.at(task, epoch);
    if constexpr (can_settle) this->settle(*this, stepper);
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
    // Between the forward pass and the step: fleet.fired holds this epoch's outputs, and the weights are still those that made
    // them.
    if (epoch % check_every == 0) net.freeze(epoch);
    record(epoch, net.learn(epoch, rmse));
  }
  return true;
}

// After the last epoch: leaves the predictions in fleet.output and all outputs in fleet.fired.
template <class V, class Net> LRN_BIG_FN void finish(Net &net, Outcome<V> &result) {
  result.look(net.task.epochs, net.evaluate(true), fill<V>(net.task.threshold));
  net.predict(); // `evaluate` left errors
}

} // namespace LRN_NAMESPACE

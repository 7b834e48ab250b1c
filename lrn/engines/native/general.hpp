// Networks of any shape, connection, activation, norm and optimizer: what they are is looked at when they run, once for
// each layer and outside of the loops over its numbers.
#pragma once
#include "activated.hpp"
#include "choices.hpp"
#include "judged.hpp"
#include "narrow.hpp"
#include "wide.hpp"

namespace LRN_NAMESPACE {

// The activation of layers that are not activated by what makes their sums.
struct Identity {
  template <class V> static LRN_FN V apply(V sum) { return sum; }
  template <class V> static LRN_FN V backward(V, V gradient) { return gradient; }
};

// One type for all options, because each combination as a type of its own would take the compiler long. A choice costs a
// branch per layer, which is little beside the layer's samples.
// Width 2 and 4 are known to the compiler and have one feature and one output; width 0 is any shape.
template <class V, int width> struct GeneralNetwork : Judged<V> {
  using Base = Judged<V>;
  using typename Base::R;
  using Base::task, Base::fleet, Base::frozen;
  using Sums = Narrow<V, Identity, gather, width>; // narrow layers without their activation
  AnyStepper<V> stepper;

  LRN_FN GeneralNetwork(const Task<R> &task, const Fleet<V> &fleet) : Base(task, fleet), stepper(fleet, task) {}

  LRN_FN int W() const { return width ? width : task.width; }
  LRN_FN int F() const { return width ? 1 : task.features; }
  LRN_FN int O() const { return width ? 1 : task.outputs; }
  LRN_FN bool late() const { return task.connection == Connection::late; }
  LRN_FN bool residual() const { return task.connection == Connection::residual; }
  LRN_FN bool normed() const { return task.norm == Norm::batch; }
  LRN_FN bool prelu() const { return task.activation == Activation::prelu; }
  LRN_FN long columns() const { return late() ? long(task.depth) * W() : W(); }

  // The first parameter of a hidden layer (layer D is what follows them), of a norm, of a slope, of a tap; the output's bias.
  LRN_FN long layer_at(int layer) const {
    return layer == 0 ? 0 : long(W()) * (F() + 1) + long(layer - 1) * W() * (W() + 1);
  }
  LRN_FN long norm_at(int layer) const { return layer_at(task.depth) + 2 * long(layer) * W(); }
  LRN_FN long slope_at(int layer) const { return norm_at(normed() ? task.depth : 0) + layer; }
  LRN_FN long tap_at(int layer) const { return slope_at(prelu() ? task.depth : 0) + (late() ? long(layer) * W() : 0); }
  LRN_FN long output_bias_at() const { return tap_at(0) + columns() * O(); }
  LRN_FN bool taps(int layer) const { return late() || layer == task.depth - 1; }

  LRN_FN Cells<V> of_layer(Cells<V> all, int layer) const { return all.from(long(layer) * task.samples * W()); }
  LRN_FN Cells<V> output_of(int layer) const { return of_layer(fleet.fired, layer); }
  LRN_FN Cells<V> handed_on(int layer) const {
    return residual() && layer > 0 ? of_layer(fleet.sums, layer) : output_of(layer);
  }
  LRN_FN Cells<V> input_of(int layer) const { return layer == 0 ? fleet.input : handed_on(layer - 1); }
  LRN_FN Linear<> linear(int layer) const { return {layer_at(layer), layer == 0 ? F() : W(), W()}; }
  LRN_FN bool lowest(int layer) const { return layer == 0 || layer == frozen; } // nothing below it learns
  LRN_FN Tap<V> tap(int layer) const { return {handed_on(layer), tap_at(layer), columns(), W(), O()}; }
  LRN_FN V slope_of(int layer) const { return prelu() ? fleet.weights[slope_at(layer)] : V{}; }

  LRN_BIG_FN void forward_layer(int layer, Samples samples) const {
    const long start = long(samples.first) * W(), count = long(samples.count()) * W();
    const bool keeps_sums = normed() || reads_input(task.activation);
    const Cells<V> out = output_of(layer), sums = keeps_sums ? of_layer(fleet.pre_activation, layer) : out;
    forward_sums(layer, samples, sums);
    Cells<V> before = sums.from(start);
    if (normed()) {
      normalise(sums, fleet.spread.from(long(layer) * W()), task.samples, W());
      scale_and_shift(layer, out, sums);
      before = out;
    }
    activate(task.activation, out.from(start), before, slope_of(layer), count);
    if (residual() && layer > 0) {
      const Cells<V> sum = handed_on(layer), below = handed_on(layer - 1);
      for (long k = start; k < start + count; ++k) sum[k] = out[k] + below[k];
    }
    if (taps(layer)) forward_output(layer, samples);
  }

  LRN_BIG_FN void forward_sums(int layer, Samples samples, Cells<V> sums) const {
    const Cells<V> below = input_of(layer);
    if constexpr (width > 0) {
      const NarrowLayer narrow{layer_at(layer), 0, samples};
      Cells<V> output = fleet.output;
      if (layer > 0) forward_narrow<Sums, width, false>(fleet, narrow, output, below, sums);
      else forward_narrow<Sums, 1, false>(fleet, narrow, output, below, sums);
    } else {
      forward_linear(fleet, linear(layer), samples, below, sums);
    }
  }

  // What a layer adds to the output. A plain or residual network's output reads the last layer only (`taps`).
  LRN_BIG_FN void forward_output(int layer, Samples samples) const {
    if constexpr (width > 0) {
      const Cells<V> out = handed_on(layer);
      V weights[width];
      LRN_UNROLL
      for (int neuron = 0; neuron < width; ++neuron) weights[neuron] = fleet.weights[tap_at(layer) + neuron];
      for (int sample = samples.first; sample < samples.end; ++sample) {
        V output = fleet.output[sample];
        LRN_UNROLL
        for (int neuron = 0; neuron < width; ++neuron) output = fma(out[sample * width + neuron], weights[neuron], output);
        fleet.output[sample] = output;
      }
    } else {
      forward_tap(fleet, tap(layer), samples);
    }
  }

  LRN_BIG_FN void backward_output(int layer, Samples samples) const {
    const bool top = layer == task.depth - 1;
    if constexpr (width > 0) {
      const Cells<V> out = handed_on(layer);
      V weights[width], gradients[width];
      LRN_UNROLL
      for (int neuron = 0; neuron < width; ++neuron) {
        weights[neuron] = fleet.weights[tap_at(layer) + neuron];
        gradients[neuron] = V{};
      }
      for (int sample = samples.first; sample < samples.end; ++sample) {
        const V error = fleet.output[sample];
        LRN_UNROLL
        for (int neuron = 0; neuron < width; ++neuron) {
          const long cell = sample * width + neuron;
          fleet.da[cell] = fma(error, weights[neuron], top ? V{} : fleet.da[cell]);
          gradients[neuron] = fma(error, out[cell], gradients[neuron]);
        }
      }
      LRN_UNROLL
      for (int neuron = 0; neuron < width; ++neuron) fleet.grad[tap_at(layer) + neuron] = gradients[neuron];
    } else {
      backward_tap(fleet, tap(layer), samples, top);
    }
  }

  LRN_BIG_FN void scale_and_shift(int layer, Cells<V> out, Cells<V> normal) const {
    const Cells<V> weight = fleet.weights.from(norm_at(layer)), bias = fleet.weights.from(norm_at(layer) + W());
    for (int sample = 0; sample < task.samples; ++sample)
      for (int neuron = 0; neuron < W(); ++neuron) {
        const long cell = sample * W() + neuron;
        out[cell] = fma(weight[neuron], normal[cell], bias[neuron]);
      }
  }

  LRN_BIG_FN void backward_layer(int layer, Samples samples) {
    const long start = long(samples.first) * W(), count = long(samples.count()) * W();
    if (taps(layer)) backward_output(layer, samples);
    const Cells<V> dz = fleet.dz.from(start), da = fleet.da.from(start);
    const Cells<V> normal = of_layer(fleet.pre_activation, layer); // without a norm, the activation's input
    Cells<V> sums = normal.from(start);
    // The input of the activation is computed anew: storing it beside the normalised sums would double this memory.
    if (normed() && reads_input(task.activation)) {
      scale_and_shift(layer, fleet.dz, normal);
      sums = dz;
    }
    if (prelu()) fleet.grad[slope_at(layer)] = slope_gradient(da, sums, count);
    activation_gradient(task.activation, dz, da, output_of(layer).from(start), sums, slope_of(layer), count);
    if (normed()) {
      const NormCells<V> norm{normal, fleet.spread.from(long(layer) * W()), fleet.weights.from(norm_at(layer)),
                              fleet.grad.from(norm_at(layer))};
      norm_gradient(fleet.dz, norm, task.samples, W());
    }
    backward_sums(layer, samples);
    if (residual() && layer > 0) { // what the layer reads has this gradient, too
      for (long k = 0; k < count; ++k) da[k] = da[k] + fleet.da_below[start + k];
    } else {
      this->swap();
    }
    // After the layer's weights were read for the way down. Norms, slopes and the output layer step at the end of `backward`.
    step_all(stepper, layer_at(layer), layer_at(layer + 1));
  }

  LRN_BIG_FN void backward_sums(int layer, Samples samples) const {
    const Cells<V> below = input_of(layer);
    if constexpr (width > 0) {
      const Stepper<V, gather> gathering{fleet.grad};
      const NarrowLayer narrow{layer_at(layer), 0, samples, lowest(layer)};
      Cells<V> da_below = fleet.da_below;
      const Gradients gradients{fleet.output, fleet.dz, da_below};
      const Activations activations{below, fleet.dz}; // an identity's gradient does not look at its output
      if (layer > 0) backward_narrow<Sums, width, false>(fleet, gathering, narrow, gradients, activations);
      else backward_narrow<Sums, 1, false>(fleet, gathering, narrow, gradients, activations);
    } else {
      const Linear<> linear = this->linear(layer);
      if (!lowest(layer)) pass_on(fleet, linear, samples, fleet.dz, plain(rows_of(fleet.da_below, samples, W())));
      weight_gradients(linear, samples, below, fleet.dz, plain(linear.matrix_in(fleet.grad)));
      bias_gradients(fleet, linear, samples, fleet.dz);
    }
  }

  // Calls `use` with the passes of activated.hpp if they can be taken: if nothing comes between sums and activation, and
  // outputs tell the derivative. A single network gains nothing from them, and on a GPU each kind of loop takes the compiler
  // seconds.
  template <class Use> LRN_FN bool activated(Use use) {
    if constexpr (width == 0 && Lanes<V>::count > 1) {
      if (normed() || residual() || reads_input(task.activation)) return false;
      if (task.activation == Activation::relu) by_width<Relu>(use);
      else by_width<LeakyRelu>(use);
      return true;
    }
    return false;
  }
  // Training is faster at widths that the compiler knows: by a quarter at 5 to 7, by up to 7 % at the others. Each of them takes
  // the compiler about a second, so it knows them with ReLU only.
  template <class Act, class Use> LRN_FN void by_width(Use use) {
    if constexpr (Lanes<V>::registers >= 32 && Act::can_die) {
      if (W() == 5) return use(passes<Act>(Known<5>()));
      if (W() == 6) return use(passes<Act>(Known<6>()));
      if (W() == 7) return use(passes<Act>(Known<7>()));
      if (W() == 8) return use(passes<Act>(Known<8>()));
      if (W() == 16) return use(passes<Act>(Known<16>()));
      if (W() == 32) return use(passes<Act>(Known<32>()));
    }
    use(passes<Act>(W()));
  }
  template <class Act, class Width> LRN_FN auto passes(Width wide) {
    return Activated<V, Act, Width, GeneralNetwork>{*this, wide};
  }

  LRN_BIG_FN void forward(Samples samples) {
    const int D = task.depth;
    for (int sample = samples.first; sample < samples.end; ++sample)
      for (int output = 0; output < O(); ++output)
        fleet.output[sample * O() + output] = fleet.weights[output_bias_at() + output];
    if (!activated([&](auto passes) { passes.ascend(samples); }))
      for (int layer = frozen; layer < D; ++layer) forward_layer(layer, samples);
    // All layers are settled, so none of them has added its part. Such networks are plain: only the last layer has one.
    if (frozen == D) forward_tap(fleet, tap(D - 1), samples);
  }

  // Consumes fleet.output, which holds the gradient of the loss against the predictions.
  LRN_BIG_FN void backward(Samples samples) {
    const int D = task.depth;
    if (frozen == D) backward_tap(fleet, tap(D - 1), samples, true);
    else if (!activated([&](auto passes) { passes.descend(samples); }))
      for (int layer = D - 1; layer >= frozen; --layer) backward_layer(layer, samples);
    for (int output = 0; output < O(); ++output) {
      V gradient{};
      for (int sample = samples.first; sample < samples.end; ++sample)
        gradient = gradient + fleet.output[sample * O() + output];
      fleet.grad[output_bias_at() + output] = gradient;
    }
    step_all(stepper, layer_at(D), output_bias_at() + O()); // norms, slopes and the output layer
  }

  LRN_FN void predict() { forward({0, task.samples}); }
  LRN_FN V evaluate(bool /* keep */) {
    predict();
    return this->judge();
  }
  LRN_FN V learn(int epoch, V rmse_of_all) {
    stepper.at(task, epoch);
    return this->step(*this, epoch, rmse_of_all);
  }

  LRN_BIG_FN void freeze(int epoch) {
    stepper.at(task, epoch);
    if (can_settle(task)) this->settle(*this, stepper);
  }
};

} // namespace LRN_NAMESPACE

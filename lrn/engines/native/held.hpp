// A narrow network of which a GPU's thread holds all samples in registers.
//
// Memory limits the speed of a GPU here: the outputs of all layers go there and come back. So this path trades loads for
// registers, and eight blocks per multiprocessor, which leave a thread 255 of those, are faster than more.
//
// A thread has eight times the registers of a SIMD lane and waits thirty times longer for memory. So predictions, one
// layer's outputs and the gradients against them stay in registers; memory holds the parameters, and of every layer the
// outputs that the way back needs. The layers' arithmetic is narrow.hpp's, in the same order: every bit is the same.
#pragma once
#include "network.hpp"

namespace LRN_NAMESPACE {

template <class V, int count> struct Held {
  V at[count];
  LRN_FN V &operator[](long i) { return at[i]; }
  LRN_FN const V &operator[](long i) const { return at[i]; }
};

// Numbers that all networks share, read as if every network had its own.
template <class V> struct Shared {
  const typename Lanes<V>::real *at;
  LRN_FN V operator[](long i) const { return fill<V>(at[i]); }
};

// Widths 2 and 4, one feature, one output. M: the samples of a pass, all or (iterative) one.
template <class V, class Act, Optimizer opt, bool late, int width, int samples>
struct HeldNetwork : Network<V, Act, opt, late, width> {
  using Base = Network<V, Act, opt, late, width>;
  using typename Base::R;
  using Base::task, Base::fleet, Base::stepper, Base::frozen, Base::layer_at, Base::tap_at, Base::output_bias_at;
  using typename Base::Kind;
  template <int M> using Outputs = Held<V, M * width>;
  Held<V, samples> predictions;

  LRN_FN HeldNetwork(const Task<R> &task, const Fleet<V> &fleet) : Base(task, fleet) {}

  LRN_FN void predict() {
    forward(predictions, 0, true);
    LRN_UNROLL_SAMPLES
    for (int sample = 0; sample < samples; ++sample) fleet.output[sample] = predictions[sample];
  }

  LRN_FN V evaluate(bool keep) {
    forward(predictions, 0, keep || !task.iterative);
    this->errors(predictions, task.t, samples);
    return this->rmse(predictions, samples);
  }

  LRN_FN V learn(int epoch, V rmse_of_all) {
    stepper.at(task, epoch);
    if (!task.iterative) {
      step(predictions, 0);
      return rmse_of_all;
    }
    const int sample = epoch % samples;
    Held<V, 1> one;
    forward(one, sample, true);
    this->errors(one, task.t + sample, 1);
    const V rmse_before = this->rmse(one, 1);
    step(one, sample);
    return rmse_before;
  }

private:
  template <int M> LRN_FN Cells<V> outputs_of_pass(int layer) const {
    if constexpr (M == samples) return this->output_of(layer);
    else return fleet.single.from(long(layer) * width);
  }

  // Of samples from n0 on, which are counted from 0 in registers.
  template <int M> LRN_FN void forward(Held<V, M> &predictions, int n0, bool keep) const {
    const V bias = fleet.weights[output_bias_at()];
    LRN_UNROLL_SAMPLES
    for (int sample = 0; sample < M; ++sample) predictions[sample] = bias;
    Outputs<M> below, out;
    read<M>(below, frozen - 1, n0);
    for (int layer = frozen; layer < task.depth; ++layer) {
      const NarrowLayer narrow = this->narrow(layer, {0, M});
      if (layer == 0) forward_narrow<Kind, 1, late>(fleet, narrow, predictions, Shared<V>{task.x + n0}, out);
      else forward_narrow<Kind, width, late>(fleet, narrow, predictions, below, out);
      // The layer's outputs stay in registers as the next layer's input; memory gets a copy for the way back only.
      below = out;
      if (keep) {
        const Cells<V> target = outputs_of_pass<M>(layer);
        LRN_UNROLL_SAMPLES
        for (int k = 0; k < M * width; ++k) target[k] = out[k];
      }
    }
    if constexpr (!late) forward_last(predictions, below);
  }

  // M: all samples, or the one that an epoch of iterative training takes. Loops over it unroll, or a register could not be
  // addressed.
  template <int M> LRN_FN void step(Held<V, M> &errors, int n0) {
    this->errors_to_gradient(errors, M);
    backward(errors, n0);
  }

  template <int M> LRN_FN void backward(const Held<V, M> &errors, int n0) const {
    Outputs<M> da{}, da_below{}, out, below;
    read<M>(out, task.depth - 1, n0);
    if constexpr (!late) backward_last(errors, da, out);
    for (int layer = task.depth - 1; layer >= frozen; --layer) {
      read<M>(below, layer - 1, n0);
      NarrowLayer narrow = this->narrow(layer, {0, M});
      const Gradients gradients{errors, da, da_below};
      if (layer == 0) {
        narrow.lowest = true;
        backward_narrow<Kind, 1, late>(fleet, stepper, narrow, gradients, Activations{Shared<V>{task.x + n0}, out});
      } else {
        backward_narrow<Kind, width, late>(fleet, stepper, narrow, gradients, Activations{below, out});
      }
      da = da_below;
      out = below;
    }
    V gradient{};
    LRN_UNROLL_SAMPLES
    for (int sample = 0; sample < M; ++sample) gradient = gradient + errors[sample];
    stepper.update(output_bias_at(), gradient);
  }

  template <int M> LRN_FN void read(Outputs<M> &out, int layer, int n0) const {
    // There is no layer below the first: what stands here is never read.
    if (layer < 0) {
      out = {};
      return;
    }
    const Cells<V> from = layer < frozen ? this->output_of(layer).from(n0 * width) : outputs_of_pass<M>(layer);
    LRN_UNROLL_SAMPLES
    for (int k = 0; k < M * width; ++k) out[k] = from[k];
  }

  // The output of a plain network reads its last layer only.
  template <int M> LRN_FN void forward_last(Held<V, M> &predictions, const Outputs<M> &out) const {
    LRN_UNROLL
    for (int neuron = 0; neuron < width; ++neuron) {
      const V weight = fleet.weights[tap_at(0) + neuron];
      LRN_UNROLL_SAMPLES
      for (int sample = 0; sample < M; ++sample)
        predictions[sample] = fma(weight, out[sample * width + neuron], predictions[sample]);
    }
  }

  template <int M> LRN_FN void backward_last(const Held<V, M> &errors, Outputs<M> &da, const Outputs<M> &out) const {
    LRN_UNROLL
    for (int neuron = 0; neuron < width; ++neuron) {
      // Fetched before the samples: a GPU's thread waits long for memory.
      const auto slot = stepper.read(tap_at(0) + neuron);
      V gradient{};
      LRN_UNROLL_SAMPLES
      for (int sample = 0; sample < M; ++sample) {
        da[sample * width + neuron] = fma(slot.weight, errors[sample], da[sample * width + neuron]);
        gradient = fma(errors[sample], out[sample * width + neuron], gradient);
      }
      stepper.update(tap_at(0) + neuron, gradient, slot);
    }
  }
};

} // namespace LRN_NAMESPACE

// Narrow layers: the weights of two neurons stay in registers while the samples stream past.
//
// A layer's six to eight vectors of weights are loaded once for all samples. On the way down gradients gather in registers
// and the step is made at once, so a gradient is never stored. The outputs of all layers of one vector of networks fit in the
// first- or second-level cache.
//
// Numbers of a layer are Cells, or other arrays of the same shape (held.hpp).
#pragma once
#include "fleet.hpp"

namespace LRN_NAMESPACE {

// What the compiler knows of a narrow network. A layer has as many neurons as the network is wide.
template <class Vector, class Activation, Optimizer opt, int neurons> struct Narrow {
  using V = Vector;
  using Act = Activation;
  static constexpr Optimizer optimizer = opt;
  static constexpr int width = neurons;
  // Two neurons at a time, since 16 registers (AVX2) hold no more weights than theirs; on the way up, 32 hold all. Each sum
  // still runs over the inputs in order, so a vector of another length gives the same bits.
  static constexpr bool many_registers = Lanes<Vector>::registers >= 32;
  static constexpr int together = neurons % 2 ? neurons : 2, together_forward = many_registers ? neurons : together;
};

// Where a layer's parameters start, and which samples pass through it.
struct NarrowLayer {
  long weights, tap;
  Samples samples;
  bool lowest = false;  // nothing below it learns
  bool topmost = false; // no gradient arrives from above, only through the tap
};

// What a layer reads, and what it puts out.
template <class Below, class Out> struct Activations {
  const Below &below;
  const Out &out;
};
template <class Below, class Out> Activations(const Below &, const Out &) -> Activations<Below, Out>;

// Of the loss: against predictions, against a layer's output (or the sums that it activates), and against the same below it.
template <class Errors, class Here, class Below> struct Gradients {
  const Errors &errors;
  const Here &here;
  Below &below;
};
template <class Errors, class Here, class Below>
Gradients(const Errors &, const Here &, Below &) -> Gradients<Errors, Here, Below>;

// `tap`: whether the output reads this layer; then the layer adds its part to `output`.
template <class Net, int inputs, bool tap, class V, class Output, class Below, class Out>
LRN_STREAM_FN void forward_narrow(const Fleet<V> &fleet, const NarrowLayer &layer, Output &output, const Below &below,
                                  Out &out) {
  constexpr int together = Net::together_forward, width = Net::width;
  LRN_UNROLL
  for (int pair = 0; pair < width; pair += together) {
    V weights[together][inputs], biases[together], tap_weights[together];
    LRN_UNROLL
    for (int neuron = 0; neuron < together; ++neuron) {
      LRN_UNROLL
      for (int i = 0; i < inputs; ++i) weights[neuron][i] = fleet.weights[layer.weights + (pair + neuron) * inputs + i];
      biases[neuron] = fleet.weights[layer.weights + width * inputs + pair + neuron];
      if constexpr (tap) tap_weights[neuron] = fleet.weights[layer.tap + pair + neuron];
    }
    LRN_UNROLL_SAMPLES
    for (int sample = layer.samples.first; sample < layer.samples.end; ++sample) {
      V sums[together], read[inputs], predicted;
      // Copies: what is stored to memory cannot change them, so each is loaded once.
      LRN_UNROLL
      for (int i = 0; i < inputs; ++i) read[i] = below[sample * inputs + i];
      if constexpr (tap) predicted = output[sample];
      LRN_UNROLL
      for (int neuron = 0; neuron < together; ++neuron) {
        sums[neuron] = biases[neuron];
        LRN_UNROLL
        for (int i = 0; i < inputs; ++i) sums[neuron] = fma(weights[neuron][i], read[i], sums[neuron]);
        const V fired = Net::Act::apply(sums[neuron]);
        out[sample * width + pair + neuron] = fired;
        if constexpr (tap) predicted = fma(tap_weights[neuron], fired, predicted);
      }
      if constexpr (tap) output[sample] = predicted;
    }
  }
}

// The weights are read before the samples stream past and changed after the last one, so that all samples see the same.
template <class Net, int inputs, bool tap, class V, class Steps, class Grad, class Read>
LRN_STREAM_FN void backward_narrow(const Fleet<V> &fleet, const Steps &stepper, NarrowLayer layer, Grad gradients,
                                   Read activations) {
  using Slot = typename Steps::Slot;
  constexpr int together = Net::together, width = Net::width;
  const bool lowest = layer.lowest, topmost = layer.topmost; // so that each case gets a loop of its own
  LRN_UNROLL
  for (int pair = 0; pair < width; pair += together) {
    V weights[together][inputs], tap_weights[together];
    V weight_gradients[together][inputs], bias_gradients[together], tap_gradients[together];
    Slot weight_slots[together][inputs], bias_slots[together], tap_slots[together];
    const long row = layer.weights + pair * inputs, bias = layer.weights + width * inputs + pair;
    LRN_UNROLL
    for (int neuron = 0; neuron < together; ++neuron) {
      LRN_UNROLL
      for (int i = 0; i < inputs; ++i) {
        weights[neuron][i] = fleet.weights[row + neuron * inputs + i];
        weight_gradients[neuron][i] = V{};
        weight_slots[neuron][i] = stepper.fetch(row + neuron * inputs + i);
      }
      bias_gradients[neuron] = tap_gradients[neuron] = V{};
      // Slots are fetched here, long before they are needed, where memory is slow to answer (`Stepper::early`).
      bias_slots[neuron] = stepper.fetch(bias + neuron);
      if constexpr (tap) {
        tap_weights[neuron] = fleet.weights[layer.tap + pair + neuron];
        tap_slots[neuron] = stepper.fetch(layer.tap + pair + neuron);
      }
    }
    LRN_UNROLL_SAMPLES
    for (int sample = layer.samples.first; sample < layer.samples.end; ++sample) {
      V sum_gradients[together];
      LRN_UNROLL
      for (int neuron = 0; neuron < together; ++neuron) {
        // Each output is read once, for both of its uses: its own activation and its tap.
        const long cell = sample * width + pair + neuron;
        const V fired = activations.out[cell];
        V gradient = topmost ? V{} : gradients.here[cell];
        if constexpr (tap) {
          gradient = fma(tap_weights[neuron], gradients.errors[sample], gradient);
          tap_gradients[neuron] = fma(gradients.errors[sample], fired, tap_gradients[neuron]);
        }
        sum_gradients[neuron] = Net::Act::backward(fired, gradient);
        bias_gradients[neuron] = bias_gradients[neuron] + sum_gradients[neuron];
        LRN_UNROLL
        for (int i = 0; i < inputs; ++i)
          weight_gradients[neuron][i] =
              fma(sum_gradients[neuron], activations.below[sample * inputs + i], weight_gradients[neuron][i]);
      }
      if (!lowest) {
        LRN_UNROLL
        for (int i = 0; i < inputs; ++i) {
          // The first pair of neurons starts the sum over neurons, the others add to it: nothing has to be set to zero before.
          const long cell = sample * inputs + i;
          V gradient = pair == 0 ? weights[0][i] * sum_gradients[0]
                                 : fma(weights[0][i], sum_gradients[0], gradients.below[cell]);
          LRN_UNROLL
          for (int neuron = 1; neuron < together; ++neuron) gradient = fma(weights[neuron][i], sum_gradients[neuron], gradient);
          gradients.below[cell] = gradient;
        }
      }
    }
    LRN_UNROLL
    for (int neuron = 0; neuron < together; ++neuron) {
      LRN_UNROLL
      for (int i = 0; i < inputs; ++i)
        stepper.update(row + neuron * inputs + i, weight_gradients[neuron][i], weight_slots[neuron][i]);
      stepper.update(bias + neuron, bias_gradients[neuron], bias_slots[neuron]);
      if constexpr (tap) stepper.update(layer.tap + pair + neuron, tap_gradients[neuron], tap_slots[neuron]);
    }
  }
}

// From the errors through the last layer's tap, and its activation: fills `sum_gradients`. There is no layer above, so the
// tap's gradient is all there is.
template <class Net, class V, class Steps, class Out>
LRN_STREAM_FN void through_top_narrow(const Steps &stepper, const NarrowLayer &layer, Cells<V> errors, Cells<V> sum_gradients,
                                      const Out &out) {
  constexpr int width = Net::width;
  V tap_weights[width], tap_gradients[width];
  LRN_UNROLL_ALL
  for (int neuron = 0; neuron < width; ++neuron) {
    tap_weights[neuron] = stepper.fleet.weights[layer.tap + neuron];
    tap_gradients[neuron] = V{};
  }
  for (int sample = layer.samples.first; sample < layer.samples.end; ++sample)
    LRN_UNROLL_ALL
    for (int neuron = 0; neuron < width; ++neuron) {
      const V fired = out[sample * width + neuron];
      sum_gradients[sample * width + neuron] = Net::Act::backward(fired, fma(tap_weights[neuron], errors[sample], V{}));
      tap_gradients[neuron] = fma(errors[sample], fired, tap_gradients[neuron]);
    }
  stepper.update_all(tap_gradients, [&](int neuron) { return layer.tap + neuron; });
}

// The way down in one pass, where a vector's registers hold all gradients of a layer: from those against the layer's sums to
// those against the sums below, and the tap that reads `below`.
//
// `gradients` is not copied: a copy is written in pieces of 8 bytes and then read in pieces of 16, for which a processor waits
// until the writes have reached the cache. That took up to 7 % of the time at width 3.
template <class Net, int inputs, bool tap, bool lowest, class V, class Steps, class Below>
LRN_STREAM_FN void descend_narrow(const Steps &stepper, const NarrowLayer &layer,
                                  const Gradients<Cells<V>, Cells<V>, Cells<V>> &gradients, const Below &below) {
  constexpr int width = Net::width;
  // Neurons whose weights are updated together: their roots overlap, but what waits for them takes registers from gradients.
  constexpr int together = inputs > 1 && width > 3 ? 1 : width;
  // Copies: what is stored to memory in the loop cannot change them, so they stay in registers.
  const Cells<V> errors = gradients.errors, here = gradients.here, passed_on = gradients.below;
  const Cells<V> weights = stepper.fleet.weights.from(layer.weights), tap_weights = stepper.fleet.weights.from(layer.tap);
  V weight_gradients[width][inputs], bias_gradients[width], tap_gradients[inputs];
  LRN_UNROLL_ALL
  for (int neuron = 0; neuron < width; ++neuron) {
    LRN_UNROLL_ALL
    for (int i = 0; i < inputs; ++i) weight_gradients[neuron][i] = V{};
    bias_gradients[neuron] = V{};
  }
  LRN_UNROLL_ALL
  for (int i = 0; i < inputs; ++i) tap_gradients[i] = V{};
  // Where all samples read the same, it stays in registers, and which neurons fire is looked at once rather than per sample.
  constexpr bool repeated = is_repeated<Below>;
  V read_by_all[inputs];
  LRN_UNROLL_ALL
  for (int i = 0; repeated && i < inputs; ++i) read_by_all[i] = below[i];
  for (int sample = layer.samples.first; sample < layer.samples.end; ++sample) {
    const V error = errors[sample];
    V sum_gradients[width];
    LRN_UNROLL_ALL
    for (int neuron = 0; neuron < width; ++neuron) {
      sum_gradients[neuron] = here[sample * width + neuron];
      bias_gradients[neuron] = bias_gradients[neuron] + sum_gradients[neuron];
    }
    LRN_UNROLL_ALL
    for (int i = 0; i < inputs; ++i) {
      const V fired = repeated ? read_by_all[i] : below[sample * inputs + i];
      LRN_UNROLL_ALL
      for (int neuron = 0; neuron < width; ++neuron)
        weight_gradients[neuron][i] = fma(sum_gradients[neuron], fired, weight_gradients[neuron][i]);
      if constexpr (!lowest) {
        V gradient = weights[i] * sum_gradients[0];
        LRN_UNROLL_ALL
        for (int neuron = 1; neuron < width - !tap; ++neuron)
          gradient = fma(weights[neuron * inputs + i], sum_gradients[neuron], gradient);
        if constexpr (tap) {
          gradient = Net::Act::backward_fma(fired, tap_weights[i], error, gradient);
          tap_gradients[i] = fma(error, fired, tap_gradients[i]);
        } else {
          gradient = Net::Act::backward_fma(fired, weights[(width - 1) * inputs + i], sum_gradients[width - 1], gradient);
        }
        passed_on[sample * inputs + i] = gradient;
      }
    }
  }
  LRN_UNROLL_ALL
  for (int first = 0; first < width; first += together) {
    V some[together * inputs];
    LRN_UNROLL_ALL
    for (int k = 0; k < together * inputs; ++k) some[k] = weight_gradients[first + k / inputs][k % inputs];
    stepper.update_all(some, [&](int k) { return layer.weights + first * inputs + k; });
  }
  stepper.update_all(bias_gradients, [&](int neuron) { return layer.weights + width * inputs + neuron; });
  if constexpr (tap && !lowest) stepper.update_all(tap_gradients, [&](int i) { return layer.tap + i; });
}

} // namespace LRN_NAMESPACE

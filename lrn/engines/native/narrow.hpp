// Narrow layers: the weights of two neurons stay in registers while the samples stream past.
//
// `output` or `errors`, `below`, `out`, `da` and `da_below` are Cells, or other arrays of the same shape (held.hpp).
#pragma once
#include "fleet.hpp"

namespace LRN_NAMESPACE {

// Two neurons at a time, since 16 registers (AVX2) hold no more weights than theirs. Each sum still runs over the inputs in
// order, so a vector of another length gives the same bits.
template <class V, class Act, int In, int Out, bool tap, class Y, class Below, class Above>
LRN_STREAM_FN void forward_narrow(const Fleet<V> &f, Y &output, const Below &below, Above &out, long p, long tap_p, int n0,
                                  int n1) {
  constexpr int J = Out < 2 ? Out : 2;
  LRN_UNROLL
  for (int j0 = 0; j0 < Out; j0 += J) {
    V weights[J][In], biases[J], tap_weights[J];
    LRN_UNROLL
    for (int j = 0; j < J; ++j) {
      LRN_UNROLL
      for (int i = 0; i < In; ++i) weights[j][i] = f.weights[p + (j0 + j) * In + i];
      biases[j] = f.weights[p + Out * In + j0 + j];
      if constexpr (tap) tap_weights[j] = f.weights[tap_p + j0 + j];
    }
    LRN_UNROLL_SAMPLES
    for (int n = n0; n < n1; ++n) {
      V sums[J], sum;
      if constexpr (tap) sum = output[n];
      LRN_UNROLL
      for (int j = 0; j < J; ++j) {
        sums[j] = biases[j];
        LRN_UNROLL
        for (int i = 0; i < In; ++i) sums[j] = fma(weights[j][i], below[n * In + i], sums[j]);
        sums[j] = Act::apply(sums[j]);
        out[n * Out + j0 + j] = sums[j];
        if constexpr (tap) sum = fma(tap_weights[j], sums[j], sum);
      }
      if constexpr (tap) output[n] = sum;
    }
  }
}

// The weights are read before the samples stream past and changed after the last one, so that all samples see the same.
// `first`: nothing lies below that learns. `top`: no gradient arrives from above, only through the tap.
template <class V, class Act, Optimizer opt, int In, int Out, bool tap, class Y, class Da, class DaBelow, class Below,
          class Above>
LRN_STREAM_FN void backward_narrow(const Fleet<V> &f, const Stepper<V, opt> &s, const Y &errors, const Da &da,
                                   DaBelow &da_below, const Below &below, const Above &out, long p, long tap_p, int n0,
                                   int n1, bool first, bool top) {
  using Slot = typename Stepper<V, opt>::Slot;
  constexpr int J = Out < 2 ? Out : 2;
  LRN_UNROLL
  for (int j0 = 0; j0 < Out; j0 += J) {
    V weights[J][In], tap_weights[J], weight_gradients[J][In], bias_gradients[J], tap_gradients[J];
    Slot weight_slots[J][In], bias_slots[J], tap_slots[J];
    LRN_UNROLL
    for (int j = 0; j < J; ++j) {
      LRN_UNROLL
      for (int i = 0; i < In; ++i) {
        weights[j][i] = f.weights[p + (j0 + j) * In + i];
        weight_gradients[j][i] = V{};
        weight_slots[j][i] = s.fetch(p + (j0 + j) * In + i);
      }
      bias_gradients[j] = tap_gradients[j] = V{};
      // Slots are fetched here, long before they are needed, where memory is slow to answer (`Stepper::early`).
      bias_slots[j] = s.fetch(p + Out * In + j0 + j);
      if constexpr (tap) tap_weights[j] = f.weights[tap_p + j0 + j], tap_slots[j] = s.fetch(tap_p + j0 + j);
    }
    LRN_UNROLL_SAMPLES
    for (int n = n0; n < n1; ++n) {
      V dz[J];
      LRN_UNROLL
      for (int j = 0; j < J; ++j) {
        // Each output is read once, for both of its uses: its own activation and its tap.
        V fired = out[n * Out + j0 + j];
        V gradient = top ? V{} : da[n * Out + j0 + j];
        if constexpr (tap) {
          gradient = fma(tap_weights[j], errors[n], gradient);
          tap_gradients[j] = fma(errors[n], fired, tap_gradients[j]);
        }
        dz[j] = Act::backward(fired, gradient);
        bias_gradients[j] = bias_gradients[j] + dz[j];
        LRN_UNROLL
        for (int i = 0; i < In; ++i) weight_gradients[j][i] = fma(dz[j], below[n * In + i], weight_gradients[j][i]);
      }
      if (!first) {
        LRN_UNROLL
        for (int i = 0; i < In; ++i) {
          // The first pair of neurons starts the sum over neurons, the others add to it: nothing has to be set to zero before.
          V gradient = j0 == 0 ? weights[0][i] * dz[0] : fma(weights[0][i], dz[0], da_below[n * In + i]);
          LRN_UNROLL
          for (int j = 1; j < J; ++j) gradient = fma(weights[j][i], dz[j], gradient);
          da_below[n * In + i] = gradient;
        }
      }
    }
    LRN_UNROLL
    for (int j = 0; j < J; ++j) {
      LRN_UNROLL
      for (int i = 0; i < In; ++i) s.update(p + (j0 + j) * In + i, weight_gradients[j][i], weight_slots[j][i]);
      s.update(p + Out * In + j0 + j, bias_gradients[j], bias_slots[j]);
      if constexpr (tap) s.update(tap_p + j0 + j, tap_gradients[j], tap_slots[j]);
    }
  }
}

// From the gradients against the predictions, `errors`, through the last layer's tap, and its activation.
template <class V, class Act, Optimizer opt, int W, class Out>
LRN_STREAM_FN void through_top_narrow(const Fleet<V> &f, const Stepper<V, opt> &s, Cells<V> errors, Cells<V> dz,
                                      const Out &out, long tap_p, int n0, int n1) {
  V tap_weights[W], gradients[W];
  LRN_UNROLL_ALL
  for (int j = 0; j < W; ++j) tap_weights[j] = f.weights[tap_p + j], gradients[j] = V{};
  for (int n = n0; n < n1; ++n)
    LRN_UNROLL_ALL
    for (int j = 0; j < W; ++j) {
      const V fired = out[n * W + j];
      dz[n * W + j] = Act::backward(fired, fma(tap_weights[j], errors[n], V{}));
      gradients[j] = fma(errors[n], fired, gradients[j]);
    }
  s.update_all(gradients, [&](int j) { return tap_p + j; });
}

// The way down in one pass, where a vector's registers hold all gradients of a layer: from those against the layer's sums,
// `dz`, to those against the sums below, and the tap that reads `below`. `first`: nothing lies below that learns.
template <class V, class Act, Optimizer opt, int In, int Out, bool tap, bool first, class Below>
LRN_STREAM_FN void descend_narrow(const Fleet<V> &f, const Stepper<V, opt> &s, Cells<V> errors, Cells<V> dz, Cells<V> dz_below,
                                  const Below &below, long p, long tap_p, int n0, int n1) {
  constexpr int J = In > 1 ? 2 : Out; // neurons whose parameters are updated together
  const Cells<V> weights = f.weights.from(p), tap_weights = f.weights.from(tap_p);
  V gradients[Out][In], bias_gradients[Out], tap_gradients[In];
  LRN_UNROLL_ALL
  for (int j = 0; j < Out; ++j) {
    LRN_UNROLL_ALL
    for (int i = 0; i < In; ++i) gradients[j][i] = V{};
    bias_gradients[j] = V{};
  }
  LRN_UNROLL_ALL
  for (int i = 0; i < In; ++i) tap_gradients[i] = V{};
  for (int n = n0; n < n1; ++n) {
    V sum_gradients[Out];
    LRN_UNROLL_ALL
    for (int j = 0; j < Out; ++j) {
      sum_gradients[j] = dz[n * Out + j];
      bias_gradients[j] = bias_gradients[j] + sum_gradients[j];
    }
    LRN_UNROLL_ALL
    for (int i = 0; i < In; ++i) {
      const V fired = below[n * In + i];
      LRN_UNROLL_ALL
      for (int j = 0; j < Out; ++j) gradients[j][i] = fma(sum_gradients[j], fired, gradients[j][i]);
      if constexpr (!first) {
        V gradient = weights[i] * sum_gradients[0];
        LRN_UNROLL_ALL
        for (int j = 1; j < Out; ++j) gradient = fma(weights[j * In + i], sum_gradients[j], gradient);
        if constexpr (tap) {
          gradient = fma(tap_weights[i], errors[n], gradient);
          tap_gradients[i] = fma(errors[n], fired, tap_gradients[i]);
        }
        dz_below[n * In + i] = Act::backward(fired, gradient);
      }
    }
  }
  LRN_UNROLL_ALL
  for (int j0 = 0; j0 < Out; j0 += J) {
    V some[J * In];
    LRN_UNROLL_ALL
    for (int k = 0; k < J * In; ++k) some[k] = gradients[j0 + k / In][k % In];
    s.update_all(some, [&](int k) { return p + j0 * In + k; });
  }
  s.update_all(bias_gradients, [&](int k) { return p + Out * In + k; });
  if constexpr (tap && !first) s.update_all(tap_gradients, [&](int k) { return tap_p + k; });
}

} // namespace LRN_NAMESPACE

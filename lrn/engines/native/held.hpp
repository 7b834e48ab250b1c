// A narrow network of which a GPU's thread holds all samples in registers.
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
  using Base::task, Base::f, Base::s, Base::frozen, Base::layer, Base::tap, Base::output_bias;
  template <int M> using Outputs = Held<V, M * width>;
  Held<V, samples> predictions;

  LRN_FN HeldNetwork(const Task<R> &task, const Fleet<V> &fleet) : Base(task, fleet) {}

  LRN_FN void predict() {
    forward(predictions, 0, true);
    LRN_UNROLL_SAMPLES
    for (int n = 0; n < samples; ++n) f.output[n] = predictions[n];
  }

  LRN_FN V evaluate(bool keep) {
    forward(predictions, 0, keep || !task.iterative);
    this->errors(predictions, task.t, samples);
    return this->rmse(predictions, samples);
  }

  LRN_FN V learn(int epoch, V rmse_of_all) {
    s.at(task, epoch);
    if (!task.iterative) {
      step(predictions, 0);
      return rmse_of_all;
    }
    const int n = epoch % samples;
    Held<V, 1> one;
    forward(one, n, true);
    this->errors(one, task.t + n, 1);
    const V rmse_before = this->rmse(one, 1);
    step(one, n);
    return rmse_before;
  }

private:
  template <int M> LRN_FN Cells<V> outputs_of_pass(int l) const {
    if constexpr (M == samples) return this->output_of(l);
    else return f.single.from(long(l) * width);
  }

  template <int M> LRN_FN void forward(Held<V, M> &predictions, int n0, bool keep) const {
    const V bias = f.weights[output_bias()];
    LRN_UNROLL_SAMPLES
    for (int n = 0; n < M; ++n) predictions[n] = bias;
    Outputs<M> below, out;
    read<M>(below, frozen - 1, n0);
    for (int l = frozen; l < task.depth; ++l) {
      if (l == 0) forward_narrow<V, Act, 1, width, late>(f, predictions, Shared<V>{task.x + n0}, out, layer(l), tap(l), 0, M);
      else forward_narrow<V, Act, width, width, late>(f, predictions, below, out, layer(l), tap(l), 0, M);
      // The layer's outputs stay in registers as the next layer's input; memory gets a copy for the way back only.
      below = out;
      if (keep) {
        const Cells<V> target = outputs_of_pass<M>(l);
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
    for (int l = task.depth - 1; l >= frozen; --l) {
      read<M>(below, l - 1, n0);
      if (l == 0)
        backward_narrow<V, Act, opt, 1, width, late>(f, s, errors, da, da_below, Shared<V>{task.x + n0}, out, layer(l),
                                                     tap(l), 0, M, true, false);
      else
        backward_narrow<V, Act, opt, width, width, late>(f, s, errors, da, da_below, below, out, layer(l), tap(l), 0, M,
                                                         false, false);
      da = da_below;
      out = below;
    }
    V gradient{};
    LRN_UNROLL_SAMPLES
    for (int n = 0; n < M; ++n) gradient = gradient + errors[n];
    s.update(output_bias(), gradient);
  }

  template <int M> LRN_FN void read(Outputs<M> &out, int l, int n0) const {
    // There is no layer below the first: what stands here is never read.
    if (l < 0) {
      out = {};
      return;
    }
    const Cells<V> from = l < frozen ? this->output_of(l).from(n0 * width) : outputs_of_pass<M>(l);
    LRN_UNROLL_SAMPLES
    for (int k = 0; k < M * width; ++k) out[k] = from[k];
  }

  // The output of a plain network reads its last layer only.
  template <int M> LRN_FN void forward_last(Held<V, M> &predictions, const Outputs<M> &out) const {
    LRN_UNROLL
    for (int j = 0; j < width; ++j) {
      const V weight = f.weights[tap(0) + j];
      LRN_UNROLL_SAMPLES
      for (int n = 0; n < M; ++n) predictions[n] = fma(weight, out[n * width + j], predictions[n]);
    }
  }

  template <int M> LRN_FN void backward_last(const Held<V, M> &errors, Outputs<M> &da, const Outputs<M> &out) const {
    LRN_UNROLL
    for (int j = 0; j < width; ++j) {
      // Fetched before the samples: a GPU's thread waits long for memory.
      const auto slot = s.read(tap(0) + j);
      V gradient{};
      LRN_UNROLL_SAMPLES
      for (int n = 0; n < M; ++n) {
        da[n * width + j] = fma(slot.weight, errors[n], da[n * width + j]);
        gradient = fma(errors[n], out[n * width + j], gradient);
      }
      s.update(tap(0) + j, gradient, slot);
    }
  }
};

} // namespace LRN_NAMESPACE

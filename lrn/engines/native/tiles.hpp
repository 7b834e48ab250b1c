// A narrow network of which a vector's registers hold a few samples at a time: they go up through all layers and down
// again before the next ones do.
//
// Predictions and gradients against outputs stay in registers, and what the way back needs of a tile's outputs in the
// nearest cache however deep the network is. The parameters' gradients gather in memory, in the order of the samples;
// the last tile makes the step on its way down. The arithmetic is narrow.hpp's, in its order: every bit is the same.
#pragma once
#include "network.hpp"

namespace LRN_NAMESPACE {

// One feature, one output. f.grad has room for all parameters; f.single has room for a tile. Width 4 would be right but
// slow: its weights, read anew for every tile, do not fit in the nearest cache.
template <class V, class Act, Optimizer opt, bool late, int W> struct TiledNetwork : Network<V, Act, opt, late, W> {
  using Base = Network<V, Act, opt, late, W>;
  using typename Base::R;
  using Base::task, Base::f, Base::s, Base::frozen, Base::layer, Base::tap, Base::output_bias;

  LRN_FN TiledNetwork(const Task<R> &task, const Fleet<V> &fleet) : Base(task, fleet) {}

  // All tiles but the last have also gone down when this returns; the last one's way down is the step.
  LRN_FN V evaluate(bool keep) {
    if (Base::can_settle && frozen == task.depth) {
      this->predict();
      return this->judge();
    }
    int n = 0;
    for (; n + tile_size <= task.samples; n += tile_size) visit<tile_size>(n, keep);
    for (; n < task.samples; ++n) visit<1>(n, keep);
    return this->rmse(f.output, task.samples);
  }

  LRN_FN V learn(int epoch, V rmse_of_all) {
    s.at(task, epoch);
    if (Base::can_settle && frozen == task.depth) return this->step(*this, epoch, rmse_of_all);
    const int N = task.samples;
    if (!task.iterative) {
      // `trail` still points to the last tile's outputs: `evaluate` has just made them.
      if (N % tile_size) backward<1, true>(N - 1, trail, N);
      else backward<tile_size, true>(N - tile_size, trail, N);
      return rmse_of_all;
    }
    const int n = epoch % N;
    const V rmse_before = this->rmse(f.output.from(n), 1);
    trail = {f.single, W};
    forward<1, true>(n, trail);
    backward<1, true>(n, trail, 1);
    return rmse_before;
  }

  // For `step`, where all layers are settled. It hides Network's own way down, which is never taken here: compiled, too, it
  // would add eight training loops to this variant.
  LRN_FN void backward(int n0, int n1) const {
    this->learn_tap(n0, n1);
    this->learn_output_bias(n0, n1);
  }

private:
  struct Trail { Cells<V> first; long stride; } trail; // the outputs of one tile, layer after layer

  template <int T> LRN_BIG_FN void visit(int n0, bool keep) {
    const int N = task.samples;
    // Outputs that nobody looks at afterwards are written over by the next tile, so that they stay in the nearest cache.
    if (keep) trail = {f.fired.from(n0 * W), N * W};
    else trail = {f.single, T * W};
    // Iterative training takes one sample per step: it needs the others' predictions only, for the RMSE.
    if (task.iterative && !keep) return forward<T, false>(n0, trail);
    forward<T, true>(n0, trail);
    if (!task.iterative && n0 + T < N) backward<T, false>(n0, trail, N);
  }

  template <int T, bool store> LRN_BIG_FN void forward(int n0, Trail trail) const {
    V outputs[T], fired[T][W];
    const V bias = f.weights[output_bias()];
    LRN_UNROLL_ALL
    for (int n = 0; n < T; ++n) {
      outputs[n] = bias;
      LRN_UNROLL_ALL
      for (int i = 0; i < W; ++i) fired[n][i] = frozen ? this->output_of(frozen - 1)[(n0 + n) * W + i] : V{};
    }
    V *out = trail.first.base + frozen * trail.stride;
    const V *weights = f.weights.base + layer(frozen), *tap_weights = f.weights.base + tap(frozen);
    int l = frozen;
    if (l == 0) {
      V inputs[T][1];
      LRN_UNROLL_ALL
      for (int n = 0; n < T; ++n) inputs[n][0] = f.input[n0 + n];
      ascend<T, 1, store>(weights, tap_weights, inputs, fired, outputs, out);
      weights += 2 * W;
      tap_weights += late ? W : 0;
      out += trail.stride;
      l = 1;
    }
    for (; l < task.depth; ++l) {
      ascend<T, W, store>(weights, tap_weights, fired, fired, outputs, out);
      weights += W * W + W;
      tap_weights += late ? W : 0;
      out += trail.stride;
    }
    if constexpr (!late) {
      LRN_UNROLL_ALL
      for (int n = 0; n < T; ++n)
        LRN_UNROLL_ALL
        for (int j = 0; j < W; ++j) outputs[n] = fma(tap_weights[j], fired[n][j], outputs[n]);
    }
    LRN_UNROLL_ALL
    for (int n = 0; n < T; ++n) f.output[n0 + n] = outputs[n] - fill<V>(task.t[n0 + n]);
  }

  template <int T, int In, bool store>
  static LRN_FN void ascend(const V *weights, const V *tap_weights, const V (&below)[T][In], V (&fired)[T][W], V (&outputs)[T],
                            V *out) {
    V sums[T][W];
    LRN_UNROLL_ALL
    for (int j = 0; j < W; ++j) {
      V row[In];
      LRN_UNROLL_ALL
      for (int i = 0; i < In; ++i) row[i] = weights[j * In + i];
      const V bias = weights[W * In + j], tap_weight = late ? tap_weights[j] : V{};
      LRN_UNROLL_ALL
      for (int n = 0; n < T; ++n) {
        sums[n][j] = bias;
        LRN_UNROLL_ALL
        for (int i = 0; i < In; ++i) sums[n][j] = fma(row[i], below[n][i], sums[n][j]);
        sums[n][j] = Act::apply(sums[n][j]);
        if constexpr (late) outputs[n] = fma(tap_weight, sums[n][j], outputs[n]);
        if constexpr (store) out[n * W + j] = sums[n][j];
      }
    }
    LRN_UNROLL_ALL
    for (int n = 0; n < T; ++n)
      LRN_UNROLL_ALL
      for (int j = 0; j < W; ++j) fired[n][j] = sums[n][j];
  }

  // f.output holds errors; `last`: every sample's gradient is in after this tile, and the step can be made.
  template <int T, bool last> LRN_BIG_FN void backward(int n0, Trail trail, int count) const {
    // The first tile starts the gradients' sums, the others go on from memory. So each sum runs over the samples in order.
    const bool starts = n0 == 0 || task.iterative;
    const int top = task.depth - 1;
    const V scale = fill<V>(R(2) / R(count));
    V errors[T], dz[T][W], gradient[1] = {starts ? V{} : f.grad[output_bias()]};
    LRN_UNROLL_ALL
    for (int n = 0; n < T; ++n) {
      errors[n] = f.output[n0 + n] * scale;
      gradient[0] = gradient[0] + errors[n];
    }
    hand_over<last>(gradient, [&](int) { return output_bias(); });
    const V *out = trail.first.base + top * trail.stride;
    long p = layer(top), tap_p = tap(top);
    through_top<T, last>(tap_p, starts, errors, dz, out);
    for (int l = top; l > frozen; --l) {
      tap_p -= late ? W : 0;
      out -= trail.stride;
      descend<T, W, false, last>(p, tap_p, starts, errors, dz, out);
      p -= l == 1 ? 2 * W : W * W + W;
    }
    if (frozen == 0) descend<T, 1, true, last>(p, tap_p, starts, errors, dz, f.input.base + n0);
    else descend<T, W, true, last>(p, tap_p, starts, errors, dz, this->output_of(frozen - 1).base + n0 * W);
  }

  // Gradients of parameters at(0), at(1) ... up to the tile before.
  template <int K, class At> LRN_FN void resume(V (&gradients)[K], bool starts, At at) const {
    LRN_UNROLL_ALL
    for (int k = 0; k < K; ++k) gradients[k] = V{};
    if (starts) return;
    LRN_UNROLL_ALL
    for (int k = 0; k < K; ++k) gradients[k] = f.grad[at(k)];
  }

  // Of gradients that gathered until this tile: the step, or back to memory.
  template <bool last, int K, class At> LRN_FN void hand_over(const V (&gradients)[K], At at) const {
    if constexpr (last) {
      s.update_all(gradients, at);
    } else {
      LRN_UNROLL_ALL
      for (int k = 0; k < K; ++k) f.grad[at(k)] = gradients[k];
    }
  }

  // From the errors through the last layer's tap, and its activation. There is no layer above, so the tap's is all of the
  // gradient.
  template <int T, bool last>
  LRN_FN void through_top(long p, bool starts, const V (&errors)[T], V (&dz)[T][W], const V *out) const {
    const auto at = [p](int j) { return p + j; };
    V gradients[W];
    resume(gradients, starts, at);
    LRN_UNROLL_ALL
    for (int j = 0; j < W; ++j) {
      const V weight = f.weights[p + j];
      LRN_UNROLL_ALL
      for (int n = 0; n < T; ++n) {
        const V fired = out[n * W + j];
        dz[n][j] = Act::backward(fired, fma(weight, errors[n], V{}));
        gradients[j] = fma(errors[n], fired, gradients[j]);
      }
    }
    hand_over<last>(gradients, at);
  }

  // From the gradients against one layer's sums to those against the layer's below, and that one's tap. Weights, biases and
  // the tap are one array, so that `update_all` has as many roots and quotients side by side as there are.
  template <int T, int In, bool first, bool last>
  LRN_FN void descend(long p, long tap_p, bool starts, const V (&errors)[T], V (&dz)[T][W], const V *below) const {
    constexpr bool tap = late && !first;
    constexpr int bias = W * In, taps = bias + W; // behind the weights
    const auto at = [=](int k) { return k < taps ? p + k : tap_p + k - taps; };
    V gradients[taps + (tap ? W : 0)], weights[taps + W];
    LRN_UNROLL_ALL
    for (int k = 0; k < taps + (tap ? W : 0); ++k) weights[k] = f.weights[at(k)];
    resume(gradients, starts, at);
    LRN_UNROLL_ALL
    for (int n = 0; n < T; ++n) {
      V fired[In], gradient_below[In];
      LRN_UNROLL_ALL
      for (int i = 0; i < In; ++i) {
        fired[i] = below[n * In + i];
        gradient_below[i] = weights[i] * dz[n][0];
        LRN_UNROLL_ALL
        for (int j = 1; j < W; ++j) gradient_below[i] = fma(weights[j * In + i], dz[n][j], gradient_below[i]);
        if constexpr (tap) {
          gradient_below[i] = fma(weights[taps + i], errors[n], gradient_below[i]);
          gradients[taps + i] = fma(errors[n], fired[i], gradients[taps + i]);
        }
        LRN_UNROLL_ALL
        for (int j = 0; j < W; ++j) gradients[j * In + i] = fma(dz[n][j], fired[i], gradients[j * In + i]);
      }
      LRN_UNROLL_ALL
      for (int j = 0; j < W; ++j) gradients[bias + j] = gradients[bias + j] + dz[n][j];
      if constexpr (!first)
        LRN_UNROLL_ALL
        for (int i = 0; i < W; ++i) dz[n][i] = Act::backward(fired[i], gradient_below[i]);
    }
    hand_over<last>(gradients, at);
  }
};

} // namespace LRN_NAMESPACE

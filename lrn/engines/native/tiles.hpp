// A narrow network of which a vector's registers hold a few samples at a time: they go up through all layers and down
// again before the next ones do.
//
// Predictions and gradients against outputs stay in registers, and what the way back needs of a tile's outputs in the
// nearest cache however deep the network is. The parameters' gradients gather in memory, in the order of the samples;
// the last tile makes the step on its way down. The arithmetic is narrow.hpp's, in the same order: every bit is the same.
#pragma once
#include "network.hpp"

namespace LRN_NAMESPACE {

#define LRN_UNROLL_TILE _Pragma("GCC unroll 16")

// Widths 2 and 4, one feature, one output. f.grad has room for all parameters and is zero between steps.
template <class V, class Act, Optimizer opt, bool late, int W> struct TiledNetwork : Network<V, Act, opt, late, W> {
  using Base = Network<V, Act, opt, late, W>;
  using typename Base::R;
  using Base::task, Base::f, Base::s, Base::frozen, Base::layer, Base::tap, Base::output_bias;
  static constexpr int tile = W == 2 ? 5 : 4; // samples; more would not fit in 32 registers

  LRN_FN TiledNetwork(const Task<R> &task, const Fleet<V> &fleet) : Base(task, fleet) {}

  // All tiles but the last have also gone down when this returns; the last one's way down is the step.
  LRN_FN V evaluate(bool keep) {
    if (frozen == task.depth) return Base::evaluate(keep);
    int n = 0;
    for (; n + tile <= task.samples; n += tile) visit<tile>(n, keep);
    for (; n < task.samples; ++n) visit<1>(n, keep);
    return this->rmse(f.y, task.samples);
  }

  LRN_FN V learn(int epoch, V rmse_of_all) {
    if (frozen == task.depth) return Base::learn(epoch, rmse_of_all);
    const int N = task.samples;
    s.at(task, epoch);
    if (!task.iterative) {
      if (N % tile) backward<1, true>(N - 1, trail, N);
      else backward<tile, true>(N - tile, trail, N);
      return rmse_of_all;
    }
    const int n = epoch % N;
    const V rmse_before = this->rmse(f.y.from(n), 1);
    trail = {f.fired, W};
    forward<1, true>(n, trail);
    backward<1, true>(n, trail, 1);
    return rmse_before;
  }

private:
  struct Trail { Cells<V> first; long stride; } trail; // the outputs of one tile, layer after layer

  template <int T> LRN_BIG_FN void visit(int n0, bool keep) {
    const int N = task.samples;
    trail = {f.fired.from(keep ? n0 * W : 0), keep ? N * W : T * W};
    if (task.iterative && !keep) return forward<T, false>(n0, trail);
    forward<T, true>(n0, trail);
    if (!task.iterative && n0 + T < N) backward<T, false>(n0, trail, N);
  }

  template <int T, bool store> LRN_BIG_FN void forward(int n0, Trail trail) const {
    V y[T], a[T][W];
    const V bias = f.w[output_bias()];
    LRN_UNROLL_TILE
    for (int n = 0; n < T; ++n) {
      y[n] = bias;
      LRN_UNROLL_TILE
      for (int i = 0; i < W; ++i) a[n][i] = V{};
    }
    V *out = trail.first.base + frozen * trail.stride;
    const V *w = f.w.base + layer(frozen), *to = f.w.base + tap(frozen);
    int l = frozen;
    if (l == 0) {
      V x[T][1];
      LRN_UNROLL_TILE
      for (int n = 0; n < T; ++n) x[n][0] = f.input[n0 + n];
      ascend<T, 1, store>(w, to, x, a, y, out);
      w += 2 * W, to += late ? W : 0, out += trail.stride, l = 1;
    }
    for (; l < task.depth; ++l) {
      ascend<T, W, store>(w, to, a, a, y, out);
      w += W * W + W, to += late ? W : 0, out += trail.stride;
    }
    if constexpr (!late) {
      LRN_UNROLL_TILE
      for (int n = 0; n < T; ++n)
        LRN_UNROLL_TILE
        for (int j = 0; j < W; ++j) y[n] = fma(to[j], a[n][j], y[n]);
    }
    LRN_UNROLL_TILE
    for (int n = 0; n < T; ++n) f.y[n0 + n] = y[n] - fill<V>(task.t[n0 + n]);
  }

  template <int T, int In, bool store>
  static LRN_FN void ascend(const V *w, const V *tap, const V (&below)[T][In], V (&a)[T][W], V (&y)[T], V *out) {
    V z[T][W];
    LRN_UNROLL_TILE
    for (int j = 0; j < W; ++j) {
      V row[In];
      LRN_UNROLL_TILE
      for (int i = 0; i < In; ++i) row[i] = w[j * In + i];
      const V bias = w[W * In + j], to = late ? tap[j] : V{};
      LRN_UNROLL_TILE
      for (int n = 0; n < T; ++n) {
        z[n][j] = bias;
        LRN_UNROLL_TILE
        for (int i = 0; i < In; ++i) z[n][j] = fma(row[i], below[n][i], z[n][j]);
        z[n][j] = Act::apply(z[n][j]);
        if constexpr (late) y[n] = fma(to, z[n][j], y[n]);
        if constexpr (store) out[n * W + j] = z[n][j];
      }
    }
    LRN_UNROLL_TILE
    for (int n = 0; n < T; ++n)
      LRN_UNROLL_TILE
      for (int j = 0; j < W; ++j) a[n][j] = z[n][j];
  }

  // f.y holds errors; `step`: every sample's gradient is in after this tile.
  template <int T, bool step> LRN_BIG_FN void backward(int n0, Trail trail, int count) const {
    const int top = task.depth - 1;
    const V scale = fill<V>(R(2) / R(count));
    V e[T], da[T][W], g[1] = {f.grad[output_bias()]};
    LRN_UNROLL_TILE
    for (int n = 0; n < T; ++n) {
      e[n] = f.y[n0 + n] * scale;
      g[0] = g[0] + e[n];
      LRN_UNROLL_TILE
      for (int j = 0; j < W; ++j) da[n][j] = V{};
    }
    const V *out = trail.first.base + top * trail.stride;
    long p = layer(top), tap_p = tap(top);
    if constexpr (!late) through_tap<T, step>(tap_p, e, da, out);
    for (int l = top; l > frozen; --l) {
      descend<T, W, false, step>(p, tap_p, e, da, out - trail.stride, out);
      p -= l == 1 ? 2 * W : W * W + W, out -= trail.stride;
      if constexpr (late) tap_p -= W;
    }
    if (frozen == 0) descend<T, 1, true, step>(p, tap_p, e, da, f.input.base + n0, out);
    else descend<T, W, true, step>(p, tap_p, e, da, f.zeros.base, out);
    settle<step>(output_bias(), g);
  }

  template <bool step, int K> LRN_FN void settle(long p, const V (&g)[K]) const {
    LRN_UNROLL_TILE
    for (int k = 0; k < K; ++k) {
      if constexpr (step) s.update(p + k, g[k]), f.grad[p + k] = V{};
      else f.grad[p + k] = g[k];
    }
  }

  template <int T, bool step> LRN_FN void through_tap(long p, const V (&e)[T], V (&da)[T][W], const V *out) const {
    V g[W];
    LRN_UNROLL_TILE
    for (int j = 0; j < W; ++j) {
      const V to = f.w[p + j];
      g[j] = f.grad[p + j];
      LRN_UNROLL_TILE
      for (int n = 0; n < T; ++n) {
        da[n][j] = fma(to, e[n], da[n][j]);
        g[j] = fma(e[n], out[n * W + j], g[j]);
      }
    }
    settle<step>(p, g);
  }

  template <int T, int In, bool first, bool step>
  LRN_FN void descend(long p, long tap_p, const V (&e)[T], V (&da)[T][W], const V *below, const V *out) const {
    V next[T][In];
    LRN_UNROLL_TILE
    for (int j = 0; j < W; ++j) {
      const long q = p + j * In, bias = p + In * W + j;
      V row[In], g[In], gb[1] = {f.grad[bias]}, gto[1], to;
      if constexpr (late) to = f.w[tap_p + j], gto[0] = f.grad[tap_p + j];
      LRN_UNROLL_TILE
      for (int i = 0; i < In; ++i) row[i] = f.w[q + i], g[i] = f.grad[q + i];
      LRN_UNROLL_TILE
      for (int n = 0; n < T; ++n) {
        const V a = out[n * W + j];
        V d = da[n][j];
        if constexpr (late) {
          d = fma(to, e[n], d);
          gto[0] = fma(e[n], a, gto[0]);
        }
        d = Act::backward(a, d);
        gb[0] = gb[0] + d;
        LRN_UNROLL_TILE
        for (int i = 0; i < In; ++i) {
          g[i] = fma(d, below[n * In + i], g[i]);
          if constexpr (!first) next[n][i] = j == 0 ? row[i] * d : fma(row[i], d, next[n][i]);
        }
      }
      settle<step>(q, g);
      settle<step>(bias, gb);
      if constexpr (late) settle<step>(tap_p + j, gto);
    }
    if constexpr (!first) {
      LRN_UNROLL_TILE
      for (int n = 0; n < T; ++n)
        LRN_UNROLL_TILE
        for (int i = 0; i < W; ++i) da[n][i] = next[n][i];
    }
  }
};

} // namespace LRN_NAMESPACE

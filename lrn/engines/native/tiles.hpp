// A narrow network of which a vector's registers hold a few samples at a time: they go up through all layers and down
// again before the next ones do.
//
// Predictions and gradients against outputs stay in registers, and what the way back needs of a tile's outputs in the
// nearest cache however deep the network is. The parameters' gradients gather in memory, in the order of the samples;
// the last tile makes the step on its way down. The arithmetic is narrow.hpp's, in its order: every bit is the same.
#pragma once
#include "network.hpp"

namespace LRN_NAMESPACE {

#define LRN_UNROLL_TILE _Pragma("GCC unroll 16")

// One feature, one output. f.grad has room for all parameters and is zero between steps; f.single has room
// for a tile. Width 4 would be right but slow: its weights, read anew for every tile, do not fit in the nearest cache.
template <class V, class Act, Optimizer opt, bool late, int W> struct TiledNetwork : Network<V, Act, opt, late, W> {
  using Base = Network<V, Act, opt, late, W>;
  using typename Base::R;
  using Base::task, Base::f, Base::s, Base::frozen, Base::layer, Base::tap, Base::output_bias;

  LRN_FN TiledNetwork(const Task<R> &task, const Fleet<V> &fleet) : Base(task, fleet) {}

  // All tiles but the last have also gone down when this returns; the last one's way down is the step.
  LRN_FN V evaluate(bool keep) {
    if (frozen == task.depth) return Base::evaluate(keep);
    int n = 0;
    for (; n + tile_size <= task.samples; n += tile_size) visit<tile_size>(n, keep);
    for (; n < task.samples; ++n) visit<1>(n, keep);
    return this->rmse(f.y, task.samples);
  }

  LRN_FN V learn(int epoch, V rmse_of_all) {
    if (frozen == task.depth) return Base::learn(epoch, rmse_of_all);
    const int N = task.samples;
    s.at(task, epoch);
    if (!task.iterative) {
      if (N % tile_size) backward<1, true>(N - 1, trail, N);
      else backward<tile_size, true>(N - tile_size, trail, N);
      return rmse_of_all;
    }
    const int n = epoch % N;
    const V rmse_before = this->rmse(f.y.from(n), 1);
    trail = {f.single, W};
    forward<1, true>(n, trail);
    backward<1, true>(n, trail, 1);
    return rmse_before;
  }

private:
  struct Trail { Cells<V> first; long stride; } trail; // the outputs of one tile, layer after layer

  template <int T> LRN_BIG_FN void visit(int n0, bool keep) {
    const int N = task.samples;
    if (keep) trail = {f.fired.from(n0 * W), N * W};
    else trail = {f.single, T * W};
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

  // f.y holds errors; `last`: every sample's gradient is in after this tile, and the step can be made.
  template <int T, bool last> LRN_BIG_FN void backward(int n0, Trail trail, int count) const {
    const int top = task.depth - 1;
    const V scale = fill<V>(R(2) / R(count));
    V e[T], da[T][W], g = f.grad[output_bias()];
    LRN_UNROLL_TILE
    for (int n = 0; n < T; ++n) {
      e[n] = f.y[n0 + n] * scale;
      g = g + e[n];
      LRN_UNROLL_TILE
      for (int j = 0; j < W; ++j) da[n][j] = V{};
    }
    settle<last>(output_bias(), g);
    const V *out = trail.first.base + top * trail.stride;
    long p = layer(top), tap_p = tap(top);
    if constexpr (!late) through_tap<T, last>(tap_p, e, da, out);
    for (int l = top; l > frozen; --l) {
      const V *below = out - trail.stride;
      descend<T, W, false, last>(p, tap_p, e, da, below, out);
      p -= l == 1 ? 2 * W : W * W + W, tap_p -= late ? W : 0, out = below;
    }
    if (frozen == 0) descend<T, 1, true, last>(p, tap_p, e, da, f.input.base + n0, out);
    else descend<T, W, true, last>(p, tap_p, e, da, f.zeros.base, out);
  }

  // A gradient that gathered until this tile: the step, or back to memory.
  template <bool last> LRN_FN void settle(long p, V g) const {
    if constexpr (last) s.update(p, g);
    f.grad[p] = last ? V{} : g;
  }

  // The step of K parameters; `of(f.w, k)` is the k-th. Adam's roots and quotients wait for one unit of the processor:
  // they go side by side, and every other root another way.
  template <int K, class Of> LRN_FN void update(const V (&g)[K], Of of) const {
    if constexpr (opt == Optimizer::adam) {
      V m[K], v[K];
      LRN_UNROLL_TILE
      for (int k = 0; k < K; ++k) {
        m[k] = fma(s.one_minus_beta1, g[k] - of(f.m, k), of(f.m, k));
        v[k] = fma(g[k] * s.one_minus_beta2, g[k], of(f.v, k) * s.beta2);
        of(f.m, k) = m[k];
        of(f.v, k) = v[k];
      }
      LRN_UNROLL_TILE
      for (int k = 0; k < K; ++k) v[k] = fma(k % 2 ? newton_root(v[k]) : root(v[k]), s.root_correction, s.eps);
      LRN_UNROLL_TILE
      for (int k = 0; k < K; ++k) of(f.w, k) = fma(s.step, quotient(m[k], v[k]), of(f.w, k));
    } else {
      LRN_UNROLL_TILE
      for (int k = 0; k < K; ++k) s.update(&of(f.w, k) - f.w.base, g[k]);
    }
  }

  template <int T, bool last> LRN_FN void through_tap(long p, const V (&e)[T], V (&da)[T][W], const V *out) const {
    LRN_UNROLL_TILE
    for (int j = 0; j < W; ++j) {
      const V to = f.w[p + j];
      V g = f.grad[p + j];
      LRN_UNROLL_TILE
      for (int n = 0; n < T; ++n) {
        da[n][j] = fma(to, e[n], da[n][j]);
        g = fma(e[n], out[n * W + j], g);
      }
      settle<last>(p + j, g);
    }
  }

  // Where one layer's numbers lie in an array of all parameters; neuron j's k-th is a weight, the bias, or the tap.
  template <int In> struct Place {
    V *hidden, *tap;
    LRN_FN Place(Cells<V> all, long p, long tap_p) : hidden(all.base + p), tap(all.base + tap_p) {}
    LRN_FN V &operator()(int j, int k) const {
      return k < In ? hidden[j * In + k] : k == In ? hidden[W * In + j] : tap[j];
    }
  };

  template <int T, int In, bool first, bool last>
  LRN_FN void descend(long p, long tap_p, const V (&e)[T], V (&da)[T][W], const V *below, const V *out) const {
    constexpr int each = In + 1 + late; // parameters of a neuron: weights, bias, tap
    const Place<In> weights(f.w, p, tap_p), gathered(f.grad, p, tap_p);
    V w[W * each], g[W * each];
    LRN_UNROLL_TILE
    for (int k = 0; k < W * each; ++k) w[k] = weights(k / each, k % each), g[k] = gathered(k / each, k % each);
    LRN_UNROLL_TILE
    for (int n = 0; n < T; ++n) {
      V dz[W];
      LRN_UNROLL_TILE
      for (int j = 0; j < W; ++j) {
        const V a = out[n * W + j];
        V *const own_g = g + j * each, d = da[n][j];
        if constexpr (late) {
          d = fma(w[j * each + In + 1], e[n], d);
          own_g[In + 1] = fma(e[n], a, own_g[In + 1]);
        }
        dz[j] = d = Act::backward(a, d);
        own_g[In] = own_g[In] + d;
        LRN_UNROLL_TILE
        for (int i = 0; i < In; ++i) own_g[i] = fma(d, below[n * In + i], own_g[i]);
      }
      if constexpr (!first) {
        LRN_UNROLL_TILE
        for (int i = 0; i < W; ++i) {
          da[n][i] = w[i] * dz[0];
          LRN_UNROLL_TILE
          for (int j = 1; j < W; ++j) da[n][i] = fma(w[j * each + i], dz[j], da[n][i]);
        }
      }
    }
    if constexpr (last)
      update(g, [&](Cells<V> all, int k) -> V & { return Place<In>(all, p, tap_p)(k / each, k % each); });
    LRN_UNROLL_TILE
    for (int k = 0; k < W * each; ++k) gathered(k / each, k % each) = last ? V{} : g[k];
  }
};

} // namespace LRN_NAMESPACE

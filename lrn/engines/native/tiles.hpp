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
    LRN_UNROLL_ALL
    for (int n = 0; n < T; ++n) {
      y[n] = bias;
      LRN_UNROLL_ALL
      for (int i = 0; i < W; ++i) a[n][i] = frozen ? this->output_of(frozen - 1)[(n0 + n) * W + i] : V{};
    }
    V *out = trail.first.base + frozen * trail.stride;
    const V *w = f.w.base + layer(frozen), *to = f.w.base + tap(frozen);
    int l = frozen;
    if (l == 0) {
      V x[T][1];
      LRN_UNROLL_ALL
      for (int n = 0; n < T; ++n) x[n][0] = f.input[n0 + n];
      ascend<T, 1, store>(w, to, x, a, y, out);
      w += 2 * W;
      to += late ? W : 0;
      out += trail.stride;
      l = 1;
    }
    for (; l < task.depth; ++l) {
      ascend<T, W, store>(w, to, a, a, y, out);
      w += W * W + W;
      to += late ? W : 0;
      out += trail.stride;
    }
    if constexpr (!late) {
      LRN_UNROLL_ALL
      for (int n = 0; n < T; ++n)
        LRN_UNROLL_ALL
        for (int j = 0; j < W; ++j) y[n] = fma(to[j], a[n][j], y[n]);
    }
    LRN_UNROLL_ALL
    for (int n = 0; n < T; ++n) f.y[n0 + n] = y[n] - fill<V>(task.t[n0 + n]);
  }

  template <int T, int In, bool store>
  static LRN_FN void ascend(const V *w, const V *tap, const V (&below)[T][In], V (&a)[T][W], V (&y)[T], V *out) {
    V z[T][W];
    LRN_UNROLL_ALL
    for (int j = 0; j < W; ++j) {
      V row[In];
      LRN_UNROLL_ALL
      for (int i = 0; i < In; ++i) row[i] = w[j * In + i];
      const V bias = w[W * In + j], to = late ? tap[j] : V{};
      LRN_UNROLL_ALL
      for (int n = 0; n < T; ++n) {
        z[n][j] = bias;
        LRN_UNROLL_ALL
        for (int i = 0; i < In; ++i) z[n][j] = fma(row[i], below[n][i], z[n][j]);
        z[n][j] = Act::apply(z[n][j]);
        if constexpr (late) y[n] = fma(to, z[n][j], y[n]);
        if constexpr (store) out[n * W + j] = z[n][j];
      }
    }
    LRN_UNROLL_ALL
    for (int n = 0; n < T; ++n)
      LRN_UNROLL_ALL
      for (int j = 0; j < W; ++j) a[n][j] = z[n][j];
  }

  // f.y holds errors; `last`: every sample's gradient is in after this tile, and the step can be made.
  template <int T, bool last> LRN_BIG_FN void backward(int n0, Trail trail, int count) const {
    const bool starts = n0 == 0 || task.iterative;
    const int top = task.depth - 1;
    const V scale = fill<V>(R(2) / R(count));
    V e[T], dz[T][W], g[1] = {starts ? V{} : f.grad[output_bias()]};
    LRN_UNROLL_ALL
    for (int n = 0; n < T; ++n) {
      e[n] = f.y[n0 + n] * scale;
      g[0] = g[0] + e[n];
    }
    hand_over<last>(g, [&](int) { return output_bias(); });
    const V *out = trail.first.base + top * trail.stride;
    long p = layer(top), tap_p = tap(top);
    through_top<T, last>(tap_p, starts, e, dz, out);
    for (int l = top; l > frozen; --l) {
      tap_p -= late ? W : 0;
      out -= trail.stride;
      descend<T, W, false, last>(p, tap_p, starts, e, dz, out);
      p -= l == 1 ? 2 * W : W * W + W;
    }
    if (frozen == 0) descend<T, 1, true, last>(p, tap_p, starts, e, dz, f.input.base + n0);
    else descend<T, W, true, last>(p, tap_p, starts, e, dz, this->output_of(frozen - 1).base + n0 * W);
  }

  // Gradients of parameters at(0), at(1) ... up to the tile before.
  template <int K, class At> LRN_FN void resume(V (&g)[K], bool starts, At at) const {
    LRN_UNROLL_ALL
    for (int k = 0; k < K; ++k) g[k] = V{};
    if (starts) return;
    LRN_UNROLL_ALL
    for (int k = 0; k < K; ++k) g[k] = f.grad[at(k)];
  }

  // Of gradients that gathered until this tile: the step, or back to memory.
  template <bool last, int K, class At> LRN_FN void hand_over(const V (&g)[K], At at) const {
    if constexpr (last) {
      s.update_all(g, at);
    } else {
      LRN_UNROLL_ALL
      for (int k = 0; k < K; ++k) f.grad[at(k)] = g[k];
    }
  }

  // From the errors through the last layer's tap, and its activation.
  template <int T, bool last>
  LRN_FN void through_top(long p, bool starts, const V (&e)[T], V (&dz)[T][W], const V *out) const {
    const auto at = [p](int j) { return p + j; };
    V g[W];
    resume(g, starts, at);
    LRN_UNROLL_ALL
    for (int j = 0; j < W; ++j) {
      const V to = f.w[p + j];
      LRN_UNROLL_ALL
      for (int n = 0; n < T; ++n) {
        const V a = out[n * W + j];
        dz[n][j] = Act::backward(a, fma(to, e[n], V{}));
        g[j] = fma(e[n], a, g[j]);
      }
    }
    hand_over<last>(g, at);
  }

  // From the gradients against one layer's sums to those against the layer's below, and that one's tap.
  template <int T, int In, bool first, bool last>
  LRN_FN void descend(long p, long tap_p, bool starts, const V (&e)[T], V (&dz)[T][W], const V *below) const {
    constexpr bool tap = late && !first;
    constexpr int bias = W * In, to = bias + W; // behind the weights
    const auto at = [=](int k) { return k < to ? p + k : tap_p + k - to; };
    V g[to + (tap ? W : 0)], w[to + W];
    LRN_UNROLL_ALL
    for (int k = 0; k < to + (tap ? W : 0); ++k) w[k] = f.w[at(k)];
    resume(g, starts, at);
    LRN_UNROLL_ALL
    for (int n = 0; n < T; ++n) {
      V a[In], d[In];
      LRN_UNROLL_ALL
      for (int i = 0; i < In; ++i) {
        a[i] = below[n * In + i];
        d[i] = w[i] * dz[n][0];
        LRN_UNROLL_ALL
        for (int j = 1; j < W; ++j) d[i] = fma(w[j * In + i], dz[n][j], d[i]);
        if constexpr (tap) {
          d[i] = fma(w[to + i], e[n], d[i]);
          g[to + i] = fma(e[n], a[i], g[to + i]);
        }
        LRN_UNROLL_ALL
        for (int j = 0; j < W; ++j) g[j * In + i] = fma(dz[n][j], a[i], g[j * In + i]);
      }
      LRN_UNROLL_ALL
      for (int j = 0; j < W; ++j) g[bias + j] = g[bias + j] + dz[n][j];
      if constexpr (!first)
        LRN_UNROLL_ALL
        for (int i = 0; i < W; ++i) dz[n][i] = Act::backward(a[i], d[i]);
    }
    hand_over<last>(g, at);
  }
};

} // namespace LRN_NAMESPACE

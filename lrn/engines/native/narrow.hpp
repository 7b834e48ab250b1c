// Narrow layers: the weights of two neurons stay in registers while the samples stream past.
//
// `y`, `below`, `out`, `da` and `da_below` are Cells, or other arrays of the same shape (held.hpp).
#pragma once
#include "fleet.hpp"

namespace LRN_NAMESPACE {

template <class V, class Act, int In, int Out, bool tap, class Y, class Below, class Above>
LRN_STREAM_FN void forward_narrow(const Fleet<V> &f, Y &y, const Below &below, Above &out, long p, long tap_p, int n0,
                                  int n1) {
  constexpr int J = Out < 2 ? Out : 2;
  LRN_UNROLL
  for (int j0 = 0; j0 < Out; j0 += J) {
    V w[J][In], b[J], to[J];
    LRN_UNROLL
    for (int j = 0; j < J; ++j) {
      LRN_UNROLL
      for (int i = 0; i < In; ++i) w[j][i] = f.w[p + (j0 + j) * In + i];
      b[j] = f.w[p + Out * In + j0 + j];
      if constexpr (tap) to[j] = f.w[tap_p + j0 + j];
    }
    LRN_UNROLL_SAMPLES
    for (int n = n0; n < n1; ++n) {
      V z[J], sum;
      if constexpr (tap) sum = y[n];
      LRN_UNROLL
      for (int j = 0; j < J; ++j) {
        z[j] = b[j];
        LRN_UNROLL
        for (int i = 0; i < In; ++i) z[j] = fma(w[j][i], below[n * In + i], z[j]);
        z[j] = Act::apply(z[j]);
        out[n * Out + j0 + j] = z[j];
        if constexpr (tap) sum = fma(to[j], z[j], sum);
      }
      if constexpr (tap) y[n] = sum;
    }
  }
}

// `first`: nothing lies below that learns. `top`: no gradient arrives from above, only through the tap.
template <class V, class Act, Optimizer opt, int In, int Out, bool tap, class Y, class Da, class DaBelow, class Below,
          class Above>
LRN_STREAM_FN void backward_narrow(const Fleet<V> &f, const Stepper<V, opt> &s, const Y &y, const Da &da,
                                   DaBelow &da_below, const Below &below, const Above &out, long p, long tap_p, int n0,
                                   int n1, bool first, bool top) {
  using Slot = typename Stepper<V, opt>::Slot;
  constexpr int J = Out < 2 ? Out : 2;
  LRN_UNROLL
  for (int j0 = 0; j0 < Out; j0 += J) {
    V w[J][In], to[J], gw[J][In], gb[J], gto[J];
    Slot sw[J][In], sb[J], sto[J];
    LRN_UNROLL
    for (int j = 0; j < J; ++j) {
      LRN_UNROLL
      for (int i = 0; i < In; ++i) {
        w[j][i] = f.w[p + (j0 + j) * In + i];
        gw[j][i] = V{};
        sw[j][i] = s.fetch(p + (j0 + j) * In + i);
      }
      gb[j] = gto[j] = V{};
      sb[j] = s.fetch(p + Out * In + j0 + j);
      if constexpr (tap) to[j] = f.w[tap_p + j0 + j], sto[j] = s.fetch(tap_p + j0 + j);
    }
    LRN_UNROLL_SAMPLES
    for (int n = n0; n < n1; ++n) {
      V dz[J];
      LRN_UNROLL
      for (int j = 0; j < J; ++j) {
        V a = out[n * Out + j0 + j];
        V d = top ? V{} : da[n * Out + j0 + j];
        if constexpr (tap) {
          d = fma(to[j], y[n], d);
          gto[j] = fma(y[n], a, gto[j]);
        }
        dz[j] = Act::backward(a, d);
        gb[j] = gb[j] + dz[j];
        LRN_UNROLL
        for (int i = 0; i < In; ++i) gw[j][i] = fma(dz[j], below[n * In + i], gw[j][i]);
      }
      if (!first) {
        LRN_UNROLL
        for (int i = 0; i < In; ++i) {
          V d = j0 == 0 ? w[0][i] * dz[0] : fma(w[0][i], dz[0], da_below[n * In + i]);
          LRN_UNROLL
          for (int j = 1; j < J; ++j) d = fma(w[j][i], dz[j], d);
          da_below[n * In + i] = d;
        }
      }
    }
    LRN_UNROLL
    for (int j = 0; j < J; ++j) {
      LRN_UNROLL
      for (int i = 0; i < In; ++i) s.update(p + (j0 + j) * In + i, gw[j][i], sw[j][i]);
      s.update(p + Out * In + j0 + j, gb[j], sb[j]);
      if constexpr (tap) s.update(tap_p + j0 + j, gto[j], sto[j]);
    }
  }
}

// From the gradients against the predictions, `y`, through the last layer's tap, and its activation.
template <class V, class Act, Optimizer opt, int W, class Out>
LRN_STREAM_FN void through_top_narrow(const Fleet<V> &f, const Stepper<V, opt> &s, Cells<V> y, Cells<V> dz,
                                      const Out &out, long tap_p, int n0, int n1) {
  V to[W], g[W];
  LRN_UNROLL_ALL
  for (int j = 0; j < W; ++j) to[j] = f.w[tap_p + j], g[j] = V{};
  for (int n = n0; n < n1; ++n)
    LRN_UNROLL_ALL
    for (int j = 0; j < W; ++j) {
      const V a = out[n * W + j];
      dz[n * W + j] = Act::backward(a, fma(to[j], y[n], V{}));
      g[j] = fma(y[n], a, g[j]);
    }
  s.update_all(g, [&](int j) { return tap_p + j; });
}

// The way down in one pass, where a vector's registers hold all gradients of a layer: from those against the layer's sums,
// `dz`, to those against the sums below, and the tap that reads `below`. `first`: nothing lies below that learns.
template <class V, class Act, Optimizer opt, int In, int Out, bool tap, bool first, class Below>
LRN_STREAM_FN void descend_narrow(const Fleet<V> &f, const Stepper<V, opt> &s, Cells<V> y, Cells<V> dz, Cells<V> dz_below,
                                  const Below &below, long p, long tap_p, int n0, int n1) {
  constexpr int J = In > 1 ? 2 : Out; // neurons whose parameters are updated together
  const Cells<V> w = f.w.from(p), above = f.w.from(tap_p);
  V g[Out][In], gb[Out], gto[In];
  LRN_UNROLL_ALL
  for (int j = 0; j < Out; ++j) {
    LRN_UNROLL_ALL
    for (int i = 0; i < In; ++i) g[j][i] = V{};
    gb[j] = V{};
  }
  LRN_UNROLL_ALL
  for (int i = 0; i < In; ++i) gto[i] = V{};
  for (int n = n0; n < n1; ++n) {
    V z[Out];
    LRN_UNROLL_ALL
    for (int j = 0; j < Out; ++j) {
      z[j] = dz[n * Out + j];
      gb[j] = gb[j] + z[j];
    }
    LRN_UNROLL_ALL
    for (int i = 0; i < In; ++i) {
      const V a = below[n * In + i];
      LRN_UNROLL_ALL
      for (int j = 0; j < Out; ++j) g[j][i] = fma(z[j], a, g[j][i]);
      if constexpr (!first) {
        V d = w[i] * z[0];
        LRN_UNROLL_ALL
        for (int j = 1; j < Out; ++j) d = fma(w[j * In + i], z[j], d);
        if constexpr (tap) {
          d = fma(above[i], y[n], d);
          gto[i] = fma(y[n], a, gto[i]);
        }
        dz_below[n * In + i] = Act::backward(a, d);
      }
    }
  }
  LRN_UNROLL_ALL
  for (int j0 = 0; j0 < Out; j0 += J) {
    V some[J * In];
    LRN_UNROLL_ALL
    for (int k = 0; k < J * In; ++k) some[k] = g[j0 + k / In][k % In];
    s.update_all(some, [&](int k) { return p + j0 * In + k; });
  }
  s.update_all(gb, [&](int k) { return p + Out * In + k; });
  if constexpr (tap && !first) s.update_all(gto, [&](int k) { return tap_p + k; });
}

} // namespace LRN_NAMESPACE

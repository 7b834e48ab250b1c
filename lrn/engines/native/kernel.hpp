// Trains one vector of networks from initial to final weights: forward, loss, backward and optimizer step.
//
// Axes: D layers, W neurons of a layer, N samples, F in_features, O out_features, P parameters of one network.
// Parameters lie in torch's order (each layer's weight (out, in) then bias, then the output layer's), so index p means
// the same number here and in `module.parameters()`. Every value is a V, one network a lane.
#pragma once
#include "vec.hpp"

namespace LRN_NAMESPACE {

enum class Optimizer { sgd, adam };

// What all networks of a fleet share. Scalars are in the kernel's precision; x and t are standardised.
template <class R> struct Task {
  int features, outputs, samples, depth, width, epochs;
  bool iterative;
  const R *x, *t;                    // (N, F), (N, O)
  R target_scale, threshold;         // RMSE in original units = target_scale * standardised RMSE
  R lr;                              // sgd
  R one_minus_beta1, beta2, one_minus_beta2, eps;
  const R *adam_step, *adam_root;    // (epochs,): lr / (1 - beta1^k) and 1 / sqrt(1 - beta2^k)
};

// An array of P (or N*W ...) values of one vector of networks. On a GPU the 32 threads of a warp interleave.
template <class V> struct Cells {
  V *base;
#if defined(LRN_GPU)
  static constexpr long stride = 32;
#else
  static constexpr long stride = 1;
#endif
  LRN_FN V &operator[](long i) const { return base[i * stride]; }
  LRN_FN Cells from(long i) const { return {base + i * stride}; }
};

template <class V> struct Fleet {
  Cells<V> w, m, v;            // (P,) parameters and Adam's moments
  Cells<V> input;              // (N, F)
  Cells<V> fired;              // (D, N, W) outputs of every hidden layer
  Cells<V> da, da_below;       // (N, W) loss gradient against a layer's output
  Cells<V> dz;                 // (N, W) scratch of wide layers
  Cells<V> y;                  // (N, O) predictions, then their gradient
  Cells<V> zeros;              // (N, W) the output of a dead layer
  Cells<V> grad;               // (W * max(F, W),) scratch of wide layers
  Cells<V> single;             // (D, W) outputs for the one sample of a step (see held.hpp)
};

template <class V> struct Outcome {
  V rmse, rmse_initial, since;       // `since`: first epoch from which RMSE stays under the threshold, or -1
};

// ---- activations ---------------------------------------------------------------------------------------------------

struct Relu {
  static constexpr bool can_die = true;
  template <class V> static LRN_FN V apply(V z) { return relu(z); }
  template <class V> static LRN_FN V backward(V fired, V g) { return gate(fired, g); }
};

struct LeakyRelu { // torch's default slope
  static constexpr bool can_die = false;
  template <class V> static LRN_FN V slope() { return fill<V>(typename Lanes<V>::real(0.01)); }
  template <class V> static LRN_FN V apply(V z) { return select_le(z, V{}, z * slope<V>(), z); }
  template <class V> static LRN_FN V backward(V fired, V g) { return select_le(fired, V{}, g * slope<V>(), g); }
};

// ---- optimizer -----------------------------------------------------------------------------------------------------

template <class V, Optimizer opt> struct Stepper {
  Fleet<V> f;
  V lr, one_minus_beta1, beta2, one_minus_beta2, eps, step, root_correction;

  LRN_FN Stepper(const Fleet<V> &fleet, const Task<typename Lanes<V>::real> &task) : f(fleet) {
    lr = fill<V>(task.lr);
    one_minus_beta1 = fill<V>(task.one_minus_beta1);
    beta2 = fill<V>(task.beta2);
    one_minus_beta2 = fill<V>(task.one_minus_beta2);
    eps = fill<V>(task.eps);
  }
  LRN_FN void at(const Task<typename Lanes<V>::real> &task, int epoch) {
    if constexpr (opt == Optimizer::adam) {
      step = fill<V>(-task.adam_step[epoch]);
      root_correction = fill<V>(task.adam_root[epoch]);
    }
  }
  // A parameter and its moments. A single network's are fetched before its samples stream past, since a GPU waits long
  // for memory; a vector of networks has no registers left for them.
  struct Slot { V w, m, v; };
  static constexpr bool early = Lanes<V>::count == 1;
  LRN_FN Slot read(long p) const {
    if constexpr (opt == Optimizer::sgd) return {f.w[p], V{}, V{}};
    else return {f.w[p], f.m[p], f.v[p]};
  }
  LRN_FN Slot fetch(long p) const {
    if constexpr (early) return read(p);
    else return {V{}, V{}, V{}};
  }
  LRN_FN void update(long p, V g, Slot slot) const {
    if constexpr (!early) slot = read(p);
    if constexpr (opt == Optimizer::sgd) {
      f.w[p] = fma(-lr, g, slot.w);
    } else {
      const V m = fma(one_minus_beta1, g - slot.m, slot.m);
      const V v = fma(g * one_minus_beta2, g, slot.v * beta2);
      f.m[p] = m;
      f.v[p] = v;
      f.w[p] = fma(step, quotient(m, fma(root(v), root_correction, eps)), slot.w);
    }
  }
  LRN_FN void update(long p, V g) const { update(p, g, read(p)); }
};

// ---- narrow layers: the weights of two neurons stay in registers while the samples stream past ---------------------
// `y`, `below`, `out`, `da` and `da_below` are Cells, or other arrays of the same shape (held.hpp).

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
        w[j][i] = f.w[p + (j0 + j) * In + i], gw[j][i] = V{};
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

// ---- wide layers: products of small matrices, tile by tile ---------------------------------------------------------

// C[i, j] (+)= sum over k of A[i, k] * B[k, j], with every axis' stride given; `keep` adds to what C holds.
template <class V> struct Matrix { Cells<V> at; long row, column; };

template <class V, int TI, int TJ>
LRN_FN void tile(Matrix<V> c, Matrix<V> a, Matrix<V> b, int i0, int j0, int K, bool keep) {
  V sum[TI][TJ];
  LRN_UNROLL
  for (int i = 0; i < TI; ++i)
    LRN_UNROLL
    for (int j = 0; j < TJ; ++j) sum[i][j] = keep ? c.at[(i0 + i) * c.row + (j0 + j) * c.column] : V{};
  for (int k = 0; k < K; ++k) {
    V left[TI], right[TJ];
    LRN_UNROLL
    for (int i = 0; i < TI; ++i) left[i] = a.at[(i0 + i) * a.row + k * a.column];
    LRN_UNROLL
    for (int j = 0; j < TJ; ++j) right[j] = b.at[k * b.row + (j0 + j) * b.column];
    LRN_UNROLL
    for (int i = 0; i < TI; ++i)
      LRN_UNROLL
      for (int j = 0; j < TJ; ++j) sum[i][j] = fma(left[i], right[j], sum[i][j]);
  }
  LRN_UNROLL
  for (int i = 0; i < TI; ++i)
    LRN_UNROLL
    for (int j = 0; j < TJ; ++j) c.at[(i0 + i) * c.row + (j0 + j) * c.column] = sum[i][j];
}

template <class V> LRN_CALLED_FN void multiply(Matrix<V> c, Matrix<V> a, Matrix<V> b, int I, int J, int K, bool keep) {
  int i = 0;
  for (; i + 4 <= I; i += 4) {
    int j = 0;
    for (; j + 4 <= J; j += 4) tile<V, 4, 4>(c, a, b, i, j, K, keep);
    for (; j < J; ++j) tile<V, 4, 1>(c, a, b, i, j, K, keep);
  }
  for (; i < I; ++i) {
    int j = 0;
    for (; j + 4 <= J; j += 4) tile<V, 1, 4>(c, a, b, i, j, K, keep);
    for (; j < J; ++j) tile<V, 1, 1>(c, a, b, i, j, K, keep);
  }
}

template <class V, class Act>
LRN_BIG_FN void forward_wide(const Fleet<V> &f, Cells<V> below, Cells<V> out, long p, int In, int Out, int n0, int n1) {
  for (int n = n0; n < n1; ++n)
    for (int j = 0; j < Out; ++j) out[n * Out + j] = f.w[p + long(Out) * In + j];
  multiply<V>({out.from(long(n0) * Out), Out, 1}, {below.from(long(n0) * In), In, 1}, {f.w.from(p), 1, In}, n1 - n0,
              Out, In, true);
  for (long k = long(n0) * Out; k < long(n1) * Out; ++k) out[k] = Act::apply(out[k]);
}

// A tap: what one hidden layer adds to the output through columns [column, column + Width) of the output weights.
template <class V>
LRN_BIG_FN void forward_tap(const Fleet<V> &f, Cells<V> out, long p, long columns, int Width, int O, int n0, int n1) {
  multiply<V>({f.y.from(long(n0) * O), O, 1}, {out.from(long(n0) * Width), Width, 1}, {f.w.from(p), 1, columns},
              n1 - n0, O, Width, true);
}

template <class V, Optimizer opt>
LRN_BIG_FN void backward_tap(const Fleet<V> &f, const Stepper<V, opt> &s, Cells<V> out, long p, long columns, int Width,
                         int O, int n0, int n1, bool top) {
  const int N = n1 - n0;
  multiply<V>({f.da.from(long(n0) * Width), Width, 1}, {f.y.from(long(n0) * O), O, 1}, {f.w.from(p), columns, 1}, N,
              Width, O, !top);
  for (int o = 0; o < O; ++o) {
    multiply<V>({f.grad, Width, 1}, {f.y.from(long(n0) * O + o), 1, O}, {out.from(long(n0) * Width), Width, 1}, 1,
                Width, N, false);
    for (int j = 0; j < Width; ++j) s.update(p + o * columns + j, f.grad[j]);
  }
}

template <class V, class Act, Optimizer opt>
LRN_BIG_FN void backward_wide(const Fleet<V> &f, const Stepper<V, opt> &s, Cells<V> below, Cells<V> out, long p, int In,
                          int Out, int n0, int n1, bool first) {
  const int N = n1 - n0;
  const long from = long(n0) * Out;
  for (long k = from; k < long(n1) * Out; ++k) f.dz[k] = Act::backward(out[k], f.da[k]);
  multiply<V>({f.grad, In, 1}, {f.dz.from(from), 1, Out}, {below.from(long(n0) * In), In, 1}, Out, In, N, false);
  if (!first)
    multiply<V>({f.da_below.from(long(n0) * In), In, 1}, {f.dz.from(from), Out, 1}, {f.w.from(p), In, 1}, N, In, Out,
                false);
  for (long k = 0; k < long(Out) * In; ++k) s.update(p + k, f.grad[k]);
  for (int j = 0; j < Out; ++j) {
    V g{};
    for (int n = n0; n < n1; ++n) g = g + f.dz[n * Out + j];
    s.update(p + long(Out) * In + j, g);
  }
}

// ---- the whole network ---------------------------------------------------------------------------------------------

// Width 2 and 4 with one output are narrow; width 0 stands for any other shape, given at run time.
template <class V, class Act, Optimizer opt, bool late, int width> struct Network {
  using R = typename Lanes<V>::real;
  const Task<R> &task;
  Fleet<V> f;
  Stepper<V, opt> s;
  int frozen = 0; // layers below this one are settled for good and their output is zero (see `freeze`)

  LRN_FN Network(const Task<R> &task, const Fleet<V> &fleet) : task(task), f(fleet), s(fleet, task) {}

  LRN_FN int W() const { return width ? width : task.width; }
  LRN_FN long columns() const { return late ? long(task.depth) * W() : W(); } // of the output weights
  LRN_FN long layer(int l) const { // first parameter of hidden layer l; l = D gives the output layer's
    return l == 0 ? 0 : long(W()) * (task.features + 1) + long(l - 1) * W() * (W() + 1);
  }
  LRN_FN long tap(int l) const { return layer(task.depth) + (late ? long(l) * W() : 0); }
  LRN_FN long output_bias() const { return layer(task.depth) + columns() * task.outputs; }
  LRN_FN bool taps(int l) const { return late || l == task.depth - 1; }
  LRN_FN Cells<V> output_of(int l) const { return f.fired.from(long(l) * task.samples * W()); }
  LRN_FN Cells<V> input_of(int l) const {
    return l == 0 ? f.input : l == frozen ? f.zeros : output_of(l - 1);
  }

  template <bool tap_here> LRN_BIG_FN void forward_layer(int l, int n0, int n1) const {
    const int In = l == 0 ? task.features : W();
    const Cells<V> below = input_of(l), out = output_of(l);
    if constexpr (width > 0) {
      if (l > 0)
        return forward_narrow<V, Act, width, width, tap_here>(f, f.y, below, out, layer(l), tap(l), n0, n1);
      if (In == 1)
        return forward_narrow<V, Act, 1, width, tap_here>(f, f.y, below, out, layer(l), tap(l), n0, n1);
    }
    forward_wide<V, Act>(f, below, out, layer(l), In, W(), n0, n1);
    if constexpr (tap_here) forward_tap(f, out, tap(l), columns(), W(), task.outputs, n0, n1);
  }

  template <bool tap_here> LRN_BIG_FN void backward_layer(int l, int n0, int n1) const {
    const int In = l == 0 ? task.features : W();
    const bool first = l == 0 || l == frozen, top = l == task.depth - 1;
    const Cells<V> below = input_of(l), out = output_of(l);
    if constexpr (width > 0) {
      if (l > 0)
        return backward_narrow<V, Act, opt, width, width, tap_here>(f, s, f.y, f.da, f.da_below, below, out, layer(l),
                                                                  tap(l), n0, n1, first, top);
      if (In == 1)
        return backward_narrow<V, Act, opt, 1, width, tap_here>(f, s, f.y, f.da, f.da_below, below, out, layer(l),
                                                                  tap(l), n0, n1, first, top);
    }
    if constexpr (tap_here) backward_tap(f, s, out, tap(l), columns(), W(), task.outputs, n0, n1, top);
    backward_wide<V, Act, opt>(f, s, below, out, layer(l), In, W(), n0, n1, first);
  }

  LRN_BIG_FN void forward(int n0, int n1) const {
    const int O = task.outputs, D = task.depth;
    for (int n = n0; n < n1; ++n)
      for (int o = 0; o < O; ++o) f.y[n * O + o] = f.w[output_bias() + o];
    for (int l = frozen; l < D - 1; ++l) forward_layer<late>(l, n0, n1);
    if (frozen < D) forward_layer<true>(D - 1, n0, n1);
    else forward_tap(f, f.zeros, tap(D - 1), columns(), W(), O, n0, n1);
  }

  // Consumes f.y, which holds the gradient of the loss against the predictions.
  LRN_BIG_FN void backward(int n0, int n1) {
    const int O = task.outputs, D = task.depth;
    V bias_grad[1];
    if (frozen < D) {
      backward_layer<true>(D - 1, n0, n1);
      for (int l = D - 2; l >= frozen; --l) {
        swap();
        backward_layer<late>(l, n0, n1);
      }
    } else {
      backward_tap(f, s, f.zeros, tap(D - 1), columns(), W(), O, n0, n1, true);
    }
    for (int o = 0; o < O; ++o) {
      bias_grad[0] = V{};
      for (int n = n0; n < n1; ++n) bias_grad[0] = bias_grad[0] + f.y[n * O + o];
      s.update(output_bias() + o, bias_grad[0]);
    }
  }

  LRN_FN void swap() {
    Cells<V> above = f.da;
    f.da = f.da_below;
    f.da_below = above;
  }

  // Predictions become errors.
  template <class Y> LRN_FN void errors(Y &y, const R *t, int count) const {
    LRN_UNROLL_SAMPLES
    for (int k = 0; k < count; ++k) y[k] = y[k] - fill<V>(t[k]);
  }

  // Root of the mean squared error, in original units.
  template <class Y> LRN_FN V rmse(const Y &errors, int count) const {
    V sum{};
    LRN_UNROLL_SAMPLES
    for (int k = 0; k < count; ++k) sum = fma(errors[k], errors[k], sum);
    return root(sum * fill<V>(R(1) / R(count))) * fill<V>(task.target_scale);
  }

  template <class Y> LRN_FN void errors_to_gradient(Y &errors, int count) const {
    const V scale = fill<V>(R(2) / R(count));
    LRN_UNROLL_SAMPLES
    for (int k = 0; k < count; ++k) errors[k] = errors[k] * scale;
  }

  // ---- what `train` asks of a network ----

  // Forward over all samples: f.y holds the predictions, and f.fired every layer's outputs.
  LRN_FN void predict() { forward(0, task.samples); }

  // The same, but f.y holds errors; returns the RMSE. `keep`: whether f.fired will be looked at before the next call.
  LRN_FN V evaluate(bool /* keep */) {
    predict();
    errors(f.y, task.t, task.samples * task.outputs);
    return rmse(f.y, task.samples * task.outputs);
  }

  // After `evaluate`: one step on what this epoch trains on, and the RMSE of that before the step.
  LRN_FN V learn(int epoch, V rmse_of_all) {
    const int O = task.outputs, n0 = task.iterative ? epoch % task.samples : 0;
    const int n1 = task.iterative ? n0 + 1 : task.samples;
    const Cells<V> y = f.y.from(long(n0) * O);
    const V rmse_before = task.iterative ? rmse(y, O) : rmse_of_all;
    s.at(task, epoch);
    errors_to_gradient(y, (n1 - n0) * O);
    backward(n0, n1);
    return rmse_before;
  }

  // In a plain network nothing at or below a dead layer receives a gradient. Once Adam's first moments there are zero
  // too, those weights never change again, and the layer stays dead: skipping them leaves every bit of the result.
  LRN_BIG_FN void freeze() {
    if constexpr (!late && Act::can_die) {
      for (int l = frozen; l < task.depth; ++l) {
        for (long p = layer(l); p < layer(l + 1); ++p) {
          if (!all_zero(f.w[p] - f.w[p])) return; // an infinity times a zero gradient is no zero
          if constexpr (opt == Optimizer::adam)
            if (!all_zero(f.m[p])) return;
        }
        bool dead = true;
        for (long k = 0; k < long(task.samples) * W(); ++k) {
          const V a = output_of(l)[k];
          if (!all_zero(a - a)) return;
          dead = dead && all_zero(a);
        }
        if (dead) frozen = l + 1;
      }
    }
  }
};

// `keep_going(epoch)` is asked before each epoch; `record(epoch, rmse)` gets the RMSE of what each epoch trains on.
template <class V, class Net, class KeepGoing, class Record>
LRN_BIG_FN bool train(Net &net, Outcome<V> &result, KeepGoing keep_going, Record record) {
  using R = typename Lanes<V>::real;
  constexpr int every = 32;
  const int epochs = net.task.epochs;
  const V threshold = fill<V>(net.task.threshold), never = fill<V>(R(-1));
  V since = never, rmse{};
  for (int epoch = 0;; ++epoch) {
    rmse = net.evaluate(epoch % every == 0);
    if (epoch == 0) result.rmse_initial = rmse;
    since = select_le(rmse, threshold, select_le(since, V{} - fill<V>(R(0.5)), fill<V>(R(epoch)), since), never);
    if (epoch == epochs) break;
    if (!keep_going(epoch)) return false;
    if (epoch % every == 0) net.freeze();
    record(epoch, net.learn(epoch, rmse));
  }
  net.predict(); // `evaluate` left errors
  result.rmse = rmse;
  result.since = since;
  return true;
}

} // namespace LRN_NAMESPACE

// One vector of networks: what it trains on, where its numbers lie, its activations and its optimizer.
//
// Axes: D layers, W neurons of a layer, N samples, F in_features, O out_features, P parameters of one network.
// Parameters lie in torch's order (each layer's weight (out, in) then bias, then the output layer's), so index p means
// the same number here and in `module.parameters()`. Every value is a V, one network a lane.
#pragma once
#include "options.hpp"
#include "vec.hpp"

namespace LRN_NAMESPACE {

using lrn::Activation, lrn::Connection, lrn::Norm, lrn::Optimizer;

// What all networks of a fleet share. Scalars are in the kernel's precision; x and t are standardised.
template <class R> struct Task {
  int features, outputs, samples, depth, width, epochs;
  bool iterative;
  const R *x, *t;                    // (N, F), (N, O)
  R target_scale, threshold;         // RMSE in original units = target_scale * standardised RMSE
  R lr;                              // sgd
  R one_minus_beta1, beta2, one_minus_beta2, eps;
  const R *adam_step, *adam_root;    // (epochs,): lr / (1 - beta1^k) and 1 / sqrt(1 - beta2^k)
  R decay;                           // what AdamW leaves of a weight
  Connection connection;             // these are looked at by general networks only (general.hpp)
  Optimizer optimizer;
  Activation activation;
  Norm norm;
};

template <class R, class Job>
LRN_BIG_FN Task<R> task_of(const Job &job, const R *adam_step, const R *adam_root) {
  // Differences such as 1 - beta are taken in double precision, as torch takes them, and rounded once.
  const double beta2 = job.optimizer == Optimizer::rmsprop ? 0.99 : 0.999; // torch's defaults, all of them
  return {int(job.features), int(job.outputs), int(job.samples), int(job.depth), int(job.width), int(job.epochs),
          bool(job.iterative), job.x, job.t, R(job.target_scale), R(job.threshold), R(job.lr),
          R(1 - 0.9), R(beta2), R(1 - beta2), R(1e-8), adam_step, adam_root,
          R(1 - job.lr * 0.01), job.connection, job.optimizer, job.activation, job.norm};
}

// Whether the way back needs what was activated: PReLU's sign is not the output's, and ELU's derivative is finer than the
// output can tell.
LRN_FN bool reads_input(Activation activation) { return activation == Activation::prelu || activation == Activation::elu; }

// Whether layers of such networks can be settled for good (judged.hpp). AdamW changes weights whatever their gradient, what
// a residual layer hands on goes past a dead one, and under a norm settled layers are not looked for.
template <class Choices> LRN_FN bool can_settle(const Choices &c) {
  return c.connection == Connection::plain && c.activation == Activation::relu && c.optimizer != Optimizer::adamw &&
         c.norm == Norm::none;
}

// Whether vectors skip more if networks are sorted (batch.hpp): by layers that are settled or, where tiles.hpp trains late
// networks, by their first dead layer.
template <class Choices> LRN_FN bool gains_from_order(const Choices &c) {
  return can_settle(c) ||
         (c.width == 2 && c.connection == Connection::late && c.activation == Activation::relu && c.norm == Norm::none);
}

// An array of P (or N*W ...) values of one vector of networks. On a GPU the 32 threads of a warp interleave.
// The stride is a constant, so that an index costs no multiplication on a processor.
// Interleaved memory lets the loads of a warp coalesce: what its threads read together lies in one piece. On a processor
// the lanes of one value are one vector already.
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

// Samples from `first` up to, but without, `end`: all of them, or the one that a step of iterative training takes.
struct Samples {
  int first, end;
  LRN_FN int count() const { return end - first; }
};

// One sample's W values, for all samples.
template <class V, int W> struct Repeated {
  Cells<V> row;
  LRN_FN V &operator[](long i) const { return row[i % W]; }
};

template <class Numbers> constexpr bool is_repeated = false;
template <class V, int W> constexpr bool is_repeated<Repeated<V, W>> = true;

template <class V> struct Fleet {
  Cells<V> weights, first_moment, second_moment; // (P,) parameters (weights, biases and all others), Adam's moments
  Cells<V> input;              // (N, F)
  Cells<V> fired;              // (D, N, W) outputs of every hidden layer
  Cells<V> da, da_below;       // (N, W) loss gradient against a layer's output
  Cells<V> dz;                 // (N, W) scratch of wide layers
  Cells<V> output;             // (N, O) predictions, then errors, then the gradient of the loss against predictions
  Cells<V> grad;               // (P,) gradients that are gathered before a step (general.hpp)
  Cells<V> single;             // (D, W) outputs for the one sample of a step (held.hpp), or for a tile (tiles.hpp)
  Cells<V> pre_activation;     // (D, N, W) inputs of PReLUs and ELUs, or what norms make of the layers' before scale and shift
  Cells<V> spread;             // (D, W) 1 / standard deviation, of norms
  Cells<V> sums;               // (D, N, W) outputs with what was read added, of residual layers
};

constexpr int tile_size = 5; // samples that tiles.hpp holds; more would not fit in 32 registers

// Memory for one vector of networks: `take(n)` hands out n cells. What a network does not use takes none.
template <class V, class Job, class Take> LRN_BIG_FN Fleet<V> fleet_of(const Job &job, long P, Take take) {
  const long N = job.samples, W = job.width, F = job.features, D = job.depth, O = job.outputs;
  // Samples whose outputs `single` holds: those of a tile, or the one of a step.
  const long held = Lanes<V>::registers >= 32 ? tile_size : 1;
  const bool norm = job.norm == Norm::batch, input = reads_input(job.activation);
  return {take(P), take(P), take(P), take(N * F), take(D * N * W), take(N * W), take(N * W), take(N * W), take(N * O),
          take(P), take(D * W * held), take(norm || input ? D * N * W : 0), take(norm ? D * W : 0),
          take(job.connection == Connection::residual ? D * N * W : 0)};
}

template <class V> struct Outcome {
  using R = typename Lanes<V>::real;
  V rmse{}, rmse_initial{}, since = fill<V>(R(-1)); // `since`: first epoch from which RMSE stays under the threshold, or -1

  // Called with each epoch's RMSE. A later rise above the threshold starts the search anew, as does a NaN.
  LRN_FN void look(int epoch, V now, V threshold) {
    const V never = fill<V>(R(-1));
    rmse = now;
    if (epoch == 0) rmse_initial = now;
    since = select_le(now, threshold, select_le(since, fill<V>(R(-0.5)), fill<V>(R(epoch)), since), never);
  }
};

// ---- activations ---------------------------------------------------------------------------------------------------

struct Relu {
  static constexpr bool can_die = true;
  template <class V> static LRN_FN V apply(V sum) { return relu(sum); }
  template <class V> static LRN_FN V backward(V fired, V gradient) { return gate(fired, gradient); }
  // Of a gradient that is a sum's last term.
  template <class V> static LRN_FN V backward_fma(V fired, V left, V right, V sum) {
    return gated_fma(fired, left, right, sum);
  }
};

struct LeakyRelu { // torch's default slope
  static constexpr bool can_die = false;
  template <class V> static LRN_FN V slope() { return fill<V>(typename Lanes<V>::real(0.01)); }
  template <class V> static LRN_FN V apply(V sum) { return select_le(sum, V{}, sum * slope<V>(), sum); }
  template <class V> static LRN_FN V backward(V fired, V gradient) {
    return select_le(fired, V{}, gradient * slope<V>(), gradient);
  }
  template <class V> static LRN_FN V backward_fma(V fired, V left, V right, V sum) {
    return backward(fired, fma(left, right, sum));
  }
};

// ---- optimizer -----------------------------------------------------------------------------------------------------

// Parameters are updated as soon as their gradients are complete, so gradients of narrow networks are never stored: next to
// multiply-adds a store can cost more than one of them, and a load up to a third.
template <class V, Optimizer opt> struct Stepper {
  Fleet<V> fleet;
  V lr, one_minus_beta1, beta2, one_minus_beta2, eps, step, root_correction;

  LRN_FN Stepper(const Fleet<V> &fleet, const Task<typename Lanes<V>::real> &task) : fleet(fleet) {
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
  struct Slot { V weight, first_moment, second_moment; };
  // `fetch` before the samples, `update` after them.
  static constexpr bool early = Lanes<V>::count == 1;
  LRN_FN Slot read(long p) const {
    if constexpr (opt == Optimizer::sgd) return {fleet.weights[p], V{}, V{}};
    else return {fleet.weights[p], fleet.first_moment[p], fleet.second_moment[p]};
  }
  LRN_FN Slot fetch(long p) const {
    if constexpr (early) return read(p);
    else return {V{}, V{}, V{}};
  }
  LRN_FN void update(long p, V gradient, Slot slot) const {
    if constexpr (!early) slot = read(p);
    if constexpr (opt == Optimizer::sgd) {
      fleet.weights[p] = fma(-lr, gradient, slot.weight);
    } else {
      const V first = fma(one_minus_beta1, gradient - slot.first_moment, slot.first_moment);
      const V second = fma(gradient * one_minus_beta2, gradient, slot.second_moment * beta2);
      fleet.first_moment[p] = first;
      fleet.second_moment[p] = second;
      fleet.weights[p] = fma(step, quotient(first, fma(root(second), root_correction, eps)), slot.weight);
    }
  }
  LRN_FN void update(long p, V gradient) const { update(p, gradient, read(p)); }

  // Parameters at(0), at(1) ... together: roots and quotients wait for one unit of the processor, so they go side by side,
  // and only every other root there, or one in `on_divider`.
  // The divider takes 22 cycles for a root and a quotient of 16 floats. With all roots on it, the step alone would take longer
  // than everything else that a layer's last tile does (docs/engine.md has the account).
  template <int on_divider = 2, int K, class At> LRN_FN void update_all(const V (&gradients)[K], At at) const {
    if constexpr (opt == Optimizer::sgd) {
      LRN_UNROLL_ALL
      for (int k = 0; k < K; ++k) update(at(k), gradients[k]);
    } else {
      V first[K], second[K];
      LRN_UNROLL_ALL
      for (int k = 0; k < K; ++k) {
        first[k] = fma(one_minus_beta1, gradients[k] - fleet.first_moment[at(k)], fleet.first_moment[at(k)]);
        second[k] = fma(gradients[k] * one_minus_beta2, gradients[k], fleet.second_moment[at(k)] * beta2);
        fleet.first_moment[at(k)] = first[k];
        fleet.second_moment[at(k)] = second[k];
      }
      LRN_UNROLL_ALL
      for (int k = 0; k < K; ++k) {
        const V spread = k % on_divider ? newton_root(second[k]) : root(second[k]);
        second[k] = fma(spread, root_correction, eps);
      }
      LRN_UNROLL_ALL
      for (int k = 0; k < K; ++k) fleet.weights[at(k)] = fma(step, quotient(first[k], second[k]), fleet.weights[at(k)]);
    }
  }

  // Zero for a weight that never changes again, provided that its gradient stays zero. Adam's moments then only shrink,
  // the first much faster than the root of the second, and so do the steps. If twice the next step is too small to
  // change a weight, no later step can change it.
  LRN_FN V drift(long p) const {
    // Zero, unless the weight is NaN or infinite: such a network has no layer that is settled.
    if constexpr (opt == Optimizer::sgd) return fleet.weights[p] - fleet.weights[p];
    else {
      const V change = quotient(fleet.first_moment[p], fma(root(fleet.second_moment[p]), root_correction, eps));
      return fma(step + step, change, fleet.weights[p]) - fleet.weights[p];
    }
  }
};

// No step yet: gathers gradients in fleet.grad, for optimizers that are looked at when they run.
constexpr Optimizer gather = Optimizer(-1);
template <class V> struct Stepper<V, gather> {
  struct Slot {};
  Cells<V> grad;
  LRN_FN Slot read(long) const { return {}; }
  LRN_FN Slot fetch(long) const { return {}; }
  LRN_FN void update(long p, V gradient, Slot) const { grad[p] = gradient; }
  LRN_FN void update(long p, V gradient) const { grad[p] = gradient; }
};

} // namespace LRN_NAMESPACE

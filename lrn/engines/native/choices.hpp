// What general networks look up when they run: their optimizer, their activation, their norm.
#pragma once
#include "elu.hpp"
#include "fleet.hpp"

namespace LRN_NAMESPACE {

// ---- optimizers: one parameter after another, torch's defaults -----------------------------------------------------

// A branch per layer instead of a type per optimizer: its cost does not show beside the layer's samples.
// Every optimizer's numbers side by side. Which of them counts is looked up once per layer, in `step_all`.
template <class V> struct AnyStepper {
  using R = typename Lanes<V>::real;
  Stepper<V, Optimizer::adam> adam;
  Stepper<V, Optimizer::sgd> sgd;
  Optimizer optimizer;
  V momentum, decay;

  LRN_FN AnyStepper(const Fleet<V> &fleet, const Task<R> &task)
      : adam(fleet, task), sgd(fleet, task), optimizer(task.optimizer), momentum(fill<V>(R(0.9))),
        decay(fill<V>(task.decay)) {}

  LRN_FN void at(const Task<R> &task, int epoch) { // others may have no schedule
    if (optimizer == Optimizer::adam || optimizer == Optimizer::adamw) adam.at(task, epoch);
  }

  LRN_FN void update_momentum(long p, V gradient) const {
    const Fleet<V> &fleet = adam.fleet;
    const V first = fma(fleet.first_moment[p], momentum, gradient);
    fleet.first_moment[p] = first;
    fleet.weights[p] = fma(-adam.lr, first, fleet.weights[p]);
  }
  LRN_FN void update_rmsprop(long p, V gradient) const {
    const Fleet<V> &fleet = adam.fleet;
    const V second = fma(gradient * adam.one_minus_beta2, gradient, fleet.second_moment[p] * adam.beta2);
    fleet.second_moment[p] = second;
    fleet.weights[p] = fma(-adam.lr, quotient(gradient, root(second) + adam.eps), fleet.weights[p]);
  }
  LRN_FN void update_adamw(long p, V gradient) const {
    adam.fleet.weights[p] = adam.fleet.weights[p] * decay;
    adam.update(p, gradient);
  }

  // As `Stepper::drift`; momentum shrinks to nothing, too.
  LRN_FN V drift(long p) const {
    const Fleet<V> &fleet = adam.fleet;
    switch (optimizer) {
    case Optimizer::sgd: return sgd.drift(p);
    case Optimizer::momentum: return fma(-(adam.lr + adam.lr), fleet.first_moment[p], fleet.weights[p]) - fleet.weights[p];
    case Optimizer::rmsprop:
      return fma(adam.lr, quotient(V{}, root(fleet.second_moment[p]) + adam.eps), fleet.weights[p]) - fleet.weights[p];
    default: return adam.drift(p);
    }
  }
};

// One step of parameters [p, end) along the gradients gathered in fleet.grad.
template <class V> LRN_CALLED_FN void step_all(const AnyStepper<V> &stepper, long p, long end) {
  const Cells<V> grad = stepper.adam.fleet.grad;
  switch (stepper.optimizer) {
  case Optimizer::adam:
    // Eight at a time, so that the roots and quotients of several parameters overlap.
    for (constexpr int K = 8; p + K <= end; p += K) {
      V gradients[K];
      LRN_UNROLL_ALL
      for (int k = 0; k < K; ++k) gradients[k] = grad[p + k];
      stepper.adam.template update_all<4>(gradients, [p](int k) { return p + k; });
    }
    for (; p < end; ++p) stepper.adam.update(p, grad[p]);
    return;
  case Optimizer::sgd:
    for (; p < end; ++p) stepper.sgd.update(p, grad[p]);
    return;
  case Optimizer::momentum:
    for (; p < end; ++p) stepper.update_momentum(p, grad[p]);
    return;
  case Optimizer::rmsprop:
    for (; p < end; ++p) stepper.update_rmsprop(p, grad[p]);
    return;
  case Optimizer::adamw:
    for (; p < end; ++p) stepper.update_adamw(p, grad[p]);
    return;
  }
}

// ---- activations ---------------------------------------------------------------------------------------------------

template <class V> LRN_BIG_FN void activate(Activation activation, Cells<V> out, Cells<V> sums, V slope, long count) {
  switch (activation) {
  case Activation::relu:
    for (long k = 0; k < count; ++k) out[k] = Relu::apply(sums[k]);
    return;
  case Activation::leaky_relu:
    for (long k = 0; k < count; ++k) out[k] = LeakyRelu::apply(sums[k]);
    return;
  case Activation::prelu:
    for (long k = 0; k < count; ++k) out[k] = select_gt(sums[k], V{}, sums[k], sums[k] * slope);
    return;
  case Activation::elu:
    for (long k = 0; k < count; ++k) out[k] = select_gt(V{}, sums[k], exp_minus_one(sums[k]), sums[k]);
    return;
  }
}

template <class V>
LRN_BIG_FN void activation_gradient(Activation activation, Cells<V> dz, Cells<V> da, Cells<V> out, Cells<V> sums, V slope,
                                    long count) {
  switch (activation) {
  case Activation::relu:
    for (long k = 0; k < count; ++k) dz[k] = Relu::backward(out[k], da[k]);
    return;
  case Activation::leaky_relu:
    for (long k = 0; k < count; ++k) dz[k] = LeakyRelu::backward(out[k], da[k]);
    return;
  case Activation::prelu:
    for (long k = 0; k < count; ++k) dz[k] = select_gt(sums[k], V{}, da[k], da[k] * slope);
    return;
  case Activation::elu:
    for (long k = 0; k < count; ++k) dz[k] = select_gt(V{}, sums[k], da[k] * exponential(sums[k]), da[k]);
    return;
  }
}

template <class V> LRN_BIG_FN V slope_gradient(Cells<V> da, Cells<V> sums, long count) {
  V gradient{};
  for (long k = 0; k < count; ++k) gradient = gradient + select_gt(sums[k], V{}, V{}, sums[k] * da[k]);
  return gradient;
}

// ---- batch normalisation (Ioffe & Szegedy, 2015), neuron by neuron ---------------------------------------------------

// z (N, W) becomes (z - mean) / sqrt(variance + 1e-5), `spread` (W,) the inverse of that root. The mean is taken of what
// differs from the first sample, so that a constant becomes zero exactly.
template <class V> LRN_BIG_FN void normalise(Cells<V> sums, Cells<V> spread, int N, int W) {
  using R = typename Lanes<V>::real;
  const V share = fill<V>(R(1) / R(N)), eps = fill<V>(R(1e-5)), one = fill<V>(R(1));
  for (int neuron = 0; neuron < W; ++neuron) {
    const V start = sums[neuron];
    V sum{}, squares{};
    for (int sample = 0; sample < N; ++sample) sum = sum + (sums[sample * W + neuron] - start);
    const V mean = sum * share;
    for (int sample = 0; sample < N; ++sample) {
      const V deviation = (sums[sample * W + neuron] - start) - mean;
      sums[sample * W + neuron] = deviation;
      squares = fma(deviation, deviation, squares);
    }
    // One quotient per neuron, and a product per sample.
    const V inverse = quotient(one, root(fma(squares, share, eps)));
    for (int sample = 0; sample < N; ++sample) sums[sample * W + neuron] = sums[sample * W + neuron] * inverse;
    spread[neuron] = inverse;
  }
}

// What a norm's way back reads and fills, of one layer: normalised sums (N, W), 1 / standard deviation and weights (W,), and
// the gradients against weights and biases (2, W).
template <class V> struct NormCells {
  Cells<V> normal, spread, weight, gradient;
};

// dz (N, W), the gradient against a norm's output, becomes that against its input.
template <class V> LRN_BIG_FN void norm_gradient(Cells<V> dz, NormCells<V> norm, int N, int W) {
  using R = typename Lanes<V>::real;
  const V share = fill<V>(R(1) / R(N));
  for (int neuron = 0; neuron < W; ++neuron) {
    V along{}, sum{};
    for (int sample = 0; sample < N; ++sample) {
      along = fma(dz[sample * W + neuron], norm.normal[sample * W + neuron], along);
      sum = sum + dz[sample * W + neuron];
    }
    norm.gradient[neuron] = along;
    norm.gradient[W + neuron] = sum;
    const V scale = norm.weight[neuron] * norm.spread[neuron], mean = sum * share, tilt = along * share;
    for (int sample = 0; sample < N; ++sample) {
      V &gradient = dz[sample * W + neuron];
      gradient = fma(-norm.normal[sample * W + neuron], tilt, gradient - mean) * scale;
    }
  }
}

} // namespace LRN_NAMESPACE

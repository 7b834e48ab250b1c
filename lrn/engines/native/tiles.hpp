// A narrow network of which a vector's registers hold a few samples at a time: they go up through all layers and down
// again before the next ones do.
//
// Predictions and gradients against outputs stay in registers, and what the way back needs of a tile's outputs in the
// nearest cache however deep the network is. The parameters' gradients gather in memory, in the order of the samples;
// the last tile makes the step on its way down. The arithmetic is narrow.hpp's, in its order: every bit is the same.
#pragma once
#include "alike.hpp"

namespace LRN_NAMESPACE {

// Five samples: four are no faster, and six do not fit in 32 registers. Nor is it faster to send the next tile up before this
// one comes down, or to spread the step over the samples of the layer below. A way down that streams all 20 samples past each
// layer wins 3 % at depth 10, where everything fits in the nearest cache, and loses 11 % at depth 30, where it does not.
//
// One feature, one output. fleet.grad has room for all parameters; fleet.single has room for a tile. Width 4 would be right but
// slow: its weights, read anew for every tile, do not fit in the nearest cache.
template <class V, class Act, Optimizer opt, bool late, int W> struct TiledNetwork : AlikeNetwork<V, Act, opt, late, W> {
  using Base = AlikeNetwork<V, Act, opt, late, W>;
  using typename Base::R;
  using Base::task, Base::fleet, Base::stepper, Base::frozen, Base::first_alike, Base::alike_from;
  using Base::layer_at, Base::tap_at, Base::output_bias_at;

  LRN_FN TiledNetwork(const Task<R> &task, const Fleet<V> &fleet) : Base(task, fleet) {}

  // All tiles but the last have also gone down when this returns; the last one's way down is the step.
  LRN_FN V evaluate(bool keep) {
    first_alike = task.depth;
    if (Base::can_settle && frozen == task.depth) {
      this->predict();
      return this->judge();
    }
    if (Base::has_alike_layers && !keep && alike_from < task.depth && forward_alike()) {
      if (!task.iterative) each_tile([&](auto T, int first) { visit_alike<T>(first); });
    } else {
      each_tile([&](auto T, int first) { visit<T>(first, keep); });
    }
    return this->rmse(fleet.output, task.samples);
  }

  LRN_FN V learn(int epoch, V rmse_of_all) {
    stepper.at(task, epoch);
    if (Base::can_settle && frozen == task.depth) return this->step(*this, epoch, rmse_of_all);
    const int N = task.samples;
    if (!task.iterative) {
      // `trail` still points to the last tile's outputs: `evaluate` has just made them.
      if (N % tile_size) backward<1, true>(N - 1, trail, N);
      else backward<tile_size, true>(N - tile_size, trail, N);
      return rmse_of_all;
    }
    const int sample = epoch % N;
    const V rmse_before = this->rmse(fleet.output.from(sample), 1);
    if (first_alike < task.depth) {
      trail = kept(sample);
    } else {
      trail = {fleet.single, W};
      forward<1, true>(sample, trail);
    }
    backward<1, true>(sample, trail, 1);
    return rmse_before;
  }

  // For `step`, where all layers are settled. It hides Network's own way down, which is never taken here: compiled, too, it
  // would add eight training loops to this variant.
  LRN_FN void backward(Samples samples) const {
    this->learn_output(samples);
  }

private:
  // The outputs of one tile, layer after layer.
  struct Trail {
    Cells<V> first;
    long stride;
  } trail;

  template <int size> struct Size {
    LRN_FN constexpr operator int() const { return size; }
  };

  // Calls `use(size, first)` for each tile; the size is a constant.
  template <int size = tile_size, class Use> LRN_FN void each_tile(Use use) const {
    int sample = 0;
    for (; sample + size <= task.samples; sample += size) use(Size<size>(), sample);
    for (; sample < task.samples; ++sample) use(Size<1>(), sample);
  }

  // Where all samples' outputs are kept.
  LRN_FN Trail kept(int sample) const { return {fleet.fired.from(long(sample) * W), long(task.samples) * W}; }

  template <int T> LRN_BIG_FN void visit(int n0, bool keep) {
    const int N = task.samples;
    // Outputs that nobody looks at afterwards are written over by the next tile, so that they stay in the nearest cache.
    if (keep) trail = kept(n0);
    else trail = {fleet.single, T * W};
    // Iterative training takes one sample per step: it needs the others' predictions only, for the RMSE.
    if (task.iterative && !keep) return forward<T, false>(n0, trail);
    forward<T, true>(n0, trail);
    if (!task.iterative && n0 + T < N) backward<T, false>(n0, trail, N);
  }

  // Once `forward_alike` has made the outputs of all samples.
  template <int T> LRN_BIG_FN void visit_alike(int n0) {
    trail = kept(n0);
    if (n0 + T < task.samples) backward<T, false>(n0, trail, task.samples);
  }

  // All samples go up to the layers that are alike, and the first one through these. False if a layer has come to life, so
  // that they are not alike. Outputs are kept, since no tile comes down before all have been up.
  LRN_BIG_FN bool forward_alike() {
    first_alike = alike_from;
    each_tile([&](auto T, int first) { forward_part<T>(first); });
    if (late && !this->still_dead()) {
      first_alike = alike_from = task.depth; // until the next check
      return false;
    }
    V fired[1][W], unused[1] = {};
    start<1>(0, first_alike, fired);
    climb<1, true>(0, {first_alike, task.depth}, kept(0), fired, unused);
    // There are only two multiply-adds per sample and layer, one after the other: fewer samples would wait for them.
    each_tile<2 * tile_size>([&](auto T, int first) { add_alike<T>(first); });
    return true;
  }

  template <int T> LRN_BIG_FN void forward_part(int n0) const {
    V outputs[T], fired[T][W];
    start<T>(n0, frozen, fired);
    LRN_UNROLL_ALL
    for (int sample = 0; sample < T; ++sample) outputs[sample] = fleet.weights[output_bias_at()];
    climb<T, true>(n0, {frozen, first_alike}, kept(n0), fired, outputs);
    LRN_UNROLL_ALL
    for (int sample = 0; sample < T; ++sample) fleet.output[n0 + sample] = outputs[sample];
  }

  // What the layers that are alike add to the predictions of a tile, which become errors.
  template <int T> LRN_BIG_FN void add_alike(int n0) const {
    V outputs[T];
    LRN_UNROLL_ALL
    for (int sample = 0; sample < T; ++sample) outputs[sample] = fleet.output[n0 + sample];
    for (int layer = late ? first_alike : task.depth - 1; layer < task.depth; ++layer) {
      const Cells<V> fired = this->output_of(layer), tap_weights = fleet.weights.from(tap_at(layer));
      LRN_UNROLL_ALL
      for (int sample = 0; sample < T; ++sample)
        LRN_UNROLL_ALL
        for (int neuron = 0; neuron < W; ++neuron) outputs[sample] = fma(tap_weights[neuron], fired[neuron], outputs[sample]);
    }
    LRN_UNROLL_ALL
    for (int sample = 0; sample < T; ++sample) fleet.output[n0 + sample] = outputs[sample] - fill<V>(task.t[n0 + sample]);
  }

  template <int T, bool store> LRN_BIG_FN void forward(int n0, Trail trail) const {
    V outputs[T], fired[T][W];
    start<T>(n0, frozen, fired);
    LRN_UNROLL_ALL
    for (int sample = 0; sample < T; ++sample) outputs[sample] = fleet.weights[output_bias_at()];
    climb<T, store>(n0, {frozen, task.depth}, trail, fired, outputs);
    if constexpr (!late) {
      const Cells<V> tap_weights = fleet.weights.from(tap_at(0));
      LRN_UNROLL_ALL
      for (int sample = 0; sample < T; ++sample)
        LRN_UNROLL_ALL
        for (int neuron = 0; neuron < W; ++neuron)
          outputs[sample] = fma(tap_weights[neuron], fired[sample][neuron], outputs[sample]);
    }
    LRN_UNROLL_ALL
    for (int sample = 0; sample < T; ++sample) fleet.output[n0 + sample] = outputs[sample] - fill<V>(task.t[n0 + sample]);
  }

  // What a layer reads of a tile's samples; the first one reads the network's input.
  template <int T> LRN_FN void start(int n0, int layer, V (&fired)[T][W]) const {
    LRN_UNROLL_ALL
    for (int sample = 0; sample < T; ++sample)
      LRN_UNROLL_ALL
      for (int input = 0; input < W; ++input)
        fired[sample][input] = layer ? this->output_of(layer - 1)[(n0 + sample) * W + input] : V{};
  }

  struct Layers {
    int first, end;
  };

  // Up some layers; their outputs are stored in the trail.
  template <int T, bool store>
  LRN_FN void climb(int n0, Layers layers, Trail trail, V (&fired)[T][W], V (&outputs)[T]) const {
    int layer = layers.first;
    V *out = trail.first.base + layer * trail.stride;
    const V *weights = fleet.weights.base + layer_at(layer), *tap_weights = fleet.weights.base + tap_at(layer);
    if (layer == 0) {
      V inputs[T][1];
      LRN_UNROLL_ALL
      for (int sample = 0; sample < T; ++sample) inputs[sample][0] = fleet.input[n0 + sample];
      ascend<T, 1, store>(weights, tap_weights, inputs, fired, outputs, out);
      weights += 2 * W;
      tap_weights += late ? W : 0;
      out += trail.stride;
      layer = 1;
    }
    for (; layer < layers.end; ++layer) {
      ascend<T, W, store>(weights, tap_weights, fired, fired, outputs, out);
      weights += W * W + W;
      tap_weights += late ? W : 0;
      out += trail.stride;
    }
  }

  // One layer up. Weights are loaded once per tile; `store` is left out where nobody reads the outputs again, because a store
  // costs more than a multiply-add. `below` and `fired` may be the same registers, hence the sums.
  template <int T, int In, bool store>
  static LRN_FN void ascend(const V *weights, const V *tap_weights, const V (&below)[T][In], V (&fired)[T][W], V (&outputs)[T],
                            V *out) {
    V sums[T][W];
    LRN_UNROLL_ALL
    for (int neuron = 0; neuron < W; ++neuron) {
      V row[In];
      LRN_UNROLL_ALL
      for (int input = 0; input < In; ++input) row[input] = weights[neuron * In + input];
      const V bias = weights[W * In + neuron], tap_weight = late ? tap_weights[neuron] : V{};
      LRN_UNROLL_ALL
      for (int sample = 0; sample < T; ++sample) {
        sums[sample][neuron] = bias;
        LRN_UNROLL_ALL
        for (int input = 0; input < In; ++input)
          sums[sample][neuron] = fma(row[input], below[sample][input], sums[sample][neuron]);
        sums[sample][neuron] = Act::apply(sums[sample][neuron]);
        if constexpr (late) outputs[sample] = fma(tap_weight, sums[sample][neuron], outputs[sample]);
        if constexpr (store) out[sample * W + neuron] = sums[sample][neuron];
      }
    }
    LRN_UNROLL_ALL
    for (int sample = 0; sample < T; ++sample)
      LRN_UNROLL_ALL
      for (int neuron = 0; neuron < W; ++neuron) fired[sample][neuron] = sums[sample][neuron];
  }

  // fleet.output holds errors; `last`: every sample's gradient is in after this tile, and the step can be made.
  template <int T, bool last> LRN_BIG_FN void backward(int n0, Trail trail, int count) const {
    // The first tile starts the gradients' sums, the others go on from memory. So each sum runs over the samples in order.
    const bool starts = n0 == 0 || task.iterative;
    const int top = task.depth - 1;
    const V scale = fill<V>(R(2) / R(count));
    V errors[T], dz[T][W], gradient[1] = {starts ? V{} : fleet.grad[output_bias_at()]};
    LRN_UNROLL_ALL
    for (int sample = 0; sample < T; ++sample) {
      errors[sample] = fleet.output[n0 + sample] * scale;
      gradient[0] = gradient[0] + errors[sample];
    }
    hand_over<last>(gradient, [&](int) { return output_bias_at(); });
    const V *out = trail.first.base + top * trail.stride;
    long p = layer_at(top), tap_p = tap_at(top);
    if (first_alike <= top) through_top<T, 0, last>(tap_p, starts, errors, dz, this->output_of(top).base);
    else through_top<T, W, last>(tap_p, starts, errors, dz, out);
    int layer = top;
    // Of layers that are alike, all samples read the same.
    for (; layer > first_alike; --layer) {
      tap_p -= late ? W : 0;
      descend<T, W, 0, false, last>(p, tap_p, starts, errors, dz, this->output_of(layer - 1).base);
      p -= W * W + W;
    }
    out -= (top - layer) * trail.stride;
    for (; layer > frozen; --layer) {
      tap_p -= late ? W : 0;
      out -= trail.stride;
      descend<T, W, W, false, last>(p, tap_p, starts, errors, dz, out);
      p -= layer == 1 ? 2 * W : W * W + W;
    }
    if (frozen == 0) descend<T, 1, 1, true, last>(p, tap_p, starts, errors, dz, fleet.input.base + n0);
    else descend<T, W, W, true, last>(p, tap_p, starts, errors, dz, this->output_of(frozen - 1).base + n0 * W);
  }

  // Gradients of parameters at(0), at(1) ... up to the tile before. They wait in memory, since the registers hold one layer's
  // only; the order of each sum is that of the samples, as on all other paths.
  template <int K, class At> LRN_FN void resume(V (&gradients)[K], bool starts, At at) const {
    LRN_UNROLL_ALL
    for (int k = 0; k < K; ++k) gradients[k] = V{};
    if (starts) return;
    LRN_UNROLL_ALL
    for (int k = 0; k < K; ++k) gradients[k] = fleet.grad[at(k)];
  }

  // Of gradients that gathered until this tile: the step, or back to memory.
  template <bool last, int K, class At> LRN_FN void hand_over(const V (&gradients)[K], At at) const {
    if constexpr (last) {
      stepper.update_all(gradients, at);
    } else {
      LRN_UNROLL_ALL
      for (int k = 0; k < K; ++k) fleet.grad[at(k)] = gradients[k];
    }
  }

  // From the errors through the last layer's tap, and its activation. There is no layer above, so the tap's is all of the
  // gradient.
  template <int T, int step, bool last>
  LRN_FN void through_top(long p, bool starts, const V (&errors)[T], V (&dz)[T][W], const V *out) const {
    const auto at = [p](int neuron) { return p + neuron; };
    V gradients[W];
    resume(gradients, starts, at);
    LRN_UNROLL_ALL
    for (int neuron = 0; neuron < W; ++neuron) {
      const V weight = fleet.weights[p + neuron];
      LRN_UNROLL_ALL
      for (int sample = 0; sample < T; ++sample) {
        const V fired = out[sample * step + neuron];
        dz[sample][neuron] = Act::backward(fired, fma(weight, errors[sample], V{}));
        gradients[neuron] = fma(errors[sample], fired, gradients[neuron]);
      }
    }
    hand_over<last>(gradients, at);
  }

  // From the gradients against one layer's sums to those against the layer's below, and that one's tap. Weights, biases and
  // the tap are one array, so that `update_all` has as many roots and quotients side by side as there are.
  // `step`: from what one sample reads to what the next one does; 0 if all read the same.
  template <int T, int In, int step, bool first, bool last>
  LRN_FN void descend(long p, long tap_p, bool starts, const V (&errors)[T], V (&dz)[T][W], const V *below) const {
    constexpr bool tap = late && !first;
    constexpr int bias = W * In, taps = bias + W; // behind the weights
    const auto at = [=](int k) { return k < taps ? p + k : tap_p + k - taps; };
    V gradients[taps + (tap ? W : 0)], weights[taps + W];
    LRN_UNROLL_ALL
    for (int k = 0; k < taps + (tap ? W : 0); ++k) weights[k] = fleet.weights[at(k)];
    resume(gradients, starts, at);
    LRN_UNROLL_ALL
    for (int sample = 0; sample < T; ++sample) {
      V fired[In], gradient_below[In];
      LRN_UNROLL_ALL
      for (int input = 0; input < In; ++input) {
        fired[input] = below[sample * step + input];
        gradient_below[input] = weights[input] * dz[sample][0];
        LRN_UNROLL_ALL
        for (int neuron = 1; neuron < W; ++neuron)
          gradient_below[input] = fma(weights[neuron * In + input], dz[sample][neuron], gradient_below[input]);
        if constexpr (tap) {
          gradient_below[input] = fma(weights[taps + input], errors[sample], gradient_below[input]);
          gradients[taps + input] = fma(errors[sample], fired[input], gradients[taps + input]);
        }
        LRN_UNROLL_ALL
        for (int neuron = 0; neuron < W; ++neuron)
          gradients[neuron * In + input] = fma(dz[sample][neuron], fired[input], gradients[neuron * In + input]);
      }
      LRN_UNROLL_ALL
      for (int neuron = 0; neuron < W; ++neuron) gradients[bias + neuron] = gradients[bias + neuron] + dz[sample][neuron];
      if constexpr (!first)
        LRN_UNROLL_ALL
        for (int input = 0; input < W; ++input) dz[sample][input] = Act::backward(fired[input], gradient_below[input]);
    }
    hand_over<last>(gradients, at);
  }
};

} // namespace LRN_NAMESPACE

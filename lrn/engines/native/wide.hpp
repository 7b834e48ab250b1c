// Wide layers: products of small matrices, tile by tile.
//
// Every entry of such a matrix is a vector of networks, so no library of linear algebra fits: the products of 16 networks run
// at once, and no loop over the entries has to be a multiple of anything.
#pragma once
#include "fleet.hpp"

namespace LRN_NAMESPACE {

// A matrix within memory, with the stride of each axis given: transposed, it is the same numbers with strides exchanged.
template <class V> struct Matrix {
  Cells<V> at;
  long row, column;
  LRN_FN V &operator()(int i, int j) const { return at[i * row + j * column]; }
};

// A product (rows, columns) whose sums have `inner` terms; `keep` adds to what is there.
struct Product {
  int rows, columns, inner;
  bool keep;
};

// A tile of up to four by four sums stays in registers: eight loads per sixteen multiply-adds, where one sum alone needs two
// loads per multiply-add. The order of each sum is that of k, whatever the tile, so all shapes of tiles give the same bits.
template <int rows, int columns, class V>
LRN_FN void tile(Matrix<V> result, Matrix<V> left, Matrix<V> right, Product product, int first_row, int first_column) {
  V sum[rows][columns];
  LRN_UNROLL
  for (int i = 0; i < rows; ++i)
    LRN_UNROLL
    for (int j = 0; j < columns; ++j) sum[i][j] = product.keep ? result(first_row + i, first_column + j) : V{};
  for (int k = 0; k < product.inner; ++k) {
    V from_left[rows], from_right[columns];
    LRN_UNROLL
    for (int i = 0; i < rows; ++i) from_left[i] = left(first_row + i, k);
    LRN_UNROLL
    for (int j = 0; j < columns; ++j) from_right[j] = right(k, first_column + j);
    LRN_UNROLL
    for (int i = 0; i < rows; ++i)
      LRN_UNROLL
      for (int j = 0; j < columns; ++j) sum[i][j] = fma(from_left[i], from_right[j], sum[i][j]);
  }
  LRN_UNROLL
  for (int i = 0; i < rows; ++i)
    LRN_UNROLL
    for (int j = 0; j < columns; ++j) result(first_row + i, first_column + j) = sum[i][j];
}

// One row of tiles. What is left over at the edge takes narrower tiles: padding would be a large part of a small matrix.
template <int rows, class V>
LRN_FN void tiles(Matrix<V> result, Matrix<V> left, Matrix<V> right, Product product, int row) {
  int column = 0;
  for (; column + 4 <= product.columns; column += 4) tile<rows, 4>(result, left, right, product, row, column);
  for (; column + 2 <= product.columns; column += 2) tile<rows, 2>(result, left, right, product, row, column);
  for (; column < product.columns; ++column) tile<rows, 1>(result, left, right, product, row, column);
}

// result[i, j] (+)= sum over k of left[i, k] * right[k, j].
template <class V>
LRN_CALLED_FN void multiply(Matrix<V> result, Matrix<V> left, Matrix<V> right, Product product) {
  int row = 0;
  for (; row + 4 <= product.rows; row += 4) tiles<4>(result, left, right, product, row);
  for (; row + 2 <= product.rows; row += 2) tiles<2>(result, left, right, product, row);
  for (; row < product.rows; ++row) tiles<1>(result, left, right, product, row);
}

// A layer: weights (neurons, inputs), then biases.
struct Linear {
  long weights;
  int inputs, neurons;
  bool lowest; // nothing below it learns

  LRN_FN long biases() const { return weights + long(neurons) * inputs; }
};

// out = below A' + b.
template <class V>
LRN_BIG_FN void forward_linear(const Fleet<V> &fleet, Linear layer, Samples samples, Cells<V> below, Cells<V> out) {
  const int inputs = layer.inputs, neurons = layer.neurons;
  for (int sample = samples.first; sample < samples.end; ++sample)
    for (int neuron = 0; neuron < neurons; ++neuron)
      out[sample * neurons + neuron] = fleet.weights[layer.biases() + neuron];
  // The biases are in place, so the product is added to them.
  multiply<V>({out.from(long(samples.first) * neurons), neurons, 1}, {below.from(long(samples.first) * inputs), inputs, 1},
              {fleet.weights.from(layer.weights), 1, inputs}, {samples.count(), neurons, inputs, true});
}

// From the gradient `dz` against a layer's sums to those against its parameters, in fleet.grad, and to `passed_on`, against
// what the layer reads.
template <class V>
LRN_BIG_FN void backward_linear(const Fleet<V> &fleet, Linear layer, Samples samples, Cells<V> below, Cells<V> dz,
                                Cells<V> passed_on) {
  const int inputs = layer.inputs, neurons = layer.neurons, count = samples.count();
  const Cells<V> from = dz.from(long(samples.first) * neurons);
  multiply<V>({fleet.grad.from(layer.weights), inputs, 1}, {from, 1, neurons},
              {below.from(long(samples.first) * inputs), inputs, 1}, {neurons, inputs, count, false});
  if (!layer.lowest)
    multiply<V>({passed_on.from(long(samples.first) * inputs), inputs, 1}, {from, neurons, 1},
                {fleet.weights.from(layer.weights), inputs, 1}, {count, inputs, neurons, false});
  for (int neuron = 0; neuron < neurons; ++neuron) {
    V gradient{};
    for (int sample = 0; sample < count; ++sample) gradient = gradient + from[sample * neurons + neuron];
    fleet.grad[layer.biases() + neuron] = gradient;
  }
}

// A tap: what a hidden layer, which puts out `out`, adds to the output. It has `width` of the `columns` of the output weights.
template <class V> struct Tap {
  Cells<V> out;
  long weights, columns;
  int width, outputs;

  LRN_FN Matrix<V> activations(Samples samples) const { return {out.from(long(samples.first) * width), width, 1}; }
};

template <class V> LRN_BIG_FN void forward_tap(const Fleet<V> &fleet, Tap<V> tap, Samples samples) {
  multiply<V>({fleet.output.from(long(samples.first) * tap.outputs), tap.outputs, 1}, tap.activations(samples),
              {fleet.weights.from(tap.weights), 1, tap.columns}, {samples.count(), tap.outputs, tap.width, true});
}

// `top`: no gradient against the layer's output has come from above.
template <class V> LRN_BIG_FN void backward_tap(const Fleet<V> &fleet, Tap<V> tap, Samples samples, bool top) {
  const int width = tap.width, outputs = tap.outputs, count = samples.count();
  const Cells<V> errors = fleet.output.from(long(samples.first) * outputs);
  multiply<V>({fleet.da.from(long(samples.first) * width), width, 1}, {errors, outputs, 1},
              {fleet.weights.from(tap.weights), tap.columns, 1}, {count, width, outputs, !top});
  multiply<V>({fleet.grad.from(tap.weights), tap.columns, 1}, {errors, 1, outputs}, tap.activations(samples),
              {outputs, width, count, false});
}

} // namespace LRN_NAMESPACE

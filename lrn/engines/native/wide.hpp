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

// A product (rows, columns) whose sums have `inner` terms.
struct Product {
  int rows, columns, inner;
};

// Where a sum starts, and the last step before it is stored: done here, that step needs no pass over memory of its own.
// The plain case stores the sum as it is; `keep` adds it to the earlier content of the result.
template <class V> struct Plain {
  Matrix<V> result;
  bool keep;
  LRN_FN V start(int i, int j) const { return keep ? result(i, j) : V{}; }
  LRN_FN V finish(int, int, V sum) const { return sum; }
};

// A tile of up to four by four sums stays in registers: eight loads per sixteen multiply-adds, where one sum alone needs two
// loads per multiply-add. The order of each sum is that of k, whatever the tile, so all shapes of tiles give the same bits.
template <int rows, int columns, class V, class Ends>
LRN_FN void tile(Matrix<V> result, Matrix<V> left, Matrix<V> right, int inner, int first_row, int first_column, Ends ends) {
  V sum[rows][columns];
  LRN_UNROLL
  for (int i = 0; i < rows; ++i)
    LRN_UNROLL
    for (int j = 0; j < columns; ++j) sum[i][j] = ends.start(first_row + i, first_column + j);
  for (int k = 0; k < inner; ++k) {
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
    for (int j = 0; j < columns; ++j)
      result(first_row + i, first_column + j) = ends.finish(first_row + i, first_column + j, sum[i][j]);
}

// One row of tiles. What is left over at the edge takes narrower tiles: padding would be a large part of a small matrix.
template <int rows, class V, class Ends>
LRN_FN void tiles(Matrix<V> result, Matrix<V> left, Matrix<V> right, Product product, int row, Ends ends) {
  int column = 0;
  for (; column + 4 <= product.columns; column += 4) tile<rows, 4>(result, left, right, product.inner, row, column, ends);
  for (; column + 2 <= product.columns; column += 2) tile<rows, 2>(result, left, right, product.inner, row, column, ends);
  for (; column < product.columns; ++column) tile<rows, 1>(result, left, right, product.inner, row, column, ends);
}

// result[i, j] = what `ends` makes of the sum over k of left[i, k] * right[k, j].
template <class V, class Ends>
LRN_CALLED_FN void multiply(Matrix<V> result, Matrix<V> left, Matrix<V> right, Product product, Ends ends) {
  int row = 0;
  for (; row + 4 <= product.rows; row += 4) tiles<4>(result, left, right, product, row, ends);
  for (; row + 2 <= product.rows; row += 2) tiles<2>(result, left, right, product, row, ends);
  for (; row < product.rows; ++row) tiles<1>(result, left, right, product, row, ends);
}

// A layer: weights (neurons, inputs), then biases.
struct Linear {
  long weights;
  int inputs, neurons;
  bool lowest; // nothing below it learns

  LRN_FN long biases() const { return weights + long(neurons) * inputs; }
};

// The numbers of some samples, row by row.
template <class V> LRN_FN Matrix<V> rows_of(Cells<V> all, Samples samples, int width) {
  return {all.from(long(samples.first) * width), width, 1};
}
template <class V> LRN_FN Matrix<V> transposed(Matrix<V> matrix) { return {matrix.at, matrix.column, matrix.row}; }

// Forward: a sum starts from its neuron's bias and is activated.
template <class V, class Act> struct Fired {
  Cells<V> biases;
  LRN_FN V start(int, int neuron) const { return biases[neuron]; }
  LRN_FN V finish(int, int, V sum) const { return Act::apply(sum); }
};

// out = below A' + b, as `ends` makes it.
template <class V, class Ends>
LRN_BIG_FN void forward_linear(const Fleet<V> &fleet, Linear layer, Samples samples, Cells<V> below, Cells<V> out, Ends ends) {
  const Matrix<V> weights{fleet.weights.from(layer.weights), layer.inputs, 1};
  multiply(rows_of(out, samples, layer.neurons), rows_of(below, samples, layer.inputs), transposed(weights),
           {samples.count(), layer.neurons, layer.inputs}, ends);
}

// The same without an activation: the biases are put in place, and the product is added to them.
template <class V>
LRN_BIG_FN void forward_linear(const Fleet<V> &fleet, Linear layer, Samples samples, Cells<V> below, Cells<V> out) {
  const Matrix<V> sums = rows_of(out, samples, layer.neurons);
  for (int sample = 0; sample < samples.count(); ++sample)
    for (int neuron = 0; neuron < layer.neurons; ++neuron) sums(sample, neuron) = fleet.weights[layer.biases() + neuron];
  forward_linear(fleet, layer, samples, below, out, Plain<V>{sums, true});
}

// From the gradient `dz` against a layer's sums to `passed_on`, against what `ends` makes of the layer's input.
template <class V, class Ends>
LRN_BIG_FN void pass_on(const Fleet<V> &fleet, Linear layer, Samples samples, Cells<V> dz, Cells<V> passed_on, Ends ends) {
  const Matrix<V> weights{fleet.weights.from(layer.weights), layer.inputs, 1};
  multiply(rows_of(passed_on, samples, layer.inputs), rows_of(dz, samples, layer.neurons), weights,
           {samples.count(), layer.inputs, layer.neurons}, ends);
}

// Sums over the samples of a few neurons, which do not wait for each other.
template <int together, class V> LRN_FN void add_biases(Matrix<V> dz, int samples, int neuron, Cells<V> gradients) {
  V sums[together];
  LRN_UNROLL_ALL
  for (int k = 0; k < together; ++k) sums[k] = V{};
  for (int sample = 0; sample < samples; ++sample)
    LRN_UNROLL_ALL
    for (int k = 0; k < together; ++k) sums[k] = sums[k] + dz(sample, neuron + k);
  LRN_UNROLL_ALL
  for (int k = 0; k < together; ++k) gradients[neuron + k] = sums[k];
}

// From the gradient against a layer's sums to those against its weights and biases, in fleet.grad.
template <class V>
LRN_BIG_FN void weight_gradients(const Fleet<V> &fleet, Linear layer, Samples samples, Cells<V> below, Cells<V> dz) {
  const int neurons = layer.neurons;
  const Matrix<V> sum_gradients = rows_of(dz, samples, neurons);
  multiply({fleet.grad.from(layer.weights), layer.inputs, 1}, transposed(sum_gradients), rows_of(below, samples, layer.inputs),
           {neurons, layer.inputs, samples.count()}, Plain<V>{});
  const Cells<V> gradients = fleet.grad.from(layer.biases());
  int neuron = 0;
  for (; neuron + 8 <= neurons; neuron += 8) add_biases<8>(sum_gradients, samples.count(), neuron, gradients);
  for (; neuron < neurons; ++neuron) add_biases<1>(sum_gradients, samples.count(), neuron, gradients);
}

// A tap: what a hidden layer, which puts out `out`, adds to the output. It has `width` of the `columns` of the output weights.
template <class V> struct Tap {
  Cells<V> out;
  long weights, columns;
  int width, outputs;

  LRN_FN Matrix<V> weight_matrix(const Fleet<V> &fleet) const { return {fleet.weights.from(weights), columns, 1}; }
};

template <class V> LRN_BIG_FN void forward_tap(const Fleet<V> &fleet, Tap<V> tap, Samples samples) {
  const Matrix<V> output = rows_of(fleet.output, samples, tap.outputs);
  multiply(output, rows_of(tap.out, samples, tap.width), transposed(tap.weight_matrix(fleet)),
           {samples.count(), tap.outputs, tap.width}, Plain<V>{output, true});
}

// From the errors to the gradients against a tap's weights.
template <class V> LRN_BIG_FN void tap_gradients(const Fleet<V> &fleet, Tap<V> tap, Samples samples) {
  multiply({fleet.grad.from(tap.weights), tap.columns, 1}, transposed(rows_of(fleet.output, samples, tap.outputs)),
           rows_of(tap.out, samples, tap.width), {tap.outputs, tap.width, samples.count()}, Plain<V>{});
}

// And to those against the layer's output; `top`: none has come from above.
template <class V> LRN_BIG_FN void backward_tap(const Fleet<V> &fleet, Tap<V> tap, Samples samples, bool top) {
  const Matrix<V> result = rows_of(fleet.da, samples, tap.width), errors = rows_of(fleet.output, samples, tap.outputs);
  multiply(result, errors, tap.weight_matrix(fleet), {samples.count(), tap.width, tap.outputs}, Plain<V>{result, !top});
  tap_gradients(fleet, tap, samples);
}

// On the way down: the sum over the neurons above goes on with the tap, where the layer has one, and passes its activation.
template <class V, class Act> struct Descended {
  Matrix<V> out, errors, tap_weights;
  int outputs; // that the layer has a tap to: all, or none
  LRN_FN V start(int, int) const { return V{}; }
  LRN_FN V finish(int sample, int neuron, V gradient) const {
    for (int output = 0; output < outputs; ++output)
      gradient = fma(errors(sample, output), tap_weights(output, neuron), gradient);
    return Act::backward(out(sample, neuron), gradient);
  }
};

} // namespace LRN_NAMESPACE

// Wide layers: products of small matrices, tile by tile.
//
// Every entry of such a matrix is a vector of networks, so no library of linear algebra fits: the products of 16 networks run
// at once, and no loop over the entries has to be a multiple of anything.
#pragma once
#include "fleet.hpp"

namespace LRN_NAMESPACE {

// A size that the compiler knows, where others are numbers: a loop over a product of known sizes needs a pointer per matrix
// rather than one per row, and so keeps all of them in registers.
template <int size> struct Known {
  LRN_FN constexpr operator int() const { return size; }
};

// A stride of as many entries. On a GPU all strides are numbers, so that all products are one function: each takes the compiler
// seconds.
template <class Size> struct StrideOf { using type = long; };
#if !defined(LRN_GPU)
template <int size> struct StrideOf<Known<size>> { using type = Known<size>; };
#endif
template <class Size> using Stride = typename StrideOf<Size>::type;
using One = Stride<Known<1>>;

// A matrix within memory, with the stride of each axis given: transposed, it is the same numbers with strides exchanged.
template <class V, class Row, class Column> struct Matrix {
  Cells<V> at;
  Row row;
  Column column;
  LRN_FN V &operator()(int i, int j) const { return at[i * long(row) + j * long(column)]; }
};
template <class V, class Row, class Column> LRN_FN Matrix<V, Column, Row> transposed(Matrix<V, Row, Column> matrix) {
  return {matrix.at, matrix.column, matrix.row};
}

// Rows of `Width` numbers, one after another.
template <class V, class Width = int> using Rows = Matrix<V, Stride<Width>, One>;
template <class V, class Width> LRN_FN Rows<V, Width> matrix(Cells<V> at, Width width) {
  return {at, Stride<Width>(width), One(Known<1>())};
}
// The numbers of some samples.
template <class V, class Width> LRN_FN Rows<V, Width> rows_of(Cells<V> all, Samples samples, Width width) {
  return matrix(all.from(samples.first * long(width)), width);
}

// A product (rows, columns) whose sums have `inner` terms.
template <class Rows, class Columns, class Inner> struct Product {
  Rows rows;
  Columns columns;
  Inner inner;
};
template <class Rows, class Columns, class Inner> Product(Rows, Columns, Inner) -> Product<Rows, Columns, Inner>;

// The start and the end of a product's sums, while they are in registers: work done here saves a pass over memory. The
// plain case stores the sums as they are; `keep` adds them to those in `result`.
template <class V, class Result> struct Plain {
  Result result;
  bool keep;
  LRN_FN V start(int i, int j) const { return keep ? result(i, j) : V{}; }
  template <int rows, int columns> LRN_FN void finish(int row, int column, const V (&sums)[rows][columns]) const {
    LRN_UNROLL_ALL
    for (int i = 0; i < rows; ++i)
      LRN_UNROLL_ALL
      for (int j = 0; j < columns; ++j) result(row + i, column + j) = sums[i][j];
  }
};
template <class V, class Row, class Column> LRN_FN auto plain(Matrix<V, Row, Column> result, bool keep = false) {
  return Plain<V, Matrix<V, Row, Column>>{result, keep};
}

// A tile of up to four by four sums stays in registers: eight loads per sixteen multiply-adds, where one sum alone needs two
// loads per multiply-add. The order of each sum is that of k, whatever the tile, so all shapes of tiles give the same bits.
template <int rows, int columns, class Left, class Right, class Ends>
LRN_FN void tile(const Left &left, const Right &right, int inner, int row, int column, const Ends &ends) {
  using V = decltype(ends.start(0, 0));
  V sums[rows][columns];
  LRN_UNROLL_ALL
  for (int i = 0; i < rows; ++i)
    LRN_UNROLL_ALL
    for (int j = 0; j < columns; ++j) sums[i][j] = ends.start(row + i, column + j);
  LRN_UNROLL_TWICE
  for (int k = 0; k < inner; ++k) {
    V from_left[rows], from_right[columns];
    LRN_UNROLL_ALL
    for (int i = 0; i < rows; ++i) from_left[i] = left(row + i, k);
    LRN_UNROLL_ALL
    for (int j = 0; j < columns; ++j) from_right[j] = right(k, column + j);
    LRN_UNROLL_ALL
    for (int i = 0; i < rows; ++i)
      LRN_UNROLL_ALL
      for (int j = 0; j < columns; ++j) sums[i][j] = fma(from_left[i], from_right[j], sums[i][j]);
  }
  ends.finish(row, column, sums);
}

// One row of tiles. What is left over at the edge takes narrower tiles: padding would be a large part of a small matrix.
template <int rows, class Left, class Right, class Size, class Ends>
LRN_FN void tiles(const Left &left, const Right &right, const Size &product, int row, const Ends &ends) {
  int column = 0;
  // A single row's sums are too few to wait for each other's multiply-adds.
  if constexpr (rows == 1)
    for (; column + 8 <= product.columns; column += 8) tile<1, 8>(left, right, product.inner, row, column, ends);
  for (; column + 4 <= product.columns; column += 4) tile<rows, 4>(left, right, product.inner, row, column, ends);
  for (; column + 2 <= product.columns; column += 2) tile<rows, 2>(left, right, product.inner, row, column, ends);
  for (; column < product.columns; ++column) tile<rows, 1>(left, right, product.inner, row, column, ends);
}

// A side of up to seven that the compiler knows leaves no single row or column over, whose few sums would wait for each other:
// five go into one tile (its 25 sums still fit in 32 registers), six are twice three, and seven are four and three.
template <class Size> constexpr int short_side = 0; // or its length
template <int size> constexpr int short_side<Known<size>> = size < 8 ? size : 0;
template <int size> constexpr int next_of = size == 6 ? 3 : size == 7 ? 4 : size;

template <int rows, int columns, class Left, class Right, class Size, class Ends>
LRN_FN void short_tiles(const Left &left, const Right &right, const Size &product, int row, const Ends &ends) {
  constexpr int together = next_of<columns>;
  tile<rows, together>(left, right, product.inner, row, product.columns - columns, ends);
  if constexpr (together < columns) short_tiles<rows, columns - together>(left, right, product, row, ends);
}

template <int rows, class Left, class Right, class Size, class Ends>
LRN_FN void row_of_tiles(const Left &left, const Right &right, const Size &product, int row, const Ends &ends) {
  constexpr int columns = short_side<decltype(product.columns)>;
  if constexpr (columns > 0) short_tiles<rows, columns>(left, right, product, row, ends);
  else tiles<rows>(left, right, product, row, ends);
}

template <int rows, class Left, class Right, class Size, class Ends>
LRN_FN void short_rows(const Left &left, const Right &right, const Size &product, const Ends &ends) {
  constexpr int together = next_of<rows>;
  row_of_tiles<together>(left, right, product, product.rows - rows, ends);
  if constexpr (together < rows) short_rows<rows - together>(left, right, product, ends);
}

// What `ends` makes of the sums over k of left[i, k] * right[k, j].
template <class Left, class Right, class Size, class Ends>
LRN_CALLED_FN void multiply(Left left, Right right, Size product, Ends ends) {
  constexpr int rows = short_side<decltype(product.rows)>;
  if constexpr (rows > 0) {
    short_rows<rows>(left, right, product, ends);
  } else {
    int row = 0;
    for (; row + 4 <= product.rows; row += 4) row_of_tiles<4>(left, right, product, row, ends);
    for (; row + 2 <= product.rows; row += 2) row_of_tiles<2>(left, right, product, row, ends);
    for (; row < product.rows; ++row) row_of_tiles<1>(left, right, product, row, ends);
  }
}

// A layer: weights (neurons, inputs), then biases.
template <class Inputs = int, class Neurons = int> struct Linear {
  long weights;
  Inputs inputs;
  Neurons neurons;

  LRN_FN long biases() const { return weights + long(neurons) * long(inputs); }
  template <class V> LRN_FN auto matrix_in(Cells<V> parameters) const { return matrix(parameters.from(weights), inputs); }
};
template <class Inputs, class Neurons> Linear(long, Inputs, Neurons) -> Linear<Inputs, Neurons>;

// out = what `ends` makes of below A'.
template <class V, class Layer, class Ends>
LRN_FN void forward_linear(const Fleet<V> &fleet, Layer layer, Samples samples, Cells<V> below, const Ends &ends) {
  multiply(rows_of(below, samples, layer.inputs), transposed(layer.matrix_in(fleet.weights)),
           Product{samples.count(), layer.neurons, layer.inputs}, ends);
}

// out = below A' + b, without an activation: the biases are put in place, and the product is added to them.
template <class V, class Layer>
LRN_BIG_FN void forward_linear(const Fleet<V> &fleet, Layer layer, Samples samples, Cells<V> below, Cells<V> out) {
  const auto sums = rows_of(out, samples, layer.neurons);
  for (int sample = 0; sample < samples.count(); ++sample)
    for (int neuron = 0; neuron < layer.neurons; ++neuron) sums(sample, neuron) = fleet.weights[layer.biases() + neuron];
  forward_linear(fleet, layer, samples, below, plain(sums, true));
}

// From the gradient `dz` against a layer's sums to what `ends` makes of that against the layer's input.
template <class V, class Layer, class Ends>
LRN_FN void pass_on(const Fleet<V> &fleet, Layer layer, Samples samples, Cells<V> dz, const Ends &ends) {
  multiply(rows_of(dz, samples, layer.neurons), layer.matrix_in(fleet.weights),
           Product{samples.count(), layer.inputs, layer.neurons}, ends);
}

// Sums over the samples of a few neurons, which do not wait for each other.
template <int together, class V>
LRN_FN void add_biases(Rows<V> dz, int samples, int neuron, Cells<V> gradients) {
  V sums[together];
  LRN_UNROLL_ALL
  for (int k = 0; k < together; ++k) sums[k] = V{};
  for (int sample = 0; sample < samples; ++sample)
    LRN_UNROLL_ALL
    for (int k = 0; k < together; ++k) sums[k] = sums[k] + dz(sample, neuron + k);
  LRN_UNROLL_ALL
  for (int k = 0; k < together; ++k) gradients[neuron + k] = sums[k];
}

// From the gradient `dz` against a layer's sums to what `ends` makes of those against its weights.
template <class V, class Layer, class Ends>
LRN_FN void weight_gradients(Layer layer, Samples samples, Cells<V> below, Cells<V> dz, const Ends &ends) {
  multiply(transposed(rows_of(dz, samples, layer.neurons)), rows_of(below, samples, layer.inputs),
           Product{layer.neurons, layer.inputs, samples.count()}, ends);
}

// And to those against its biases, in fleet.grad.
template <class V> LRN_BIG_FN void bias_gradients(const Fleet<V> &fleet, Linear<> layer, Samples samples, Cells<V> dz) {
  const auto sum_gradients = rows_of(dz, samples, layer.neurons);
  const Cells<V> gradients = fleet.grad.from(layer.biases());
  int neuron = 0;
  for (; neuron + 8 <= layer.neurons; neuron += 8) add_biases<8>(sum_gradients, samples.count(), neuron, gradients);
  for (; neuron < layer.neurons; ++neuron) add_biases<1>(sum_gradients, samples.count(), neuron, gradients);
}

// A tap: what a hidden layer, which puts out `out`, adds to the output. It has `width` of the `columns` of the output weights.
template <class V> struct Tap {
  Cells<V> out;
  long weights, columns;
  int width, outputs;

  LRN_FN auto matrix_in(Cells<V> parameters) const { return matrix(parameters.from(weights), columns); }
};

template <class V> LRN_BIG_FN void forward_tap(const Fleet<V> &fleet, Tap<V> tap, Samples samples) {
  multiply(rows_of(tap.out, samples, tap.width), transposed(tap.matrix_in(fleet.weights)),
           Product{samples.count(), tap.outputs, tap.width}, plain(rows_of(fleet.output, samples, tap.outputs), true));
}

// From the errors to the gradients against a tap's weights.
template <class V> LRN_BIG_FN void tap_gradients(const Fleet<V> &fleet, Tap<V> tap, Samples samples) {
  multiply(transposed(rows_of(fleet.output, samples, tap.outputs)), rows_of(tap.out, samples, tap.width),
           Product{tap.outputs, tap.width, samples.count()}, plain(tap.matrix_in(fleet.grad)));
}

// And to those against the layer's output; `top`: none has come from above.
template <class V> LRN_BIG_FN void backward_tap(const Fleet<V> &fleet, Tap<V> tap, Samples samples, bool top) {
  multiply(rows_of(fleet.output, samples, tap.outputs), tap.matrix_in(fleet.weights),
           Product{samples.count(), tap.width, tap.outputs}, plain(rows_of(fleet.da, samples, tap.width), !top));
  tap_gradients(fleet, tap, samples);
}

} // namespace LRN_NAMESPACE

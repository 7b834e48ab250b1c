// Wide layers: products of small matrices, tile by tile.
#pragma once
#include "fleet.hpp"

namespace LRN_NAMESPACE {

// product[i, j] (+)= sum over k of left[i, k] * right[k, j], with every axis' stride given; `keep` adds to what is there.
template <class V> struct Matrix { Cells<V> at; long row, column; };

// A tile of up to four by four sums stays in registers: eight loads per sixteen multiply-adds, where one sum alone needs two
// loads per multiply-add. The order of each sum is that of k, whatever the tile, so all shapes of tiles give the same bits.
template <class V, int TI, int TJ>
LRN_FN void tile(Matrix<V> product, Matrix<V> left, Matrix<V> right, int i0, int j0, int K, bool keep) {
  V sum[TI][TJ];
  LRN_UNROLL
  for (int i = 0; i < TI; ++i)
    LRN_UNROLL
    for (int j = 0; j < TJ; ++j) sum[i][j] = keep ? product.at[(i0 + i) * product.row + (j0 + j) * product.column] : V{};
  for (int k = 0; k < K; ++k) {
    V from_left[TI], from_right[TJ];
    LRN_UNROLL
    for (int i = 0; i < TI; ++i) from_left[i] = left.at[(i0 + i) * left.row + k * left.column];
    LRN_UNROLL
    for (int j = 0; j < TJ; ++j) from_right[j] = right.at[k * right.row + (j0 + j) * right.column];
    LRN_UNROLL
    for (int i = 0; i < TI; ++i)
      LRN_UNROLL
      for (int j = 0; j < TJ; ++j) sum[i][j] = fma(from_left[i], from_right[j], sum[i][j]);
  }
  LRN_UNROLL
  for (int i = 0; i < TI; ++i)
    LRN_UNROLL
    for (int j = 0; j < TJ; ++j) product.at[(i0 + i) * product.row + (j0 + j) * product.column] = sum[i][j];
}

// One row of tiles. What is left over at the edge takes narrower tiles: padding would be a large part of a small matrix.
template <class V, int TI>
LRN_FN void tiles(Matrix<V> product, Matrix<V> left, Matrix<V> right, int i, int J, int K, bool keep) {
  int j = 0;
  for (; j + 4 <= J; j += 4) tile<V, TI, 4>(product, left, right, i, j, K, keep);
  for (; j + 2 <= J; j += 2) tile<V, TI, 2>(product, left, right, i, j, K, keep);
  for (; j < J; ++j) tile<V, TI, 1>(product, left, right, i, j, K, keep);
}

template <class V>
LRN_CALLED_FN void multiply(Matrix<V> product, Matrix<V> left, Matrix<V> right, int I, int J, int K, bool keep) {
  int i = 0;
  for (; i + 4 <= I; i += 4) tiles<V, 4>(product, left, right, i, J, K, keep);
  for (; i + 2 <= I; i += 2) tiles<V, 2>(product, left, right, i, J, K, keep);
  for (; i < I; ++i) tiles<V, 1>(product, left, right, i, J, K, keep);
}

// out = below A' + b, rows [n0, n1); parameters of the layer from p on.
template <class V>
LRN_BIG_FN void forward_linear(const Fleet<V> &f, Cells<V> below, Cells<V> out, long p, int In, int Out, int n0, int n1) {
  for (int n = n0; n < n1; ++n)
    for (int j = 0; j < Out; ++j) out[n * Out + j] = f.weights[p + long(Out) * In + j];
  // The biases are in place, so the product is added to them (`keep`).
  multiply<V>({out.from(long(n0) * Out), Out, 1}, {below.from(long(n0) * In), In, 1}, {f.weights.from(p), 1, In}, n1 - n0,
              Out, In, true);
}

// From the gradient `dz` against a layer's output to those against its parameters, in f.grad, and against what it reads:
// that is added to what `da_below` holds if `keep`, and left out if the layer is the first.
template <class V>
LRN_BIG_FN void backward_linear(const Fleet<V> &f, Cells<V> below, Cells<V> dz, Cells<V> da_below, long p, int In, int Out,
                                int n0, int n1, bool first, bool keep) {
  const int N = n1 - n0;
  const Cells<V> from = dz.from(long(n0) * Out);
  multiply<V>({f.grad.from(p), In, 1}, {from, 1, Out}, {below.from(long(n0) * In), In, 1}, Out, In, N, false);
  if (!first)
    multiply<V>({da_below.from(long(n0) * In), In, 1}, {from, Out, 1}, {f.weights.from(p), In, 1}, N, In, Out, keep);
  for (int j = 0; j < Out; ++j) {
    V gradient{};
    for (int n = 0; n < N; ++n) gradient = gradient + from[n * Out + j];
    f.grad[p + long(Out) * In + j] = gradient;
  }
}

// A tap: what one hidden layer adds to the output through columns [column, column + Width) of the output weights.
template <class V>
LRN_BIG_FN void forward_tap(const Fleet<V> &f, Cells<V> out, long p, long columns, int Width, int O, int n0, int n1) {
  multiply<V>({f.output.from(long(n0) * O), O, 1}, {out.from(long(n0) * Width), Width, 1}, {f.weights.from(p), 1, columns},
              n1 - n0, O, Width, true);
}

template <class V>
LRN_BIG_FN void backward_tap(const Fleet<V> &f, Cells<V> out, long p, long columns, int Width, int O, int n0,
                             int n1, bool top) {
  const int N = n1 - n0;
  multiply<V>({f.da.from(long(n0) * Width), Width, 1}, {f.output.from(long(n0) * O), O, 1}, {f.weights.from(p), columns, 1}, N,
              Width, O, !top);
  multiply<V>({f.grad.from(p), columns, 1}, {f.output.from(long(n0) * O), 1, O}, {out.from(long(n0) * Width), Width, 1}, O,
              Width, N, false);
}

} // namespace LRN_NAMESPACE

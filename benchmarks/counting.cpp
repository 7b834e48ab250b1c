// Trains one late network with numbers that count the operations on them, and prints the count.
#define LRN_NAMESPACE lrn_counting
#include "vec.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace LRN_NAMESPACE {

long counted = 0;

// Each operation counts itself. Comparisons and changes of sign are free, as in flops.py: a processor does them beside the
// arithmetic, or folds them into it. A multiply-add is two operations.
struct Count { float value = 0; };
template <> struct Lanes<Count> { static constexpr int count = 1, registers = 16; using real = float; };
template <> inline Count fill<Count>(float number) { return {number}; }
inline Count operator+(Count left, Count right) { return ++counted, Count{left.value + right.value}; }
inline Count operator-(Count left, Count right) { return ++counted, Count{left.value - right.value}; }
inline Count operator*(Count left, Count right) { return ++counted, Count{left.value * right.value}; }
inline Count operator/(Count left, Count right) { return ++counted, Count{left.value / right.value}; }
inline Count operator-(Count number) { return {-number.value}; }
inline bool operator<(Count left, Count right) { return left.value < right.value; }
inline bool operator>(Count left, Count right) { return left.value > right.value; }
inline bool operator<=(Count left, Count right) { return left.value <= right.value; }
inline Count fma(Count factor, Count other, Count addend) {
  counted += 2;
  return {std::fma(factor.value, other.value, addend.value)};
}
inline Count root(Count number) { return ++counted, Count{std::sqrt(number.value)}; }
inline bool all_zero(Count number) { return number.value == 0; }

} // namespace LRN_NAMESPACE

#include "elu.hpp"
namespace LRN_NAMESPACE { // which the networks counted here do not compute, but the compiler wants it
template <> inline Count exp_minus_one<Count>(Count number) { return number; }
template <> inline Count exponential<Count>(Count number) { return number; }
} // namespace LRN_NAMESPACE

#include "general.hpp"
#include "network.hpp"

using namespace LRN_NAMESPACE;

// Width 0: any, looked at when it runs.
template <Optimizer opt, int width> struct Kind { using Net = Network<Count, Relu, opt, true, width>; };
template <Optimizer opt> struct Kind<opt, 0> { using Net = GeneralNetwork<Count, 0>; };

template <Optimizer opt, int width> long train(int depth, int wide, int epochs) {
  const long D = depth, W = wide, N = 20, P = W * 2 + (D - 1) * W * (W + 1) + D * W + 1;
  std::vector<float> x(N), t(N), step(epochs, 1e-3f), correction(epochs, 1.0f);
  for (long n = 0; n < N; ++n) x[n] = float(n) / N, t[n] = x[n] * x[n];
  Task<float> task{1, 1, int(N), depth, wide, epochs, false, x.data(), t.data(), 1, 0.07f, 1e-3f, 0.1f, 0.999f, 1e-3f,
                   1e-8f, step.data(), correction.data(), 1, Connection::late, opt, Activation::relu, Norm::none};
  std::vector<std::vector<Count>> memory;
  auto cells = [&](long n) { return Cells<Count>{memory.emplace_back(n).data()}; };
  memory.reserve(16);
  Fleet<Count> fleet{};
  fleet.weights = cells(P), fleet.first_moment = cells(P), fleet.second_moment = cells(P);
  fleet.input = cells(N), fleet.output = cells(N), fleet.fired = cells(D * N * W), fleet.grad = cells(P);
  fleet.da = cells(N * W), fleet.da_below = cells(N * W), fleet.dz = cells(N * W);
  // Late networks skip no layer, so any finite weights will do.
  for (long p = 0; p < P; ++p) fleet.weights[p].value = 0.3f;
  for (long n = 0; n < N; ++n) fleet.input[n].value = x[n];
  typename Kind<opt, width>::Net network(task, fleet);
  Outcome<Count> outcome;
  // Drawing weights is not counted, only training and the final predictions.
  counted = 0;
  LRN_NAMESPACE::train(network, outcome, 0, epochs, [](int) { return true; }, [](int, Count) {});
  finish(network, outcome);
  return counted;
}

template <Optimizer opt> long by_width(int depth, int width, int epochs) {
  return width == 2   ? train<opt, 2>(depth, width, epochs)
         : width == 4 ? train<opt, 4>(depth, width, epochs)
                      : train<opt, 0>(depth, width, epochs);
}

int main(int, char **arguments) {
  const int depth = std::atoi(arguments[1]), width = std::atoi(arguments[2]), epochs = std::atoi(arguments[3]);
  const bool adam = arguments[4] == std::string("adam");
  std::printf("%ld\n", (adam ? by_width<Optimizer::adam> : by_width<Optimizer::sgd>)(depth, width, epochs));
}

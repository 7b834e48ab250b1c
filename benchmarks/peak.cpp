// The fastest this processor can multiply and add: independent chains of float32 fused multiply-adds on the widest
// vectors, all in registers. Every operation depends on its predecessor in one chain, so chains must be enough to hide the
// latency; more than the registers hold would spill.
#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

// Two multiply-adds per cycle of four or five cycles' latency need 8 to 10 chains. 12 of them fit into 16 registers beside
// the two operands, 16 into the 32 registers of AVX-512.
#if defined(__AVX512F__)
constexpr int bytes = 64, chains = 16;
#elif defined(__AVX__)
constexpr int bytes = 32, chains = 12;
#else
constexpr int bytes = 16, chains = 12;
#endif
typedef float V __attribute__((vector_size(bytes)));

static float chain(long rounds) {
  V factor = V{} + 0.999f, addend = V{} + 1e-3f, sum[chains];
#pragma GCC unroll 16
  for (int k = 0; k < chains; ++k) sum[k] = V{} + float(k + 2); // a 1 would stay 1, and compilers skip it
  for (long round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (int k = 0; k < chains; ++k) sum[k] = sum[k] * factor + addend;
  }
  V total{};
#pragma GCC unroll 16
  for (int k = 0; k < chains; ++k) total += sum[k];
  return total[0];
}

static double seconds_of(int threads, long rounds) {
  using clock = std::chrono::steady_clock;
  // Results are written where the compiler cannot see that nobody reads them; without that it would drop the loops.
  volatile float sink = 0;
  const auto start = clock::now();
  std::vector<std::thread> pool;
  for (int i = 0; i < threads; ++i) pool.emplace_back([&] { sink = chain(rounds); });
  for (auto &thread : pool) thread.join();
  return std::chrono::duration<double>(clock::now() - start).count();
}

// GFLOP/s on that many threads, a multiply-add counting as two: the best of five runs of at least `seconds` together.
extern "C" double fma_peak(int threads, double seconds) {
  constexpr int runs = 5;
  long rounds = 1 << 20;
  // Doubles the work until starting threads and reading the clock no longer matter.
  while (seconds_of(threads, rounds) < seconds / runs) rounds *= 2;
  double best = seconds_of(threads, rounds);
  for (int i = 1; i < runs; ++i) best = std::min(best, seconds_of(threads, rounds));
  return 2e-9 * threads * rounds * chains * (bytes / sizeof(float)) / best;
}

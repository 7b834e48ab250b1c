// Initial weights, drawn as numpy.random.Generator(numpy.random.Philox(key=seed)).random() draws them, to the bit.
// Counter-based, so a network's weights depend on nothing but its seed: not on its neighbours, threads or blocks of seeds.
// Philox4x64-10: Salmon, Moraes, Dror & Shaw (2011), Parallel random numbers: as easy as 1, 2, 3.
#pragma once
#include "options.hpp"
#include "vec.hpp"

namespace LRN_NAMESPACE {

class Philox {
public:
  using u64 = unsigned long long;

  LRN_FN explicit Philox(u64 seed) : key0(seed) {}

  LRN_BIG_FN double uniform() { // in [0, 1), 53 bits
    if (position == 4) refill();
    // The upper 53 bits, times 2^-53: every number that a double can hold in steps of that size.
    return static_cast<double>(block[position++] >> 11) * (1.0 / 9007199254740992.0);
  }

private:
  static LRN_FN void multiply(u64 factor, u64 constant, u64 &high, u64 &low) {
#if defined(LRN_GPU)
    high = __umul64hi(factor, constant);
#else
    high = static_cast<u64>(static_cast<unsigned __int128>(factor) * constant >> 64);
#endif
    low = factor * constant;
  }

  LRN_BIG_FN void refill() {
    // The counter starts at 1 and only its first word is counted up, as numpy does: 2^64 blocks are never used up.
    u64 c0 = ++counter, c1 = 0, c2 = 0, c3 = 0, k0 = key0, k1 = 0;
    for (int round = 0; round < 10; ++round) {
      u64 h0, l0, h1, l1;
      multiply(0xD2E7470EE14C6C93ull, c0, h0, l0);
      multiply(0xCA5A826395121157ull, c2, h1, l1);
      c0 = h1 ^ c1 ^ k0;
      c1 = l1;
      c2 = h0 ^ c3 ^ k1;
      c3 = l0;
      k0 += 0x9E3779B97F4A7C15ull;
      k1 += 0xBB67AE8584CAA73Bull;
    }
    block[0] = c0;
    block[1] = c1;
    block[2] = c2;
    block[3] = c3;
    position = 0;
  }

  u64 key0, counter = 0, block[4] = {};
  int position = 4;
};

// Numbers that the output reads; parameters of all norms; slopes of all PReLUs; parameters of a network.
template <class Job> LRN_FN long output_columns(const Job &job) {
  return job.connection == lrn::Connection::late ? long(job.depth) * job.width : job.width;
}
template <class Job> LRN_FN long norm_count(const Job &job) {
  return job.norm == lrn::Norm::batch ? 2 * long(job.depth) * job.width : 0;
}
template <class Job> LRN_FN long slope_count(const Job &job) {
  return job.activation == lrn::Activation::prelu ? job.depth : 0;
}
template <class Job> LRN_BIG_FN long parameter_count(const Job &job) {
  const long W = job.width;
  return W * (job.features + 1) + long(job.depth - 1) * W * (W + 1) + norm_count(job) + slope_count(job) +
         job.outputs * (output_columns(job) + 1);
}

// Initial parameters, in their order. torch.nn.Linear's weights and biases are uniform in +-1/sqrt(fan_in); He's weights
// are uniform in +-sqrt(6/fan_in), from the same random numbers, and their biases zero. Nothing else is drawn.
template <class R, class Job, class Set> LRN_BIG_FN void draw(const Job &job, Philox::u64 seed, Set set) {
  Philox random(seed);
  long p = 0;
  auto layer = [&](long fan_in, long out, bool he) {
    const double bound = he ? root(6.0 / double(fan_in)) : 1.0 / root(double(fan_in));
    for (long k = 0; k < (fan_in + 1) * out; ++k) {
      const double number = random.uniform() * 2.0 - 1.0;
      set(p++, he && k >= fan_in * out ? R(0) : R(number * bound));
    }
  };
  // Hidden layers come first. The plain and the late network of a seed therefore start from the same hidden weights, and
  // only the output layer differs.
  const bool he = job.initial_weights == lrn::Initial::he;
  layer(job.features, job.width, he);
  for (int l = 1; l < job.depth; ++l) layer(job.width, job.width, he);
  for (long k = 0; k < norm_count(job); ++k) set(p++, R(k / job.width % 2 == 0 ? 1 : 0)); // weights, biases of each layer
  for (long k = 0; k < slope_count(job); ++k) set(p++, R(0.25));
  layer(output_columns(job), job.outputs, false);
}

} // namespace LRN_NAMESPACE

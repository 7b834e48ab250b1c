// Initial weights, drawn as numpy.random.Generator(numpy.random.Philox(key=seed)).random() draws them, to the bit.
// Philox4x64-10: Salmon, Moraes, Dror & Shaw (2011), Parallel random numbers: as easy as 1, 2, 3.
#pragma once
#include <cmath>
#include <cstdint>

namespace lrn {

class Philox {
public:
  explicit Philox(std::uint64_t seed) : key0(seed) {}

  double uniform() { // in [0, 1), 53 bits
    if (position == 4) refill();
    return static_cast<double>(block[position++] >> 11) * (1.0 / 9007199254740992.0);
  }

private:
  static void multiply(std::uint64_t a, std::uint64_t b, std::uint64_t &high, std::uint64_t &low) {
    const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
    high = static_cast<std::uint64_t>(product >> 64);
    low = static_cast<std::uint64_t>(product);
  }

  void refill() {
    std::uint64_t c0 = ++counter, c1 = 0, c2 = 0, c3 = 0, k0 = key0, k1 = 0;
    for (int round = 0; round < 10; ++round) {
      std::uint64_t h0, l0, h1, l1;
      multiply(0xD2E7470EE14C6C93ull, c0, h0, l0);
      multiply(0xCA5A826395121157ull, c2, h1, l1);
      c0 = h1 ^ c1 ^ k0, c1 = l1, c2 = h0 ^ c3 ^ k1, c3 = l0;
      k0 += 0x9E3779B97F4A7C15ull, k1 += 0xBB67AE8584CAA73Bull;
    }
    block[0] = c0, block[1] = c1, block[2] = c2, block[3] = c3;
    position = 0;
  }

  std::uint64_t key0, counter = 0, block[4] = {};
  int position = 4;
};

} // namespace lrn

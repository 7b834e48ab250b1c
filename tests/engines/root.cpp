// Counts the floats from 0 to infinity, and NaNs, of which `newton_root` is not the processor's root to the bit.
#define LRN_NAMESPACE lrn_root
#include "vec.hpp"

#include <cstdio>

using namespace lrn_root;

int main() {
  _mm_setcsr(_mm_getcsr() | 0x8040); // as the engine does: subnormal numbers are zero
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  long wrong = 0;
  for (unsigned first = 0; first < 0x80000000u; first += 16) {
    const f32x16 a = _mm512_castsi512_ps(_mm512_add_epi32(_mm512_set1_epi32(int(first)), lanes));
    const __m512i got = _mm512_castps_si512(newton_root(a)), right = _mm512_castps_si512(root(a));
    wrong += __builtin_popcount(_mm512_cmpneq_epi32_mask(got, right));
  }
  std::printf("%ld", wrong);
}

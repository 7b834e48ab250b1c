// Counts the floats from 0 to infinity, and NaNs, of which `newton_root` is not the processor's root to the bit.
#define LRN_NAMESPACE lrn_root
#include "vec.hpp"

#include <cstdio>

using namespace lrn_root;

int main() {
  _mm_setcsr(_mm_getcsr() | 0x8040); // as the engine does: subnormal numbers are zero
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  long wrong = 0;
  // Every bit pattern without a sign, sixteen at a time. Bits are compared, since NaNs differ from themselves.
  for (unsigned first = 0; first < 0x80000000u; first += 16) {
    const f32x16 values = _mm512_castsi512_ps(_mm512_add_epi32(_mm512_set1_epi32(int(first)), lanes));
    const __m512i ours = _mm512_castps_si512(newton_root(values)), expected = _mm512_castps_si512(root(values));
    wrong += __builtin_popcount(_mm512_cmpneq_epi32_mask(ours, expected));
  }
  std::printf("%ld", wrong);
}

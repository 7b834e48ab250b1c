// exp(z) and exp(z) - 1 for z <= 0, of fused multiply-adds only: the same bits wherever those are exactly rounded.
//
// With n the whole number nearest to z / ln 2 and r = z - n ln 2, at most 0.35 in size, e^z - 1 is 2^n (e^r - 1) + (2^n - 1).
// e^r - 1 is its Taylor polynomial, cut off where the rest is below a quarter of the last bit. ln 2 is taken off in two
// parts, of which the first has so few bits that its product with n is exact.
//
// The C library's exponential would not do: its last bit differs between libraries, and it takes one number at a time.
#pragma once
#include "vec.hpp"

namespace LRN_NAMESPACE {

template <class R> struct ExpParts;
template <> struct ExpParts<float> {
  using Whole = int;
  static constexpr int degree = 7, mantissa = 23;
  static constexpr Whole one = 0x3f800000;
  static constexpr float shift = 12582912.0f; // 1.5 * 2^23: added to z it leaves the nearest whole number in the low bits
  static constexpr float least = -87; // from here down e^z would be subnormal
  static constexpr float log2e = 1.44269504f, ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
};
template <> struct ExpParts<double> {
  using Whole = long long;
  static constexpr int degree = 13, mantissa = 52;
  static constexpr Whole one = 0x3ff0000000000000ll;
  static constexpr double shift = 6755399441055744.0; // 1.5 * 2^52
  static constexpr double least = -708;
  static constexpr double log2e = 1.4426950408889634, ln2_high = 0.693145751953125, ln2_low = 1.4286068203094173e-06;
};

// 2^n, for n in the low bits of `shifted`.
#if defined(LRN_GPU)
LRN_FN float power_of_two(float shifted) { return __int_as_float((__float_as_int(shifted) << 23) + 0x3f800000); }
LRN_FN double power_of_two(double shifted) {
  return __longlong_as_double((__double_as_longlong(shifted) << 52) + 0x3ff0000000000000ll);
}
#else
template <class V> struct BitsOf { typedef typename ExpParts<V>::Whole type; };
#if defined(__AVX512F__)
template <> struct BitsOf<f32x16> { typedef unsigned type __attribute__((vector_size(64))); };
#endif
#if defined(__AVX2__) && defined(__FMA__)
template <> struct BitsOf<f32x8> { typedef unsigned type __attribute__((vector_size(32))); };
#elif defined(__x86_64__) || defined(__aarch64__)
template <> struct BitsOf<f32x4> { typedef unsigned type __attribute__((vector_size(16))); };
#endif
template <> struct BitsOf<float> { typedef unsigned type; };
template <> struct BitsOf<double> { typedef unsigned long long type; };

template <class V> LRN_FN V power_of_two(V shifted) {
  using P = ExpParts<typename Lanes<V>::real>;
  typename BitsOf<V>::type bits;
  __builtin_memcpy(&bits, &shifted, sizeof(V));
  bits = (bits << P::mantissa) + P::one;
  V power;
  __builtin_memcpy(&power, &bits, sizeof(V));
  return power;
}
#endif

// A compiler that sees that a number is `least` may compute what follows itself, and does not make subnormal numbers zero.
// With this it has to leave that to the processor.
template <class V> LRN_FN V not_folded(V value) {
#if defined(__x86_64__)
  __asm__("" : "+x"(value));
#elif defined(__aarch64__)
  __asm__("" : "+w"(value));
#endif
  return value;
}

// The parts of e^z: 2^n, and e^r - 1.
template <class V> struct Exponential {
  using R = typename Lanes<V>::real;
  V power, rest;

  LRN_FN explicit Exponential(V z) {
    using P = ExpParts<R>;
    const V least = fill<V>(P::least), shift = fill<V>(P::shift);
    const V bounded = not_folded(z < least ? least : z); // NaN stays
    const V shifted = fma(bounded, fill<V>(P::log2e), shift), whole = shifted - shift;
    const V remainder = fma(whole, fill<V>(-P::ln2_low), fma(whole, fill<V>(-P::ln2_high), bounded));
    // Horner's scheme. Once the loop is unrolled, the factorials are constants.
    double factorial = 1;
    LRN_UNROLL_ALL
    for (int k = 2; k <= P::degree; ++k) factorial *= k;
    V sum = fill<V>(R(1 / factorial));
    LRN_UNROLL_ALL
    for (int k = P::degree; k > 2; --k) {
      factorial /= k; // of whole numbers, exact
      sum = fma(sum, remainder, fill<V>(R(1 / factorial)));
    }
    power = power_of_two(shifted);
    rest = fma(remainder * remainder, sum, remainder);
  }
};

template <class V> LRN_FN V exp_minus_one(V z) {
  const Exponential<V> parts(z);
  // Not exponential(z) - 1, which would lose the digits of a small z.
  return fma(parts.power, parts.rest, parts.power - fill<V>(typename Lanes<V>::real(1)));
}

template <class V> LRN_FN V exponential(V z) {
  const Exponential<V> parts(z);
  return fma(parts.power, parts.rest, parts.power);
}

} // namespace LRN_NAMESPACE

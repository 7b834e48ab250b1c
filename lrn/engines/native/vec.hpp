// The number type a kernel computes with. One lane is one network: a vector of 16 floats trains 16 networks at once,
// and the same kernel source instantiated with a plain float is the body of the GPU kernel.
//
// Vectorising inside one network would not help, because its layers are two neurons wide. With one network per lane there are
// no operations across lanes and no padding, and only the last vector of a fleet has lanes to spare.
//
// Every operation below is exactly rounded and acts on each lane alone, so a network's result does not depend on how
// many lanes its neighbours fill, and agrees to the bit on every machine that has a fused multiply-add.
#pragma once

// How functions are compiled, on a processor and, by nvcc or NVRTC, on a GPU (where LRN_GPU is defined):
//   LRN_FN        always inlined: small, or of arguments that have to stay in registers
//   LRN_BIG_FN    inlined where the compiler sees fit
//   LRN_CALLED_FN never inlined on a GPU, whose registers it would take from its callers
//   LRN_APART_FN  never inlined on a processor: a loop that needs all registers for itself
//   LRN_STREAM_FN a pass of all samples; inlined on a GPU, where samples are in registers
// How loops are: LRN_UNROLL over the neurons of narrow layers, LRN_UNROLL_ALL over what has to be in registers, and
// LRN_UNROLL_SAMPLES over samples, which only a GPU has in registers; LRN_UNROLL_TWICE over the terms of long sums.
#if defined(__CUDACC__)
#define LRN_GPU
#define LRN_FN __device__ __forceinline__
#define LRN_BIG_FN __device__ inline
#define LRN_CALLED_FN __device__ __noinline__
#define LRN_STREAM_FN __device__ __forceinline__
#define LRN_UNROLL _Pragma("unroll")
#define LRN_UNROLL_ALL _Pragma("unroll")
#define LRN_UNROLL_SAMPLES _Pragma("unroll")
#define LRN_UNROLL_TWICE
#else
#define LRN_FN inline __attribute__((always_inline))
#define LRN_BIG_FN inline
#define LRN_CALLED_FN inline
#define LRN_APART_FN __attribute__((noinline))
#define LRN_STREAM_FN inline
#define LRN_UNROLL _Pragma("GCC unroll 4")
#define LRN_UNROLL_ALL _Pragma("GCC unroll 16")
#define LRN_UNROLL_SAMPLES
#define LRN_UNROLL_TWICE _Pragma("GCC unroll 2")
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif
#endif

namespace LRN_NAMESPACE {

// ---- scalars -------------------------------------------------------------------------------------------------------

#if defined(LRN_GPU)
LRN_FN float fma(float left, float right, float sum) { return __fmaf_rn(left, right, sum); }
// The hardware takes a slow way to the root of 0 and to 0 / b, which is what the moments of dead neurons need.
LRN_FN float root(float value) { return value == 0 ? value : __fsqrt_rn(value == 0 ? 1 : value); }
LRN_FN float quotient(float dividend, float divisor) {
  // 1 / divisor stands in, so that no thread makes its warp wait for the slow way.
  const bool nothing = dividend == 0 && divisor > 0;
  const float ratio = __fdiv_rn(nothing ? 1 : dividend, divisor);
  return nothing ? dividend : ratio;
}
LRN_FN double fma(double left, double right, double sum) { return __fma_rn(left, right, sum); }
LRN_FN double root(double value) { return __dsqrt_rn(value); }
LRN_FN double quotient(double dividend, double divisor) { return __ddiv_rn(dividend, divisor); }
#else
#if defined(__FMA__) || defined(__aarch64__)
LRN_FN float fma(float left, float right, float sum) { return __builtin_fmaf(left, right, sum); }
LRN_FN double fma(double left, double right, double sum) { return __builtin_fma(left, right, sum); }
#else
// Two roundings, where the processor has no instruction with one. Variants without it agree with each other only, and the
// ledger keeps their results apart.
LRN_FN float fma(float left, float right, float sum) { return left * right + sum; }
LRN_FN double fma(double left, double right, double sum) { return left * right + sum; }
#endif
LRN_FN float root(float value) { return __builtin_sqrtf(value); }
LRN_FN double root(double value) { return __builtin_sqrt(value); }
template <class V> LRN_FN V quotient(V dividend, V divisor) { return dividend / divisor; }
#endif

// A NaN passes through both, as it does through torch's relu and its derivative. So the comparison is written such that NaN
// takes the second branch, and a processor's maximum gets its operands in the order that returns a NaN.
template <class V> LRN_FN V relu(V sum) { return sum < V{} ? V{} : sum; }
template <class V> LRN_FN V gate(V fired, V gradient) { return fired <= V{} ? V{} : gradient; }
template <class V> LRN_FN V gated_fma(V fired, V left, V right, V sum) { return gate(fired, fma(left, right, sum)); }
template <class V> LRN_FN V select_le(V left, V right, V yes, V no) { return left <= right ? yes : no; }
template <class V> LRN_FN V newton_root(V left);
template <class V> LRN_FN V select_gt(V left, V right, V yes, V no) { return left > right ? yes : no; }

// True if every lane is zero; a NaN is not. On a GPU the threads of a warp are the lanes: they must decide as one.
#if defined(LRN_GPU)
LRN_FN bool all_zero(float value) { return __all_sync(0xffffffffu, value == 0); }
LRN_FN bool all_zero(double value) { return __all_sync(0xffffffffu, value == 0); }
#else
LRN_FN bool all_zero(float value) { return value == 0; }
LRN_FN bool all_zero(double value) { return value == 0; }
#endif

// `registers`: how many of these a processor has, as far as kernels count on it.
template <class V> struct Lanes { static constexpr int count = 1, registers = 16; using real = V; };

// Zero, with its sign, for a subnormal number: what every operation takes one for. A number that none has touched, such as an
// initial weight that is never changed, would stay as it is.
LRN_FN float flushed(float value) {
  return value < 1.17549435e-38f && value > -1.17549435e-38f ? value * 0.0f : value;
}
LRN_FN double flushed(double value) {
  return value < 2.2250738585072014e-308 && value > -2.2250738585072014e-308 ? value * 0.0 : value;
}

// Every NaN is the same one: the sign of NaNs depends on the order in which a compiler hands over operands.
#if defined(LRN_GPU)
LRN_FN float one_nan(float value) { return value == value ? value : __int_as_float(0x7fc00000); }
LRN_FN double one_nan(double value) { return value == value ? value : __longlong_as_double(0x7ff8000000000000); }
#else
LRN_FN float one_nan(float value) { return value == value ? value : __builtin_nanf(""); }
LRN_FN double one_nan(double value) { return value == value ? value : __builtin_nan(""); }
#endif

template <class V> LRN_FN V fill(typename Lanes<V>::real value) { return V{} + value; }
template <class V> LRN_FN typename Lanes<V>::real lane(const V &value, int i) { return value[i]; }
template <> LRN_FN float fill<float>(float value) { return value; }
template <> LRN_FN double fill<double>(double value) { return value; }
LRN_FN float lane(const float &value, int) { return value; }
LRN_FN double lane(const double &value, int) { return value; }
LRN_FN void set_lane(float &number, int, float value) { number = value; }
LRN_FN void set_lane(double &number, int, double value) { number = value; }
template <class V> LRN_FN void set_lane(V &values, int i, typename Lanes<V>::real value) { values[i] = value; }

#if !defined(LRN_GPU)
// Results below the smallest normal number are zero: as on GPUs, and 100 times faster where Adam's moments fade out.
inline void flush_subnormals() {
#if defined(__x86_64__)
  // Bits 15 (results are flushed to zero) and 6 (operands are taken for zero).
  _mm_setcsr(_mm_getcsr() | 0x8040);
#elif defined(__aarch64__)
  unsigned long control;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control));
  __asm__ volatile("msr fpcr, %0" : : "r"(control | (1ull << 24)));
#endif
}

// ---- vectors -------------------------------------------------------------------------------------------------------

#if defined(__AVX512F__)
typedef float f32x16 __attribute__((vector_size(64)));
template <> struct Lanes<f32x16> { static constexpr int count = 16, registers = 32; using real = float; };
LRN_FN f32x16 fma(f32x16 left, f32x16 right, f32x16 sum) { return _mm512_fmadd_ps(left, right, sum); }
LRN_FN f32x16 root(f32x16 value) { return _mm512_sqrt_ps(value); }
// The processor's maximum returns its second operand if one of them is NaN, so a NaN passes.
template <> LRN_FN f32x16 relu(f32x16 z) { return _mm512_max_ps(_mm512_setzero_ps(), z); }
// A masked multiply-add saves the instruction that would set values to zero afterwards.
template <> LRN_FN f32x16 gated_fma(f32x16 fired, f32x16 left, f32x16 right, f32x16 sum) {
  return _mm512_maskz_fmadd_ps(_mm512_cmp_ps_mask(fired, _mm512_setzero_ps(), _CMP_NLE_UQ), left, right, sum);
}
// Unordered: a NaN counts as not zero.
LRN_FN bool all_zero(f32x16 values) { return _mm512_cmp_ps_mask(values, _mm512_setzero_ps(), _CMP_NEQ_UQ) == 0; }

// `root` of what is positive, 0, infinity or NaN, to the bit, without the unit that roots and quotients wait for:
// Newton's steps on the root and half its reciprocal, then one on the remainder (P. Markstein, "Computation of
// elementary functions on the IBM RISC System/6000 processor", 1990). Mantissa and exponent go apart, so nothing
// overflows.
template <> LRN_FN f32x16 newton_root(f32x16 value) {
  const f32x16 half = f32x16{} + 0.5f, mantissa = _mm512_getmant_ps(value, _MM_MANT_NORM_p5_2, _MM_MANT_SIGN_nan);
  const f32x16 guess = _mm512_rsqrt14_ps(mantissa);
  f32x16 estimate = mantissa * guess, half_reciprocal = guess * half;
  const f32x16 miss = _mm512_fnmadd_ps(half_reciprocal, estimate, half);
  estimate = fma(estimate, miss, estimate);
  half_reciprocal = fma(half_reciprocal, miss, half_reciprocal);
  estimate = fma(half_reciprocal, _mm512_fnmadd_ps(estimate, estimate, mantissa), estimate);
  return _mm512_scalef_ps(estimate, fma(_mm512_getexp_ps(value), half, half)); // which rounds its exponent down
}
#endif

#if defined(__AVX2__) && defined(__FMA__)
typedef float f32x8 __attribute__((vector_size(32)));
template <> struct Lanes<f32x8> { static constexpr int count = 8, registers = 16; using real = float; };
LRN_FN f32x8 fma(f32x8 left, f32x8 right, f32x8 sum) { return _mm256_fmadd_ps(left, right, sum); }
LRN_FN f32x8 root(f32x8 value) { return _mm256_sqrt_ps(value); }
template <> LRN_FN f32x8 relu(f32x8 z) { return _mm256_max_ps(_mm256_setzero_ps(), z); }
LRN_FN bool all_zero(f32x8 values) {
  return _mm256_movemask_ps(_mm256_cmp_ps(values, _mm256_setzero_ps(), _CMP_NEQ_UQ)) == 0;
}
#elif defined(__x86_64__)
typedef float f32x4 __attribute__((vector_size(16)));
template <> struct Lanes<f32x4> { static constexpr int count = 4, registers = 16; using real = float; };
LRN_FN f32x4 fma(f32x4 left, f32x4 right, f32x4 sum) { return left * right + sum; }
LRN_FN f32x4 root(f32x4 value) { return _mm_sqrt_ps(value); }
template <> LRN_FN f32x4 relu(f32x4 z) { return _mm_max_ps(_mm_setzero_ps(), z); }
LRN_FN bool all_zero(f32x4 values) { return _mm_movemask_ps(_mm_cmpneq_ps(values, _mm_setzero_ps())) == 0; }
#elif defined(__aarch64__)
typedef float f32x4 __attribute__((vector_size(16)));
template <> struct Lanes<f32x4> { static constexpr int count = 4, registers = 16; using real = float; };
LRN_FN f32x4 fma(f32x4 left, f32x4 right, f32x4 sum) { return vfmaq_f32(sum, left, right); }
LRN_FN f32x4 root(f32x4 value) { return vsqrtq_f32(value); }
template <> LRN_FN f32x4 relu(f32x4 z) { return vmaxq_f32(vdupq_n_f32(0), z); }
LRN_FN bool all_zero(f32x4 values) { return vminvq_u32(vceqzq_f32(values)) != 0; }
#endif
#endif

// Where no other way to the root is as quick.
template <class V> LRN_FN V newton_root(V value) { return root(value); }

} // namespace LRN_NAMESPACE

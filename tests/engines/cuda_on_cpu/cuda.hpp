// The part of CUDA that fleet.cu and its headers use. They must compile with this alone: no standard library, no built-in
// functions of GCC. test_cuda_on_cpu.py takes each name with two leading underscores that is not defined here for one that
// NVRTC lacks.
#pragma once

// Its definition makes vec.hpp take the paths of a GPU. The attributes mean nothing to a processor.
#define __CUDACC__
#define __device__
#define __global__
#define __launch_bounds__(...)
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))

struct Index { unsigned x; };
static Index threadIdx, blockIdx; // of the lane that runs (warps.hpp)

// Declared only: their definitions in warps.hpp need the standard library.
static float __fmaf_rn(float, float, float);
static float __fsqrt_rn(float);
static float __fdiv_rn(float, float);
static double __fma_rn(double, double, double);
static double __dsqrt_rn(double);
static double __ddiv_rn(double, double);
static float __int_as_float(int);
static int __float_as_int(float);
static double __longlong_as_double(long long);
static long long __double_as_longlong(double);
static unsigned long long __umul64hi(unsigned long long, unsigned long long);

// Lanes of a warp meet here.
static int __all_sync(unsigned mask, int predicate);
static int __any_sync(unsigned mask, int predicate);
static int __shfl_sync(unsigned mask, int value, int lane);
static int atomicAdd(int *address, int value);

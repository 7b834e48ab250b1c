// Runs a kernel's warps on one thread of a processor. Each of a warp's 32 lanes has its own stack. It runs until it calls one
// of the functions where all lanes must meet, and goes on when the others have called it, too. Blocks take turns in the same
// way. What would be undefined on a GPU ends the run with a message.
#pragma once

// The standard library has its own use for these names.
#undef __CUDACC__
#undef __device__
#undef __global__
#undef __launch_bounds__
#undef __forceinline__
#undef __noinline__

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <csignal>
#include <cstring>
#include <functional>
#include <memory>
#include <ucontext.h>
#include <vector>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Without -ffast-math the processor rounds these as CUDA's `_rn` does: to the nearest, halves to even.
static float __fmaf_rn(float factor, float other, float sum) { return std::fma(factor, other, sum); }
static float __fsqrt_rn(float value) { return std::sqrt(value); }
static float __fdiv_rn(float value, float divisor) { return value / divisor; }
static double __fma_rn(double factor, double other, double sum) { return std::fma(factor, other, sum); }
static double __dsqrt_rn(double value) { return std::sqrt(value); }
static double __ddiv_rn(double value, double divisor) { return value / divisor; }
static float __int_as_float(int bits) { return std::bit_cast<float>(bits); }
static int __float_as_int(float value) { return std::bit_cast<int>(value); }
static double __longlong_as_double(long long bits) { return std::bit_cast<double>(bits); }
static long long __double_as_longlong(double value) { return std::bit_cast<long long>(value); }
static unsigned long long __umul64hi(unsigned long long factor, unsigned long long other) {
  return static_cast<unsigned long long>(static_cast<unsigned __int128>(factor) * other >> 64);
}

namespace warps {

constexpr unsigned size = 32;
// Narrow networks hold their samples there, which takes a few kilobytes.
constexpr unsigned long stack_bytes = 1 << 18;

using Brought = std::array<int, size>; // what each lane brings to a meeting

struct Warp {
  unsigned arrived = 0, meetings = 0;
  const char *function = nullptr; // that the lanes have called
  Brought brought{}, met{};
};

struct Lane {
  unsigned block, thread;
  bool ended = false;
  std::unique_ptr<char[]> stack{new char[stack_bytes]};
  ucontext_t context;
};

static std::vector<Warp> all;
static std::vector<Lane> lanes;
static Lane *running;
static std::function<void()> body;
static ucontext_t scheduler;
static unsigned changes; // meetings that took place, and lanes that have ended
static const char *failure;

static void fail(const char *message) {
  failure = message;
  setcontext(&scheduler); // and never back
}

// A null pointer or one far beside its memory ends the run instead of the process.
static void no_memory(int) { fail("the kernel reads or writes where there is no memory"); }

// Waits until all lanes of the warp have called the same function; returns what each has brought. That stays until the
// next meeting is complete, so lanes may read it when others are already on their way there.
static const Brought &meet(const char *function, unsigned mask, int value) {
  Warp &warp = all[blockIdx.x];
  if (mask != ~0u) fail("a lane waits for some of its warp only");
  if (warp.arrived && std::strcmp(warp.function, function)) fail("lanes of a warp call different functions");
  warp.function = function;
  warp.brought[threadIdx.x] = value;
  const unsigned before = warp.meetings;
  if (++warp.arrived == size) {
    warp.met = warp.brought;
    warp.arrived = 0;
    ++warp.meetings, ++changes;
  }
  while (warp.meetings == before) swapcontext(&running->context, &scheduler);
  return warp.met;
}

static void run_lane() {
  body();
  running->ended = true;
  ++changes;
}

static void resume(Lane &lane) {
  running = &lane;
  blockIdx.x = lane.block, threadIdx.x = lane.thread;
  swapcontext(&scheduler, &lane.context);
}

static void start(unsigned blocks) {
  failure = nullptr;
  all.assign(blocks, {});
  lanes = std::vector<Lane>(blocks * size);
  for (unsigned i = 0; i < lanes.size(); ++i) {
    Lane &lane = lanes[i];
    lane.block = i / size, lane.thread = i % size;
    getcontext(&lane.context);
    lane.context.uc_stack.ss_sp = lane.stack.get();
    lane.context.uc_stack.ss_size = stack_bytes;
    lane.context.uc_link = &scheduler;
    makecontext(&lane.context, run_lane, 0);
  }
}

// In each round every lane runs until it waits. If no meeting took place by then and no lane has ended, nothing will change.
static void run_all() {
  for (unsigned left = lanes.size(); left && !failure;) {
    const unsigned before = changes;
    for (Lane &lane : lanes) {
      if (!lane.ended && !failure) resume(lane);
    }
    left = std::count_if(lanes.begin(), lanes.end(), [](const Lane &lane) { return !lane.ended; });
    if (changes == before && !failure) failure = "lanes wait for others of their warp that have ended";
  }
}

// Returns null, or what went wrong.
static const char *run(unsigned blocks, std::function<void()> kernel) {
  // Subnormal numbers are zero, as with NVRTC's option ftz. Each lane's context takes this setting along.
#if defined(__x86_64__)
  const unsigned control = _mm_getcsr();
  _mm_setcsr(control | 0x8040);
#elif defined(__aarch64__)
  unsigned long control;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control));
  __asm__ volatile("msr fpcr, %0" : : "r"(control | (1ull << 24)));
#endif
  // Python and pytest have handlers of their own, which come back afterwards.
  struct sigaction watch = {}, before_segv, before_bus;
  watch.sa_handler = no_memory;
  sigaction(SIGSEGV, &watch, &before_segv);
  sigaction(SIGBUS, &watch, &before_bus);
  body = std::move(kernel);
  start(blocks);
  run_all();
  lanes.clear();
  sigaction(SIGSEGV, &before_segv, nullptr);
  sigaction(SIGBUS, &before_bus, nullptr);
#if defined(__x86_64__)
  _mm_setcsr(control);
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" : : "r"(control));
#endif
  return failure;
}

} // namespace warps

static int __all_sync(unsigned mask, int predicate) {
  const auto &met = warps::meet("__all_sync", mask, predicate);
  return std::all_of(met.begin(), met.end(), [](int each) { return each != 0; });
}
static int __any_sync(unsigned mask, int predicate) {
  const auto &met = warps::meet("__any_sync", mask, predicate);
  return std::any_of(met.begin(), met.end(), [](int each) { return each != 0; });
}
static int __shfl_sync(unsigned mask, int value, int lane) { return warps::meet("__shfl_sync", mask, value)[lane]; }
// Lanes change places only where they meet, so nothing comes between.
static int atomicAdd(int *address, int value) {
  const int before = *address;
  *address += value;
  return before;
}

// What an instruction on 512-bit vectors costs beside multiply-adds: 48 of those alone, then with something between them.
// An x86-64 processor with AVX-512 that begins two multiply-adds a cycle has 2 slots a cycle; costs are in slots.
//
//     c++ -O2 -march=native benchmarks/ports.cpp -o ports && ./ports
#include <algorithm>
#include <cstdio>
#include <ctime>

static float memory[4096] __attribute__((aligned(4096)));

static double seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

#define F(a) "vfmadd213ps %%zmm31, %%zmm30, %%zmm" #a "\n"
// Six multiply-adds into registers of their own, then `x`: eight times.
#define SIX_A F(0) F(1) F(2) F(3) F(4) F(5)
#define SIX_B F(6) F(7) F(8) F(9) F(10) F(11)
#define WITH(x) SIX_A x SIX_B x SIX_A x SIX_B x SIX_A x SIX_B x SIX_A x SIX_B x
#define ALL_48 WITH("")
#define WIDELY(x) ALL_48 x x ALL_48 x x ALL_48 x x ALL_48 x x // for what takes long

#define CLOBBERED                                                                                                      \
  "memory", "k1", "k2", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",       \
      "xmm11", "xmm16", "xmm29", "xmm30", "xmm31"
#define CASE(name, body)                                                                                               \
  static void name(long n) {                                                                                           \
    asm volatile("vbroadcastss %2, %%zmm30\n vbroadcastss %2, %%zmm31\n vbroadcastss %2, %%zmm29\n .p2align 6\n"       \
                 "1:\n" body "dec %0\n jnz 1b\n"                                                                       \
                 : "+r"(n)                                                                                             \
                 : "r"(memory), "m"(memory[0])                                                                         \
                 : CLOBBERED);                                                                                         \
  }

// The results go to registers that no multiply-add reads, so that only slots are shared and nothing waits.
CASE(alone, ALL_48)
CASE(addition, WITH("vaddps %%zmm30, %%zmm29, %%zmm16\n"))
CASE(maximum, WITH("vmaxps %%zmm30, %%zmm29, %%zmm16\n"))
CASE(comparison, WITH("vcmpps $6, %%zmm30, %%zmm29, %%k1\n"))
CASE(copy, WITH("vmovaps %%zmm29, %%zmm16\n"))
CASE(load, WITH("vmovaps 64(%1), %%zmm16\n"))
CASE(loads, WITH("vmovaps 64(%1), %%zmm16\n vmovaps 128(%1), %%zmm16\n vmovaps 192(%1), %%zmm16\n"))
CASE(store_new, SIX_A "vmovaps %%zmm5, 64(%1)\n" SIX_B "vmovaps %%zmm11, 128(%1)\n" SIX_A "vmovaps %%zmm5, 192(%1)\n" SIX_B
         "vmovaps %%zmm11, 256(%1)\n" SIX_A "vmovaps %%zmm5, 320(%1)\n" SIX_B "vmovaps %%zmm11, 384(%1)\n" SIX_A
         "vmovaps %%zmm5, 448(%1)\n" SIX_B "vmovaps %%zmm11, 512(%1)\n")
CASE(store_old, WITH("vmovaps %%zmm29, 64(%1)\n"))
CASE(rsqrt14, WITH("vrsqrt14ps %%zmm29, %%zmm16\n"))
CASE(getmant, WITH("vgetmantps $1, %%zmm29, %%zmm16\n"))
CASE(getexp, WITH("vgetexpps %%zmm29, %%zmm16\n"))
CASE(scalef, WITH("vscalefps %%zmm30, %%zmm29, %%zmm16\n"))
CASE(quotient, WIDELY("vdivps %%zmm30, %%zmm29, %%zmm16\n"))
CASE(root, WIDELY("vsqrtps %%zmm29, %%zmm16\n"))
// Two at a time, without multiply-adds: how long the divider is occupied.
CASE(quotients, "vdivps %%zmm30, %%zmm29, %%zmm16\n vdivps %%zmm30, %%zmm29, %%zmm16\n")
CASE(roots, "vsqrtps %%zmm29, %%zmm16\n vsqrtps %%zmm29, %%zmm16\n")

struct Times { double alone, run; };

// Seconds per round of 48 multiply-adds and of `run`: the minimum of many, since whatever disturbs a measurement makes it
// longer. Both loops take turns, so that a change of the clock rate falls on both.
static Times fastest(void (*run)(long)) {
  const long n = 20000;
  Times best{1, 1};
  for (int k = 0; k < 400; ++k) {
    const double start = seconds();
    alone(n);
    const double middle = seconds();
    run(n);
    best = {std::min(best.alone, middle - start), std::min(best.run, seconds() - middle)};
  }
  return {best.alone / n, best.run / n};
}

int main() {
  memory[0] = 1;
  std::printf("%.2f GHz if two multiply-adds begin in a cycle\n", 24e-9 / fastest(alone).alone);
  // Of `count` instructions per round, beside its `fmas` multiply-adds; 48 of those alone take 48 slots.
  const auto slots = [](const char *name, void (*run)(long), int fmas, int count) {
    const Times seconds = fastest(run);
    std::printf("%-32s %5.2f slots\n", name, (48 * seconds.run / seconds.alone - fmas) / count);
  };
  slots("addition", addition, 48, 8);
  slots("maximum", maximum, 48, 8);
  slots("comparison", comparison, 48, 8);
  slots("copy of a register", copy, 48, 8);
  slots("load, 1 to 6 multiply-adds", load, 48, 8);
  slots("load, 3 to 6 multiply-adds", loads, 48, 24);
  slots("store of what was just computed", store_new, 48, 8);
  slots("store of an old register", store_old, 48, 8);
  slots("rsqrt14", rsqrt14, 48, 8);
  slots("getmant", getmant, 48, 8);
  slots("getexp", getexp, 48, 8);
  slots("scalef", scalef, 48, 8);
  slots("quotient", quotient, 192, 8);
  slots("root", root, 192, 8);
  // Of one of the two instructions of a round; 48 multiply-adds alone take 24 cycles.
  const auto cycles = [](const char *name, void (*run)(long)) {
    const Times seconds = fastest(run);
    std::printf("%-32s %5.1f cycles\n", name, 24 * seconds.run / seconds.alone / 2);
  };
  cycles("a quotient after another", quotients);
  cycles("a root after another", roots);
}

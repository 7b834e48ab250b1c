// Which variants this processor can run. The choice is made at import, so one wheel serves every machine of its kind.
#pragma once
#include <string_view>

namespace lrn {

// What the flags in CMakeLists.txt let the compiler use must be here, or the variant dies of an illegal instruction.
inline bool runs_here(std::string_view variant) {
#if defined(__x86_64__)
  const bool fma = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (variant == "v4")
    return fma && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
  if (variant == "v3" || variant == "fused") return fma;
  if (variant == "v2") return __builtin_cpu_supports("sse4.2");
#endif
  return true;
}

} // namespace lrn

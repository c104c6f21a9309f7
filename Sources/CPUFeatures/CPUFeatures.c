#include "CPUFeatures.h"

#if defined(__x86_64__)

// The builtin asks the processor (CPUID) and the system (XGETBV).

bool cpu_offers_avx2_and_fma(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

bool cpu_offers_avx512(void) {
  __builtin_cpu_init();
  return cpu_offers_avx2_and_fma() && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw");
}

#else

bool cpu_offers_avx2_and_fma(void) { return false; }
bool cpu_offers_avx512(void) { return false; }

#endif

#ifndef CPU_FEATURES_H
#define CPU_FEATURES_H

#include <stdbool.h>

// Whether both the processor and the operating system offer the vector instructions that a module of
// kernels is compiled for. Always false on other architectures.

bool cpu_offers_avx2_and_fma(void);
bool cpu_offers_avx512(void);

#endif

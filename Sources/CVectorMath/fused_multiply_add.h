#ifndef FUSED_MULTIPLY_ADD_H
#define FUSED_MULTIPLY_ADD_H

// a · b + c, rounded once, of whole vectors.
//
// Swift's `addingProduct` on a SIMD type is a loop over its lanes, which the optimizer has to put together again. It does so
// in short loops; in the formula of an LSTM it gave up some lanes, and the step took a third longer.
//
// Only for modules that are compiled for processors with fused multiply-add: elsewhere each lane would be a call.

typedef float float4 __attribute__((ext_vector_type(4)));
typedef float float8 __attribute__((ext_vector_type(8)));
typedef float float16 __attribute__((ext_vector_type(16)));
typedef double double2 __attribute__((ext_vector_type(2)));
typedef double double4 __attribute__((ext_vector_type(4)));
typedef double double8 __attribute__((ext_vector_type(8)));

#define FUSED_MULTIPLY_ADD(vector)                                                                              \
  static inline __attribute__((always_inline)) vector fused_multiply_add_##vector(vector a, vector b, vector c) { \
    return __builtin_elementwise_fma(a, b, c);                                                                  \
  }

#if defined(__aarch64__)
FUSED_MULTIPLY_ADD(float4)
FUSED_MULTIPLY_ADD(double2)
#endif

#if defined(__FMA__)
FUSED_MULTIPLY_ADD(float8)
FUSED_MULTIPLY_ADD(double4)
#endif

#if defined(__AVX512F__)
FUSED_MULTIPLY_ADD(float16)
FUSED_MULTIPLY_ADD(double8)
#endif

#endif

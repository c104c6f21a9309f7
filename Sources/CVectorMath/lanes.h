#ifndef LANES_H
#define LANES_H

// The vectors of each instruction set and their arithmetic, imported as types that conform to `Lanes`.
//
// Swift's operators on SIMD types are loops over single lanes until its optimizer has put them together again. That took a
// quarter of the time in which a module of kernels is compiled, and in the formula of an LSTM it gave up some lanes, and the step
// took a third longer. Here an operation is one instruction from the beginning.
//
// A macro and not a template: the vectors of an instruction set exist only where the compiler may use it.

#include <stdint.h>

#include "add_in_place.h"
#include "first_lanes.h"

#define LANES_MEMBER(name) static inline __attribute__((always_inline, swift_name(name)))

// A type `Lanes` of `count` lanes, for a sign and an exponent in words of the scalar's size, whose significand has `significand`
// bits. `multiply_add` is a · b + c.
#define LANES(Lanes, Scalar, count, Word, significand, multiply_add)                                         \
  typedef struct Lanes {                                                                                     \
    char unused;                                                                                             \
  } Lanes;                                                                                                   \
  typedef Scalar Lanes##Vector __attribute__((ext_vector_type(count)));                                      \
  typedef Word Lanes##Words __attribute__((ext_vector_type(count)));                                         \
                                                                                                             \
  LANES_MEMBER(#Lanes ".broadcast(_:)") Lanes##Vector Lanes##_broadcast(Scalar value) {                      \
    return (Lanes##Vector)value;                                                                             \
  }                                                                                                          \
  LANES_MEMBER(#Lanes ".load(_:count:)")                                                                     \
  Lanes##Vector Lanes##_load_first(const Scalar *_Nonnull source, intptr_t n) {                              \
    return load_first_##Scalar##count(source, n);                                                            \
  }                                                                                                          \
  LANES_MEMBER(#Lanes ".store(_:_:count:)")                                                                  \
  void Lanes##_store_first(Lanes##Vector vector, Scalar *_Nonnull target, intptr_t n) {                      \
    store_first_##Scalar##count(vector, target, n);                                                          \
  }                                                                                                          \
  LANES_MEMBER(#Lanes ".add(_:_:)") Lanes##Vector Lanes##_add(Lanes##Vector a, Lanes##Vector b) {            \
    return a + b;                                                                                            \
  }                                                                                                          \
  LANES_MEMBER(#Lanes ".subtract(_:_:)")                                                                     \
  Lanes##Vector Lanes##_subtract(Lanes##Vector a, Lanes##Vector b) { return a - b; }                         \
  LANES_MEMBER(#Lanes ".multiply(_:_:)")                                                                     \
  Lanes##Vector Lanes##_multiply(Lanes##Vector a, Lanes##Vector b) { return a * b; }                         \
  LANES_MEMBER(#Lanes ".divide(_:_:)")                                                                       \
  Lanes##Vector Lanes##_divide(Lanes##Vector a, Lanes##Vector b) { return a / b; }                           \
  LANES_MEMBER(#Lanes ".multiplyAdd(_:_:_:)")                                                                \
  Lanes##Vector Lanes##_multiply_add(Lanes##Vector a, Lanes##Vector b, Lanes##Vector c) {                    \
    return multiply_add;                                                                                     \
  }                                                                                                          \
  static inline __attribute__((always_inline))                                                               \
  Lanes##Vector Lanes##_choose(Lanes##Words mask, Lanes##Vector a, Lanes##Vector b) {                        \
    return (Lanes##Vector)(((Lanes##Words)a & mask) | ((Lanes##Words)b & ~mask));                            \
  }                                                                                                          \
  LANES_MEMBER(#Lanes ".minimum(_:_:)")                                                                      \
  Lanes##Vector Lanes##_minimum(Lanes##Vector vector, Lanes##Vector limit) {                                 \
    return Lanes##_choose((Lanes##Words)(vector > limit), limit, vector);                                    \
  }                                                                                                          \
  LANES_MEMBER(#Lanes ".maximum(_:_:)")                                                                      \
  Lanes##Vector Lanes##_maximum(Lanes##Vector vector, Lanes##Vector limit) {                                 \
    return Lanes##_choose((Lanes##Words)(vector < limit), limit, vector);                                    \
  }                                                                                                          \
  LANES_MEMBER(#Lanes ".select(where:isLessThan:_:else:)")                                                   \
  Lanes##Vector Lanes##_select(Lanes##Vector x, Lanes##Vector limit, Lanes##Vector a, Lanes##Vector b) {     \
    return Lanes##_choose((Lanes##Words)(x < limit), a, b);                                                  \
  }                                                                                                          \
  LANES_MEMBER(#Lanes ".magnitude(_:)") Lanes##Vector Lanes##_magnitude(Lanes##Vector vector) {              \
    return (Lanes##Vector)((Lanes##Words)vector & ((Word)-1 >> 1));                                          \
  }                                                                                                          \
  LANES_MEMBER(#Lanes ".copySign(_:from:)")                                                                  \
  Lanes##Vector Lanes##_copy_sign(Lanes##Vector magnitude, Lanes##Vector sign) {                             \
    return Lanes##_choose((Lanes##Words)((Word)-1 >> 1), magnitude, sign);                                   \
  }                                                                                                          \
  /* All but the low bits, which hold n, leave the word at the left: n is added to the exponent. */          \
  LANES_MEMBER(#Lanes ".scale(_:byPowerIn:)")                                                                \
  Lanes##Vector Lanes##_scale(Lanes##Vector vector, Lanes##Vector shifted) {                                 \
    return (Lanes##Vector)((Lanes##Words)vector + ((Lanes##Words)shifted << significand));                   \
  }

// Vectors of words of 32 bits, which hold weights in fewer bits: two bfloat16, which are the upper halves of floats, or four
// bytes. `pair_products` multiplies the signed halves of words, and adds the two products of each word.
#define NARROW_LANES(Lanes, count, pair_products)                                                            \
  typedef int32_t Lanes##Integers __attribute__((ext_vector_type(count)));                                   \
  typedef int16_t Lanes##Halves __attribute__((ext_vector_type(2 * count)));                                 \
                                                                                                             \
  LANES_MEMBER(#Lanes ".loadWords(_:)") Lanes##Words Lanes##_load_words(const void *_Nonnull source) {       \
    Lanes##Words words;                                                                                      \
    __builtin_memcpy(&words, source, sizeof words);                                                          \
    return words;                                                                                            \
  }                                                                                                          \
  LANES_MEMBER(#Lanes ".broadcastWord(_:)") Lanes##Words Lanes##_broadcast_word(uint32_t word) {             \
    return (Lanes##Words)word;                                                                               \
  }                                                                                                          \
  LANES_MEMBER(#Lanes ".lowerFloat(of:)") Lanes##Vector Lanes##_lower_float(Lanes##Words words) {            \
    return (Lanes##Vector)(words << 16);                                                                     \
  }                                                                                                          \
  LANES_MEMBER(#Lanes ".upperFloat(of:)") Lanes##Vector Lanes##_upper_float(Lanes##Words words) {            \
    return (Lanes##Vector)(words & 0xFFFF0000u);                                                             \
  }                                                                                                          \
  LANES_MEMBER(#Lanes ".lowerBytes(of:)") Lanes##Words Lanes##_lower_bytes(Lanes##Words words) {             \
    return words & 0x00FF00FFu;                                                                              \
  }                                                                                                          \
  LANES_MEMBER(#Lanes ".upperBytes(of:)") Lanes##Words Lanes##_upper_bytes(Lanes##Words words) {             \
    return (Lanes##Words)((Lanes##Halves)words >> 8);                                                        \
  }                                                                                                          \
  LANES_MEMBER(#Lanes ".addPairProducts(_:_:to:)")                                                           \
  Lanes##Words Lanes##_add_pair_products(Lanes##Words a, Lanes##Words b, Lanes##Words sums) {                \
    return sums + (Lanes##Words)(pair_products);                                                             \
  }                                                                                                          \
  LANES_MEMBER(#Lanes ".converted(_:)") Lanes##Vector Lanes##_converted(Lanes##Words sums) {                 \
    return __builtin_convertvector((Lanes##Integers)sums, Lanes##Vector);                                    \
  }

// How vectors wider than registers travel through calls depends on the instruction set; all of these are inlined.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

#define FUSED_MULTIPLY_ADD __builtin_elementwise_fma(a, b, c)

// `Pairs` are two vectors side by side, whose operations alternate: where each waits for the one before, the other
// vector's are computed meanwhile.

#if defined(__aarch64__)
// NEON.
LANES(FloatPairs128, float, 8, uint32_t, 23, FUSED_MULTIPLY_ADD)
LANES(DoublePairs128, double, 4, uint64_t, 52, FUSED_MULTIPLY_ADD)
LANES(FloatLanes128, float, 4, uint32_t, 23, FUSED_MULTIPLY_ADD)
LANES(DoubleLanes128, double, 2, uint64_t, 52, FUSED_MULTIPLY_ADD)
NARROW_LANES(
  FloatLanes128, 4,
  ((FloatLanes128Integers)(a << 16) >> 16) * ((FloatLanes128Integers)(b << 16) >> 16) +
    ((FloatLanes128Integers)a >> 16) * ((FloatLanes128Integers)b >> 16))
#elif defined(__SSE2__)
// Without an instruction, a fused multiply-add would be a call for every lane.
LANES(FloatLanes128, float, 4, uint32_t, 23, add_in_place_float4(c, a * b))
LANES(DoubleLanes128, double, 2, uint64_t, 52, add_in_place_double2(c, a * b))
LANES(FloatPairs128, float, 8, uint32_t, 23, a * b + c)
LANES(DoublePairs128, double, 4, uint64_t, 52, a * b + c)
NARROW_LANES(FloatLanes128, 4, __builtin_ia32_pmaddwd128((FloatLanes128Halves)a, (FloatLanes128Halves)b))
#endif

#if defined(__AVX2__) && defined(__FMA__)
LANES(FloatLanes256, float, 8, uint32_t, 23, FUSED_MULTIPLY_ADD)
LANES(DoubleLanes256, double, 4, uint64_t, 52, FUSED_MULTIPLY_ADD)
LANES(FloatPairs256, float, 16, uint32_t, 23, FUSED_MULTIPLY_ADD)
LANES(DoublePairs256, double, 8, uint64_t, 52, FUSED_MULTIPLY_ADD)
NARROW_LANES(FloatLanes256, 8, __builtin_ia32_pmaddwd256((FloatLanes256Halves)a, (FloatLanes256Halves)b))
#endif

#if defined(__AVX512F__)
LANES(FloatLanes512, float, 16, uint32_t, 23, FUSED_MULTIPLY_ADD)
LANES(DoubleLanes512, double, 8, uint64_t, 52, FUSED_MULTIPLY_ADD)
NARROW_LANES(FloatLanes512, 16, __builtin_ia32_pmaddwd512((FloatLanes512Halves)a, (FloatLanes512Halves)b))
#endif

#pragma clang diagnostic pop

#undef FUSED_MULTIPLY_ADD
#undef LANES
#undef NARROW_LANES
#undef LANES_MEMBER

#endif

#ifndef FIRST_LANES_H
#define FIRST_LANES_H

// The first n lanes of a vector, 0 ≤ n < lanes, without touching memory beyond them.
//
// n is taken apart bit by bit: its highest bit decides whether the low half of the vector is moved whole, the other bits go to a
// vector of half the width, which moves the rest. A vector of one lane has nothing to move.

#include <stdint.h>

#define INLINED static inline __attribute__((always_inline))

#define NO_LANES(Scalar)                                                                                      \
  typedef Scalar first_##Scalar##1;                                                                           \
  INLINED Scalar load_first_##Scalar##1(const Scalar *source, intptr_t n) { return 0; }                       \
  INLINED void store_first_##Scalar##1(Scalar value, Scalar *target, intptr_t n) {}

#define FIRST_LANES(Scalar, count, half)                                                                      \
  typedef Scalar first_##Scalar##count __attribute__((ext_vector_type(count)));                               \
  INLINED first_##Scalar##count load_first_##Scalar##count(const Scalar *source, intptr_t n) {                \
    first_##Scalar##half rest = load_first_##Scalar##half(source + (n & half), n & (half - 1));               \
    first_##Scalar##count vector = 0;                                                                         \
    vector.lo = rest;                                                                                         \
    if ((n & half) == 0) return vector;                                                                       \
    __builtin_memcpy(&vector, source, sizeof rest);                                                           \
    vector.hi = rest;                                                                                         \
    return vector;                                                                                            \
  }                                                                                                           \
  INLINED void store_first_##Scalar##count(first_##Scalar##count vector, Scalar *target, intptr_t n) {        \
    first_##Scalar##half rest = vector.lo;                                                                    \
    if (n & half) {                                                                                           \
      __builtin_memcpy(target, &rest, sizeof rest);                                                           \
      rest = vector.hi;                                                                                       \
    }                                                                                                         \
    store_first_##Scalar##half(rest, target + (n & half), n & (half - 1));                                    \
  }

// See lanes.h.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

NO_LANES(float)
NO_LANES(double)
FIRST_LANES(float, 2, 1)
FIRST_LANES(float, 4, 2)
FIRST_LANES(double, 2, 1)

FIRST_LANES(float, 8, 4)
FIRST_LANES(double, 4, 2)

#if defined(__AVX2__)
FIRST_LANES(float, 16, 8)
FIRST_LANES(double, 8, 4)
#endif

#pragma clang diagnostic pop

#undef FIRST_LANES
#undef NO_LANES
#undef INLINED

#endif

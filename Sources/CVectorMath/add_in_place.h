#ifndef ADD_IN_PLACE_H
#define ADD_IN_PLACE_H

// sum + term, in the register that the sum is in.
//
// An instruction of SSE overwrites its first operand. LLVM takes the product for it, so that every sum of a tile goes to another register
// in each round, and with eight of them one to memory and back: three times the time of the additions.
//
// Instructions of AVX overwrite nothing, so where the compiler may use them, an addition is one.

#if defined(__SSE2__)

typedef float sse_float4 __attribute__((ext_vector_type(4)));
typedef double sse_double2 __attribute__((ext_vector_type(2)));

#if defined(__AVX__)
#define ADD_IN_PLACE(instruction, sum, term) sum += term
#else
#define ADD_IN_PLACE(instruction, sum, term) __asm__(instruction " %1, %0" : "+x"(sum) : "x"(term))
#endif

static inline __attribute__((always_inline)) sse_float4 add_in_place_float4(sse_float4 sum, sse_float4 term) {
  ADD_IN_PLACE("addps", sum, term);
  return sum;
}

static inline __attribute__((always_inline)) sse_double2 add_in_place_double2(sse_double2 sum, sse_double2 term) {
  ADD_IN_PLACE("addpd", sum, term);
  return sum;
}

#undef ADD_IN_PLACE

#endif

#endif

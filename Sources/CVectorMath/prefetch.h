#ifndef PREFETCH_H
#define PREFETCH_H

// Asks for the cache line that something will be read from, or written to.

static inline __attribute__((always_inline)) void prefetch_for_reading(const void *address) {
  __builtin_prefetch(address, 0, 3);
}

static inline __attribute__((always_inline)) void prefetch_for_writing(const void *address) {
  __builtin_prefetch(address, 1, 3);
}

#endif

#ifndef PREFETCH_H
#define PREFETCH_H

// Asks for the cache line that something will be written to.

static inline __attribute__((always_inline)) void prefetch_for_writing(const void *address) {
  __builtin_prefetch(address, 1, 3);
}

#endif

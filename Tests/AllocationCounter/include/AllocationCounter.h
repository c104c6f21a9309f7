#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdbool.h>

// Whether allocations are counted in this build: not beside a sanitizer, which has an allocator of its own, and only
// with the GNU C library.
bool allocations_are_counted(void);

// The allocations that this thread has made.
long allocations_of_this_thread(void);

// Those of LARGE_ALLOCATION bytes or more.
long large_allocations_of_this_thread(void);

#define LARGE_ALLOCATION 65536

#endif

#ifndef CPU_FEATURES_H
#define CPU_FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Whether both the processor and the operating system offer the vector instructions that a module of
// kernels is compiled for. Always false on other architectures.

bool cpu_offers_avx2_and_fma(void);
bool cpu_offers_avx512(void);

// Whether instructions on 512 bits take twice as long as those on 256, so that they save none of the time of arithmetic.
bool cpu_halves_512_bits(void);

// Tells the processor that this is a loop that waits for another thread.
void cpu_pause(void);

// Lets another thread run in the place of this one, where one is waiting to.
void cpu_yield(void);

// Nanoseconds of a clock that only goes forward.
uint64_t cpu_now(void);

// How often the system has taken the processor away from this thread to run another one; 0 where it does not tell.
long cpu_preemptions(void);

// The nanoseconds that this thread has waited for others beyond its patience, and adding to them.
uint64_t cpu_waited(void);
void cpu_add_waited(uint64_t nanoseconds);

// Starts a thread that calls `body` with `argument` and ends when it returns. Signals of the process are left to its
// other threads. Returns whether there is such a thread now.
bool cpu_start_thread(void (*body)(void *), void *argument);

// How many times `fork` lies between this process and the first that asked; another number than the parent's in every child.
uint32_t cpu_process_generation(void);

// The number of the processor that this thread runs on; -1 where the system does not tell.
int cpu_current(void);

// Moves this thread to another processor if it runs on one of `taken`, provided that it may run on one that is not. The
// processors that it may run on stay the same.
void cpu_leave(const int *taken, size_t count);

// Asks for large pages behind memory that is read from front to back again and again. Only a hint.
void cpu_prefer_large_pages(void *base, size_t size);

// Lets the allocator keep up to some 60 MiB that are freed, as it does on its own once a block of 31 MiB has come and gone.
void cpu_keep_freed_memory(void);

#endif

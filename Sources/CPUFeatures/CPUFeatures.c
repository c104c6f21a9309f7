#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include "CPUFeatures.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#if defined(__x86_64__)

#include <cpuid.h>

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

// Zen 4, the only processor of AMD's family 25 that has AVX-512: "Software Optimization Guide for the AMD Zen4
// Microarchitecture" (publication 57647). The first of two numbers is four bits, and the other is added to 15.
bool cpu_halves_512_bits(void) {
  unsigned int eax, ebx, ecx, edx;
  if (!cpu_offers_avx512() || !__get_cpuid(0, &eax, &ebx, &ecx, &edx) || ebx != signature_AMD_ebx) return false;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return false;
  unsigned int base = eax >> 8 & 15, extended = eax >> 20 & 255;
  return base == 15 && base + extended == 25;
}

#else

bool cpu_offers_avx2_and_fma(void) { return false; }
bool cpu_offers_avx512(void) { return false; }
bool cpu_halves_512_bits(void) { return false; }

#endif

void cpu_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

void cpu_yield(void) { sched_yield(); }

uint64_t cpu_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

long cpu_preemptions(void) {
#if defined(RUSAGE_THREAD)
  struct rusage usage;
  if (getrusage(RUSAGE_THREAD, &usage) == 0) return usage.ru_nivcsw;
#endif
  return 0;
}

static __thread uint64_t waited;

uint64_t cpu_waited(void) { return waited; }

void cpu_add_waited(uint64_t nanoseconds) { waited += nanoseconds; }

#if defined(__linux__)

int cpu_current(void) { return sched_getcpu(); }

void cpu_leave(const int *taken, size_t count) {
  int current = sched_getcpu();
  bool is_taken = false;
  for (size_t i = 0; i < count; i++) is_taken |= taken[i] == current;
  cpu_set_t allowed;
  if (!is_taken || sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  cpu_set_t others = allowed;
  for (size_t i = 0; i < count; i++)
    if (taken[i] >= 0 && taken[i] < CPU_SETSIZE) CPU_CLR(taken[i], &others);
  if (CPU_COUNT(&others) == 0 || sched_setaffinity(0, sizeof others, &others) != 0) return;
  sched_setaffinity(0, sizeof allowed, &allowed);
}

#else

int cpu_current(void) { return -1; }

void cpu_leave(const int *taken, size_t count) {
  (void)taken;
  (void)count;
}

#endif

struct start {
  void (*body)(void *);
  void *argument;
};

static void *run(void *raw) {
  struct start start = *(struct start *)raw;
  free(raw);
  start.body(start.argument);
  return NULL;
}

bool cpu_start_thread(void (*body)(void *), void *argument) {
  struct start *start = malloc(sizeof *start);
  if (start == NULL) return false;
  start->body = body;
  start->argument = argument;
  sigset_t all, before;
  sigfillset(&all);
  // A new thread inherits the mask.
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  bool started = pthread_create(&thread, NULL, run, start) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (started)
    pthread_detach(thread);
  else
    free(start);
  return started;
}

static _Atomic uint32_t generation;
static pthread_once_t watches_forks = PTHREAD_ONCE_INIT;

static void begin_child(void) { generation++; }

static void watch_forks(void) { pthread_atfork(NULL, NULL, begin_child); }

uint32_t cpu_process_generation(void) {
  pthread_once(&watches_forks, watch_forks);
  return generation;
}

void cpu_prefer_large_pages(void *base, size_t size) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  // Without large pages everything works as well, only slower.
  (void)madvise(base, size, MADV_HUGEPAGE);
#else
  (void)base;
  (void)size;
#endif
}

void cpu_keep_freed_memory(void) {
#if defined(__GLIBC__)
  // glibc raises its threshold to the size of a mapped block that is freed, if that is at most 32 MiB with its header, and
  // gives memory back to the system when twice as much is free. Nothing touches the block. It is volatile, or the
  // compiler would leave it out.
  void *volatile block = malloc(31u << 20);
  free(block);
#endif
}

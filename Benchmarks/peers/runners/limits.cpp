// What one core of this processor can do, as JSON: float multiply-adds in registers in operations per second, and
// sums over blocks of memory in bytes per second for each size of a block.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <vector>

#ifdef __AVX512F__
constexpr size_t width = 64;
#else
constexpr size_t width = 32;
#endif
typedef float Vector __attribute__((vector_size(width)));
constexpr size_t lanes = width / sizeof(float);

using Clock = std::chrono::steady_clock;

/// The least seconds of several tries.
template <typename Body> static double least(int tries, Body body) {
  double best = 1e9;
  for (int i = 0; i < tries; ++i) {
    const auto start = Clock::now();
    body();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

static volatile float sink;

template <size_t count> static void keep(const Vector (&sums)[count]) {
  for (const Vector &sum : sums) sink = sum[0];
}

static double operationsPerSecond() {
  constexpr int chains = 12, rounds = 1000000;
  const double seconds = least(12, [] {
    Vector sums[chains] = {};
    const Vector factor = Vector{} + 0.999f;
    for (int round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
      for (int i = 0; i < chains; ++i) {
        sums[i] = sums[i] * factor + factor;
        asm volatile("" : "+x"(sums[i]));
      }
    }
    keep(sums);
  });
  return 2.0 * chains * lanes * rounds / seconds;
}

static double bytesPerSecond(size_t bytes) {
  std::vector<Vector> block(bytes / width, Vector{} + 1);
  const size_t passes = std::max<size_t>(2, (64 << 20) / bytes);
  const double seconds = least(8, [&] {
    Vector sums[8] = {};
    for (size_t pass = 0; pass < passes; ++pass) {
      for (size_t i = 0; i + 8 <= block.size(); i += 8) {
#pragma GCC unroll 8
        for (size_t j = 0; j < 8; ++j) sums[j] += block[i + j];
      }
      asm volatile("" ::: "memory");
    }
    keep(sums);
  });
  return static_cast<double>(bytes) * passes / seconds;
}

int main() {
  std::printf("{\"operationsPerSecond\": %.4g, \"bytesPerSecond\": {", operationsPerSecond());
  for (size_t bytes = 4096; bytes <= size_t(64) << 20; bytes *= 4)
    std::printf("%s\"%zu\": %.4g", bytes == 4096 ? "" : ", ", bytes, bytesPerSecond(bytes));
  std::puts("}}");
}

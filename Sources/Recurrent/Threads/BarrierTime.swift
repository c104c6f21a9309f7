internal import CPUFeatures
internal import Synchronization

/// How long a barrier of two threads of the pool takes, as it was a moment ago.
///
/// It changes by a factor of nine within seconds, as a hypervisor moves virtual processors about;
/// the figures are in Benchmarks/Results/kernel-notes.md.
struct BarrierTime: ~Copyable, Sendable {
  private let nanoseconds = Atomic(0)
  private let expiry = Atomic<UInt64>(0)
  /// Measuring takes 3 to 10 µs of threads that are awake.
  private static let lifetime: UInt64 = 50_000_000

  /// The time as it was less than 50 ms ago, or else what `measure` finds; `nil` where it finds
  /// none.
  func current(measure: () -> Int?) -> Int? {
    let now = cpu_now()
    if now < expiry.load(ordering: .acquiring) { return nanoseconds.load(ordering: .relaxed) }
    guard let measured = measure() else { return nil }
    nanoseconds.store(measured, ordering: .relaxed)
    expiry.store(now + Self.lifetime, ordering: .releasing)
    return measured
  }
}

extension WorkerGroup {
  /// The nanoseconds that a barrier of the caller and a worker takes, each of them writing its
  /// counter and reading the other's; `nil` for a caller without workers.
  func measureBarrier() -> Int? {
    guard count > 1 else { return nil }
    let progress = Progress(workers: 2)
    let barriers: UInt64 = 8
    var least = UInt64.max
    perform(threadCount: 2) { worker in
      var met = 0
      // The first round waits for the worker to wake; the best is one in which no other program
      // ran.
      for _ in 0..<4 {
        let start = cpu_now()
        for _ in 0..<barriers {
          met += 1
          progress.publish(met, by: worker)
          progress.waitForAll(toReach: met)
        }
        if worker == 0 { least = min(least, (cpu_now() - start) / barriers) }
      }
    }
    return Int(least)
  }
}

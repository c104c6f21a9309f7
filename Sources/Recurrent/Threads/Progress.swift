internal import Synchronization
internal import VectorKernels

/// How far each worker of a group has come, for workers that wait for each other again and again.
///
/// Every worker writes its own counter and reads the others', so nobody takes a cache line away
/// from one who writes it; a wait between two threads that both run takes some 50 ns.
struct Progress: ~Copyable, @unchecked Sendable {
  private let counters: UnsafeMutablePointer<Atomic<Int>>
  private let count: Int

  /// Two cache lines: processors fetch them in pairs.
  private static var stride: Int { 2 * Processor.cacheLineBytes / MemoryLayout<Atomic<Int>>.stride }

  /// Creates counters that stand at zero.
  init(workers count: Int) {
    self.count = count
    counters = .allocate(capacity: count * Self.stride)
    for worker in 0..<count { (counters + worker * Self.stride).initialize(to: Atomic(0)) }
  }

  deinit {
    for worker in 0..<count { (counters + worker * Self.stride).deinitialize(count: 1) }
    counters.deallocate()
  }

  /// Tells the others that everything up to `value` is done, and shows them what was written
  /// before.
  @inline(__always)
  func publish(_ value: Int, by worker: Int) {
    counters[worker * Self.stride].store(value, ordering: .releasing)
  }

  /// Waits until a worker has come so far, and sees what it wrote before.
  @inline(__always)
  func wait(for worker: Int, toReach value: Int) {
    guard counters[worker * Self.stride].load(ordering: .acquiring) < value else { return }
    var spin = SpinWait()
    repeat { spin.once() } while counters[worker * Self.stride].load(ordering: .acquiring) < value
  }

  /// Waits until all workers have come so far.
  @inline(__always)
  func waitForAll(toReach value: Int) {
    for worker in 0..<count { wait(for: worker, toReach: value) }
  }
}

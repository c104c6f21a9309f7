internal import CPUFeatures
internal import Synchronization

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

// Threads of the package's own.
//
// Goals, in order:
// 1. Workers of one group run at the same time, so that they may wait for each other.
// 2. Handing out work costs less than a microsecond while a call follows the other, and no processor time afterwards.
// 3. Callers never wait for threads that another call is using: they do with fewer, or with themselves.
// 4. Where the processors have other work, one thread that runs is faster than two of which one waits for the other's turn.
//
// Rejected:
// | alternative                             | why not                                                        |
// | --------------------------------------- | -------------------------------------------------------------- |
// | DispatchQueue.concurrentPerform         | may run two iterations one after the other on one thread       |
// | the pool of Swift's concurrency         | its threads must not wait for each other                       |
// | one group for the process and a lock    | callers on different processors would wait for each other      |

/// Threads that wait for work, shared by all calls of the process.
final class ThreadPool: Sendable {
  /// The pool of this process.
  static var shared: ThreadPool { ofProcess.value }
  private static let ofProcess = ProcessLocal { ThreadPool() }

  private struct Pool {
    var idle: [Worker] = []
    var started = 0
  }
  private let pool = Mutex(Pool())

  private let barrierTime = BarrierTime()

  /// What a barrier of two threads takes now; the usual time where no worker is free.
  var nanosecondsPerBarrier: Double {
    let measured = barrierTime.current { withWorkerGroup(upTo: 2) { $0.measureBarrier() } }
    return measured.map(Double.init) ?? ProcessorCosts.nanosecondsPerBarrier
  }

  /// Until when no group is made, and how long the last such time was, in nanoseconds.
  private let pauseEnd = Atomic<UInt64>(0)
  private let pauseLength = Atomic<UInt64>(0)
  private static let shortestPause: UInt64 = 10_000_000
  private static let longestPause: UInt64 = 320_000_000
  /// How many times as long as a group that was held up the pause after it may be: trying again
  /// takes no more than a small part of the time, and processors that are free again are soon used.
  private static let mostPauseForTrial: UInt64 = 20

  /// Calls `body` with the caller's thread and up to `count` − 1 others that are free.
  ///
  /// More threads than the machine has processors are started only for a caller that asks for so
  /// many. The caller is alone for a while after a group has lost much of its time to threads of
  /// other programs, longer each time, but no longer than in proportion to the time that a group
  /// takes, unless it is forced.
  func withWorkerGroup<Result>(
    upTo count: Int, forced: Bool = false, _ body: (WorkerGroup) -> Result
  ) -> Result {
    if !forced, cpu_now() < pauseEnd.load(ordering: .relaxed) { return body(WorkerGroup(workers: [])) }
    let group = WorkerGroup(workers: take(count - 1))
    defer { pool.withLock { $0.idle.append(contentsOf: group.workers) } }
    return body(group)
  }

  /// Hears how a group has fared in so many nanoseconds, and decides whether to make another one
  /// soon.
  fileprivate func note(_ groupWasHeldUp: Bool, elapsed: UInt64) {
    guard groupWasHeldUp else {
      if pauseLength.load(ordering: .relaxed) != 0 { pauseLength.store(0, ordering: .relaxed) }
      return
    }
    let length = Self.pause(after: pauseLength.load(ordering: .relaxed), groupTook: elapsed)
    pauseLength.store(length, ordering: .relaxed)
    pauseEnd.store(cpu_now() + length, ordering: .relaxed)
  }

  /// The pause, in nanoseconds, after a group that was held up and the pause before it; 0 for none.
  static func pause(after last: UInt64, groupTook elapsed: UInt64) -> UInt64 {
    let longest = min(max(mostPauseForTrial * min(elapsed, longestPause), shortestPause), longestPause)
    return min(max(2 * last, shortestPause), longest)
  }

  private func take(_ count: Int) -> [Worker] {
    let limit = max(count, Self.processorCount - 1)
    return pool.withLock { pool in
      while pool.idle.count < count, pool.started < limit {
        guard let worker = Worker.start() else { break }
        pool.idle.append(worker)
        pool.started += 1
      }
      // The last ones have worked last: they may still be awake.
      let taken = Array(pool.idle.suffix(count))
      pool.idle.removeLast(taken.count)
      return taken
    }
  }

  /// The processors that this process may use.
  static let processorCount = max(1, ProcessInfo.processInfo.activeProcessorCount)
}

/// The threads that one call has: the caller's and some workers.
struct WorkerGroup {
  fileprivate let workers: [Worker]

  /// The number of threads.
  var count: Int { workers.count + 1 }

  /// Calls `body` once on each of `threadCount` threads, with numbers from 0 on; the caller's is 0.
  /// Returns when all have returned. The pool hears how they have fared.
  func run(threadCount: Int, _ body: (Int) -> Void) {
    let (start, waitedBefore) = (cpu_now(), cpu_waited())
    perform(threadCount: threadCount, body)
    // Shares are never quite equal: the caller's may be half of another's. But if it has waited for
    // longer than that, or for a quarter of the time while a worker lost its processor, it has
    // waited for others' work.
    let (waited, elapsed) = (cpu_waited() &- waitedBefore, cpu_now() &- start)
    let wasPreempted = workers.prefix(threadCount - 1).contains { $0.lastPreemptions > 0 }
    ThreadPool.shared.note(
      waited > elapsed / 5 * 3 || (wasPreempted && waited > elapsed / 4), elapsed: elapsed)
  }

  /// The same for work that tells nothing of how threads fare.
  func perform(threadCount: Int, _ body: (Int) -> Void) {
    let workers = workers.prefix(threadCount - 1)
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: threadCount) { processors in
      // Threads that wait for each other by giving the processor away look busy to the system, and
      // stay together on one processor for long; so they see to it themselves that they do not meet
      // there.
      processors.initialize(repeating: cpu_current())
      for (index, worker) in workers.enumerated() { processors[index + 1] = worker.lastProcessor }
      withoutActuallyEscaping(body) { body in
        for (index, worker) in workers.enumerated() {
          worker.begin(body, as: index + 1, besides: UnsafeBufferPointer(rebasing: processors[...index]))
        }
        body(0)
        for worker in workers { worker.finish() }
      }
    }
  }
}

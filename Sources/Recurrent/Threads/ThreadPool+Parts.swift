extension ThreadPool {
  /// Calls `body` with parts of `0..<count`, side by side on up to `threadCount` threads that are
  /// free; on the caller's alone where so many nanoseconds of work are not worth waking others, if
  /// it is not forced.
  func forEachPart(
    of count: Int, nanoseconds: Double, threadCount: Int, forced: Bool, _ body: (Range<Int>) -> Void
  ) {
    let wanted = Self.threads(
      forParts: count, nanoseconds: nanoseconds, threadCount: threadCount, forced: forced)
    guard wanted > 1 else { return body(0..<count) }
    forEachPart(of: count, threadCount: wanted, forced: forced) { body($1) }
  }

  /// The threads, up to `threadCount`, that parts of so many nanoseconds of work in all are worth
  /// waking for; all of them where it is forced.
  static func threads(forParts count: Int, nanoseconds: Double, threadCount: Int, forced: Bool) -> Int {
    // Two threads from the least work that is worth sharing on, and then one for each half of it.
    let worthwhile = Int(min(nanoseconds / (ProcessorCosts.leastNanosecondsToShare / 2), 1024))
    return max(1, min(threadCount, count, forced ? .max : worthwhile))
  }

  /// Calls `body` with a worker's number, from 0 on, and its part of `0..<count`, side by side on
  /// up to `threadCount` threads that are free.
  func forEachPart(of count: Int, threadCount: Int, forced: Bool, _ body: (Int, Range<Int>) -> Void) {
    withWorkerGroup(upTo: threadCount, forced: forced) { group in
      guard group.count > 1 else { return body(0, 0..<count) }
      group.run(threadCount: group.count) { worker in
        body(worker, (0..<count).part(worker, of: group.count))
      }
    }
  }
}

extension ThreadPool {
  /// Calls `body` with parts of `0..<count`, side by side on up to `threadCount` threads that are
  /// free; on the caller's alone where so many nanoseconds of work are not worth waking others, if
  /// it is not forced.
  func forEachPart(
    of count: Int, nanoseconds: Double, threadCount: Int, forced: Bool, _ body: (Range<Int>) -> Void
  ) {
    // Two threads from the least work that is worth sharing on, and then one for each half of it.
    let worthwhile = Int(min(nanoseconds / (ProcessorCosts.leastNanosecondsToShare / 2), 1024))
    let wanted = min(threadCount, count, forced ? .max : worthwhile)
    guard wanted > 1 else { return body(0..<count) }
    withWorkerGroup(upTo: wanted, forced: forced) { group in
      guard group.count > 1 else { return body(0..<count) }
      group.run(threadCount: group.count) { worker in body((0..<count).part(worker, of: group.count)) }
    }
  }
}

/// How one call is run: its backend, instructions and threads, resolved from the layer and the
/// environment.
package struct Execution: Sendable, Equatable {
  package var backend: Backend
  package var instructions: InstructionSet
  /// Whether narrower instructions may be used where they are faster; the bits are the same.
  var mayNarrow = false
  package var threadCount: Int
  /// Whether work outside of passes is partitioned however little it is; for tests.
  package var forcesThreads = false
  /// How the pass is cut, in the place of what ``ForwardPlan`` would choose; for tests.
  var plan: ForwardPlan?
  /// How a backward pass is cut, in the place of what ``BackwardPlan`` would choose; for tests.
  var backwardPlan: BackwardPlan?

  /// Names everything; for tests and tools.
  package init(
    backend: Backend, instructions: InstructionSet = InstructionSet.widest, threadCount: Int = 1
  ) {
    self.backend = backend
    self.instructions = instructions
    self.threadCount = threadCount
  }

  /// Resolves what a layer asks for: its own choice first, then the environment's, then the
  /// machine's.
  ///
  /// - Parameters:
  ///   - backend: The layer's backend.
  ///   - threadCount: The layer's number of threads, or `nil`.
  /// - Throws: ``RecurrentError`` for an override or a number of threads that cannot be honoured,
  ///   or a missing backend.
  package init(resolving backend: Backend, threadCount: Int?) throws(RecurrentError) {
    let overrides = try Overrides.current.get()
    self.backend = backend == .automatic ? overrides.backend ?? .automatic : backend
    instructions = overrides.instructions ?? .widest
    mayNarrow = overrides.instructions == nil
    if let threadCount, !(1...1024).contains(threadCount) {
      throw .invalidSize(argument: "threadCount", expected: "1 to 1024", actual: threadCount)
    }
    self.threadCount = threadCount ?? overrides.threadCount ?? ThreadPool.processorCount
    guard self.backend.isAvailable else {
      throw .backendUnavailable(self.backend, reason: Backend.notLinked)
    }
  }

  /// Calls `body` with parts of `0..<count`, side by side on the threads of the execution where so
  /// many nanoseconds of work are worth it.
  ///
  /// Which parts there are depends on the threads that are free: results must not depend on it.
  func forEachPart(of count: Int, nanoseconds: Double, _ body: (Range<Int>) -> Void) {
    ThreadPool.shared.forEachPart(
      of: count, nanoseconds: nanoseconds, threadCount: threadCount, forced: forcesThreads, body)
  }

  /// The threads that parts of so many nanoseconds of work in all are worth, on the Swift backend;
  /// OpenBLAS has its own.
  func threads(forParts count: Int, nanoseconds: Double) -> Int {
    guard backend.resolved == .swift else { return 1 }
    return ThreadPool.threads(
      forParts: count, nanoseconds: nanoseconds, threadCount: threadCount, forced: forcesThreads)
  }

  /// Calls `body` with a worker's number, from 0 on, and its part of `0..<count`, on up to so many
  /// threads.
  func forEachPart(of count: Int, threadCount: Int, _ body: (Int, Range<Int>) -> Void) {
    ThreadPool.shared.forEachPart(of: count, threadCount: threadCount, forced: forcesThreads, body)
  }

  /// The instructions for calls of a layer with so many rows and hidden features.
  @inline(__always)
  package func instructions(
    rows: Int, hiddenSize: Int, scalarSize: Int, hasFormula: Bool
  ) -> InstructionSet {
    // Other cells than plain ones have several times as many columns, and formulas that wide
    // vectors suit.
    guard mayNarrow, !hasFormula else { return instructions }
    return instructions.fitting(rows: rows, columns: hiddenSize, scalarSize: scalarSize)
  }
}

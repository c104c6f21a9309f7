/// How a backward pass is cut: into chunks of steps, and into shares for threads.
struct BackwardPlan: Equatable {
  /// What each thread gets of the sequential part; of the products over many steps, each gets
  /// columns or rows.
  enum Split: Equatable {
    /// Rows of the batch.
    case rows
    /// Columns of W_hh, with a barrier for each step.
    case columns
  }

  /// The steps that are worked on at once. It decides the order of sums, so it depends on the shape
  /// alone.
  var stepsPerChunk: Int
  var split: Split
  /// The threads; 1 where more would not be faster.
  var threadCount: Int

  /// Names everything; for tests.
  init(stepsPerChunk: Int, split: Split = .rows, threadCount: Int = 1) {
    self.stepsPerChunk = stepsPerChunk
    self.split = split
    self.threadCount = threadCount
  }

  /// Plans a pass, for threads that take `nanosecondsPerBarrier` for a barrier.
  init(
    _ shape: ForwardShape, backend: Backend, panelWidth: Int, threadCount available: Int,
    nanosecondsPerBarrier: () -> Double
  ) {
    stepsPerChunk = min(shape.steps, max(1, SummationOrder.gradientRowsPerChunk / max(1, shape.rows)))
    (split, threadCount) = (.rows, 1)
    guard backend == .swift, shape.rows > 0, available > 1 else { return }
    let forward = ForwardCost(shape, panelWidth: panelWidth).fastest(
      threadCount: available, nanosecondsPerBarrier: nanosecondsPerBarrier)
    switch forward.split {
    case .columns: (split, threadCount) = (.columns, forward.threadCount)
    case .rows: threadCount = forward.threadCount
    // Two thirds of the work are products over many steps, which all threads share out whatever the
    // sequential part is.
    case .layers: threadCount = forward.threadCount
    }
  }

  /// The same plan on one thread.
  static func alone(_ plan: BackwardPlan) -> BackwardPlan { limited(plan, to: 1) }

  /// The same plan on no more threads than these.
  static func limited(_ plan: BackwardPlan, to available: Int) -> BackwardPlan {
    BackwardPlan(
      stepsPerChunk: plan.stepsPerChunk, split: plan.split,
      threadCount: min(plan.threadCount, available))
  }
}

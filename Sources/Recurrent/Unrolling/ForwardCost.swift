/// An estimate of what a forward pass on the Swift backend takes, good enough to choose between
/// splits.
///
/// A hidden projection takes the longer of its operations at the speed of the multiply-adds and the
/// reading of its weights from the cache that holds them; an input projection, which serves many
/// steps at once, its operations. The figures are those of ``ProcessorCosts``.
struct ForwardCost {
  private let shape: ForwardShape
  private let panelWidth: Int
  /// A barrier of two threads.
  private var nanosecondsPerBarrier = ProcessorCosts.nanosecondsPerBarrier

  /// Estimates passes of a shape; `panelWidth` columns are the fewest that a thread can have.
  init(_ shape: ForwardShape, panelWidth: Int) {
    self.shape = shape
    self.panelWidth = panelWidth
  }

  /// Whether a pass has so many operations that threads could be worth waking, and may use them; a
  /// bound that costs nothing.
  static func mayBePartitioned(_ shape: ForwardShape, threadCount: Int) -> Bool {
    let weights = shape.gateCount * shape.hiddenSize * (shape.inputSize + shape.hiddenSize)
    return threadCount > 1
      && Double(2 * shape.steps * shape.rows * shape.layerCount * weights)
        > ProcessorCosts.leastOperationsToPartition
  }

  /// The expected time of the pass on one thread.
  var nanosecondsOnOneThread: Double { nanoseconds(.rows, threadCount: 1) }

  /// Whether two passes are worth one thread each.
  var isWorthAThread: Bool { 2 * nanosecondsOnOneThread > ProcessorCosts.leastNanosecondsToShare }

  /// The split and the number of threads, up to `available`, that should be fastest; one thread
  /// where more would gain too little. Threads that would have to wait for each other at every step are asked how
  /// long it takes them.
  func fastest(
    threadCount available: Int, nanosecondsPerBarrier: () -> Double
  ) -> (split: ForwardPlan.Split, threadCount: Int) {
    let usual = fastest(threadCount: available)
    guard usual.split == .columns else { return usual }
    var cost = self
    cost.nanosecondsPerBarrier = nanosecondsPerBarrier()
    return cost.fastest(threadCount: available)
  }

  private func fastest(threadCount available: Int) -> (split: ForwardPlan.Split, threadCount: Int) {
    var best = (split: ForwardPlan.Split.rows, threadCount: 1)
    let alone = nanosecondsOnOneThread
    guard alone > ProcessorCosts.leastNanosecondsToShare else { return best }
    var least = alone * ProcessorCosts.worthwhile
    for split in [ForwardPlan.Split.rows, .layers, .columns] {
      for count in stride(from: 2, through: min(available, mostThreads(split)), by: 1) {
        let expected = nanoseconds(split, threadCount: count)
        if expected < least {
          least = expected
          best = (split, count)
        }
      }
    }
    return best
  }

  /// The most threads that a split has shares for.
  func mostThreads(_ split: ForwardPlan.Split) -> Int {
    switch split {
    case .rows: shape.rows
    case .columns: shape.hasWholeRows ? 1 : min(16, (shape.hiddenSize + panelWidth - 1) / panelWidth)
    case .layers: shape.layerCount
    }
  }

  /// The expected time of the pass.
  private func nanoseconds(_ split: ForwardPlan.Split, threadCount: Int) -> Double {
    let steps = Double(shape.steps)
    let ends = Double(threadCount - 1) * ProcessorCosts.nanosecondsPerThread
    let above = Double(shape.layerCount - 1)
    let (first, others): (Double, Double)
    switch split {
    case .rows:
      let rows = (shape.rows + threadCount - 1) / threadCount
      first = step(rows: rows, columns: shape.hiddenSize, inputs: shape.inputSize)
      others = step(rows: rows, columns: shape.hiddenSize, inputs: shape.hiddenSize)
    case .columns:
      let panels = (shape.hiddenSize + panelWidth - 1) / panelWidth
      let columns = min(shape.hiddenSize, (panels + threadCount - 1) / threadCount * panelWidth)
      let barriers = ProcessorCosts.barriersPerStep * nanosecondsPerBarrier * Double(threadCount - 1)
      first = step(rows: shape.rows, columns: columns, inputs: shape.inputSize) + barriers
      others = step(rows: shape.rows, columns: columns, inputs: shape.hiddenSize) + barriers
    case .layers:
      let most = Double((shape.layerCount + threadCount - 1) / threadCount)
      let layer = max(
        step(rows: shape.rows, columns: shape.hiddenSize, inputs: shape.inputSize),
        step(rows: shape.rows, columns: shape.hiddenSize, inputs: shape.hiddenSize))
      // The first and the last chunk are not shared.
      return ends + steps * most * layer * (1 + Double(threadCount - 1) / (8 * Double(threadCount)))
    }
    return ends + steps * (first + above * others)
  }

  /// One step of one layer, the input projection included.
  private func step(rows: Int, columns: Int, inputs: Int) -> Double {
    let (rows, columns) = (Double(rows), Double(columns * shape.gateCount))
    let (depth, size) = (Double(shape.hiddenSize), Double(shape.scalarSize))
    let rate = ProcessorCosts.bytesOfOperationsPerNanosecond / size
    let weights = columns * depth * size
    let recurrent = max(
      2 * rows * columns * depth / rate, weights / ProcessorCosts.bandwidth(ofBytes: weights))
    return recurrent + 2 * rows * columns * Double(inputs) / rate
      + rows * columns * ProcessorCosts.nanosecondsPerActivation + ProcessorCosts.nanosecondsPerProduct
  }
}

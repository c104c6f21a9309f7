/// An estimate of what a forward pass on the Swift backend takes, good enough to choose between splits.
///
/// A recurrent product takes the longer of its operations at the speed of the multiply-adds and the reading of its
/// weights from the cache that holds them; an input product, which serves many steps at once, its operations. The
/// constants are rounded from measurements on AMD Zen 3 and Zen 4; only their ratios matter. What changes from one moment to the
/// next, the time in which threads meet, is measured where it decides.
struct ForwardCost {
  private let shape: ForwardShape
  private let panelWidth: Int
  /// A meeting of two threads.
  private var nanosecondsPerMeeting = usualNanosecondsPerMeeting

  /// Estimates passes of a shape; `panelWidth` columns are the fewest that a thread can have.
  init(_ shape: ForwardShape, panelWidth: Int) {
    self.shape = shape
    self.panelWidth = panelWidth
  }

  /// What two threads take on cores that share a cache.
  static let usualNanosecondsPerMeeting = 100.0

  /// Whether a pass has so many operations that threads could be worth waking, and may use them; a bound that costs nothing.
  static func mayBeShared(_ shape: ForwardShape, threadCount: Int) -> Bool {
    let weights = shape.gateCount * shape.hiddenSize * (shape.inputSize + shape.hiddenSize)
    return threadCount > 1
      && Double(2 * shape.steps * shape.rows * shape.layerCount * weights) > leastOperationsToShare
  }

  /// Whether two passes are worth one thread each.
  var isWorthAThread: Bool { 2 * nanoseconds(.rows, threadCount: 1) > Self.leastWorkToShare }

  /// Too few to take ``leastWorkToShare`` even where weights come from memory.
  private static let leastOperationsToShare = 400_000.0

  /// The split and the number of threads, up to `available`, that should be fastest; one thread where more would gain
  /// too little. Threads that would have to meet at every step are asked how long it takes them.
  func fastest(
    threadCount available: Int, nanosecondsPerMeeting: () -> Double
  ) -> (split: ForwardPlan.Split, threadCount: Int) {
    let usual = fastest(threadCount: available)
    guard usual.split == .columns else { return usual }
    var cost = self
    cost.nanosecondsPerMeeting = nanosecondsPerMeeting()
    return cost.fastest(threadCount: available)
  }

  private func fastest(threadCount available: Int) -> (split: ForwardPlan.Split, threadCount: Int) {
    var best = (split: ForwardPlan.Split.rows, threadCount: 1)
    let alone = nanoseconds(.rows, threadCount: 1)
    guard alone > Self.leastWorkToShare else { return best }
    var least = alone * Self.worthwhile
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

  /// The part of the time that must remain for more threads to be worth waking.
  private static let worthwhile = 0.85
  /// Waking threads that sleep takes some 10 µs, sometimes more.
  private static let leastWorkToShare = 40_000.0

  /// Waking one more thread, and the wait for the last to end.
  private static let nanosecondsPerThread = 4_000.0
  /// A step's meeting, as a multiple of one of threads that do nothing else: outputs travel too.
  private static let meetingsPerStep = 2.0
  /// What a product takes beside its arithmetic.
  private static let nanosecondsPerProduct = 25.0
  private static let nanosecondsPerActivation = 0.4
  private static let bytesOfOperationsPerNanosecond = 360.0

  /// The bytes per nanosecond that a thread reads from where so many bytes lie.
  private static func bandwidth(of bytes: Double) -> Double {
    switch bytes {
    case ...24e3: 200
    case ...450e3: 85
    case ...20e6: 60
    default: 20
    }
  }

  /// The most threads that a split has shares for.
  private func mostThreads(_ split: ForwardPlan.Split) -> Int {
    switch split {
    case .rows: shape.rows
    case .columns: shape.hasWholeRows ? 1 : min(16, (shape.hiddenSize + panelWidth - 1) / panelWidth)
    case .layers: shape.layerCount
    }
  }

  /// The expected time of the pass.
  private func nanoseconds(_ split: ForwardPlan.Split, threadCount: Int) -> Double {
    let steps = Double(shape.steps)
    let ends = Double(threadCount - 1) * Self.nanosecondsPerThread
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
      let meeting = Self.meetingsPerStep * nanosecondsPerMeeting * Double(threadCount - 1)
      first = step(rows: shape.rows, columns: columns, inputs: shape.inputSize) + meeting
      others = step(rows: shape.rows, columns: columns, inputs: shape.hiddenSize) + meeting
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

  /// One step of one layer, the input product included.
  private func step(rows: Int, columns: Int, inputs: Int) -> Double {
    let (rows, columns) = (Double(rows), Double(columns * shape.gateCount))
    let (depth, size) = (Double(shape.hiddenSize), Double(shape.scalarSize))
    let rate = Self.bytesOfOperationsPerNanosecond / size
    let weights = columns * depth * size
    let recurrent = max(2 * rows * columns * depth / rate, weights / Self.bandwidth(of: weights))
    return recurrent + 2 * rows * columns * Double(inputs) / rate
      + rows * columns * Self.nanosecondsPerActivation + Self.nanosecondsPerProduct
  }
}

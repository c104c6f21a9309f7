/// How a forward pass is cut: into chunks of steps, and into shares for threads.
struct ForwardPlan: Equatable {
  /// What each thread gets.
  enum Split: Equatable {
    /// Rows of the batch, through all steps and layers. No thread waits for another.
    case rows
    /// Columns of every layer, which is its hidden features. All wait for each other at every step,
    /// and each keeps its share of the weights in its own cache.
    case columns
    /// Layers. Each thread is a chunk of steps behind the one below.
    case layers
  }

  /// The steps whose input projection is computed at once.
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

  /// The same plan on no more threads than these.
  func limited(to available: Int) -> ForwardPlan {
    ForwardPlan(
      stepsPerChunk: stepsPerChunk, split: split, threadCount: min(threadCount, available))
  }

  /// Plans a pass.
  ///
  /// - Chunks: the Swift kernels compute the input projection for so many steps that inputs and
  ///   outputs stay in the second-level cache until the hidden projections have used them. OpenBLAS
  ///   gets all steps at once, since it packs the weights anew for each call.
  /// - Threads: the split and number of threads that ``ForwardCost`` expects to be fastest, if it
  ///   expects a gain that is worth it, for threads that take `nanosecondsPerBarrier` for a barrier.
  ///   OpenBLAS has its own threads.
  init(
    _ shape: ForwardShape, backend: Backend, panelWidth: Int, threadCount available: Int,
    nanosecondsPerBarrier: () -> Double
  ) {
    split = .rows
    threadCount = 1
    stepsPerChunk = shape.steps
    guard backend == .swift, shape.rows > 0 else { return }

    if ForwardCost.mayBePartitioned(shape, threadCount: available) {
      (split, threadCount) = ForwardCost(shape, panelWidth: panelWidth).fastest(
        threadCount: available, nanosecondsPerBarrier: nanosecondsPerBarrier)
    }
    stepsPerChunk = Self.stepsPerChunk(shape, split, threadCount: threadCount)
  }

  /// The steps of a chunk on the Swift backend, where each thread has its part of a split.
  static func stepsPerChunk(_ shape: ForwardShape, _ split: Split, threadCount: Int) -> Int {
    let rows = split == .rows ? (shape.rows + threadCount - 1) / threadCount : shape.rows
    let preActivations = shape.gateCount > 1 ? shape.gateCount * shape.hiddenSize : 0
    let features = max(shape.inputSize, shape.hiddenSize) + shape.hiddenSize + preActivations
    // The pre-activations of gates pass through the cache beside the outputs: of large batches, the
    // fewer the better.
    let leastSteps = preActivations == 0 ? Self.leastSteps : (Self.leastRows + rows - 1) / max(1, rows)
    let fitting = ProcessorCosts.bytesBetweenProducts / max(1, rows * features * shape.scalarSize)
    let steps = min(shape.steps, max(leastSteps, fitting))
    // The last thread of a pipeline begins when the others have done a chunk each.
    return split == .layers ? max(1, min(steps, shape.steps / (8 * threadCount))) : steps
  }

  /// Plans a pass on an engine, as an execution wants it.
  init<Scalar>(
    _ shape: ForwardShape, _ engine: MatrixEngine<Scalar>, _ execution: Execution, threadCount: Int
  ) {
    self =
      execution.plan?.limited(to: threadCount)
      ?? ForwardPlan(
        shape, backend: engine.backend, panelWidth: engine.panelWidth, threadCount: threadCount,
        nanosecondsPerBarrier: { ThreadPool.shared.nanosecondsPerBarrier })
  }

  /// So that input weights from memory serve several steps however large a step is.
  private static let leastSteps = 4
  /// The same for cells with gates.
  private static let leastRows = 128
}

/// The sizes of a forward pass.
struct ForwardShape: Equatable {
  /// T.
  var steps: Int
  /// B.
  var rows: Int
  /// I.
  var inputSize: Int
  /// H.
  var hiddenSize: Int
  /// L.
  var layerCount: Int
  /// The bytes of a scalar.
  var scalarSize: Int
  /// G: the sums that each unit takes.
  var gateCount = 1
  /// P: the features of the state where it is a projection of H; `nil` where it is not.
  var projectionSize: Int?
  /// Whether a formula sees its whole row, so that columns cannot be shared out.
  var hasWholeRows = false

  /// The features of the state.
  var stateSize: Int { projectionSize ?? hiddenSize }
  /// Whether the state is a projection.
  var isProjected: Bool { projectionSize != nil }

  /// What a layer takes.
  func features(intoLayer layer: Int) -> Int { layer == 0 ? inputSize : stateSize }
}

extension StackSizes {
  /// The sizes of a pass through all layers, or through one cell of a layer.
  @inline(__always)
  func forwardShape(steps: Int, rows: Int, scalarSize: Int, layer: Int? = nil) -> ForwardShape {
    ForwardShape(
      steps: steps, rows: rows, inputSize: features(intoLayer: layer ?? 0), hiddenSize: hiddenSize,
      layerCount: layer == nil ? layerCount : 1, scalarSize: scalarSize, gateCount: kind.gateCount,
      projectionSize: projectionSize, hasWholeRows: kind.customSizes != nil)
  }
}

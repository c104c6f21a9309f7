/// How a forward pass is cut: into chunks of steps, and into ranges of rows for threads.
struct ForwardPlan: Equatable {
  /// The steps whose input product is computed at once.
  var stepsPerChunk: Int
  /// The rows of each worker; more than one only where workers are worth waking.
  var workers: [Range<Int>]

  /// Plans a pass.
  ///
  /// - Chunks: the Swift kernels compute the input product for so many steps that inputs and outputs
  ///   stay in the second-level cache until the recurrent products have used them. OpenBLAS
  ///   gets all steps at once, since it packs the weights anew for each call.
  /// - Workers: each gets rows of its own and runs the whole sequence on them, so that no two ever
  ///   wait for each other. A worker is worth waking for 2 million operations (some 20 µs), and
  ///   for 4 rows: fewer stream the weights as slowly as one. OpenBLAS has its own threads.
  init(
    steps: Int, rows: Int, inputSize: Int, hiddenSize: Int, layerCount: Int, scalarSize: Int,
    backend: Backend, threadCount: Int
  ) {
    guard backend == .swift else {
      stepsPerChunk = steps
      workers = [0..<rows]
      return
    }
    let operations =
      2 * Double(steps) * Double(rows) * Double(hiddenSize)
      * (Double(inputSize) + Double(2 * layerCount - 1) * Double(hiddenSize))
    let worthWaking = Int(min(operations / Self.leastOperations, 1024))
    let count = max(1, min(threadCount, worthWaking, rows / Self.leastRows))
    workers = (0..<count).map { (rows * $0 / count)..<(rows * ($0 + 1) / count) }

    let bytesPerStep = (rows / count + 1) * (max(inputSize, hiddenSize) + hiddenSize) * scalarSize
    stepsPerChunk = min(steps, max(Self.leastSteps, Self.chunkBytes / bytesPerStep))
  }

  /// Inputs and outputs of a chunk: a quarter of the second-level cache of common processors.
  private static let chunkBytes = 256 << 10
  /// So that input weights from memory serve several steps however large a step is.
  private static let leastSteps = 4
  private static let leastOperations = 2e6
  private static let leastRows = 4
}

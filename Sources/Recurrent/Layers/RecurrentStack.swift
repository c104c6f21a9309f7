/// Cells stacked on each other, with what `RNN` and `RNNCell` have in common: sizes, parameters, and one call.
struct RecurrentStack<Scalar: TensorScalar>: Sendable {
  let inputSize: Int
  let hiddenSize: Int
  let layerCount: Int
  let nonlinearity: Nonlinearity
  let hasBias: Bool

  /// The parameters of every layer; empty where the sizes are out of range.
  var parameters: [CellParameters<Scalar>] {
    didSet { preparations = Preparations() }
  }
  /// The weights in the form that engines want; copies of the stack share it.
  private var preparations = Preparations<Scalar>()
  /// What is wrong with the sizes. An initializer cannot throw in the place of a stored property's default value, so
  /// each use of a stack whose sizes are out of range throws instead.
  private let sizeError: RecurrentError?

  /// Creates a stack of zeros.
  init(
    inputSize: Int, hiddenSize: Int, layerCount: Int, nonlinearity: Nonlinearity, bias: Bool
  ) {
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.layerCount = layerCount
    self.nonlinearity = nonlinearity
    hasBias = bias
    sizeError = Self.error(inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount)
    parameters = []
    guard sizeError == nil else { return }
    parameters = (0..<layerCount).map {
      CellParameters(
        repeating: 0, inputSize: self.features(intoLayer: $0), hiddenSize: hiddenSize, bias: bias)
    }
  }

  /// What a layer's cell takes: the features of the input, or the layer's below.
  func features(intoLayer layer: Int) -> Int { layer == 0 ? inputSize : hiddenSize }

  /// Checks the sizes.
  func validateSizes() throws(RecurrentError) {
    if let sizeError { throw sizeError }
  }

  /// What is wrong with sizes, if anything.
  private static func error(inputSize: Int, hiddenSize: Int, layerCount: Int) -> RecurrentError? {
    let sizes = [
      ("inputSize", inputSize), ("hiddenSize", hiddenSize), ("layerCount", layerCount),
    ]
    for (argument, size) in sizes where !(1...greatestSize).contains(size) {
      return .invalidSize(argument: argument, expected: "1 to \(greatestSize)", actual: size)
    }
    let count = Shape.elementCount(of: [layerCount, hiddenSize, inputSize + 2 * hiddenSize])
    guard let count, count <= greatestParameterCount else {
      return .invalidSize(
        argument: "hiddenSize", expected: "at most \(greatestParameterCount) parameters in all",
        actual: hiddenSize)
    }
    return nil
  }

  /// Sizes fit the 32-bit integers of BLAS.
  private static var greatestSize: Int { Int(Int32.max) }
  /// 2³⁶ parameters, 256 GiB of `Float`: beyond any machine that this package is for.
  private static var greatestParameterCount: Int { 1 << 36 }

  /// Checks that every parameter has its shape: they are open to assignment.
  func validateParameters() throws(RecurrentError) {
    guard parameters.count == layerCount else {
      throw .invalidSize(
        argument: "parameters", expected: "\(layerCount) cells", actual: parameters.count)
    }
    for layer in 0..<layerCount {
      let cell = parameters[layer]
      let tensors: [(ParameterName, Tensor<Scalar>?)] = [
        (.weightIH, cell.weightIH), (.weightHH, cell.weightHH),
        (.biasIH, cell.biasIH), (.biasHH, cell.biasHH),
      ]
      for (name, tensor) in tensors {
        let shape = name.shape(inputSize: features(intoLayer: layer), hiddenSize: hiddenSize)
        guard let tensor else { continue }
        guard tensor.shape == shape else {
          throw .shapeMismatch(
            argument: "parameters[\(layer)].\(name.rawValue)", expected: shape.description,
            actual: tensor.shape)
        }
      }
    }
  }

  /// The weights for a backend and an instruction set.
  func prepared(
    for backend: Backend, _ instructions: InstructionSet
  ) throws(RecurrentError) -> PreparedStack<Scalar> {
    try preparations.stack(for: backend, instructions) { () throws(RecurrentError) in
      try validateSizes()
      try validateParameters()
      return PreparedStack(
        parameters, for: try MatrixEngine(backend: backend, instructions: instructions))
    }
  }

  /// Runs T steps of B rows: `input` is `[T, B, I]`, or `[B, T, I]` with `batchFirst`, its size checked by the caller;
  /// `states` is `[L, B, H]`, the initial state before and the final state after. The result is laid out as the input.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func run(
    _ input: [Scalar], steps: Int, rows: Int, batchFirst: Bool, states: inout [Scalar],
    execution: Execution
  ) throws(RecurrentError) -> [Scalar] {
    try validateExtent(steps: steps, rows: rows)
    let ready = try prepared(
      for: execution.resolvedBackend(rows: rows, depth: hiddenSize), execution.instructions)
    let engine = ready.engine
    // BLAS takes the distance of two rows as 32 bits; batch-first, that is a whole sequence.
    let rowStride = (batchFirst ? steps : 1) * max(inputSize, hiddenSize)
    guard engine.backend == .swift || rowStride <= Self.greatestSize else {
      throw .invalidSize(
        argument: "input", expected: "at most \(Self.greatestSize) numbers in a sequence on OpenBLAS",
        actual: rowStride)
    }
    let shape = ForwardShape(
      steps: steps, rows: rows, inputSize: inputSize, hiddenSize: hiddenSize,
      layerCount: layerCount, scalarSize: MemoryLayout<Scalar>.size)
    let plan = { (threadCount: Int) in
      execution.plan?.limited(to: threadCount)
        ?? ForwardPlan(
          shape, backend: engine.backend, panelWidth: engine.panelWidth, threadCount: threadCount)
    }
    return states.withUnsafeMutableBufferPointer { states in
      input.withUnsafeBufferPointer { input in
        [Scalar](unsafeUninitializedCapacity: steps * rows * hiddenSize) { output, count in
          guard rows > 0, let states = states.baseAddress, let input = input.baseAddress,
            let target = output.baseAddress
          else { return }
          let pass = { (plan: ForwardPlan) in
            ForwardPass(
              engine: engine, cells: ready.cells, activation: nonlinearity.activation,
              shape: shape, plan: plan,
              // The input is only read; one kind of view serves inputs and outputs.
              input: SequenceView(
                base: UnsafeMutablePointer(mutating: input), steps: steps, rows: rows,
                features: inputSize, batchFirst: batchFirst),
              output: SequenceView(
                base: target, steps: steps, rows: rows, features: hiddenSize, batchFirst: batchFirst),
              states: states, batchFirst: batchFirst)
          }
          let wanted = plan(execution.threadCount)
          if wanted.threadCount == 1 {
            pass(wanted).run(nil)
          } else {
            ThreadTeam.shared.withCrew(upTo: wanted.threadCount) { crew in
              pass(crew.count == wanted.threadCount ? wanted : plan(crew.count)).run(crew)
            }
          }
          count = steps * rows * hiddenSize
        }
      }
    }
  }

  /// Checks that a sequence is not longer than BLAS and memory can count.
  func validateExtent(steps: Int, rows: Int) throws(RecurrentError) {
    let (count, overflows) = steps.multipliedReportingOverflow(by: rows)
    let (scalars, overflowsToo) = count.multipliedReportingOverflow(by: max(inputSize, hiddenSize))
    guard !overflows, !overflowsToo, count <= Self.greatestSize, scalars <= 1 << 40 else {
      throw .invalidSize(
        argument: "input", expected: "at most \(Self.greatestSize) rows in all steps", actual: steps)
    }
  }

  /// Fills every parameter uniformly from ±1/√H, PyTorch's default.
  mutating func initializeUniformly<Generator: RandomNumberGenerator>(
    using generator: inout Generator
  ) {
    guard !parameters.isEmpty else { return }
    let bound = 1 / Double(hiddenSize).squareRoot()
    for layer in parameters.indices {
      parameters[layer].forEach { _, tensor in
        tensor = .uniform(tensor.shape, in: Scalar(-bound)...Scalar(bound), using: &generator)
      }
    }
  }
}

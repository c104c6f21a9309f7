internal import VectorKernels

/// Cells stacked on each other, with what all layers and cells have in common: sizes, parameters, and one call.
struct RecurrentStack<Scalar: TensorScalar>: Sendable {
  let inputSize: Int
  let hiddenSize: Int
  let layerCount: Int
  let kind: CellKind
  let hasBias: Bool

  /// The parameters of every layer; empty where the sizes are out of range.
  var parameters: [CellParameters<Scalar>] {
    didSet { preparations = Preparations() }
  }
  /// The weights in the form that engines want; copies of the stack share it.
  private var preparations = Preparations<PreparedStack<Scalar>>()
  /// Whether the sizes are in range. An initializer cannot throw in the place of a stored property's default value, so
  /// each use of a stack whose sizes are not throws instead.
  private let hasValidSizes: Bool

  /// Creates a stack of zeros.
  init(
    _ kind: CellKind, inputSize: Int, hiddenSize: Int, layerCount: Int, bias: Bool
  ) {
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.layerCount = layerCount
    self.kind = kind
    hasBias = bias
    hasValidSizes =
      Self.sizeError(kind, inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount) == nil
    parameters = []
    guard hasValidSizes else { return }
    parameters = (0..<layerCount).map {
      CellParameters(
        repeating: 0, inputSize: self.features(intoLayer: $0), hiddenSize: hiddenSize,
        gateCount: kind.gateCount, bias: bias)
    }
  }

  /// What a layer's cell takes: the features of the input, or the layer's below.
  func features(intoLayer layer: Int) -> Int { layer == 0 ? inputSize : hiddenSize }

  /// Checks the sizes.
  func validateSizes() throws(RecurrentError) {
    guard !hasValidSizes else { return }
    if let error = Self.sizeError(
      kind, inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount)
    {
      throw error
    }
  }

  /// What is wrong with sizes, if anything.
  private static func sizeError(
    _ kind: CellKind, inputSize: Int, hiddenSize: Int, layerCount: Int
  ) -> RecurrentError? {
    let sizes = [
      ("inputSize", inputSize), ("hiddenSize", hiddenSize), ("layerCount", layerCount),
    ]
    for (argument, size) in sizes where !(1...greatestSize).contains(size) {
      return .invalidSize(argument: argument, expected: "1 to \(greatestSize)", actual: size)
    }
    let count = Shape.elementCount(
      of: [layerCount, kind.gateCount, hiddenSize, inputSize + 2 * hiddenSize])
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
        let shape = name.shape(
          inputSize: features(intoLayer: layer), hiddenSize: hiddenSize, gateCount: kind.gateCount)
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
  @inline(__always)
  func prepared(
    for backend: Backend, _ instructions: InstructionSet
  ) throws(RecurrentError) -> PreparedStack<Scalar> {
    if let existing = preparations.existing(for: backend, instructions) { return existing }
    return try prepare(for: backend, instructions)
  }

  /// Checks and prepares the weights; apart, so that no call of a layer that is prepared copies it into a closure.
  @inline(never)
  private func prepare(
    for backend: Backend, _ instructions: InstructionSet
  ) throws(RecurrentError) -> PreparedStack<Scalar> {
    try preparations.value(for: backend, instructions) { () throws(RecurrentError) in
      try validateSizes()
      try validateParameters()
      return PreparedStack(
        parameters, of: kind, hiddenSize: hiddenSize,
        for: try MatrixEngine(backend: backend, instructions: instructions))
    }
  }

  /// One call, checked.
  struct Call {
    let ready: PreparedStack<Scalar>
    var shape: ForwardShape
    let batchFirst: Bool
    let execution: Execution

    /// The same call for another number of steps, not more.
    func of(steps: Int) -> Call {
      var call = self
      call.shape.steps = steps
      return call
    }
  }

  /// Checks a call, and finds the weights for it.

  @inline(__always)
  func call(
    steps: Int, rows: Int, batchFirst: Bool, _ execution: Execution
  ) throws(RecurrentError) -> Call {
    try validateExtent(steps: steps, rows: rows)
    if steps * rows * hiddenSize * MemoryLayout<Scalar>.size >= ResultMemory.leastByteCount {
      ResultMemory.isKept
    }
    let ready = try prepared(
      for: execution.backend.resolved, execution.instructions)
    // BLAS takes the distance of two rows as 32 bits; batch-first, that is a whole sequence.
    let rowStride = (batchFirst ? steps : 1) * max(inputSize, hiddenSize)
    guard ready.engine.backend == .swift || rowStride <= Self.greatestSize else {
      throw .invalidSize(
        argument: "input", expected: "at most \(Self.greatestSize) numbers in a sequence on OpenBLAS",
        actual: rowStride)
    }
    return Call(
      ready: ready,
      shape: ForwardShape(
        steps: steps, rows: rows, inputSize: inputSize, hiddenSize: hiddenSize,
        layerCount: layerCount, scalarSize: MemoryLayout<Scalar>.size, gateCount: kind.gateCount),
      batchFirst: batchFirst, execution: execution)
  }

  /// What a call keeps for the way back, time-major.
  struct Kept {
    /// The outputs of the layers below the last, `[L − 1, T, B, H]`.
    var outputs: UnsafeMutablePointer<Scalar>?
    /// What cells with gates keep.
    var gates: GateHistory<Scalar>?
    /// The dropout between the layers.
    var dropped: DroppedInputs<Scalar>?
  }

  /// The results of a call.
  struct Result {
    /// Laid out as the input.
    var output: [Scalar]
    /// Every layer's last state, `[L, B, H]`.
    var finalState: [Scalar]
    /// Every layer's last memory, `[L, B, H]`; empty for cells that carry none.
    var finalMemory: [Scalar]
  }

  /// Runs T steps of B rows from a state on.
  ///
  /// - Parameters:
  ///   - call: The call, whose sizes the arrays have.
  ///   - input: `[T, B, I]`, or `[B, T, I]` where rows stand outside of steps.
  ///   - initialState: `[L, B, H]`.
  ///   - initialMemory: `[L, B, H]`; empty for cells that carry none.
  ///   - kept: What is kept for the way back.
  /// - Returns: Outputs and last states.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func run(
    _ call: Call, _ input: ArraySlice<Scalar>, from initialState: [Scalar],
    memory initialMemory: [Scalar] = [],
    keeping kept: Kept = Kept()
  ) -> Result {
    var output: [Scalar] = []
    var finalMemory = initialMemory
    let stateCount = layerCount * call.shape.rows * hiddenSize
    let finalState = [Scalar](unsafeUninitializedCapacity: stateCount) { final, count in
      count = stateCount
      initialMemory.withUnsafeBufferPointer { initialMemory in
        finalMemory.withUnsafeMutableBufferPointer { finalMemory in
          var memories: CarriedMemories<Scalar>?
          if let initial = initialMemory.baseAddress, let final = finalMemory.baseAddress, kind.carriesMemory
          {
            // What is only read has the same kind of pointer as what is written.
            memories = CarriedMemories(initial: UnsafeMutablePointer(mutating: initial), final: final)
          }
          output = run(
            call, input, from: initialState, finalState: final.baseAddress, memories, keeping: kept)
        }
      }
    }
    return Result(output: output, finalState: finalState, finalMemory: finalMemory)
  }

  /// Runs one step of one layer of plain cells, whose output is its final state: in place where it is not worth a plan for
  /// more threads.
  @inline(__always)
  func runStep(_ call: Call, _ input: [Scalar], from initialState: [Scalar]) -> [Scalar] {
    let rows = call.shape.rows
    guard !ForwardCost.mayBeShared(call.shape, threadCount: call.execution.threadCount) else {
      return run(call, input[...], from: initialState, finalState: nil, nil, keeping: Kept())
    }
    return [Scalar](unsafeUninitializedCapacity: rows * hiddenSize) { output, count in
      count = rows * hiddenSize
      guard rows > 0, let output = output.baseAddress else { return }
      input.withUnsafeBufferPointer { input in
        initialState.withUnsafeBufferPointer { initial in
          guard let input = input.baseAddress, let initial = initial.baseAddress else { return }
          // What is only read has the same kind of view as what is written.
          let layout = RowLayout(rowStride: hiddenSize)
          call.ready.step(
            layer: 0, rows: rows,
            MatrixRows(
              base: UnsafeMutablePointer(mutating: input), layout: RowLayout(rowStride: inputSize)),
            MatrixRows(base: UnsafeMutablePointer(mutating: initial), layout: layout),
            into: MatrixRows(base: output, layout: layout))
        }
      }
    }
  }

  /// Runs a call; without `finalState`, the output takes its place.
  @inline(__always)
  private func run(
    _ call: Call, _ input: ArraySlice<Scalar>, from initialState: [Scalar],
    finalState: UnsafeMutablePointer<Scalar>?, _ memories: CarriedMemories<Scalar>?, keeping kept: Kept
  ) -> [Scalar] {
    let (steps, rows) = (call.shape.steps, call.shape.rows)
    return [Scalar](unsafeUninitializedCapacity: steps * rows * hiddenSize) { output, count in
      count = steps * rows * hiddenSize
      guard rows > 0, let target = output.baseAddress else { return }
      initialState.withUnsafeBufferPointer { initial in
        input.withUnsafeBufferPointer { input in
          guard let input = input.baseAddress, let initial = initial.baseAddress else { return }
          let pass = ForwardPass(
            stack: call.ready, shape: call.shape,
            plan: ForwardPlan(
              call.shape, call.ready.engine, call.execution, threadCount: call.execution.threadCount),
            // What is only read has the same kind of view as what is written.
            input: SequenceView(
              base: UnsafeMutablePointer(mutating: input), steps: steps, rows: rows,
              features: inputSize, batchFirst: call.batchFirst),
            output: SequenceView(
              base: target, steps: steps, rows: rows, features: hiddenSize, batchFirst: call.batchFirst),
            initialStates: UnsafeMutablePointer(mutating: initial), finalStates: finalState ?? target,
            batchFirst: call.batchFirst, memories: memories, history: kept.outputs,
            gateHistory: kept.gates, dropped: kept.dropped)
          pass.run(call.execution)
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
}

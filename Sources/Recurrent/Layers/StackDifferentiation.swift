/// A forward pass that has kept what a backward pass needs, time-major.
struct StackDifferentiation<Scalar: TensorScalar>: Sendable {
  let stack: RecurrentStack<Scalar>
  private let ready: PreparedStack<Scalar>
  private let execution: Execution
  private let steps: Int
  private let rows: Int
  /// `[T, B, I]`.
  private let input: [Scalar]
  /// `[T, B, H]`.
  let output: [Scalar]
  /// `[L, B, H]`.
  let finalState: [Scalar]
  private let kept: Kept

  /// What there is of the layers' outputs.
  private enum Kept {
    /// Everything: the initial states, `[L, B, H]`, and the outputs of the layers below the last, `[L − 1, T, B, H]`.
    case history(initialState: [Scalar], lower: AlignedBuffer<Scalar>)
    /// The states before every n-th step, from the first on, `[L, B, H]` each.
    case checkpoints([[Scalar]], interval: Int)
  }

  /// Runs the forward pass.
  init(
    _ stack: RecurrentStack<Scalar>, _ input: [Scalar], steps: Int, rows: Int, from initialState: [Scalar],
    checkpointInterval: Int?, execution: Execution
  ) throws(RecurrentError) {
    if let checkpointInterval, checkpointInterval < 1 {
      throw .invalidSize(
        argument: "checkpointInterval", expected: "at least 1", actual: checkpointInterval)
    }
    self.stack = stack
    self.execution = execution
    self.steps = steps
    self.rows = rows
    self.input = input
    let call = try stack.call(steps: steps, rows: rows, batchFirst: false, execution)
    ready = call.ready
    guard let interval = checkpointInterval, interval < steps else {
      let lower = AlignedBuffer<Scalar>(
        count: (stack.layerCount - 1) * steps * rows * stack.hiddenSize)
      (output, finalState) = stack.run(call, input[...], from: initialState, history: lower.base)
      kept = .history(initialState: initialState, lower: lower)
      return
    }
    var states: [[Scalar]] = []
    var output: [Scalar] = []
    output.reserveCapacity(steps * rows * stack.hiddenSize)
    var state = initialState
    for first in stride(from: 0, to: steps, by: interval) {
      states.append(state)
      let count = min(interval, steps - first)
      let segment = stack.run(
        call.of(steps: count), Self.segment(input, first, count, rows * stack.inputSize), from: state)
      output += segment.output
      state = segment.finalState
    }
    self.output = output
    finalState = state
    kept = .checkpoints(states, interval: interval)
  }

  private static func segment(
    _ scalars: [Scalar], _ first: Int, _ count: Int, _ stepSize: Int
  ) -> ArraySlice<Scalar> {
    scalars[(first * stepSize)..<((first + count) * stepSize)]
  }

  /// The gradients of a scalar with respect to parameters, input and initial state.
  ///
  /// - Parameters:
  ///   - outputGradient: `[T, B, H]`; zeros if `nil`.
  ///   - stateGradient: Of the final state, `[L, B, H]`; zeros if `nil`.
  /// - Returns: The gradients; that of the input is `[T, B, I]`, that of the state `[L, B, H]`.
  /// - Throws: Nothing that the forward pass would not have thrown.
  func gradients(
    outputGradient: [Scalar]?, stateGradient: [Scalar]?
  ) throws(RecurrentError) -> (parameters: [CellParameters<Scalar>], input: [Scalar], state: [Scalar]) {
    let memory = GradientMemory(stack)
    // Where the final states' gradients stand at first, the initial ones' stand at last.
    var state =
      stateGradient ?? [Scalar](repeating: 0, count: stack.layerCount * rows * stack.hiddenSize)
    let input = try [Scalar](unsafeUninitializedCapacity: steps * rows * stack.inputSize) {
      input, count throws(RecurrentError) in
      count = steps * rows * stack.inputSize
      guard let inputGradient = input.baseAddress, rows > 0 else { return }
      try state.withUnsafeMutableBufferPointer { (state) throws(RecurrentError) in
        guard let state = state.baseAddress else { return }
        try run(outputGradient, states: state, input: inputGradient, memory.cells)
      }
    }
    return (memory.result(stack), input, state)
  }

  /// Carries gradients back through all segments.
  private func run(
    _ outputGradient: [Scalar]?, states: UnsafeMutablePointer<Scalar>,
    input inputGradient: UnsafeMutablePointer<Scalar>, _ cells: [CellGradientMemory<Scalar>]
  ) throws(RecurrentError) {
    let (inputStep, outputStep) = (rows * stack.inputSize, rows * stack.hiddenSize)
    switch kept {
    case .history(let initialState, let lower):
      run(
        cells, states, inputGradient, count: steps, input: input[...], output: output[...], lower: lower,
        initialState: initialState, outputGradient: outputGradient.map { $0[...] })
    case .checkpoints(let before, let interval):
      for (index, state) in before.enumerated().reversed() {
        let first = index * interval
        let count = min(interval, steps - first)
        let input = Self.segment(input, first, count, inputStep)
        let lower = AlignedBuffer<Scalar>(count: (stack.layerCount - 1) * count * outputStep)
        let call = try stack.call(steps: count, rows: rows, batchFirst: false, execution)
        let output = stack.run(call, input, from: state, history: lower.base).output
        run(
          cells, states, inputGradient + first * inputStep, count: count, input: input,
          output: output[...], lower: lower,
          initialState: state,
          outputGradient: outputGradient.map { Self.segment($0, first, count, outputStep) })
      }
    }
  }

  /// Carries gradients back through a segment.
  private func run(
    _ cells: [CellGradientMemory<Scalar>], _ states: UnsafeMutablePointer<Scalar>,
    _ inputGradient: UnsafeMutablePointer<Scalar>, count: Int,
    input: ArraySlice<Scalar>, output: ArraySlice<Scalar>, lower: AlignedBuffer<Scalar>,
    initialState: [Scalar], outputGradient: ArraySlice<Scalar>?
  ) {
    let shape = ForwardShape(
      steps: count, rows: rows, inputSize: stack.inputSize, hiddenSize: stack.hiddenSize,
      layerCount: stack.layerCount, scalarSize: MemoryLayout<Scalar>.size)
    let plan =
      execution.backwardPlan
      ?? BackwardPlan(
        shape, backend: ready.engine.backend, panelWidth: ready.engine.panelWidth,
        threadCount: execution.threadCount)
    let transposes = ready.transposes(of: stack.parameters)
    let size = count * rows * stack.hiddenSize
    input.withUnsafeBufferPointer { input in
      output.withUnsafeBufferPointer { output in
        initialState.withUnsafeBufferPointer { initial in
          withGradient(outputGradient) { outputGradient in
            guard let input = input.baseAddress, let output = output.baseAddress,
              let initial = initial.baseAddress
            else { return }
            let lowerOutputs = (0..<(stack.layerCount - 1)).map {
              UnsafePointer(lower.base + $0 * size)
            }
            BackwardPass(
              stack: ready, transposes: transposes, activation: stack.nonlinearity.activation,
              shape: shape, plan: plan, input: input, outputs: lowerOutputs + [output],
              initialStates: initial, outputGradient: outputGradient,
              stateGradients: states, parameterGradients: cells, inputGradient: inputGradient
            ).run(execution)
          }
        }
      }
    }
  }

  private func withGradient(
    _ gradient: ArraySlice<Scalar>?, _ body: (UnsafePointer<Scalar>?) -> Void
  ) {
    if let gradient {
      gradient.withUnsafeBufferPointer { body($0.baseAddress) }
    } else {
      body(nil)
    }
  }
}

/// Memory in which the gradients of the parameters are summed.
private struct GradientMemory<Scalar: TensorScalar> {
  private let parameters: AlignedBuffer<Scalar>
  let cells: [CellGradientMemory<Scalar>]

  init(_ stack: RecurrentStack<Scalar>) {
    let hiddenSize = stack.hiddenSize
    let bias = stack.hasBias ? hiddenSize : 0
    let inputWeights = (0..<stack.layerCount).map { hiddenSize * stack.features(intoLayer: $0) }
    let others = hiddenSize * hiddenSize + bias
    parameters = AlignedBuffer(count: inputWeights.reduce(0) { $0 + $1 + others })
    parameters.base.update(repeating: 0, count: parameters.count)
    var next = parameters.base
    var cells: [CellGradientMemory<Scalar>] = []
    for count in inputWeights {
      cells.append(
        CellGradientMemory(
          weightIH: next, weightHH: next + count,
          bias: bias > 0 ? next + count + hiddenSize * hiddenSize : nil))
      next += count + others
    }
    self.cells = cells
  }

  /// The gradients as values.
  func result(_ stack: RecurrentStack<Scalar>) -> [CellParameters<Scalar>] {
    let tensor = { (base: UnsafeMutablePointer<Scalar>, shape: Shape) in
      Tensor(unchecked: Array(UnsafeBufferPointer(start: base, count: shape.elementCount)), shape: shape)
    }
    return cells.enumerated().map { layer, cell in
      // The biases are added together, so the gradient is that of either.
      let bias = cell.bias.map { tensor($0, [stack.hiddenSize]) }
      return CellParameters(
        weightIH: tensor(cell.weightIH, [stack.hiddenSize, stack.features(intoLayer: layer)]),
        weightHH: tensor(cell.weightHH, [stack.hiddenSize, stack.hiddenSize]),
        biasIH: bias, biasHH: bias)
    }
  }
}

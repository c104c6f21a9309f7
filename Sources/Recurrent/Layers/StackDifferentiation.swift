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
  private let dropout: LayerDropout?
  private let kept: Kept

  /// What there is of the layers' outputs.
  private enum Kept {
    /// Everything: the initial states, `[L, B, H]`, and what lies between the layers.
    case history(initialState: [Scalar], between: LayerHistory<Scalar>)
    /// The states before every n-th step, from the first on, `[L, B, H]` each.
    case checkpoints([[Scalar]], interval: Int)
  }

  /// Runs the forward pass.
  init(
    _ stack: RecurrentStack<Scalar>, _ input: [Scalar], steps: Int, rows: Int, from initialState: [Scalar],
    dropout: LayerDropout? = nil, checkpointInterval: Int?, execution: Execution
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
    self.dropout = stack.layerCount > 1 ? dropout : nil
    let call = try stack.call(steps: steps, rows: rows, batchFirst: false, execution)
    ready = call.ready
    guard let interval = checkpointInterval, interval < steps else {
      let between = LayerHistory<Scalar>(call.shape, stepsBefore: 0, dropout: self.dropout)
      (output, finalState) = stack.run(
        call, input[...], from: initialState, history: between.outputs.base, dropped: between.dropped)
      kept = .history(initialState: initialState, between: between)
      return
    }
    var states: [[Scalar]] = []
    var output: [Scalar] = []
    output.reserveCapacity(steps * rows * stack.hiddenSize)
    var state = initialState
    for first in stride(from: 0, to: steps, by: interval) {
      states.append(state)
      let count = min(interval, steps - first)
      let call = call.of(steps: count)
      let between = self.dropout.map { LayerHistory<Scalar>(call.shape, stepsBefore: first, dropout: $0) }
      let segment = stack.run(
        call, Self.segment(input, first, count, rows * stack.inputSize), from: state,
        history: between?.outputs.base, dropped: between?.dropped)
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
    case .history(let initialState, let between):
      run(
        cells, states, inputGradient, count: steps, input: input[...], output: output[...], between: between,
        initialState: initialState, outputGradient: outputGradient.map { $0[...] })
    case .checkpoints(let before, let interval):
      for (index, state) in before.enumerated().reversed() {
        let first = index * interval
        let count = min(interval, steps - first)
        let input = Self.segment(input, first, count, inputStep)
        let call = try stack.call(steps: count, rows: rows, batchFirst: false, execution)
        let between = LayerHistory<Scalar>(call.shape, stepsBefore: first, dropout: dropout)
        let output = stack.run(
          call, input, from: state, history: between.outputs.base, dropped: between.dropped
        ).output
        run(
          cells, states, inputGradient + first * inputStep, count: count, input: input,
          output: output[...], between: between,
          initialState: state,
          outputGradient: outputGradient.map { Self.segment($0, first, count, outputStep) })
      }
    }
  }

  /// Carries gradients back through a segment.
  private func run(
    _ cells: [CellGradientMemory<Scalar>], _ states: UnsafeMutablePointer<Scalar>,
    _ inputGradient: UnsafeMutablePointer<Scalar>, count: Int,
    input: ArraySlice<Scalar>, output: ArraySlice<Scalar>, between: LayerHistory<Scalar>,
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
              UnsafePointer(between.outputs.base + $0 * size)
            }
            BackwardPass(
              stack: ready, transposes: transposes, activation: stack.nonlinearity.activation,
              shape: shape, plan: plan, input: input, outputs: lowerOutputs + [output],
              initialStates: initial, outputGradient: outputGradient,
              stateGradients: states, parameterGradients: cells, inputGradient: inputGradient,
              dropped: between.dropped
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

/// What lies between the layers in a time-major pass, kept for the way back.
private struct LayerHistory<Scalar: TensorScalar>: Sendable {
  /// The outputs of the layers below the last, `[L − 1, T, B, H]`.
  let outputs: AlignedBuffer<Scalar>
  /// What the layers above took of them; `nil` where that is the same.
  let dropped: DroppedInputs<Scalar>?
  private let inputs: AlignedBuffer<Scalar>?

  /// Allocates it for a pass, before which there were `stepsBefore` steps of the sequence.
  init(_ shape: ForwardShape, stepsBefore: Int, dropout: LayerDropout?) {
    let count = (shape.layerCount - 1) * shape.steps * shape.rows * shape.hiddenSize
    outputs = AlignedBuffer(count: count)
    inputs = dropout.map { _ in AlignedBuffer(count: count) }
    if let dropout, let inputs {
      dropped = DroppedInputs(
        dropout: dropout, base: inputs.base, shape: shape, stepsBefore: stepsBefore)
    } else {
      dropped = nil
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

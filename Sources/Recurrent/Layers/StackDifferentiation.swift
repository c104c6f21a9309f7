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
    var memory = GradientMemory(stack, rows: rows, steps: steps, stateGradient: stateGradient)
    guard rows > 0 else { return memory.result(stack) }
    let (inputStep, outputStep) = (rows * stack.inputSize, rows * stack.hiddenSize)
    switch kept {
    case .history(let initialState, let lower):
      run(
        &memory, first: 0, count: steps, input: input[...], output: output[...], lower: lower,
        initialState: initialState, outputGradient: outputGradient.map { $0[...] })
    case .checkpoints(let states, let interval):
      for (index, state) in states.enumerated().reversed() {
        let first = index * interval
        let count = min(interval, steps - first)
        let input = Self.segment(input, first, count, inputStep)
        let lower = AlignedBuffer<Scalar>(count: (stack.layerCount - 1) * count * outputStep)
        let call = try stack.call(steps: count, rows: rows, batchFirst: false, execution)
        let output = stack.run(call, input, from: state, history: lower.base).output
        run(
          &memory, first: first, count: count, input: input, output: output[...], lower: lower,
          initialState: state,
          outputGradient: outputGradient.map { Self.segment($0, first, count, outputStep) })
      }
    }
    return memory.result(stack)
  }

  /// Carries gradients back through a segment.
  private func run(
    _ memory: inout GradientMemory<Scalar>, first: Int, count: Int,
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
              stateGradients: memory.states.base, parameterGradients: memory.cells,
              inputGradient: memory.input.base + first * rows * stack.inputSize
            ).run()
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

/// Memory in which the gradients of one call are computed.
private struct GradientMemory<Scalar: TensorScalar> {
  let input: AlignedBuffer<Scalar>
  /// `[L, B, H]`: at first the final states' gradients, at last the initial ones'.
  let states: AlignedBuffer<Scalar>
  let parameters: AlignedBuffer<Scalar>
  let cells: [CellGradientMemory<Scalar>]

  init(_ stack: RecurrentStack<Scalar>, rows: Int, steps: Int, stateGradient: [Scalar]?) {
    input = AlignedBuffer(count: steps * rows * stack.inputSize)
    states = AlignedBuffer(count: stack.layerCount * rows * stack.hiddenSize)
    if let stateGradient {
      states.base.update(from: stateGradient, count: stateGradient.count)
    } else {
      states.base.update(repeating: 0, count: states.count)
    }
    let hiddenSize = stack.hiddenSize
    var sizes: [(Int, Int)] = []
    for layer in 0..<stack.layerCount {
      sizes.append((hiddenSize * stack.features(intoLayer: layer), hiddenSize * hiddenSize))
    }
    let bias = stack.hasBias ? hiddenSize : 0
    parameters = AlignedBuffer(count: sizes.reduce(0) { $0 + $1.0 + $1.1 + bias })
    parameters.base.update(repeating: 0, count: parameters.count)
    var next = parameters.base
    var cells: [CellGradientMemory<Scalar>] = []
    for (inputWeights, recurrentWeights) in sizes {
      cells.append(
        CellGradientMemory(
          weightIH: next, weightHH: next + inputWeights,
          bias: bias > 0 ? next + inputWeights + recurrentWeights : nil))
      next += inputWeights + recurrentWeights + bias
    }
    self.cells = cells
  }

  /// The gradients as values.
  func result(
    _ stack: RecurrentStack<Scalar>
  ) -> (parameters: [CellParameters<Scalar>], input: [Scalar], state: [Scalar]) {
    let tensor = { (base: UnsafeMutablePointer<Scalar>, shape: Shape) in
      Tensor(unchecked: Array(UnsafeBufferPointer(start: base, count: shape.elementCount)), shape: shape)
    }
    let cells = self.cells.enumerated().map { layer, cell in
      // The biases are added together, so the gradient is that of either.
      let bias = cell.bias.map { tensor($0, [stack.hiddenSize]) }
      return CellParameters(
        weightIH: tensor(cell.weightIH, [stack.hiddenSize, stack.features(intoLayer: layer)]),
        weightHH: tensor(cell.weightHH, [stack.hiddenSize, stack.hiddenSize]),
        biasIH: bias, biasHH: bias)
    }
    return (
      cells, Array(UnsafeBufferPointer(start: input.base, count: input.count)),
      Array(UnsafeBufferPointer(start: states.base, count: states.count))
    )
  }
}

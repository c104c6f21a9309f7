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
  /// `[L, B, H]`; empty for cells that carry none.
  let finalMemory: [Scalar]
  private let dropout: LayerDropout?
  private let kept: Kept

  /// The states from which a part of the sequence starts.
  private struct Start {
    /// `[L, B, H]`.
    var state: [Scalar]
    /// `[L, B, H]`; empty for cells that carry none.
    var memory: [Scalar]
  }

  /// What there is of the layers' outputs.
  private enum Kept {
    /// Everything.
    case history(Start, LayerHistory<Scalar>)
    /// The states before every n-th step, from the first on.
    case checkpoints([Start], interval: Int)
  }

  /// Runs the forward pass.
  init(
    _ stack: RecurrentStack<Scalar>, _ input: [Scalar], steps: Int, rows: Int, from initialState: [Scalar],
    memory initialMemory: [Scalar] = [], dropout: LayerDropout? = nil, checkpointInterval: Int?,
    execution: Execution
  ) throws(RecurrentError) {
    if let checkpointInterval, checkpointInterval < 1 {
      throw .invalidSize(
        argument: "checkpointInterval", expected: "at least 1", actual: checkpointInterval)
    }
    ResultMemory.isKept
    self.stack = stack
    self.execution = execution
    self.steps = steps
    self.rows = rows
    self.input = input
    self.dropout = stack.layerCount > 1 ? dropout : nil
    let call = try stack.call(steps: steps, rows: rows, batchFirst: false, execution)
    ready = call.ready
    var start = Start(state: initialState, memory: initialMemory)
    guard let interval = checkpointInterval, interval < steps else {
      let history = LayerHistory(call, stepsBefore: 0, dropout: self.dropout)
      let result = stack.run(
        call, input[...], from: initialState, memory: initialMemory, keeping: history.kept)
      (output, finalState, finalMemory) = (result.output, result.finalState, result.finalMemory)
      kept = .history(start, history)
      return
    }
    var starts: [Start] = []
    var output: [Scalar] = []
    output.reserveCapacity(steps * rows * stack.hiddenSize)
    for first in stride(from: 0, to: steps, by: interval) {
      starts.append(start)
      let count = min(interval, steps - first)
      let call = call.of(steps: count)
      // Without dropout there is nothing to keep.
      let history = self.dropout.map { LayerHistory(call, stepsBefore: first, dropout: $0) }
      let result = stack.run(
        call, Self.segment(input, first, count, rows * stack.inputSize), from: start.state,
        memory: start.memory, keeping: history?.kept ?? RecurrentStack.Kept())
      output += result.output
      start = Start(state: result.finalState, memory: result.finalMemory)
    }
    self.output = output
    finalState = start.state
    finalMemory = start.memory
    kept = .checkpoints(starts, interval: interval)
  }

  private static func segment(
    _ scalars: [Scalar], _ first: Int, _ count: Int, _ stepSize: Int
  ) -> ArraySlice<Scalar> {
    scalars[(first * stepSize)..<((first + count) * stepSize)]
  }

  /// The gradients of a scalar.
  struct Gradients {
    var parameters: [CellParameters<Scalar>]
    /// `[T, B, I]`.
    var input: [Scalar]
    /// Of the initial state, `[L, B, H]`.
    var state: [Scalar]
    /// Of the initial memory, `[L, B, H]`; without meaning for cells that carry none.
    var memory: [Scalar]
  }

  /// The gradients of a scalar with respect to parameters, input and initial state.
  ///
  /// - Parameters:
  ///   - outputGradient: `[T, B, H]`; zeros if `nil`.
  ///   - stateGradient: Of the final state, `[L, B, H]`; zeros if `nil`.
  ///   - memoryGradient: Of the final memory, `[L, B, H]`; zeros if `nil`.
  /// - Returns: The gradients, time-major.
  /// - Throws: Nothing that the forward pass would not have thrown.
  func gradients(
    outputGradient: [Scalar]?, stateGradient: [Scalar]?, memoryGradient: [Scalar]? = nil
  ) throws(RecurrentError) -> Gradients {
    let parameters = GradientMemory(stack, ready.layout)
    // Where the final states' gradients stand at first, the initial ones' stand at last.
    let zeros = [Scalar](repeating: 0, count: stack.layerCount * rows * stack.hiddenSize)
    var state = stateGradient ?? zeros
    var memory = memoryGradient ?? (stack.kind.gated == nil ? [] : zeros)
    let input = try [Scalar](unsafeUninitializedCapacity: steps * rows * stack.inputSize) {
      input, count throws(RecurrentError) in
      count = steps * rows * stack.inputSize
      guard let inputGradient = input.baseAddress, rows > 0 else { return }
      try state.withUnsafeMutableBufferPointer { (state) throws(RecurrentError) in
        try memory.withUnsafeMutableBufferPointer { (memory) throws(RecurrentError) in
          guard let state = state.baseAddress else { return }
          try run(
            outputGradient,
            Targets(
              states: state, memories: memory.baseAddress, input: inputGradient,
              parameters: parameters.cells))
        }
      }
    }
    return Gradients(
      parameters: parameters.result(stack, ready.layout), input: input, state: state, memory: memory)
  }

  /// Where gradients are summed and carried.
  private struct Targets {
    let states: UnsafeMutablePointer<Scalar>
    let memories: UnsafeMutablePointer<Scalar>?
    var input: UnsafeMutablePointer<Scalar>
    let parameters: [CellGradientMemory<Scalar>]
  }

  /// Carries gradients back through all segments.
  private func run(_ outputGradient: [Scalar]?, _ targets: Targets) throws(RecurrentError) {
    let (inputStep, outputStep) = (rows * stack.inputSize, rows * stack.hiddenSize)
    switch kept {
    case .history(let start, let history):
      run(
        targets, count: steps, input: input[...], output: output[...], history, from: start,
        outputGradient: outputGradient.map { $0[...] })
    case .checkpoints(let starts, let interval):
      for (index, start) in starts.enumerated().reversed() {
        let first = index * interval
        let count = min(interval, steps - first)
        let input = Self.segment(input, first, count, inputStep)
        let call = try stack.call(steps: count, rows: rows, batchFirst: false, execution)
        let history = LayerHistory(call, stepsBefore: first, dropout: dropout)
        let output = stack.run(
          call, input, from: start.state, memory: start.memory, keeping: history.kept
        ).output
        var targets = targets
        targets.input += first * inputStep
        run(
          targets, count: count, input: input, output: output[...], history, from: start,
          outputGradient: outputGradient.map { Self.segment($0, first, count, outputStep) })
      }
    }
  }

  /// Carries gradients back through a segment.
  private func run(
    _ targets: Targets, count: Int, input: ArraySlice<Scalar>, output: ArraySlice<Scalar>,
    _ history: LayerHistory<Scalar>, from start: Start, outputGradient: ArraySlice<Scalar>?
  ) {
    let shape = ForwardShape(
      steps: count, rows: rows, inputSize: stack.inputSize, hiddenSize: stack.hiddenSize,
      layerCount: stack.layerCount, scalarSize: MemoryLayout<Scalar>.size, gateCount: stack.kind.gateCount)
    let plan =
      execution.backwardPlan
      ?? BackwardPlan(
        shape, backend: ready.engine.backend, panelWidth: ready.engine.panelWidth,
        threadCount: execution.threadCount)
    let transposes = ready.transposes(of: stack.parameters)
    let size = count * rows * stack.hiddenSize
    input.withUnsafeBufferPointer { input in
      output.withUnsafeBufferPointer { output in
        start.state.withUnsafeBufferPointer { states in
          start.memory.withUnsafeBufferPointer { memories in
            withGradient(outputGradient) { outputGradient in
              guard let input = input.baseAddress, let output = output.baseAddress,
                let states = states.baseAddress
              else { return }
              let lowerOutputs = (0..<(stack.layerCount - 1)).map {
                UnsafePointer(history.outputs.base + $0 * size)
              }
              BackwardPass(
                stack: ready, transposes: transposes, shape: shape, plan: plan, input: input,
                outputs: lowerOutputs + [output], gateHistory: history.gates, initialStates: states,
                initialMemories: stack.kind.carriesMemory ? memories.baseAddress : nil,
                outputGradient: outputGradient, stateGradients: targets.states,
                memoryGradients: targets.memories, parameterGradients: targets.parameters,
                inputGradient: targets.input, dropped: history.dropped
              ).run(execution)
            }
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

/// A forward pass that has kept what a backward pass needs; the rows of all steps one after the other.
struct StackDifferentiation<Scalar: TensorScalar>: Sendable {
  let stack: RecurrentStack<Scalar>
  private let ready: PreparedStack<Scalar>
  private let execution: Execution
  private let schedule: SequenceSchedule
  /// `[N, I]`.
  private let input: [Scalar]
  /// `[N, D·P]`.
  let output: [Scalar]
  /// `[L·D, B, P]`.
  let finalState: [Scalar]
  /// `[L·D, B, H]`; empty for cells that carry none.
  let finalMemory: [Scalar]
  private let noise: TrainingNoise?
  private let kept: Kept

  /// What there is of the layers' outputs.
  private enum Kept {
    /// Everything.
    case history(BackwardStart<Scalar>, LayerHistory<Scalar>)
    /// The states before every n-th step, from the first on.
    case checkpoints([BackwardStart<Scalar>], interval: Int)
  }

  /// Runs the forward pass.
  init(
    _ stack: RecurrentStack<Scalar>, _ input: [Scalar], _ schedule: SequenceSchedule,
    from initialState: [Scalar], memory initialMemory: [Scalar] = [], noise: TrainingNoise? = nil,
    checkpointInterval: Int?, execution: Execution
  ) throws(RecurrentError) {
    if let checkpointInterval, checkpointInterval < 1 {
      throw .invalidSize(
        argument: "checkpointInterval", expected: "at least 1", actual: checkpointInterval)
    }
    if let checkpointInterval, stack.directions == .bidirectional {
      throw .invalidValue(
        argument: "checkpointInterval",
        expected: "nil for a layer that needs the whole sequence, in both directions",
        actual: "\(checkpointInterval)")
    }
    ResultMemory.isKept
    self.stack = stack
    self.execution = execution
    self.schedule = schedule
    self.input = input
    self.noise = noise
    let call = try stack.call(schedule, batchFirst: false, execution, noise)
    ready = call.ready
    var start = BackwardStart(state: initialState, memory: initialMemory)
    guard let interval = checkpointInterval, interval < schedule.stepCount else {
      let history = LayerHistory(stack, call, packedRowsBefore: 0, noise: noise)
      let result = stack.run(
        call, input[...], from: initialState, memory: initialMemory, keeping: history.kept)
      (output, finalState, finalMemory) = (result.output, result.finalState, result.finalMemory)
      kept = .history(start, history)
      return
    }
    var starts: [BackwardStart<Scalar>] = []
    var output: [Scalar] = []
    output.reserveCapacity(schedule.packedRowCount * stack.outputSize)
    for segment in Segments(schedule, interval: interval) {
      starts.append(start)
      let call = call.of(segment.schedule, packedRowsBefore: segment.packedRow)
      // Without dropout there is nothing to keep.
      let history = noise.flatMap { noise in
        noise.dropsInputs
          ? LayerHistory(stack, call, packedRowsBefore: segment.packedRow, noise: noise) : nil
      }
      let result = stack.run(
        call, segment.rows(of: input, features: stack.inputSize), from: start.state,
        memory: start.memory, keeping: history?.kept ?? RecurrentStack.Kept())
      output += result.output
      start = BackwardStart(state: result.finalState, memory: result.finalMemory)
    }
    self.output = output
    finalState = start.state
    finalMemory = start.memory
    kept = .checkpoints(starts, interval: interval)
  }

  /// The gradients of a scalar.
  struct Gradients {
    var parameters: [CellParameters<Scalar>]
    /// `[N, I]`.
    var input: [Scalar]
    /// Of the initial state, `[L·D, B, P]`.
    var state: [Scalar]
    /// Of the initial memory, `[L·D, B, H]`; without meaning for cells that carry none.
    var memory: [Scalar]
  }

  /// The gradients of a scalar with respect to parameters, input and initial state.
  ///
  /// - Parameters:
  ///   - outputGradient: `[N, D·P]`; zeros if `nil`.
  ///   - stateGradient: Of the final state, `[L·D, B, P]`; zeros if `nil`.
  ///   - memoryGradient: Of the final memory, `[L·D, B, H]`; zeros if `nil`.
  /// - Returns: The gradients.
  /// - Throws: Nothing that the forward pass would not have thrown.
  func gradients(
    outputGradient: [Scalar]?, stateGradient: [Scalar]?, memoryGradient: [Scalar]? = nil
  ) throws(RecurrentError) -> Gradients {
    let parameters = GradientMemory(stack, ready.layout)
    // Where the final states' gradients stand at first, the initial ones' stand at last.
    let count = stack.cellCount * schedule.rowCount
    var state = stateGradient ?? [Scalar](repeating: 0, count: count * stack.stateSize)
    var memory =
      memoryGradient
      ?? (!stack.kind.hasFormula ? [] : [Scalar](repeating: 0, count: count * stack.hiddenSize))
    let inputCount = schedule.packedRowCount * stack.inputSize
    let input = try [Scalar](unsafeUninitializedCapacity: inputCount) {
      input, count throws(RecurrentError) in
      count = inputCount
      guard let inputGradient = input.baseAddress, inputCount > 0 else { return }
      try state.withUnsafeMutableBufferPointer { (state) throws(RecurrentError) in
        try memory.withUnsafeMutableBufferPointer { (memory) throws(RecurrentError) in
          guard let state = state.baseAddress else { return }
          try run(
            outputGradient,
            BackwardTargets(
              states: state, memories: memory.baseAddress, input: inputGradient,
              parameters: parameters.cells))
        }
      }
    }
    return Gradients(
      parameters: parameters.result(stack, ready.layout), input: input, state: state, memory: memory)
  }

  /// Carries gradients back through all segments.
  private func run(
    _ outputGradient: [Scalar]?, _ targets: BackwardTargets<Scalar>
  ) throws(RecurrentError) {
    switch kept {
    case .history(let start, let history):
      run(
        try stack.call(schedule, batchFirst: false, execution, noise), targets, input: input[...],
        output: output[...], history, from: start,
        outputGradient: outputGradient.map { $0[...] })
    case .checkpoints(let starts, let interval):
      let whole = try stack.call(schedule, batchFirst: false, execution, noise)
      for (segment, start) in zip(Segments(schedule, interval: interval), starts).reversed() {
        let input = segment.rows(of: input, features: stack.inputSize)
        let call = whole.of(segment.schedule, packedRowsBefore: segment.packedRow)
        let history = LayerHistory(stack, call, packedRowsBefore: segment.packedRow, noise: noise)
        let output = stack.run(
          call, input, from: start.state, memory: start.memory, keeping: history.kept
        ).output
        var targets = targets
        targets.input += segment.packedRow * stack.inputSize
        run(
          call, targets, input: input, output: output[...], history, from: start,
          outputGradient: outputGradient.map { segment.rows(of: $0, features: stack.outputSize) })
      }
    }
  }

  /// Carries gradients back through a segment.
  private func run(
    _ call: RecurrentStack<Scalar>.Call, _ targets: BackwardTargets<Scalar>, input: ArraySlice<Scalar>,
    output: ArraySlice<Scalar>, _ history: LayerHistory<Scalar>, from start: BackwardStart<Scalar>,
    outputGradient: ArraySlice<Scalar>?
  ) {
    let transposes = ready.transposes(of: stack.parameters)
    input.withUnsafeBufferPointer { input in
      output.withUnsafeBufferPointer { output in
        start.state.withUnsafeBufferPointer { states in
          start.memory.withUnsafeBufferPointer { memories in
            withGradient(outputGradient) { outputGradient in
              guard let input = input.baseAddress, let output = output.baseAddress,
                let states = states.baseAddress
              else { return }
              StackBackwardPass(
                stack: stack, ready: ready, transposes: transposes, schedule: call.schedule,
                zoneout: call.zoneout, execution: execution,
                input: input, output: output, history: history, initialStates: states,
                initialMemories: stack.kind.carriesMemory ? memories.baseAddress : nil,
                outputGradient: outputGradient.map { RowGradient(base: $0, rowStride: stack.outputSize) },
                targets: targets
              ).run()
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

/// The parts of a schedule between checkpoints, from the first on.
private struct Segments: Sequence, IteratorProtocol {
  struct Segment {
    let schedule: SequenceSchedule
    /// The rows of the whole schedule before it.
    let packedRow: Int

    /// Its rows out of those of the whole schedule.
    func rows<Scalar>(of scalars: [Scalar], features: Int) -> ArraySlice<Scalar> {
      scalars[(packedRow * features)..<((packedRow + schedule.packedRowCount) * features)]
    }
  }

  private let whole: SequenceSchedule
  private let interval: Int
  private var first = 0

  init(_ schedule: SequenceSchedule, interval: Int) {
    whole = schedule
    self.interval = interval
  }

  mutating func next() -> Segment? {
    guard first < whole.stepCount else { return nil }
    let end = Swift.min(first + interval, whole.stepCount)
    let part = whole.part(first..<end)
    first = end
    return Segment(schedule: part.schedule, packedRow: part.packedRow)
  }
}

/// A call of a layer or a cell whose activations are saved: what the pullbacks of all of them have
/// in common.
@usableFromInline
struct SequencePullback<Scalar: TensorScalar>: Sendable {
  /// The layer as it was.
  private let core: RecurrentCore<Scalar>
  private let shape: SequenceShape
  private let ready: PreparedStack<Scalar>
  private let execution: Execution
  private let noise: TrainingNoise?
  /// `[N, I]`, time-major.
  private let input: [Scalar]
  /// `[N, D·P]`, time-major.
  private let timeMajorOutput: [Scalar]
  private let saved: Saved

  /// The outputs of the call, laid out as its input.
  @usableFromInline let output: Tensor<Scalar>
  /// Every cell's last h.
  @usableFromInline let finalHidden: Tensor<Scalar>
  /// Every cell's last cell state; `nil` for cells that carry none.
  @usableFromInline let finalCellState: Tensor<Scalar>?

  /// What there is of the activations.
  private enum Saved {
    /// Everything.
    case activations(SegmentStart<Scalar>, SavedActivations<Scalar>)
    /// The states before every n-th time step, from the first on.
    case checkpoints([SegmentStart<Scalar>], interval: Int)
  }

  /// Runs the forward pass on a sequence whose shape is checked, from a state that is.
  init(
    _ core: RecurrentCore<Scalar>, _ input: Tensor<Scalar>, _ shape: SequenceShape, hidden: [Scalar],
    memory: [Scalar], noise: TrainingNoise?, checkpointInterval: Int?, _ execution: Execution
  ) throws(RecurrentError) {
    let stack = core.stack
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
    self.core = core
    self.shape = shape
    // The backward pass is time-major; a batch-major sequence is brought into that order once.
    self.input = (shape.batchFirst ? try input.transposed() : input).scalars
    let call = try StackCall(stack, shape.schedule, batchFirst: false, noise: noise, execution)
    ready = call.ready
    self.execution = execution
    self.noise = noise
    let start = SegmentStart(
      state: shape.sorted(hidden, shape.state), cellState: shape.sorted(memory, shape.cellState))
    let results: StackCall<Scalar>.Results
    if let interval = checkpointInterval, interval < shape.schedule.stepCount {
      var starts: [SegmentStart<Scalar>] = []
      results = Self.forward(call, self.input, from: start, interval: interval) { starts.append($0) }
      saved = .checkpoints(starts, interval: interval)
    } else {
      let activations = SavedActivations(call)
      results = call.forward(
        self.input[...], from: start.state, cellState: start.cellState, saving: activations)
      saved = .activations(start, activations)
    }
    timeMajorOutput = results.output
    output = try Self.ordered(
      results.output, shape, shape.input.replacingLast(with: stack.outputSize))
    finalHidden = Tensor(unchecked: shape.unsorted(results.finalState, shape.state), shape: shape.state)
    finalCellState = core.cellState(shape.unsorted(results.finalCellState, shape.cellState), shape.cellState)
  }

  /// Runs segment after segment, and hands out the states from which each starts.
  private static func forward(
    _ whole: borrowing StackCall<Scalar>, _ input: [Scalar], from start: SegmentStart<Scalar>, interval: Int,
    _ checkpoint: (SegmentStart<Scalar>) -> Void
  ) -> StackCall<Scalar>.Results {
    var start = start
    var output: [Scalar] = []
    output.reserveCapacity(whole.schedule.packedRowCount * whole.stack.outputSize)
    for segment in SequenceSegments(whole.schedule, interval: interval) {
      checkpoint(start)
      let call = StackCall(
        whole.ready, segment.schedule, packedRowsBefore: segment.packedRow, noise: whole.noise,
        zoneout: whole.zoneout, whole.execution)
      // Without dropout there is nothing to save.
      let drops = call.noise?.dropsInputs == true
      let results = call.forward(
        segment.rows(of: input, features: whole.stack.inputSize), from: start.state,
        cellState: start.cellState, saving: drops ? SavedActivations(call) : nil)
      output += results.output
      start = SegmentStart(state: results.finalState, cellState: results.finalCellState)
    }
    return (output, start.state, start.cellState)
  }

  /// The directions in which the layer reads, which decide the names of its parameters.
  @usableFromInline var directions: Directions { core.stack.directions }

  /// Brings time-major scalars into the order of the call's sequences.
  private static func ordered(
    _ scalars: [Scalar], _ order: SequenceShape, _ shape: Shape
  ) throws(RecurrentError) -> Tensor<Scalar> {
    guard order.batchFirst else { return Tensor(unchecked: scalars, shape: shape) }
    return try Tensor(unchecked: scalars, shape: Shape(unchecked: shape[1], shape[0], shape[2]))
      .transposed()
  }
}

// MARK: Gradients

extension SequencePullback {
  /// The gradients of a scalar.
  @usableFromInline
  struct Gradients {
    @usableFromInline var parameters: [CellParameters<Scalar>]
    @usableFromInline var input: Tensor<Scalar>
    @usableFromInline var hidden: Tensor<Scalar>
    /// `nil` for cells that carry no cell state.
    @usableFromInline var cellState: Tensor<Scalar>?
  }

  /// The gradients of a scalar from those with respect to the call's results; zeros for `nil`.
  ///
  /// - Parameters:
  ///   - outputGradient: In the shape of the output.
  ///   - hiddenGradient: Of the last h.
  ///   - cellGradient: Of the last cell state.
  ///   - stateArgument: What errors call the two.
  /// - Returns: The gradients.
  /// - Throws: An error for another shape.
  @usableFromInline
  func gradients(
    outputGradient: Tensor<Scalar>?, hiddenGradient: Tensor<Scalar>?, cellGradient: Tensor<Scalar>?,
    stateArgument: StaticString
  ) throws(RecurrentError) -> Gradients {
    try outputGradient?.require(output.shape, "outputGradient")
    try core.require(hiddenGradient, shape.state, cellGradient, shape.cellState, stateArgument)
    let timeMajorGradient = (shape.batchFirst ? try outputGradient?.transposed() : outputGradient)?.scalars
    let parameters = GradientMemory(core.stack, ready.layout)
    // Where the final states' gradients stand at first, the initial ones' stand at last. Every cell
    // with gates has those of a cell state, whether it carries one or not.
    var state = shape.sorted(core.scalars(ofHidden: hiddenGradient, shape.state), shape.state)
    var memory: [Scalar] = []
    if core.stack.kind.hasFormula {
      let scalars = cellGradient?.scalars ?? Array(repeating: 0, count: shape.cellState.elementCount)
      memory = shape.sorted(scalars, shape.cellState)
    }
    let input = [Scalar](count: input.count) { input in
      state.withUnsafeMutableBufferPointer { state in
        memory.withUnsafeMutableBufferPointer { memory in
          guard let state = state.baseAddress else { return }
          backward(
            timeMajorGradient,
            BackwardTargets(
              states: state, cellStates: memory.baseAddress, input: input, parameters: parameters.cells))
        }
      }
    }
    return Gradients(
      parameters: parameters.result(core.stack, ready.layout),
      input: try Self.ordered(input, shape, shape.input),
      hidden: Tensor(unchecked: shape.unsorted(state, shape.state), shape: shape.state),
      cellState: core.cellState(shape.unsorted(memory, shape.cellState), shape.cellState))
  }

  /// Runs the backward pass, with checkpoints segment by segment from the last on, each of which is
  /// computed again first.
  private func backward(_ outputGradient: [Scalar]?, _ targets: BackwardTargets<Scalar>) {
    let transposes = ready.transposes(of: core.stack.parameters)
    func call(_ schedule: SequenceSchedule, packedRowsBefore: Int = 0) -> StackCall<Scalar> {
      StackCall(
        ready, schedule, packedRowsBefore: packedRowsBefore, noise: noise,
        zoneout: core.stack.zoneoutPass(noise: noise), execution)
    }
    switch saved {
    case .activations(let start, let activations):
      call(shape.schedule).backward(
        input[...], timeMajorOutput[...], from: start, outputGradient: outputGradient.map { $0[...] },
        targets,
        activations, transposes)
    case .checkpoints(let starts, let interval):
      let stack = core.stack
      for (segment, start) in zip(SequenceSegments(shape.schedule, interval: interval), starts).reversed() {
        let input = segment.rows(of: input, features: stack.inputSize)
        let call = call(segment.schedule, packedRowsBefore: segment.packedRow)
        let activations = SavedActivations(call)
        let output = call.forward(input, from: start.state, cellState: start.cellState, saving: activations)
          .output
        var targets = targets
        targets.input += segment.packedRow * stack.inputSize
        call.backward(
          input, output[...], from: start,
          outputGradient: outputGradient.map { segment.rows(of: $0, features: stack.outputSize) }, targets,
          activations, transposes)
      }
    }
  }
}

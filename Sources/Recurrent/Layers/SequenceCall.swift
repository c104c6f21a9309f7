/// What a call on a whole sequence has found in its input: the same for every kind of cell.
struct SequenceShape {
  let steps: Int
  let rows: Int
  /// Whether rows stand outside of steps.
  let batchFirst: Bool
  let input: Shape
  /// `[L, B, H]` or, unbatched, `[L, H]`.
  let state: Shape
}

extension RecurrentStack {
  /// Checks the shape of a sequence.
  @inline(__always)
  func checkedSequence(_ input: Shape, batchFirst: Bool) throws(RecurrentError) -> SequenceShape {
    try validateSizes()
    let isBatched = input.rank == 3
    guard isBatched || input.rank == 2, input[input.rank - 1] == inputSize else {
      let order = batchFirst ? "B, T" : "T, B"
      throw .shapeMismatch(
        argument: "input", expected: "[\(order), \(inputSize)] or [T, \(inputSize)]", actual: input)
    }
    let steps = isBatched && batchFirst ? input[1] : input[0]
    let rows = isBatched ? input[batchFirst ? 0 : 1] : 1
    guard steps > 0 else { throw .emptySequence(argument: "input") }
    return SequenceShape(
      steps: steps, rows: rows, batchFirst: isBatched && batchFirst, input: input,
      state: isBatched
        ? Shape(unchecked: layerCount, rows, hiddenSize) : Shape(unchecked: layerCount, hiddenSize))
  }

  /// Checks the shape of one step.
  @inline(__always)
  func checkedStep(_ input: Shape) throws(RecurrentError) -> (rows: Int, state: Shape) {
    try validateSizes()
    let isBatched = input.rank == 2
    guard isBatched || input.rank == 1, input[input.rank - 1] == inputSize else {
      throw .shapeMismatch(
        argument: "input", expected: "[B, \(inputSize)] or [\(inputSize)]", actual: input)
    }
    let rows = isBatched ? input[0] : 1
    return (rows, isBatched ? Shape(unchecked: rows, hiddenSize) : Shape(unchecked: hiddenSize))
  }

  /// Checks a state or its gradient, and puts zeros in the place of a missing one.
  @inline(__always)
  func scalars(
    of state: Tensor<Scalar>?, _ shape: Shape, _ argument: String
  ) throws(RecurrentError) -> [Scalar] {
    guard let state else { return Array(repeating: 0, count: shape.elementCount) }
    guard state.shape == shape else {
      throw .shapeMismatch(argument: argument, expected: shape.description, actual: state.shape)
    }
    return state.scalars
  }

  /// Runs a sequence whose shape is checked, from states that are.
  @inline(__always)
  func run(
    _ shape: SequenceShape, _ input: Tensor<Scalar>, from state: [Scalar], memory: [Scalar] = [],
    _ execution: Execution
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, state: Tensor<Scalar>, memory: [Scalar]) {
    let result = run(
      try call(steps: shape.steps, rows: shape.rows, batchFirst: shape.batchFirst, execution),
      input.scalars[...], from: state, memory: memory)
    return (
      Tensor(unchecked: result.output, shape: shape.input.replacingLast(with: hiddenSize)),
      Tensor(unchecked: result.finalState, shape: shape.state), result.finalMemory
    )
  }
}

/// A call on a whole sequence that can carry gradients back: what the pullbacks of all layers have in common.
struct SequencePullback<Scalar: TensorScalar>: Sendable {
  private let differentiation: StackDifferentiation<Scalar>
  private let batchFirst: Bool
  private let inputShape: Shape
  private let stateShape: Shape

  /// Runs a sequence whose shape is checked, from states that are.
  init(
    _ stack: RecurrentStack<Scalar>, _ shape: SequenceShape, _ input: Tensor<Scalar>, from state: [Scalar],
    memory: [Scalar] = [], dropout: LayerDropout?, checkpointInterval: Int?, _ execution: Execution
  ) throws(RecurrentError) {
    // The backward pass is time-major; a batch-major sequence is brought into that order once.
    let x = shape.batchFirst ? try input.transposed() : input
    differentiation = try StackDifferentiation(
      stack, x.scalars, steps: shape.steps, rows: shape.rows, from: state, memory: memory,
      dropout: dropout, checkpointInterval: checkpointInterval, execution: execution)
    batchFirst = shape.batchFirst
    inputShape = shape.input
    stateShape = shape.state
  }

  /// The outputs of the call, laid out as its input.
  var output: Tensor<Scalar> {
    get throws(RecurrentError) {
      try ordered(differentiation.output, inputShape.replacingLast(with: differentiation.stack.hiddenSize))
    }
  }

  /// Every layer's last state.
  var finalState: Tensor<Scalar> { Tensor(unchecked: differentiation.finalState, shape: stateShape) }

  /// Every layer's last memory.
  var finalMemory: Tensor<Scalar> { Tensor(unchecked: differentiation.finalMemory, shape: stateShape) }

  /// Brings time-major scalars into the order of the call's sequences.
  private func ordered(_ scalars: [Scalar], _ shape: Shape) throws(RecurrentError) -> Tensor<Scalar> {
    guard batchFirst else { return Tensor(unchecked: scalars, shape: shape) }
    return try Tensor(unchecked: scalars, shape: Shape(unchecked: shape[1], shape[0], shape[2]))
      .transposed()
  }

  /// The gradients of a scalar.
  struct Gradients {
    var parameters: [CellParameters<Scalar>]
    var input: Tensor<Scalar>
    var state: Tensor<Scalar>
    /// Without meaning for cells that carry no memory.
    var memory: [Scalar]
  }

  /// The gradients of a scalar from those with respect to the call's results; zeros for `nil`.
  func gradients(
    outputGradient: Tensor<Scalar>?, stateGradient: Tensor<Scalar>?, stateArgument: String,
    memoryGradient: Tensor<Scalar>? = nil, memoryArgument: String = ""
  ) throws(RecurrentError) -> Gradients {
    let outputShape = inputShape.replacingLast(with: differentiation.stack.hiddenSize)
    try Self.check(outputGradient, "outputGradient", outputShape)
    try Self.check(stateGradient, stateArgument, stateShape)
    try Self.check(memoryGradient, memoryArgument, stateShape)
    let timeMajor = batchFirst ? try outputGradient?.transposed() : outputGradient
    let result = try differentiation.gradients(
      outputGradient: timeMajor?.scalars, stateGradient: stateGradient?.scalars,
      memoryGradient: memoryGradient?.scalars)
    return Gradients(
      parameters: result.parameters, input: try ordered(result.input, inputShape),
      state: Tensor(unchecked: result.state, shape: stateShape), memory: result.memory)
  }

  private static func check(
    _ gradient: Tensor<Scalar>?, _ argument: String, _ shape: Shape
  ) throws(RecurrentError) {
    guard let gradient, gradient.shape != shape else { return }
    throw .shapeMismatch(argument: argument, expected: shape.description, actual: gradient.shape)
  }
}

/// A call on a whole sequence that can carry gradients back: what the pullbacks of all layers have in common.
struct SequencePullback<Scalar: TensorScalar>: Sendable {
  private let differentiation: StackDifferentiation<Scalar>
  private let shape: SequenceShape

  /// Runs a sequence whose shape is checked, from states that are.
  init(
    _ stack: RecurrentStack<Scalar>, _ shape: SequenceShape, _ input: Tensor<Scalar>, from state: [Scalar],
    memory: [Scalar] = [], noise: TrainingNoise?, checkpointInterval: Int?, _ execution: Execution
  ) throws(RecurrentError) {
    // The backward pass is time-major; a batch-major sequence is brought into that order once.
    let x = shape.batchFirst ? try input.transposed() : input
    differentiation = try StackDifferentiation(
      stack, x.scalars, shape.schedule, from: shape.sorted(state, shape.state),
      memory: memory.isEmpty ? [] : shape.sorted(memory, shape.memory), noise: noise,
      checkpointInterval: checkpointInterval, execution: execution)
    self.shape = shape
  }

  /// The outputs of the call, laid out as its input.
  var output: Tensor<Scalar> {
    get throws(RecurrentError) { try ordered(differentiation.output, outputShape) }
  }

  private var outputShape: Shape { shape.input.replacingLast(with: differentiation.stack.outputSize) }

  /// The directions in which the layer reads, which decide the names of its parameters.
  var directions: Directions { differentiation.stack.directions }

  /// Every cell's last state.
  var finalState: Tensor<Scalar> {
    Tensor(unchecked: shape.unsorted(differentiation.finalState, shape.state), shape: shape.state)
  }

  /// Every cell's last memory.
  var finalMemory: Tensor<Scalar> {
    Tensor(unchecked: shape.unsorted(differentiation.finalMemory, shape.memory), shape: shape.memory)
  }

  /// Brings time-major scalars into the order of the call's sequences.
  private func ordered(_ scalars: [Scalar], _ shape: Shape) throws(RecurrentError) -> Tensor<Scalar> {
    guard self.shape.batchFirst else { return Tensor(unchecked: scalars, shape: shape) }
    return try Tensor(unchecked: scalars, shape: Shape(unchecked: shape[1], shape[0], shape[2]))
      .transposed()
  }

  /// The gradients of a scalar.
  struct Gradients {
    var parameters: [CellParameters<Scalar>]
    var input: Tensor<Scalar>
    var state: Tensor<Scalar>
    /// Without meaning for cells that carry no memory.
    var memory: Tensor<Scalar>
  }

  /// The gradients of a scalar from those with respect to the call's results; zeros for `nil`.
  func gradients(
    outputGradient: Tensor<Scalar>?, stateGradient: Tensor<Scalar>?, stateArgument: String,
    memoryGradient: Tensor<Scalar>? = nil, memoryArgument: String = ""
  ) throws(RecurrentError) -> Gradients {
    try outputGradient?.require(outputShape, "outputGradient")
    try stateGradient?.require(shape.state, stateArgument)
    try memoryGradient?.require(shape.memory, memoryArgument)
    let timeMajor = shape.batchFirst ? try outputGradient?.transposed() : outputGradient
    let result = try differentiation.gradients(
      outputGradient: timeMajor?.scalars,
      stateGradient: stateGradient.map { shape.sorted($0.scalars, shape.state) },
      memoryGradient: memoryGradient.map { shape.sorted($0.scalars, shape.memory) })
    return Gradients(
      parameters: result.parameters, input: try ordered(result.input, shape.input),
      state: Tensor(unchecked: shape.unsorted(result.state, shape.state), shape: shape.state),
      memory: result.memory.isEmpty
        ? .zeros([0])
        : Tensor(unchecked: shape.unsorted(result.memory, shape.memory), shape: shape.memory))
  }
}

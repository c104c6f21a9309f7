/// A call on a whole sequence that can carry gradients back: what the pullbacks of all layers have in common.
@usableFromInline
struct SequencePullback<Scalar: TensorScalar>: Sendable {
  /// The layer as it was.
  private let core: RecurrentCore<Scalar>
  private let differentiation: StackDifferentiation<Scalar>
  private let shape: SequenceShape

  /// Runs a sequence whose shape is checked, from states that are.
  init(
    _ core: RecurrentCore<Scalar>, _ shape: SequenceShape, _ input: Tensor<Scalar>, from state: [Scalar],
    memory: [Scalar] = [], noise: TrainingNoise?, checkpointInterval: Int?, _ execution: Execution
  ) throws(RecurrentError) {
    // The backward pass is time-major; a batch-major sequence is brought into that order once.
    let x = shape.batchFirst ? try input.transposed() : input
    differentiation = try StackDifferentiation(
      core.stack, x.scalars, shape.schedule, from: shape.sorted(state, shape.state),
      memory: memory.isEmpty ? [] : shape.sorted(memory, shape.memory), noise: noise,
      checkpointInterval: checkpointInterval, execution: execution)
    self.shape = shape
    self.core = core
    output = try Self.ordered(
      differentiation.output, shape, shape.input.replacingLast(with: core.stack.outputSize))
  }

  /// The outputs of the call, laid out as its input.
  @usableFromInline let output: Tensor<Scalar>

  /// Every cell's last h.
  @usableFromInline var finalHidden: Tensor<Scalar> {
    Tensor(unchecked: shape.unsorted(differentiation.finalState, shape.state), shape: shape.state)
  }

  /// Every cell's last cell state; `nil` for cells that carry none.
  @usableFromInline var finalCellState: Tensor<Scalar>? {
    core.cellState(shape.unsorted(differentiation.finalMemory, shape.memory), shape.memory)
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
  @usableFromInline
  func gradients(
    outputGradient: Tensor<Scalar>?, hiddenGradient: Tensor<Scalar>?, cellGradient: Tensor<Scalar>?
  ) throws(RecurrentError) -> Gradients {
    try outputGradient?.require(output.shape, "outputGradient")
    try core.require(hiddenGradient, shape.state, cellGradient, shape.memory, "finalStateGradient")
    let timeMajor = shape.batchFirst ? try outputGradient?.transposed() : outputGradient
    let result = try differentiation.gradients(
      outputGradient: timeMajor?.scalars,
      stateGradient: hiddenGradient.map { shape.sorted($0.scalars, shape.state) },
      memoryGradient: cellGradient.map { shape.sorted($0.scalars, shape.memory) })
    return Gradients(
      parameters: result.parameters, input: try Self.ordered(result.input, shape, shape.input),
      hidden: Tensor(unchecked: shape.unsorted(result.state, shape.state), shape: shape.state),
      cellState: core.cellState(shape.unsorted(result.memory, shape.memory), shape.memory))
  }
}

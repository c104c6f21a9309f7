/// One long short-term memory: one step, for loops over time that are your own. See ``LSTM`` for the formula.
///
///     let cell = LSTMCell<Float>(inputSize: 100, hiddenSize: 20)
///     var state: LSTMState<Float>?
///     for xt in x { state = try cell(xt, state) }      // x [10, 3, 100]
///
/// Shapes: B batch, I input size, H hidden size.
public struct LSTMCell<Scalar: TensorScalar>: Sendable {
  var stack: RecurrentStack<Scalar>

  /// Who multiplies the matrices.
  public var backend: Backend = .automatic

  /// The threads that a call may use, 1 to 1024; `nil` for `RECURRENT_THREADS` or the available processors.
  public var threadCount: Int?

  /// Creates a cell with parameters drawn uniformly from ±1/√H.
  ///
  /// An initializer does not throw. Where a size is out of range, the cell has no parameters and every call of it throws
  /// ``RecurrentError/invalidSize(argument:expected:actual:)``.
  ///
  /// - Parameters:
  ///   - inputSize: I, the features of the input; at least 1.
  ///   - hiddenSize: H, the features of the state; at least 1.
  ///   - bias: Whether the cell adds b_ih and b_hh.
  ///   - forgetBias: The sum of the forget gate's biases before training; `nil`, or no bias, leaves them as they are drawn.
  public init(inputSize: Int, hiddenSize: Int, bias: Bool = true, forgetBias: Scalar? = nil) {
    var generator = SeededGenerator(seed: .random(in: .min ... .max))
    self.init(
      inputSize: inputSize, hiddenSize: hiddenSize, bias: bias, forgetBias: forgetBias, using: &generator)
  }

  /// Creates a cell with parameters drawn uniformly from ±1/√H by a generator of yours.
  ///
  /// - Parameters:
  ///   - inputSize: I, the features of the input; at least 1.
  ///   - hiddenSize: H, the features of the state; at least 1.
  ///   - bias: Whether the cell adds b_ih and b_hh.
  ///   - forgetBias: The sum of the forget gate's biases before training; `nil`, or no bias, leaves them as they are drawn.
  ///   - generator: The source of randomness; a ``SeededGenerator`` makes the cell reproducible.
  public init<Generator: RandomNumberGenerator>(
    inputSize: Int, hiddenSize: Int, bias: Bool = true, forgetBias: Scalar? = nil,
    using generator: inout Generator
  ) {
    stack = RecurrentStack(
      .lstm, inputSize: inputSize, hiddenSize: hiddenSize, layerCount: 1, bias: bias)
    stack.initializeUniformly(using: &generator)
    if let forgetBias { stack.setForgetBias(forgetBias) }
  }

  /// I, the features of the input.
  public var inputSize: Int { stack.inputSize }
  /// H, the features of the state.
  public var hiddenSize: Int { stack.hiddenSize }
  /// Whether the cell adds biases.
  public var hasBias: Bool { stack.hasBias }

  /// The cell's parameters; without any where the cell's sizes are out of range.
  ///
  /// A tensor of another shape may be assigned; the next call then throws.
  public var parameters: CellParameters<Scalar> {
    get {
      stack.parameters.first
        ?? CellParameters(weightIH: .zeros([0, 0]), weightHH: .zeros([0, 0]))
    }
    set { stack.parameters = [newValue] }
  }

  /// Computes the state after one step.
  ///
  /// - Parameters:
  ///   - input: `[B, I]`, or unbatched `[I]`. B may be 0.
  ///   - state: The state before the step, `[B, H]` or `[H]`; zeros if `nil`.
  /// - Returns: The state after the step.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape, and what the cell's own
  ///   sizes, parameters and backend or the environment give reason for.
  /// - Complexity: 2·G·B·H·(I + H) operations, G the gates.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func callAsFunction(
    _ input: Tensor<Scalar>, _ state: LSTMState<Scalar>? = nil
  ) throws(RecurrentError) -> LSTMState<Scalar> {
    try run(
      input, from: state, execution: Execution(resolving: backend, threadCount: threadCount))
  }

  /// Computes one step and puts the state after it in the place of the one before.
  ///
  /// It gives the bits that a call gives. A small step takes no memory for a result where nobody else holds the state's; one that is
  /// large enough for threads does.
  ///
  /// - Parameters:
  ///   - input: `[B, I]`, or unbatched `[I]`. B may be 0.
  ///   - state: The state before the step, and then the one after it.
  /// - Throws: What ``callAsFunction(_:_:)`` throws; the state is as before then.
  /// - Complexity: 2·G·B·H·(I + H) operations, G the gates.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    _ input: Tensor<Scalar>, updating state: inout LSTMState<Scalar>
  ) throws(RecurrentError) {
    try stack.step(
      input, updating: &state, Execution(resolving: backend, threadCount: threadCount))
  }

  /// Computes one step by an execution that tests and tools name.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func run(
    _ input: Tensor<Scalar>, from state: LSTMState<Scalar>?, execution: Execution
  ) throws(RecurrentError) -> LSTMState<Scalar> {
    try stack.stepped(input, from: state, execution)
  }

  /// Computes the state after one step, and returns with it a function that carries its gradient back.
  ///
  /// - Parameters:
  ///   - input: `[B, I]`, or unbatched `[I]`. B may be 0.
  ///   - state: The state before the step; zeros if `nil`.
  /// - Returns: The state after the step, as ``callAsFunction(_:_:)`` gives it, and the pullback.
  /// - Throws: What ``callAsFunction(_:_:)`` throws.
  public func valueWithPullback(
    at input: Tensor<Scalar>, from state: LSTMState<Scalar>? = nil
  ) throws(RecurrentError) -> (state: LSTMState<Scalar>, pullback: LSTMCellPullback<Scalar>) {
    let execution = try Execution(resolving: backend, threadCount: threadCount)
    let (rows, shape) = try stack.checkedStep(input.shape)
    let hidden = try stack.scalars(of: state?.hidden, shape, "state.hidden")
    let memory = try stack.scalars(of: state?.cell, shape, "state.cell")
    let differentiation = try StackDifferentiation(
      stack, input.scalars, SequenceSchedule(steps: 1, rows: rows), from: hidden, memory: memory,
      checkpointInterval: nil, execution: execution)
    return (
      LSTMState(
        hidden: Tensor(unchecked: differentiation.output, shape: shape),
        cell: Tensor(unchecked: differentiation.finalMemory, shape: shape)),
      LSTMCellPullback(differentiation: differentiation, inputShape: input.shape, stateShape: shape)
    )
  }
}

extension LSTMCell: CustomStringConvertible {
  /// The cell as PyTorch prints it: sizes, and what is not the default.
  public var description: String {
    "LSTMCell(\(inputSize), \(hiddenSize)\(hasBias ? "" : ", bias=False"))"
  }
}

/// The gradients of a scalar with respect to all that an ``LSTMCell`` call depends on.
public struct LSTMCellGradients<Scalar: TensorScalar>: Sendable, Equatable {
  /// Of the parameters, in their form.
  public var parameters: CellParameters<Scalar>
  /// Of the input, in its shape.
  public var input: Tensor<Scalar>
  /// Of the state before the step; also where the call was made without one.
  public var state: LSTMState<Scalar>
}

/// Carries a gradient back through one call of an ``LSTMCell``.
public struct LSTMCellPullback<Scalar: TensorScalar>: Sendable {
  let differentiation: StackDifferentiation<Scalar>
  let inputShape: Shape
  let stateShape: Shape

  /// Computes the gradients of a scalar from its gradient with respect to the state after the step.
  ///
  /// - Parameter stateGradient: With respect to h′ and c′.
  /// - Returns: The gradients of parameters, input and state.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape.
  /// - Complexity: Twice the operations of the call.
  public func callAsFunction(
    _ stateGradient: LSTMState<Scalar>
  ) throws(RecurrentError) -> LSTMCellGradients<Scalar> {
    let stack = differentiation.stack
    let hidden = try stack.scalars(of: stateGradient.hidden, stateShape, "stateGradient.hidden")
    let cell = try stack.scalars(of: stateGradient.cell, stateShape, "stateGradient.cell")
    let result = try differentiation.gradients(
      outputGradient: hidden, stateGradient: nil, memoryGradient: cell)
    return LSTMCellGradients(
      parameters: result.parameters[0], input: Tensor(unchecked: result.input, shape: inputShape),
      state: LSTMState(
        hidden: Tensor(unchecked: result.state, shape: stateShape),
        cell: Tensor(unchecked: result.memory, shape: stateShape)))
  }
}

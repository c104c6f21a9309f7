/// One gated recurrent unit: one step, for loops over time that are your own. See ``GRU`` for the formula.
///
///     let cell = GRUCell<Float>(inputSize: 100, hiddenSize: 20)
///     var h = Tensor<Float>.zeros([3, 20])
///     for xt in x { h = try cell(xt, h) }      // x [10, 3, 100]
///
/// Shapes: B batch, I input size, H hidden size.
public struct GRUCell<Scalar: TensorScalar>: Sendable {
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
  public init(inputSize: Int, hiddenSize: Int, bias: Bool = true) {
    var generator = SeededGenerator(seed: .random(in: .min ... .max))
    self.init(
      inputSize: inputSize, hiddenSize: hiddenSize, bias: bias, using: &generator)
  }

  /// Creates a cell with parameters drawn uniformly from ±1/√H by a generator of yours.
  ///
  /// - Parameters:
  ///   - inputSize: I, the features of the input; at least 1.
  ///   - hiddenSize: H, the features of the state; at least 1.
  ///   - bias: Whether the cell adds b_ih and b_hh.
  ///   - generator: The source of randomness; a ``SeededGenerator`` makes the cell reproducible.
  public init<Generator: RandomNumberGenerator>(
    inputSize: Int, hiddenSize: Int, bias: Bool = true, using generator: inout Generator
  ) {
    stack = RecurrentStack(
      .gru, inputSize: inputSize, hiddenSize: hiddenSize, layerCount: 1, bias: bias)
    stack.initializeUniformly(using: &generator)
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
    _ input: Tensor<Scalar>, _ state: Tensor<Scalar>? = nil
  ) throws(RecurrentError) -> Tensor<Scalar> {
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
    _ input: Tensor<Scalar>, updating state: inout Tensor<Scalar>
  ) throws(RecurrentError) {
    try stack.step(
      input, updating: &state, Execution(resolving: backend, threadCount: threadCount))
  }

  /// Computes one step by an execution that tests and tools name.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func run(
    _ input: Tensor<Scalar>, from state: Tensor<Scalar>?, execution: Execution
  ) throws(RecurrentError) -> Tensor<Scalar> {
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
    at input: Tensor<Scalar>, from state: Tensor<Scalar>? = nil
  ) throws(RecurrentError) -> (state: Tensor<Scalar>, pullback: GRUCellPullback<Scalar>) {
    let execution = try Execution(resolving: backend, threadCount: threadCount)
    let (rows, shape) = try stack.checkedStep(input.shape)
    let state = try stack.scalars(of: state, shape, "state")
    let differentiation = try StackDifferentiation(
      stack, input.scalars, SequenceSchedule(steps: 1, rows: rows), from: state, checkpointInterval: nil,
      execution: execution)
    return (
      Tensor(unchecked: differentiation.output, shape: shape),
      GRUCellPullback(differentiation: differentiation, inputShape: input.shape, stateShape: shape)
    )
  }
}

extension GRUCell: CustomStringConvertible {
  /// The cell as PyTorch prints it: sizes, and what is not the default.
  public var description: String {
    "GRUCell(\(inputSize), \(hiddenSize)\(hasBias ? "" : ", bias=False"))"
  }
}

/// The gradients of a scalar with respect to all that a ``GRUCell`` call depends on, in the form of an ``RNNCell``'s.
public typealias GRUCellGradients = RNNCellGradients

/// Carries a gradient back through one call of a ``GRUCell``.
public struct GRUCellPullback<Scalar: TensorScalar>: Sendable {
  let differentiation: StackDifferentiation<Scalar>
  let inputShape: Shape
  let stateShape: Shape

  /// Computes the gradients of a scalar from its gradient with respect to the state after the step.
  ///
  /// - Parameter stateGradient: With respect to h′, `[B, H]` or `[H]`.
  /// - Returns: The gradients of parameters, input and state.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape.
  /// - Complexity: Twice the operations of the call.
  public func callAsFunction(
    _ stateGradient: Tensor<Scalar>
  ) throws(RecurrentError) -> GRUCellGradients<Scalar> {
    let gradient = try differentiation.stack.scalars(of: stateGradient, stateShape, "stateGradient")
    let result = try differentiation.gradients(outputGradient: gradient, stateGradient: nil)
    return GRUCellGradients(
      parameters: result.parameters[0], input: Tensor(unchecked: result.input, shape: inputShape),
      state: Tensor(unchecked: result.state, shape: stateShape))
  }
}

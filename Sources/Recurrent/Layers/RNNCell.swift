/// One plain recurrent cell: one step, for loops over time that are your own.
///
///     h' = tanh(x · W_ihᵀ + b_ih + h · W_hhᵀ + b_hh)
///
///     let cell = RNNCell<Float>(inputSize: 100, hiddenSize: 20)
///     var h = Tensor<Float>.zeros([3, 20])
///     for xt in x { h = try cell(xt, h) }      // x [10, 3, 100]
///
/// A cell is a value, like ``RNN``; ``RNN`` over a whole sequence is faster than a loop, since
/// it multiplies the input of many steps at once.
///
/// Shapes: B batch, I input size, H hidden size.
///
/// ### Source
/// J. L. Elman, "Finding structure in time", Cognitive Science 14 (1990). Names, shapes, defaults and
/// initialization are those of PyTorch's `nn.RNNCell`.
public struct RNNCell<Scalar: TensorScalar>: Sendable {
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
  ///   - nonlinearity: tanh or ReLU.
  public init(
    inputSize: Int, hiddenSize: Int, bias: Bool = true, nonlinearity: Nonlinearity = .tanh
  ) {
    var generator = SeededGenerator(seed: .random(in: .min ... .max))
    self.init(
      inputSize: inputSize, hiddenSize: hiddenSize, bias: bias, nonlinearity: nonlinearity,
      using: &generator)
  }

  /// Creates a cell with parameters drawn uniformly from ±1/√H by a generator of yours.
  ///
  /// - Parameters:
  ///   - inputSize: I, the features of the input; at least 1.
  ///   - hiddenSize: H, the features of the state; at least 1.
  ///   - bias: Whether the cell adds b_ih and b_hh.
  ///   - nonlinearity: tanh or ReLU.
  ///   - generator: The source of randomness; a ``SeededGenerator`` makes the cell reproducible.
  public init<Generator: RandomNumberGenerator>(
    inputSize: Int, hiddenSize: Int, bias: Bool = true, nonlinearity: Nonlinearity = .tanh,
    using generator: inout Generator
  ) {
    stack = RecurrentStack(
      .plain(nonlinearity), inputSize: inputSize, hiddenSize: hiddenSize, layerCount: 1, bias: bias)
    stack.initializeUniformly(using: &generator)
  }

  /// I, the features of the input.
  public var inputSize: Int { stack.inputSize }
  /// H, the features of the state.
  public var hiddenSize: Int { stack.hiddenSize }
  /// The function that the cell applies to its sums.
  public var nonlinearity: Nonlinearity { stack.kind.nonlinearity }
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

  /// Computes the state after one step, from a state of zeros.
  ///
  /// - Parameter input: `[B, I]`, or unbatched `[I]`. B may be 0.
  /// - Returns: h', `[B, H]` or `[H]`.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape, and what the cell's own
  ///   sizes, parameters and backend or the environment give reason for.
  /// - Complexity: 2·B·H·(I + H) operations.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func callAsFunction(_ input: Tensor<Scalar>) throws(RecurrentError) -> Tensor<Scalar> {
    try self(input, nil)
  }

  /// Computes the state after one step.
  ///
  /// - Parameters:
  ///   - input: `[B, I]`, or unbatched `[I]`. B may be 0.
  ///   - state: h, the state before the step, `[B, H]` or `[H]`; zeros if `nil`.
  /// - Returns: h', `[B, H]` or `[H]`.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape, and what the cell's own
  ///   sizes, parameters and backend or the environment give reason for.
  /// - Complexity: 2·B·H·(I + H) operations.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func callAsFunction(
    _ input: Tensor<Scalar>, _ state: Tensor<Scalar>?
  ) throws(RecurrentError) -> Tensor<Scalar> {
    try run(
      input, from: state, execution: Execution(resolving: backend, threadCount: threadCount))
  }

  /// Computes one step and puts the state after it in the place of the one before.
  ///
  ///     for xt in x { try cell.step(xt, updating: &h) }
  ///
  /// It gives the bits that a call gives. A small step takes no memory for a result where nobody else holds the state's; one that is
  /// large enough for threads does.
  ///
  /// - Parameters:
  ///   - input: `[B, I]`, or unbatched `[I]`. B may be 0.
  ///   - state: The state before the step, and then the one after it.
  /// - Throws: What ``callAsFunction(_:_:)`` throws; the state is as before then.
  /// - Complexity: 2·B·H·(I + H) operations.
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
}

extension RNNCell: CustomStringConvertible {
  /// The cell as PyTorch prints it: sizes, and what is not the default.
  public var description: String {
    var parts = ["\(inputSize)", "\(hiddenSize)"]
    if !hasBias { parts.append("bias=False") }
    if nonlinearity != .tanh { parts.append("nonlinearity=\(nonlinearity.rawValue)") }
    return "RNNCell(\(parts.joined(separator: ", ")))"
  }
}

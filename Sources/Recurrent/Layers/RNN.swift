/// A stack of plain recurrent layers (Elman networks) over a sequence.
///
/// For each step t and each layer,
///
///     h_t = tanh(x_t · W_ihᵀ + b_ih + h_{t−1} · W_hhᵀ + b_hh)
///
/// where x_t is the step's input or the layer below's h_t, and ReLU may take the place of tanh.
///
///     let rnn = RNN<Float>(inputSize: 100, hiddenSize: 20, layerCount: 4)
///     let (output, finalState) = try rnn(x)     // x [10, 3, 100]: output [10, 3, 20], finalState [4, 3, 20]
///
/// A layer is a value. Copies share their weights, packed for the kernels once for each version of the
/// parameters, until one of them is changed; many tasks may call one layer at once.
///
/// Shapes: T steps, B batch, I input size, H hidden size, L layers.
///
/// ### Source
/// J. L. Elman, "Finding structure in time", Cognitive Science 14 (1990). Names, shapes, defaults and
/// initialization are those of PyTorch's `nn.RNN`.
public struct RNN<Scalar: TensorScalar>: Sendable {
  var stack: RecurrentStack<Scalar>

  /// Whether sequences are `[B, T, …]` instead of `[T, B, …]`. States are `[L·D, B, H]` in either case.
  public let batchFirst: Bool

  /// The probability with which elements of each layer's output but the last one's are dropped in training.
  ///
  /// Only ``valueWithPullback(at:from:checkpointInterval:using:)->(Tensor<Scalar>,_,_)``, which takes a generator, drops; every other call runs the
  /// network as it is used. So there is no mode to set.
  public var dropout: Double { stack.regularization.dropout }

  /// Whether a sequence has one mask of dropout for all of its steps, as variational dropout has: Y. Gal, Z. Ghahramani, "A
  /// theoretically grounded application of dropout in recurrent neural networks", NIPS 2016.
  public var variationalDropout: Bool { stack.regularization.isVariational }

  /// Who multiplies the matrices.
  public var backend: Backend = .automatic

  /// The threads that a call may use, 1 to 1024; `nil` for `RECURRENT_THREADS` or the available processors.
  ///
  /// Results on the Swift backend do not depend on it. OpenBLAS has a setting of its own, see
  /// ``OpenBLASLibrary``.
  public var threadCount: Int?

  /// Creates a layer with parameters drawn uniformly from ±1/√H.
  ///
  /// An initializer does not throw. Where a size is out of range, the layer has no parameters and every call of it throws
  /// ``RecurrentError/invalidSize(argument:expected:actual:)``; where the dropout is, every call that would drop throws.
  ///
  /// - Parameters:
  ///   - inputSize: I, the features of each input step; at least 1.
  ///   - hiddenSize: H, the features of the state; at least 1.
  ///   - layerCount: L, the layers; each takes the output of the one below. At least 1.
  ///   - nonlinearity: tanh or ReLU.
  ///   - bias: Whether cells add b_ih and b_hh.
  ///   - batchFirst: Whether sequences are `[B, T, …]` instead of `[T, B, …]`.
  ///   - dropout: The probability with which elements between the layers are dropped in training, 0 to 1.
  ///   - variationalDropout: Whether a sequence has one mask of dropout for all of its steps.
  ///   - directions: Whether the layer reads forward only, or both ways.
  public init(
    inputSize: Int, hiddenSize: Int, layerCount: Int = 1, nonlinearity: Nonlinearity = .tanh,
    bias: Bool = true, batchFirst: Bool = false, dropout: Double = 0, variationalDropout: Bool = false,
    directions: Directions = .forward
  ) {
    var generator = SeededGenerator(seed: .random(in: .min ... .max))
    self.init(
      inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount,
      nonlinearity: nonlinearity, bias: bias, batchFirst: batchFirst, dropout: dropout,
      variationalDropout: variationalDropout,
      directions: directions, using: &generator)
  }

  /// Creates a layer with parameters drawn uniformly from ±1/√H by a generator of yours.
  ///
  /// - Parameters:
  ///   - inputSize: I, the features of each input step; at least 1.
  ///   - hiddenSize: H, the features of the state; at least 1.
  ///   - layerCount: L, the layers; each takes the output of the one below. At least 1.
  ///   - nonlinearity: tanh or ReLU.
  ///   - bias: Whether cells add b_ih and b_hh.
  ///   - batchFirst: Whether sequences are `[B, T, …]` instead of `[T, B, …]`.
  ///   - dropout: The probability with which elements between the layers are dropped in training, 0 to 1.
  ///   - variationalDropout: Whether a sequence has one mask of dropout for all of its steps.
  ///   - directions: Whether the layer reads forward only, or both ways.
  ///   - generator: The source of randomness; a ``SeededGenerator`` makes the layer reproducible.
  public init<Generator: RandomNumberGenerator>(
    inputSize: Int, hiddenSize: Int, layerCount: Int = 1, nonlinearity: Nonlinearity = .tanh,
    bias: Bool = true, batchFirst: Bool = false, dropout: Double = 0, variationalDropout: Bool = false,
    directions: Directions = .forward,
    using generator: inout Generator
  ) {
    stack = RecurrentStack(
      .plain(nonlinearity), inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount,
      directions: directions, bias: bias)
    self.batchFirst = batchFirst
    stack.regularization = Regularization(
      dropout: dropout, isVariational: variationalDropout)
    stack.initializeUniformly(using: &generator)
  }

  /// I, the features of each input step.
  public var inputSize: Int { stack.inputSize }
  /// H, the features of the state.
  public var hiddenSize: Int { stack.hiddenSize }
  /// L, the stacked layers.
  public var layerCount: Int { stack.layerCount }
  /// The function that a cell applies to its sums.
  public var nonlinearity: Nonlinearity { stack.kind.nonlinearity }
  /// Whether the layer reads forward only, or both ways.
  public var directions: Directions { stack.directions }
  /// Whether cells add biases.
  public var hasBias: Bool { stack.hasBias }

  /// The parameters of every cell: of the layer that takes the input first, and in both directions of the forward one first.
  ///
  /// A tensor of another shape may be assigned; the next call then throws.
  public var parameters: [CellParameters<Scalar>] {
    get { stack.parameters }
    _modify { yield &stack.parameters }
  }

  /// Runs the layer over a sequence, from a state of zeros.
  ///
  /// - Parameter input: `[T, B, I]`, `[B, T, I]` with ``batchFirst``, or unbatched `[T, I]`. B may be 0.
  /// - Returns: `output`, the last layer's state after every step, `[T, B, H]`, `[B, T, H]` or `[T, H]`, and
  ///   `finalState`, every layer's state after the last step, `[L, B, H]` or `[L, H]`.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape,
  ///   ``RecurrentError/emptySequence(argument:)`` for T = 0, and what the layer's own sizes, parameters and backend
  ///   or the environment give reason for.
  /// - Complexity: 2·T·B·H·(I + H) operations for the first layer and 4·T·B·H² for each other; the number of
  ///   allocations does not depend on T.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func callAsFunction(
    _ input: Tensor<Scalar>
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: Tensor<Scalar>) {
    try self(input, nil)
  }

  /// Runs the layer over a sequence, from a given state.
  ///
  /// - Parameters:
  ///   - input: `[T, B, I]`, `[B, T, I]` with ``batchFirst``, or unbatched `[T, I]`. B may be 0.
  ///   - initialState: Every layer's state before the first step, `[L, B, H]` or, unbatched, `[L, H]`; zeros if `nil`.
  /// - Returns: `output`, the last layer's state after every step, `[T, B, H]`, `[B, T, H]` or `[T, H]`, and
  ///   `finalState`, every layer's state after the last step, `[L, B, H]` or `[L, H]`.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape,
  ///   ``RecurrentError/emptySequence(argument:)`` for T = 0, and what the layer's own sizes, parameters and backend
  ///   or the environment give reason for.
  /// - Complexity: 2·T·B·H·(I + H) operations for the first layer and 4·T·B·H² for each other; the number of
  ///   allocations does not depend on T.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func callAsFunction(
    _ input: Tensor<Scalar>, _ initialState: Tensor<Scalar>?
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: Tensor<Scalar>) {
    try run(
      input, from: initialState,
      execution: Execution(resolving: backend, threadCount: threadCount))
  }

  /// Runs the layer by an execution that tests and tools name.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func run(
    _ input: Tensor<Scalar>, from initialState: Tensor<Scalar>?, execution: Execution
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: Tensor<Scalar>) {
    try run(
      stack.checkedSequence(input.shape, batchFirst: batchFirst), input, from: initialState,
      execution: execution)
  }

  /// Runs the layer over a sequence whose shape is checked.
  @inline(__always)
  func run(
    _ shape: SequenceShape, _ input: Tensor<Scalar>, from initialState: Tensor<Scalar>?,
    execution: Execution
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: Tensor<Scalar>) {
    let state = try stack.initialScalars(of: initialState, shape.state, "initialState")
    let result = try stack.run(shape, input, from: state, execution)
    return (result.output, result.state)
  }
}

extension RNN: CustomStringConvertible {
  /// The layer as PyTorch prints it: sizes, and what is not the default.
  public var description: String {
    var parts = ["\(inputSize)", "\(hiddenSize)"]
    if layerCount != 1 { parts.append("num_layers=\(layerCount)") }
    if nonlinearity != .tanh { parts.append("nonlinearity=\(nonlinearity.rawValue)") }
    if !hasBias { parts.append("bias=False") }
    if batchFirst { parts.append("batch_first=True") }
    if dropout != 0 { parts.append("dropout=\(dropout)") }
    if variationalDropout { parts.append("variational_dropout=True") }
    if directions == .bidirectional { parts.append("bidirectional=True") }
    return "RNN(\(parts.joined(separator: ", ")))"
  }
}

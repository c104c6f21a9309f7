/// A stack of long short-term memories over a sequence.
///
/// For each step t and each layer,
///
///     i = σ(x_t·W_iiᵀ + b_ii + h·W_hiᵀ + b_hi)     f, o likewise     g = tanh(…)
///     c_t = f ⊙ c_{t−1} + i ⊙ g
///     h_t = o ⊙ tanh(c_t),   or with a projection   W_hr·(o ⊙ tanh(c_t))
///
/// where x_t is the step's input or the layer below's h_t, and h is h_{t−1}.
///
///     let lstm = LSTM<Float>(inputSize: 100, hiddenSize: 20, layerCount: 2)
///     let (output, finalState) = try lstm(x)     // x [10, 3, 100]: output [10, 3, 20], finalState.hidden [2, 3, 20]
///
/// A layer is a value, like ``RNN``, and has the same threads, backends and exactness.
///
/// Shapes: T steps, B batch, I input size, H hidden size, P the features of the state (H without a projection), L layers, D
/// directions. Weights are `[4·H, I]`, `[4·H, P]` and `[P, H]`, the gates in the order i, f, g, o.
///
/// ### Source
/// S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997), with the forget gate of F. A.
/// Gers, J. Schmidhuber, F. Cummins (2000). Names, shapes, defaults and initialization are those of PyTorch's `nn.LSTM`.
public struct LSTM<Scalar: TensorScalar>: Sendable {
  var stack: RecurrentStack<Scalar>

  /// Whether sequences are `[B, T, …]` instead of `[T, B, …]`. States are `[L·D, B, H]` in either case.
  public let batchFirst: Bool

  /// The probability with which elements of each layer's output but the last one's are dropped in training.
  ///
  /// Only ``valueWithPullback(at:from:checkpointInterval:using:)->(Tensor<Scalar>,_,_)``, which takes a generator, drops.
  public var dropout: Double { stack.regularization.dropout }

  /// Whether a sequence has one mask of dropout for all of its steps, as variational dropout has: Y. Gal, Z. Ghahramani, "A
  /// theoretically grounded application of dropout in recurrent neural networks", NIPS 2016.
  public var variationalDropout: Bool { stack.regularization.isVariational }

  /// How states keep their value at random in training, and in expectation otherwise.
  public var zoneout: Zoneout { stack.regularization.zoneout }

  /// Who multiplies the matrices.
  public var backend: Backend = .automatic

  /// The threads that a call may use, 1 to 1024; `nil` for `RECURRENT_THREADS` or the available processors.
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
  ///   - bias: Whether cells add b_ih and b_hh.
  ///   - batchFirst: Whether sequences are `[B, T, …]` instead of `[T, B, …]`.
  ///   - dropout: The probability with which elements between the layers are dropped in training, 0 to 1.
  ///   - variationalDropout: Whether a sequence has one mask of dropout for all of its steps.
  ///   - zoneout: How states keep their value at random in training.
  ///   - directions: Whether the layer reads forward only, or both ways.
  ///   - projectionSize: P, the features of the state where it is h = W_hr·(o ⊙ tanh c), 1 to H − 1; `nil` for no projection.
  ///   - forgetBias: The sum of the forget gate's biases before training; 1 lets the memory persist at first. `nil`, or no
  ///     bias, leaves them as they are drawn.
  public init(
    inputSize: Int, hiddenSize: Int, layerCount: Int = 1, bias: Bool = true, batchFirst: Bool = false,
    dropout: Double = 0, variationalDropout: Bool = false, zoneout: Zoneout = Zoneout(),
    directions: Directions = .forward, projectionSize: Int? = nil,
    forgetBias: Scalar? = nil
  ) {
    var generator = SeededGenerator(seed: .random(in: .min ... .max))
    self.init(
      inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, bias: bias,
      batchFirst: batchFirst, dropout: dropout, variationalDropout: variationalDropout, zoneout: zoneout,
      directions: directions, projectionSize: projectionSize,
      forgetBias: forgetBias, using: &generator)
  }

  /// Creates a layer with parameters drawn uniformly from ±1/√H by a generator of yours.
  ///
  /// - Parameters:
  ///   - inputSize: I, the features of each input step; at least 1.
  ///   - hiddenSize: H, the features of the state; at least 1.
  ///   - layerCount: L, the layers; each takes the output of the one below. At least 1.
  ///   - bias: Whether cells add b_ih and b_hh.
  ///   - batchFirst: Whether sequences are `[B, T, …]` instead of `[T, B, …]`.
  ///   - dropout: The probability with which elements between the layers are dropped in training, 0 to 1.
  ///   - variationalDropout: Whether a sequence has one mask of dropout for all of its steps.
  ///   - zoneout: How states keep their value at random in training.
  ///   - directions: Whether the layer reads forward only, or both ways.
  ///   - projectionSize: P, the features of the state where it is h = W_hr·(o ⊙ tanh c), 1 to H − 1; `nil` for no projection.
  ///   - forgetBias: The sum of the forget gate's biases before training; 1 lets the memory persist at first. `nil`, or no
  ///     bias, leaves them as they are drawn.
  ///   - generator: The source of randomness; a ``SeededGenerator`` makes the layer reproducible.
  public init<Generator: RandomNumberGenerator>(
    inputSize: Int, hiddenSize: Int, layerCount: Int = 1, bias: Bool = true, batchFirst: Bool = false,
    dropout: Double = 0, variationalDropout: Bool = false, zoneout: Zoneout = Zoneout(),
    directions: Directions = .forward, projectionSize: Int? = nil,
    forgetBias: Scalar? = nil, using generator: inout Generator
  ) {
    stack = RecurrentStack(
      .lstm, inputSize: inputSize, hiddenSize: hiddenSize, projectionSize: projectionSize,
      layerCount: layerCount, directions: directions, bias: bias)
    self.batchFirst = batchFirst
    stack.regularization = Regularization(
      dropout: dropout, isVariational: variationalDropout, zoneout: zoneout)
    stack.initializeUniformly(using: &generator)
    if let forgetBias { stack.setForgetBias(forgetBias) }
  }

  /// I, the features of each input step.
  public var inputSize: Int { stack.inputSize }
  /// H, the features of the state.
  public var hiddenSize: Int { stack.hiddenSize }
  /// L, the stacked layers.
  public var layerCount: Int { stack.layerCount }
  /// Whether the layer reads forward only, or both ways.
  public var directions: Directions { stack.directions }
  /// P, the features of a projected state; `nil` without a projection.
  public var projectionSize: Int? { stack.projectionSize }
  /// Whether cells add biases.
  public var hasBias: Bool { stack.hasBias }

  /// The parameters of every cell: of the layer that takes the input first, and in both directions of the forward one first.
  ///
  /// A tensor of another shape may be assigned; the next call then throws.
  public var parameters: [CellParameters<Scalar>] {
    get { stack.parameters }
    _modify { yield &stack.parameters }
  }

  /// Runs the layer over a sequence.
  ///
  /// - Parameters:
  ///   - input: `[T, B, I]`, `[B, T, I]` with ``batchFirst``, or unbatched `[T, I]`. B may be 0.
  ///   - initialState: Every layer's state before the first step, `[L, B, H]` each or, unbatched, `[L, H]`; zeros if `nil`.
  /// - Returns: `output`, the last layer's h after every step, `[T, B, H]`, `[B, T, H]` or `[T, H]`, and `finalState`, every
  ///   layer's state after the last step.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape,
  ///   ``RecurrentError/emptySequence(argument:)`` for T = 0, and what the layer's own sizes, parameters and backend
  ///   or the environment give reason for.
  /// - Complexity: 2·G·T·B·H·(I + H) operations for the first layer and 4·G·T·B·H² for each other, G the gates; the number
  ///   of allocations does not depend on T.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func callAsFunction(
    _ input: Tensor<Scalar>, _ initialState: LSTMState<Scalar>? = nil
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: LSTMState<Scalar>) {
    try run(
      input, from: initialState,
      execution: Execution(resolving: backend, threadCount: threadCount))
  }

  /// Runs the layer by an execution that tests and tools name.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func run(
    _ input: Tensor<Scalar>, from initialState: LSTMState<Scalar>?, execution: Execution
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: LSTMState<Scalar>) {
    try run(
      stack.checkedSequence(input.shape, batchFirst: batchFirst), input, from: initialState,
      execution: execution)
  }

  /// Runs the layer over a sequence whose shape is checked.
  @inline(__always)
  func run(
    _ shape: SequenceShape, _ input: Tensor<Scalar>, from initialState: LSTMState<Scalar>?,
    execution: Execution
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: LSTMState<Scalar>) {
    let hidden = try stack.initialScalars(of: initialState?.hidden, shape.state, "initialState.hidden")
    let cell = try stack.scalars(of: initialState?.cell, shape.memory, "initialState.cell")
    let result = try stack.run(shape, input, from: hidden, memory: cell, execution)
    return (
      result.output,
      LSTMState(hidden: result.state, cell: Tensor(unchecked: result.memory, shape: shape.memory))
    )
  }
}

extension LSTM: CustomStringConvertible {
  /// The layer as PyTorch prints it: sizes, and what is not the default.
  public var description: String {
    var parts = ["\(inputSize)", "\(hiddenSize)"]
    if let projectionSize { parts.append("proj_size=\(projectionSize)") }
    if layerCount != 1 { parts.append("num_layers=\(layerCount)") }
    if !hasBias { parts.append("bias=False") }
    if batchFirst { parts.append("batch_first=True") }
    if dropout != 0 { parts.append("dropout=\(dropout)") }
    if variationalDropout { parts.append("variational_dropout=True") }
    if zoneout != Zoneout() { parts.append("zoneout=(\(zoneout.hidden), \(zoneout.memory))") }
    if directions == .bidirectional { parts.append("bidirectional=True") }
    return "LSTM(\(parts.joined(separator: ", ")))"
  }
}

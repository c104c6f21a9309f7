/// A stack of gated recurrent units over a sequence.
///
/// For each step t and each layer,
///
///     r = σ(x_t·W_irᵀ + b_ir + h·W_hrᵀ + b_hr)     z likewise
///     n = tanh(x_t·W_inᵀ + b_in + r ⊙ (h·W_hnᵀ + b_hn))
///     h_t = (1 − z) ⊙ n + z ⊙ h
///
/// where x_t is the step's input or the layer below's h_t, and h is h_{t−1}.
///
///     let gru = GRU<Float>(inputSize: 100, hiddenSize: 20, layerCount: 2)
///     let (output, finalState) = try gru(x)     // x [10, 3, 100]: output [10, 3, 20], finalState [2, 3, 20]
///
/// A layer is a value, like ``RNN``, and has the same threads, backends and exactness.
///
/// Shapes: T steps, B batch, I input size, H hidden size, L layers. Weights are `[3·H, I]` and `[3·H, H]`, the gates in the
/// order r, z, n.
///
/// ### Source
/// K. Cho et al., "Learning phrase representations using RNN encoder–decoder for statistical machine translation", EMNLP
/// 2014, in the variant that resets after the product. Names, shapes, defaults and initialization are those of PyTorch's
/// `nn.GRU`.
public struct GRU<Scalar: TensorScalar>: Sendable {
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

  /// The probability with which elements of the state keep their value in training, and their share otherwise; see ``Zoneout``.
  public var zoneout: Double { stack.regularization.zoneout.hidden }

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
  ///   - zoneout: The probability with which elements of the state keep their value in training, 0 to 1.
  ///   - directions: Whether the layer reads forward only, or both ways.
  public init(
    inputSize: Int, hiddenSize: Int, layerCount: Int = 1, bias: Bool = true, batchFirst: Bool = false,
    dropout: Double = 0, variationalDropout: Bool = false, zoneout: Double = 0,
    directions: Directions = .forward
  ) {
    var generator = SeededGenerator(seed: .random(in: .min ... .max))
    self.init(
      inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, bias: bias,
      batchFirst: batchFirst, dropout: dropout, variationalDropout: variationalDropout, zoneout: zoneout,
      directions: directions, using: &generator)
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
  ///   - zoneout: The probability with which elements of the state keep their value in training, 0 to 1.
  ///   - directions: Whether the layer reads forward only, or both ways.
  ///   - generator: The source of randomness; a ``SeededGenerator`` makes the layer reproducible.
  public init<Generator: RandomNumberGenerator>(
    inputSize: Int, hiddenSize: Int, layerCount: Int = 1, bias: Bool = true, batchFirst: Bool = false,
    dropout: Double = 0, variationalDropout: Bool = false, zoneout: Double = 0,
    directions: Directions = .forward, using generator: inout Generator
  ) {
    stack = RecurrentStack(
      .gru, inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, directions: directions,
      bias: bias)
    self.batchFirst = batchFirst
    stack.regularization = Regularization(
      dropout: dropout, isVariational: variationalDropout, zoneout: Zoneout(hidden: zoneout))
    stack.initializeUniformly(using: &generator)
  }

  /// I, the features of each input step.
  public var inputSize: Int { stack.inputSize }
  /// H, the features of the state.
  public var hiddenSize: Int { stack.hiddenSize }
  /// L, the stacked layers.
  public var layerCount: Int { stack.layerCount }
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

  /// Runs the layer over a sequence.
  ///
  /// - Parameters:
  ///   - input: `[T, B, I]`, `[B, T, I]` with ``batchFirst``, or unbatched `[T, I]`. B may be 0.
  ///   - initialState: Every layer's state before the first step, `[L, B, H]` or, unbatched, `[L, H]`; zeros if `nil`.
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
    _ input: Tensor<Scalar>, _ initialState: Tensor<Scalar>? = nil
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

extension GRU: CustomStringConvertible {
  /// The layer as PyTorch prints it: sizes, and what is not the default.
  public var description: String {
    var parts = ["\(inputSize)", "\(hiddenSize)"]
    if layerCount != 1 { parts.append("num_layers=\(layerCount)") }
    if !hasBias { parts.append("bias=False") }
    if batchFirst { parts.append("batch_first=True") }
    if dropout != 0 { parts.append("dropout=\(dropout)") }
    if variationalDropout { parts.append("variational_dropout=True") }
    if zoneout != 0 { parts.append("zoneout=\(zoneout)") }
    if directions == .bidirectional { parts.append("bidirectional=True") }
    return "GRU(\(parts.joined(separator: ", ")))"
  }
}

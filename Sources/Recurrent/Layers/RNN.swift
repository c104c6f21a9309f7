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
/// A layer is a value. Copies share their weights, packed for the kernels once for each version of
/// the parameters, until one of them is changed; many tasks may call one layer at once.
///
/// Shapes: T steps, B batch, I input size, H hidden size, L layers.
///
/// ### Source
/// J. L. Elman, "Finding structure in time", Cognitive Science 14 (1990). Names, shapes, defaults
/// and initialization are those of PyTorch's `nn.RNN`.
public struct RNN<Scalar: TensorScalar>: DifferentiableRecurrentLayer {
  /// What flows from step to step.
  public typealias State = Tensor<Scalar>

  /// What all layers and cells have in common.
  public var _core: RecurrentCore<Scalar>

  /// Creates a layer with parameters drawn uniformly from ±1/√H.
  ///
  /// An initializer does not throw. Where a size is out of range, the layer has no parameters and
  /// every call of it throws ``RecurrentError/invalidSize(argument:expected:actual:)``; where the
  /// dropout is, every call that would drop throws.
  ///
  /// - Parameters:
  ///   - inputSize: I, the features of each input step; at least 1.
  ///   - hiddenSize: H, the features of the state; at least 1.
  ///   - layerCount: L, the layers; each takes the output of the one below. At least 1.
  ///   - nonlinearity: tanh or ReLU.
  ///   - bias: Whether cells add b_ih and b_hh.
  ///   - batchFirst: Whether sequences are `[B, T, …]` instead of `[T, B, …]`.
  ///   - dropout: The probability with which elements between the layers are dropped in training, 0
  ///     to 1.
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

  /// Creates a layer with parameters drawn uniformly from ±1/√H by a generator of yours; a
  /// ``SeededGenerator`` makes it reproducible. The sizes and options are those of the initializer
  /// without one.
  public init<Generator: RandomNumberGenerator>(
    inputSize: Int, hiddenSize: Int, layerCount: Int = 1, nonlinearity: Nonlinearity = .tanh,
    bias: Bool = true, batchFirst: Bool = false, dropout: Double = 0, variationalDropout: Bool = false,
    directions: Directions = .forward,
    using generator: inout Generator
  ) {
    var stack = RecurrentStack<Scalar>(
      .plain(nonlinearity), inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount,
      directions: directions, bias: bias)
    stack.regularization = Regularization(
      dropout: dropout, isVariational: variationalDropout)
    stack.initializeUniformly(using: &generator)
    _core = RecurrentCore(stack, batchFirst: batchFirst)
  }

  /// Creates a layer from a state dictionary; its names and shapes tell the rest.
  ///
  /// - Parameters:
  ///   - stateDictionary: PyTorch's names and shapes.
  ///   - nonlinearity: tanh or ReLU, which a state dictionary does not tell.
  ///   - batchFirst: Whether sequences are `[B, T, …]`.
  ///   - dropout: The probability with which elements between the layers are dropped in training.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for the parameters of
  ///   something else, ``RecurrentError/stateDictionaryMismatch(_:)`` if names or shapes do not fit
  ///   together, and what `load(_:)` throws.
  public init(
    stateDictionary: StateDictionary<Scalar>, nonlinearity: Nonlinearity = .tanh, batchFirst: Bool = false,
    dropout: Double = 0
  ) throws(RecurrentError) {
    var stack = try RecurrentStack(loading: stateDictionary, into: .layer, of: .plain(nonlinearity))
    stack.regularization.dropout = dropout
    _core = RecurrentCore(stack, batchFirst: batchFirst)
  }

  /// The function that a cell applies to its pre-activations.
  public var nonlinearity: Nonlinearity { _core.stack.kind.nonlinearity }
}

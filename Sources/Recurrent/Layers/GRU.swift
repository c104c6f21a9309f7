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
/// Shapes: T steps, B batch, I input size, H hidden size, L layers. Weights are `[3·H, I]` and
/// `[3·H, H]`, the gates in the order r, z, n.
///
/// ### Source
/// K. Cho et al., "Learning phrase representations using RNN encoder–decoder for statistical
/// machine translation", EMNLP 2014, in the variant that resets after the product. Names, shapes,
/// defaults and initialization are those of PyTorch's `nn.GRU`.
public struct GRU<Scalar: TensorScalar>: DifferentiableRecurrentLayer {
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
  ///   - bias: Whether cells add b_ih and b_hh.
  ///   - batchFirst: Whether sequences are `[B, T, …]` instead of `[T, B, …]`.
  ///   - dropout: The probability with which elements between the layers are dropped in training, 0
  ///     to 1.
  ///   - variationalDropout: Whether a sequence has one mask of dropout for all of its steps.
  ///   - zoneout: The probability with which elements of the state keep their value in training, 0
  ///     to 1.
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

  /// Creates a layer with parameters drawn uniformly from ±1/√H by a generator of yours; a
  /// ``SeededGenerator`` makes it reproducible. The sizes and options are those of the initializer
  /// without one.
  public init<Generator: RandomNumberGenerator>(
    inputSize: Int, hiddenSize: Int, layerCount: Int = 1, bias: Bool = true, batchFirst: Bool = false,
    dropout: Double = 0, variationalDropout: Bool = false, zoneout: Double = 0,
    directions: Directions = .forward, using generator: inout Generator
  ) {
    var stack = RecurrentStack<Scalar>(
      .gru, inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, directions: directions,
      bias: bias)
    stack.regularization = Regularization(
      dropout: dropout, isVariational: variationalDropout, zoneout: Zoneout(hidden: zoneout))
    stack.initializeUniformly(using: &generator)
    _core = RecurrentCore(stack, batchFirst: batchFirst)
  }

  /// Creates a layer from a state dictionary; its names and shapes tell the rest.
  ///
  /// - Parameters:
  ///   - stateDictionary: PyTorch's names and shapes.
  ///   - batchFirst: Whether sequences are `[B, T, …]`.
  ///   - dropout: The probability with which elements between the layers are dropped in training.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for the parameters of
  ///   something else, ``RecurrentError/stateDictionaryMismatch(_:)`` if names or shapes do not fit
  ///   together, and what `load(_:)` throws.
  public init(
    stateDictionary: StateDictionary<Scalar>, batchFirst: Bool = false, dropout: Double = 0
  ) throws(RecurrentError) {
    var stack = try RecurrentStack(loading: stateDictionary, into: .layer, of: .gru)
    stack.regularization.dropout = dropout
    _core = RecurrentCore(stack, batchFirst: batchFirst)
  }

  /// The probability with which elements of the state keep their value in training, and their share
  /// otherwise; see ``Zoneout``.
  public var zoneout: Double { _core.stack.regularization.zoneout.hidden }
}

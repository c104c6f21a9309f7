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
/// Shapes: T steps, B batch, I input size, H hidden size, P the features of the state (H without a
/// projection), L layers, D directions. Weights are `[4·H, I]`, `[4·H, P]` and `[P, H]`, the gates
/// in the order i, f, g, o.
///
/// ### Source
/// S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997), with the
/// forget gate of F. A. Gers, J. Schmidhuber, F. Cummins (2000). Names, shapes, defaults and
/// initialization are those of PyTorch's `nn.LSTM`.
public struct LSTM<Scalar: TensorScalar>: DifferentiableRecurrentLayer {
  /// What flows from step to step.
  public typealias State = LSTMState<Scalar>

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
  ///   - zoneout: How states keep their value at random in training.
  ///   - directions: Whether the layer reads forward only, or both ways.
  ///   - projectionSize: P, the features of the state where it is h = W_hr·(o ⊙ tanh c), 1 to H −
  ///     1; `nil` for no projection.
  ///   - forgetBias: The sum of the forget gate's biases before training; 1 lets the memory persist
  ///     at first. `nil`, or no bias, leaves them as they are drawn.
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

  /// Creates a layer with parameters drawn uniformly from ±1/√H by a generator of yours; a
  /// ``SeededGenerator`` makes it reproducible. The sizes and options are those of the initializer
  /// without one.
  public init<Generator: RandomNumberGenerator>(
    inputSize: Int, hiddenSize: Int, layerCount: Int = 1, bias: Bool = true, batchFirst: Bool = false,
    dropout: Double = 0, variationalDropout: Bool = false, zoneout: Zoneout = Zoneout(),
    directions: Directions = .forward, projectionSize: Int? = nil,
    forgetBias: Scalar? = nil, using generator: inout Generator
  ) {
    var stack = RecurrentStack<Scalar>(
      .lstm, inputSize: inputSize, hiddenSize: hiddenSize, projectionSize: projectionSize,
      layerCount: layerCount, directions: directions, bias: bias)
    stack.regularization = Regularization(
      dropout: dropout, isVariational: variationalDropout, zoneout: zoneout)
    stack.initializeUniformly(using: &generator)
    if let forgetBias { stack.setForgetBias(forgetBias) }
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
    var stack = try RecurrentStack(loading: stateDictionary, into: .layer, of: .lstm)
    stack.regularization.dropout = dropout
    _core = RecurrentCore(stack, batchFirst: batchFirst)
  }

  /// P, the features of a projected state; `nil` without a projection.
  public var projectionSize: Int? { _core.stack.projectionSize }

  /// How states keep their value at random in training, and in expectation otherwise.
  public var zoneout: Zoneout { _core.stack.regularization.zoneout }
}

extension RecurrentStack {
  /// Sets the sum of the forget gate's biases of every layer of an LSTM, for those of b_ih; b_hh's
  /// become zero.
  mutating func setForgetBias(_ value: Scalar) {
    guard hasBias else { return }
    for layer in parameters.indices {
      // The second gate.
      for unit in hiddenSize..<(2 * hiddenSize) {
        parameters[layer].biasIH?.scalars[unit] = value
        parameters[layer].biasHH?.scalars[unit] = 0
      }
    }
  }
}

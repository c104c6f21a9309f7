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
/// J. L. Elman, "Finding structure in time", Cognitive Science 14 (1990). Names, shapes, defaults
/// and initialization are those of PyTorch's `nn.RNNCell`.
public struct RNNCell<Scalar: TensorScalar>: RecurrentCell {
  /// What flows from step to step.
  public typealias State = Tensor<Scalar>

  /// What all layers and cells have in common.
  public var _core: RecurrentCore<Scalar>

  /// Creates a cell with parameters drawn uniformly from ±1/√H.
  ///
  /// An initializer does not throw. Where a size is out of range, the cell has no parameters and
  /// every call of it throws ``RecurrentError/invalidSize(argument:expected:actual:)``.
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

  /// Creates a cell with parameters drawn uniformly from ±1/√H by a generator of yours; a
  /// ``SeededGenerator`` makes it reproducible. The sizes and options are those of the initializer
  /// without one.
  public init<Generator: RandomNumberGenerator>(
    inputSize: Int, hiddenSize: Int, bias: Bool = true, nonlinearity: Nonlinearity = .tanh,
    using generator: inout Generator
  ) {
    var stack = RecurrentStack<Scalar>(
      .plain(nonlinearity), inputSize: inputSize, hiddenSize: hiddenSize, layerCount: 1, bias: bias)
    stack.initializeUniformly(using: &generator)
    _core = RecurrentCore(cell: stack)
  }

  /// Creates a cell from a state dictionary; its names and shapes tell the rest.
  ///
  /// - Parameters:
  ///   - stateDictionary: PyTorch's names and shapes.
  ///   - nonlinearity: tanh or ReLU, which a state dictionary does not tell.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for the parameters of
  ///   something else, ``RecurrentError/stateDictionaryMismatch(_:)`` if names or shapes do not fit
  ///   together, and what `load(_:)` throws.
  public init(stateDictionary: StateDictionary<Scalar>, nonlinearity: Nonlinearity = .tanh)
    throws(RecurrentError)
  {
    _core = RecurrentCore(
      cell: try RecurrentStack(loading: stateDictionary, into: .cell, of: .plain(nonlinearity)))
  }

  /// The function that the cell applies to its pre-activations.
  public var nonlinearity: Nonlinearity { _core.stack.kind.nonlinearity }
}

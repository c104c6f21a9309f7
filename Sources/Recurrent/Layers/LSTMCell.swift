/// One long short-term memory: one step, for loops over time that are your own. See ``LSTM`` for
/// the formula.
///
///     let cell = LSTMCell<Float>(inputSize: 100, hiddenSize: 20)
///     var state: LSTMState<Float>?
///     for xt in x { state = try cell(xt, state) }      // x [10, 3, 100]
///
/// Shapes: B batch, I input size, H hidden size.
public struct LSTMCell<Scalar: TensorScalar>: RecurrentCell {
  /// What flows from step to step.
  public typealias State = LSTMState<Scalar>

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
  ///   - forgetBias: The sum of the forget gate's biases before training; `nil`, or no bias, leaves
  ///     them as they are drawn.
  public init(inputSize: Int, hiddenSize: Int, bias: Bool = true, forgetBias: Scalar? = nil) {
    var generator = SeededGenerator(seed: .random(in: .min ... .max))
    self.init(
      inputSize: inputSize, hiddenSize: hiddenSize, bias: bias, forgetBias: forgetBias, using: &generator)
  }

  /// Creates a cell with parameters drawn uniformly from ±1/√H by a generator of yours; a
  /// ``SeededGenerator`` makes it reproducible. The sizes and options are those of the initializer
  /// without one.
  public init<Generator: RandomNumberGenerator>(
    inputSize: Int, hiddenSize: Int, bias: Bool = true, forgetBias: Scalar? = nil,
    using generator: inout Generator
  ) {
    var stack = RecurrentStack<Scalar>(
      .lstm, inputSize: inputSize, hiddenSize: hiddenSize, layerCount: 1, bias: bias)
    stack.initializeUniformly(using: &generator)
    if let forgetBias { stack.setForgetBias(forgetBias) }
    _core = RecurrentCore(cell: stack)
  }

  /// Creates a cell from a state dictionary; its names and shapes tell the rest.
  ///
  /// - Parameter stateDictionary: PyTorch's names and shapes.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for the parameters of
  ///   something else, ``RecurrentError/stateDictionaryMismatch(_:)`` if names or shapes do not fit
  ///   together, and what `load(_:)` throws.
  public init(stateDictionary: StateDictionary<Scalar>) throws(RecurrentError) {
    _core = RecurrentCore(cell: try RecurrentStack(loading: stateDictionary, into: .cell, of: .lstm))
  }
}

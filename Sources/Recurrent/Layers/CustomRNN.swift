/// A stack of cells of your own over a sequence.
///
///     let layer = CustomRNN(LayerNormalizedLSTM<Float>(), inputSize: 100, hiddenSize: 20, layerCount: 2, bias: false)
///     let (output, finalState) = try layer(x)     // x [10, 3, 100]: output [10, 3, 20], finalState.hidden [2, 3, 20]
///
/// The layer has the driver of ``RNN`` and ``LSTM``: stacks, both directions, sequences of unequal lengths, resets, dropout,
/// checkpoints, backends, threads and exactness. Threads share out rows and layers, not the units of one row, which a formula
/// sees together.
///
/// Shapes: T steps, B batch, I input size, H hidden size, G the cell's gates, K its parameters of a unit, L layers, D
/// directions. Weights are `weight_ih` `[G·H, I]` and `weight_hh` `[G·H, H]`, biases `[G·H]`, and `weight_unit` `[K, H]`.
public struct CustomRNN<Cell: CustomCell>: Sendable {
  /// The number type.
  public typealias Scalar = Cell.Scalar

  var stack: RecurrentStack<Scalar>

  /// What the layer computes of the sums.
  public let cell: Cell

  /// Whether sequences are `[B, T, …]` instead of `[T, B, …]`. States are `[L·D, B, H]` in either case.
  public let batchFirst: Bool

  /// The probability with which elements of each layer's output but the last one's are dropped in training.
  public var dropout: Double { stack.regularization.dropout }

  /// Whether a sequence has one mask of dropout for all of its steps, as variational dropout has: Y. Gal, Z. Ghahramani, "A
  /// theoretically grounded application of dropout in recurrent neural networks", NIPS 2016.
  public var variationalDropout: Bool { stack.regularization.isVariational }

  /// Who multiplies the matrices.
  public var backend: Backend = .automatic

  /// The threads that a call may use, 1 to 1024; `nil` for `RECURRENT_THREADS` or the available processors.
  public var threadCount: Int?

  /// Creates a layer with weights and biases drawn uniformly from ±1/√H, and the cell's own values for the parameters of units.
  ///
  /// An initializer does not throw. Where a size is out of range, the layer has no parameters and every call of it throws
  /// ``RecurrentError/invalidSize(argument:expected:actual:)``; where the dropout is, every call that would drop throws.
  ///
  /// - Parameters:
  ///   - cell: The formula.
  ///   - inputSize: I, the features of each input step; at least 1.
  ///   - hiddenSize: H, the features of the state; at least 1.
  ///   - layerCount: L, the layers; each takes the output of the one below. At least 1.
  ///   - bias: Whether the sums have b_ih and b_hh.
  ///   - batchFirst: Whether sequences are `[B, T, …]` instead of `[T, B, …]`.
  ///   - dropout: The probability with which elements between the layers are dropped in training, 0 to 1.
  ///   - variationalDropout: Whether a sequence has one mask of dropout for all of its steps.
  ///   - directions: Whether the layer reads forward only, or both ways.
  public init(
    _ cell: Cell, inputSize: Int, hiddenSize: Int, layerCount: Int = 1, bias: Bool = true,
    batchFirst: Bool = false, dropout: Double = 0, variationalDropout: Bool = false,
    directions: Directions = .forward
  ) {
    var generator = SeededGenerator(seed: .random(in: .min ... .max))
    self.init(
      cell, inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, bias: bias,
      batchFirst: batchFirst, dropout: dropout, variationalDropout: variationalDropout,
      directions: directions, using: &generator)
  }

  /// Creates a layer whose weights and biases are drawn uniformly from ±1/√H by a generator of yours.
  ///
  /// - Parameters:
  ///   - cell: The formula.
  ///   - inputSize: I, the features of each input step; at least 1.
  ///   - hiddenSize: H, the features of the state; at least 1.
  ///   - layerCount: L, the layers; each takes the output of the one below. At least 1.
  ///   - bias: Whether the sums have b_ih and b_hh.
  ///   - batchFirst: Whether sequences are `[B, T, …]` instead of `[T, B, …]`.
  ///   - dropout: The probability with which elements between the layers are dropped in training, 0 to 1.
  ///   - variationalDropout: Whether a sequence has one mask of dropout for all of its steps.
  ///   - directions: Whether the layer reads forward only, or both ways.
  ///   - generator: The source of randomness; a ``SeededGenerator`` makes the layer reproducible.
  public init<Generator: RandomNumberGenerator>(
    _ cell: Cell, inputSize: Int, hiddenSize: Int, layerCount: Int = 1, bias: Bool = true,
    batchFirst: Bool = false, dropout: Double = 0, variationalDropout: Bool = false,
    directions: Directions = .forward,
    using generator: inout Generator
  ) {
    let unitParameters = cell.unitParameters
    stack = RecurrentStack(
      .custom(
        CustomCellSizes(
          gateCount: cell.gateCount, carriesMemory: cell.carriesMemory,
          unitParameterCount: unitParameters.count, keptVectorCount: cell.keptVectorCount)),
      inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, directions: directions,
      bias: bias, custom: CustomFormula(cell))
    self.cell = cell
    self.batchFirst = batchFirst
    stack.regularization = Regularization(
      dropout: dropout, isVariational: variationalDropout)
    stack.initializeUniformly(using: &generator)
    for index in stack.parameters.indices where !unitParameters.isEmpty {
      stack.parameters[index].weightUnit = Tensor(
        unchecked: unitParameters.flatMap { [Scalar](repeating: $0, count: hiddenSize) },
        shape: [unitParameters.count, hiddenSize])
    }
  }

  /// I, the features of each input step.
  public var inputSize: Int { stack.inputSize }
  /// H, the features of the state.
  public var hiddenSize: Int { stack.hiddenSize }
  /// L, the stacked layers.
  public var layerCount: Int { stack.layerCount }
  /// Whether the layer reads forward only, or both ways.
  public var directions: Directions { stack.directions }
  /// Whether the sums have biases.
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
  ///   - initialState: Every cell's state before the first step; zeros if `nil`.
  ///   - resets: 1 where a row begins anew and 0 elsewhere, `[T, B]`, `[B, T]` or `[T]`; `nil` for none. Where it is 1, the row's
  ///     state starts from zeros, in both directions of time.
  /// - Returns: `output`, the last layer's h after every step, `[T, B, D·H]`, `[B, T, D·H]` or `[T, D·H]`, and `finalState`.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape,
  ///   ``RecurrentError/emptySequence(argument:)`` for T = 0, ``RecurrentError/invalidValue(argument:expected:actual:)`` for
  ///   a mask with other numbers, and what the layer's own sizes, parameters and backend or the environment give
  ///   reason for.
  /// - Complexity: 2·G·T·B·H·(I + H) operations for the first layer and 4·G·T·B·H² for each other, and the formula's own.
  public func callAsFunction(
    _ input: Tensor<Scalar>, _ initialState: CustomState<Scalar>? = nil, resets: Tensor<Scalar>? = nil
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: CustomState<Scalar>) {
    try run(
      stack.checkedSequence(input.shape, batchFirst: batchFirst, resets: resets), input, from: initialState,
      execution: Execution(resolving: backend, threadCount: threadCount))
  }

  /// Runs the layer over sequences of unequal lengths; every one has the bits that it has alone.
  ///
  /// - Parameters:
  ///   - input: Sequences of I features.
  ///   - initialState: Every cell's state before the first step of each sequence; zeros if `nil`.
  /// - Returns: `output`, sequences of D·H features, and `finalState`, every cell's state after each sequence's own last step.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for other features or another state, and what the
  ///   layer's own sizes, parameters and backend or the environment give reason for.
  /// - Complexity: As for a batch of equal lengths, with N, the steps of all sequences, in the place of T·B.
  public func callAsFunction(
    _ input: PackedSequence<Scalar>, _ initialState: CustomState<Scalar>? = nil
  ) throws(RecurrentError) -> (output: PackedSequence<Scalar>, finalState: CustomState<Scalar>) {
    let result = try run(
      stack.checkedSequence(input), input.data, from: initialState,
      execution: Execution(resolving: backend, threadCount: threadCount))
    return (try input.replacing(data: result.output), result.finalState)
  }

  /// Runs the layer over a sequence whose shape is checked.
  func run(
    _ shape: SequenceShape, _ input: Tensor<Scalar>, from initialState: CustomState<Scalar>?,
    execution: Execution
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: CustomState<Scalar>) {
    let (hidden, memory) = try scalars(of: initialState, shape, "initialState")
    let result = try stack.run(shape, input, from: hidden, memory: memory, execution)
    return (
      result.output,
      CustomState(
        hidden: result.state,
        memory: cell.carriesMemory ? Tensor(unchecked: result.memory, shape: shape.memory) : nil)
    )
  }

  /// The scalars of a state, checked.
  func scalars(
    of state: CustomState<Scalar>?, _ shape: SequenceShape, _ argument: String
  ) throws(RecurrentError) -> (hidden: [Scalar], memory: [Scalar]) {
    guard cell.carriesMemory || state?.memory == nil else {
      throw .invalidValue(
        argument: "\(argument).memory", expected: "nil for a cell that carries none", actual: "a tensor")
    }
    let hidden = try stack.scalars(of: state?.hidden, shape.state, "\(argument).hidden")
    guard cell.carriesMemory else { return (hidden, []) }
    return (hidden, try stack.scalars(of: state?.memory, shape.memory, "\(argument).memory"))
  }
}

/// What flows from step to step in a ``CustomRNN``.
public struct CustomState<Scalar: TensorScalar>: Sendable, Equatable {
  /// h, the output: `[L·D, B, H]`, without B where unbatched.
  public var hidden: Tensor<Scalar>
  /// What the cell carries beside, in the same shape. In a state that is given, `nil` is zeros; in one that is returned, it
  /// is `nil` for cells that carry none.
  public var memory: Tensor<Scalar>?

  /// Names both.
  ///
  /// - Parameters:
  ///   - hidden: h.
  ///   - memory: What the cell carries beside.
  public init(hidden: Tensor<Scalar>, memory: Tensor<Scalar>? = nil) {
    self.hidden = hidden
    self.memory = memory
  }
}

extension CustomRNN: Parameterized {
  /// Visits the parameters in the order and under the names of PyTorch's layers, `weight_unit_l0` last of a layer.
  public mutating func forEachParameter(
    _ body: (String, inout Tensor<Scalar>) throws -> Void
  ) rethrows {
    try stack.forEachParameter(.layers(directions), body)
  }

  /// Takes all parameters from a state dictionary.
  ///
  /// - Parameter stateDictionary: Exactly the layer's names and shapes.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` with all missing, unexpected and misshapen names; the layer
  ///   is then unchanged.
  public mutating func load(_ stateDictionary: StateDictionary<Scalar>) throws(RecurrentError) {
    try stack.load(stateDictionary, .layers(directions))
  }

  /// Gives one kind of parameter new values, in every layer; each gate's matrix is one of its own.
  ///
  /// - Parameters:
  ///   - name: The parameter; one that the layer does not have is left out.
  ///   - initializer: The values.
  ///   - generator: The source of randomness.
  /// - Throws: What ``Initializer/tensor(_:backend:using:)`` throws; the layer is then unchanged.
  public mutating func initialize<Generator: RandomNumberGenerator>(
    _ name: ParameterName, with initializer: Initializer, using generator: inout Generator
  ) throws(RecurrentError) {
    try stack.initialize(name, with: initializer, backend: backend, using: &generator)
  }
}

extension CustomRNN: CustomStringConvertible {
  /// The type of the cell and the sizes, in the manner of PyTorch's layers.
  public var description: String {
    var parts = ["\(Cell.self)", "\(inputSize)", "\(hiddenSize)"]
    if layerCount != 1 { parts.append("num_layers=\(layerCount)") }
    if !hasBias { parts.append("bias=False") }
    if batchFirst { parts.append("batch_first=True") }
    if dropout != 0 { parts.append("dropout=\(dropout)") }
    if variationalDropout { parts.append("variational_dropout=True") }
    if directions == .bidirectional { parts.append("bidirectional=True") }
    return "CustomRNN(\(parts.joined(separator: ", ")))"
  }
}

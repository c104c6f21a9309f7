/// A stack of cells of your own over a sequence.
///
///     let layer = CustomRNN(LayerNormalizedLSTM<Float>(), inputSize: 100, hiddenSize: 20, layerCount: 2, bias: false)
///     let (output, finalState) = try layer(x)     // x [10, 3, 100]: output [10, 3, 20], finalState.hidden [2, 3, 20]
///
/// The layer has the driver of ``RNN`` and ``LSTM``: stacks, both directions, sequences of unequal
/// lengths, resets, dropout, checkpoints, backends, threads and exactness. Threads share out rows
/// and layers, not the units of one row, which a formula sees together.
///
/// Shapes: T steps, B batch, I input size, H hidden size, G the cell's gates, K its parameters of a
/// unit, L layers, D directions. Weights are `weight_ih` `[G·H, I]` and `weight_hh` `[G·H, H]`,
/// biases `[G·H]`, and `weight_unit` `[K, H]`.
public struct CustomRNN<Cell: CustomCell>: RecurrentLayer {
  /// The number type.
  public typealias Scalar = Cell.Scalar

  /// What flows from step to step.
  public typealias State = CustomState<Scalar>

  /// What all layers and cells have in common.
  public var _core: RecurrentCore<Scalar>

  /// What the layer computes of the sums.
  public let cell: Cell

  /// Creates a layer with weights and biases drawn uniformly from ±1/√H, and the cell's own values
  /// for the parameters of units.
  ///
  /// An initializer does not throw. Where a size is out of range, the layer has no parameters and
  /// every call of it throws ``RecurrentError/invalidSize(argument:expected:actual:)``; where the
  /// dropout is, every call that would drop throws.
  ///
  /// - Parameters:
  ///   - cell: The formula.
  ///   - inputSize: I, the features of each input step; at least 1.
  ///   - hiddenSize: H, the features of the state; at least 1.
  ///   - layerCount: L, the layers; each takes the output of the one below. At least 1.
  ///   - bias: Whether the sums have b_ih and b_hh.
  ///   - batchFirst: Whether sequences are `[B, T, …]` instead of `[T, B, …]`.
  ///   - dropout: The probability with which elements between the layers are dropped in training, 0
  ///     to 1.
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

  /// Creates a layer whose weights and biases are drawn by a generator of yours; a
  /// ``SeededGenerator`` makes it reproducible. The sizes and options are those of the initializer
  /// without one.
  public init<Generator: RandomNumberGenerator>(
    _ cell: Cell, inputSize: Int, hiddenSize: Int, layerCount: Int = 1, bias: Bool = true,
    batchFirst: Bool = false, dropout: Double = 0, variationalDropout: Bool = false,
    directions: Directions = .forward,
    using generator: inout Generator
  ) {
    let unitParameters = cell.unitParameters
    var stack = RecurrentStack<Scalar>(
      .custom(
        CustomCellSizes(
          gateCount: cell.gateCount, carriesMemory: cell.carriesMemory,
          unitParameterCount: unitParameters.count, keptVectorCount: cell.keptVectorCount)),
      inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, directions: directions,
      bias: bias, custom: CustomFormula(cell))
    self.cell = cell
    stack.regularization = Regularization(
      dropout: dropout, isVariational: variationalDropout)
    stack.initializeUniformly(using: &generator)
    for index in stack.parameters.indices where !unitParameters.isEmpty {
      stack.parameters[index].weightUnit = Tensor(
        unchecked: unitParameters.flatMap { [Scalar](repeating: $0, count: hiddenSize) },
        shape: [unitParameters.count, hiddenSize])
    }
    _core = RecurrentCore(stack, batchFirst: batchFirst)
  }
}

extension CustomRNN: DifferentiableRecurrentLayer where Cell: DifferentiableCustomCell {}

extension CustomRNN {
  /// The type of the cell and the sizes, in the manner of PyTorch's layers.
  public var description: String { _core.description(of: "CustomRNN", beforeSizes: ["\(Cell.self)"]) }
}

/// The parameters of one cell, under PyTorch's names and shapes.
///
/// I is the cell's input size, H its hidden size, and G the number of its gates: 1 in a plain cell,
/// 4 in an LSTM (in the order i, f, g, o), 3 in a GRU (r, z, n). The rows of the first gate come
/// first. Both biases are kept, as PyTorch keeps them. P is H, but in an LSTM with a projection.
public struct CellParameters<Scalar: TensorScalar>: Sendable, Equatable {
  /// The weights of the input: `weight_ih`, shape `[G·H, I]`.
  public var weightIH: Tensor<Scalar>
  /// The weights of the previous state: `weight_hh`, shape `[G·H, P]`.
  public var weightHH: Tensor<Scalar>
  /// The bias beside the input projection: `bias_ih`, shape `[G·H]`; `nil` in a cell without bias.
  public var biasIH: Tensor<Scalar>?
  /// The bias beside the hidden projection: `bias_hh`, shape `[G·H]`; `nil` in a cell without bias.
  public var biasHH: Tensor<Scalar>?
  /// The weights of the projection: `weight_hr`, shape `[P, H]`; `nil` in a cell without
  /// projection.
  public var weightHR: Tensor<Scalar>?
  /// The parameters of the units that a ``CustomCell`` has beside: `weight_unit`, shape `[K, H]`;
  /// `nil` in other cells.
  public var weightUnit: Tensor<Scalar>?

  /// Creates the parameters of a cell.
  ///
  /// - Parameters:
  ///   - weightIH: The weights of the input, `[G·H, I]`.
  ///   - weightHH: The weights of the previous state, `[G·H, P]`.
  ///   - biasIH: The bias beside the input projection, `[G·H]`, or `nil`.
  ///   - biasHH: The bias beside the hidden projection, `[G·H]`, or `nil`.
  ///   - weightHR: The weights of the projection, `[P, H]`, or `nil`.
  ///   - weightUnit: The parameters of the units, `[K, H]`, or `nil`.
  public init(
    weightIH: Tensor<Scalar>, weightHH: Tensor<Scalar>,
    biasIH: Tensor<Scalar>? = nil, biasHH: Tensor<Scalar>? = nil, weightHR: Tensor<Scalar>? = nil,
    weightUnit: Tensor<Scalar>? = nil
  ) {
    self.weightIH = weightIH
    self.weightHH = weightHH
    self.biasIH = biasIH
    self.biasHH = biasHH
    self.weightHR = weightHR
    self.weightUnit = weightUnit
  }

  /// Parameters of one value.
  init(repeating value: Scalar, _ sizes: CellSizes, bias: Bool) {
    let tensor = { (name: ParameterName) in Tensor(repeating: value, shape: name.shape(in: sizes)) }
    weightIH = tensor(.weightIH)
    weightHH = tensor(.weightHH)
    biasIH = bias ? tensor(.biasIH) : nil
    biasHH = bias ? tensor(.biasHH) : nil
    weightHR = sizes.projectionSize == nil ? nil : tensor(.weightHR)
    weightUnit = sizes.unitParameterCount == 0 ? nil : tensor(.weightUnit)
  }

  /// Calls `body` with every parameter's name and tensor, in PyTorch's order.
  mutating func forEach<Failure: Error>(
    _ body: (ParameterName, inout Tensor<Scalar>) throws(Failure) -> Void
  ) throws(Failure) {
    try body(.weightIH, &weightIH)
    try body(.weightHH, &weightHH)
    if var bias = biasIH {
      biasIH = nil
      defer { biasIH = bias }
      try body(.biasIH, &bias)
    }
    if var bias = biasHH {
      biasHH = nil
      defer { biasHH = bias }
      try body(.biasHH, &bias)
    }
    if var weight = weightHR {
      weightHR = nil
      defer { weightHR = weight }
      try body(.weightHR, &weight)
    }
    if var weight = weightUnit {
      weightUnit = nil
      defer { weightUnit = weight }
      try body(.weightUnit, &weight)
    }
  }

  /// The biases added together, once for each version of the parameters; `nil` without bias.
  var biasSum: [Scalar]? {
    switch (biasIH, biasHH) {
    case (nil, nil): nil
    case (let bias?, nil), (nil, let bias?): bias.scalars
    case (let a?, let b?): Self.sum(a.scalars, b.scalars)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private static func sum(_ a: [Scalar], _ b: [Scalar]) -> [Scalar] {
    (0..<min(a.count, b.count)).map { a[$0] + b[$0] }
  }
}

/// The kinds of parameters that a cell has, with PyTorch's names.
public enum ParameterName: String, Sendable, CaseIterable {
  /// The weights of the input.
  case weightIH = "weight_ih"
  /// The weights of the previous state.
  case weightHH = "weight_hh"
  /// The bias beside the input projection.
  case biasIH = "bias_ih"
  /// The bias beside the hidden projection.
  case biasHH = "bias_hh"
  /// The weights of the projection.
  case weightHR = "weight_hr"
  /// The parameters of the units that a custom cell has beside.
  case weightUnit = "weight_unit"

  /// The parameter's shape in a cell of these sizes.
  func shape(in sizes: CellSizes) -> Shape {
    let (sums, stateSize) = (sizes.gateCount * sizes.hiddenSize, sizes.projectionSize ?? sizes.hiddenSize)
    return switch self {
    case .weightIH: [sums, sizes.inputSize]
    case .weightHH: [sums, stateSize]
    case .biasIH, .biasHH: [sums]
    case .weightHR: [stateSize, sizes.hiddenSize]
    case .weightUnit: [sizes.unitParameterCount, sizes.hiddenSize]
    }
  }
}

/// What decides the shapes of a cell's parameters.
struct CellSizes {
  /// I.
  var inputSize: Int
  /// H.
  var hiddenSize: Int
  /// P, in a cell with a projection.
  var projectionSize: Int?
  /// G.
  var gateCount: Int
  /// K, in a custom cell.
  var unitParameterCount = 0
}

internal import VectorKernels

/// Cells stacked on each other, with what all layers and cells have in common: sizes, parameters,
/// and one call.
struct RecurrentStack<Scalar: TensorScalar>: Sendable {
  let sizes: StackSizes
  /// The formula of a custom cell.
  let custom: CustomFormula<Scalar>?
  var regularization = Regularization()
  /// What the weights are rounded to when they are prepared.
  var weightFormat = WeightFormat.float {
    didSet { preparations = Preparations() }
  }

  /// The parameters of every cell, layer by layer, in each of them the forward direction first;
  /// empty where the sizes are out of range.
  var parameters: [CellParameters<Scalar>] {
    didSet { preparations = Preparations() }
  }
  /// The weights in the form that engines want; copies of the stack share it.
  private var preparations = Preparations<PreparedStack<Scalar>>()
  /// Whether the sizes are in range, and there is memory for the parameters. An initializer cannot
  /// throw in the place of a stored property's default value, so each use of a stack whose sizes
  /// are not throws instead.
  private let hasValidSizes: Bool

  /// Creates a stack of zeros.
  init(
    _ kind: CellKind, inputSize: Int, hiddenSize: Int, projectionSize: Int? = nil, layerCount: Int,
    directions: Directions = .forward, bias: Bool, custom: CustomFormula<Scalar>? = nil
  ) {
    sizes = StackSizes(
      inputSize: inputSize, hiddenSize: hiddenSize, projectionSize: projectionSize, layerCount: layerCount,
      directions: directions, kind: kind, hasBias: bias)
    self.custom = custom
    hasValidSizes =
      sizes.error == nil
      && Memory.isAvailable(byteCount: sizes.byteCount(scalarSize: MemoryLayout<Scalar>.stride))
    parameters = []
    guard hasValidSizes else { return }
    parameters = (0..<cellCount).map { CellParameters(repeating: 0, self.sizes(ofCell: $0), bias: bias) }
  }

  /// Checks the sizes.
  func validateSizes() throws(RecurrentError) {
    guard !hasValidSizes else { return }
    if let error = sizes.error { throw error }
    throw .memoryUnavailable(
      argument: "parameters", byteCount: sizes.byteCount(scalarSize: MemoryLayout<Scalar>.stride))
  }

  /// Checks that every parameter has its shape: they are open to assignment.
  func validateParameters() throws(RecurrentError) {
    guard parameters.count == cellCount else {
      throw .invalidSize(
        argument: "parameters", expected: "\(cellCount) cells", actual: parameters.count)
    }
    for (index, cell) in parameters.enumerated() {
      let tensors: [(ParameterName, Tensor<Scalar>?)] = [
        (.weightIH, cell.weightIH), (.weightHH, cell.weightHH),
        (.biasIH, cell.biasIH), (.biasHH, cell.biasHH), (.weightHR, cell.weightHR),
        (.weightUnit, cell.weightUnit),
      ]
      for (name, tensor) in tensors {
        let shape = name.shape(in: sizes(ofCell: index))
        guard let tensor else { continue }
        guard tensor.shape == shape else {
          throw .shapeMismatch(
            argument: "parameters[\(index)].\(name.rawValue)", expected: shape.description,
            actual: tensor.shape)
        }
      }
      guard (cell.weightUnit != nil) == (sizes(ofCell: index).unitParameterCount > 0) else {
        throw .invalidValue(
          argument: "parameters[\(index)].weight_unit",
          expected: cell.weightUnit == nil ? "the parameters of the units" : "none in a cell without",
          actual: cell.weightUnit == nil ? "none" : "parameters")
      }
      guard (cell.weightHR != nil) == (projectionSize != nil) else {
        throw .invalidValue(
          argument: "parameters[\(index)].weight_hr",
          expected: projectionSize == nil
            ? "none in a cell without projection" : "the weights of the projection",
          actual: projectionSize == nil ? "weights" : "none")
      }
    }
  }

  /// The instructions for calls of so many rows.
  @inline(__always)
  func instructions(rows: Int, _ execution: Execution) -> InstructionSet {
    execution.instructions(
      rows: rows, hiddenSize: hiddenSize, scalarSize: MemoryLayout<Scalar>.stride,
      hasFormula: kind.hasFormula)
  }

  /// The weights for a backend and an instruction set.
  @inline(__always)
  func prepared(
    for backend: Backend, _ instructions: InstructionSet
  ) throws(RecurrentError) -> PreparedStack<Scalar> {
    if let existing = preparations.existing(for: backend, instructions) { return existing }
    return try prepare(for: backend, instructions)
  }

  /// Checks and prepares the weights; apart, so that no call of a layer that is prepared copies it
  /// into a closure.
  @inline(never)
  private func prepare(
    for backend: Backend, _ instructions: InstructionSet
  ) throws(RecurrentError) -> PreparedStack<Scalar> {
    try preparations.value(for: backend, instructions) { () throws(RecurrentError) in
      try validateSizes()
      try validateParameters()
      return PreparedStack(
        parameters, sizes, custom: custom, format: weightFormat,
        for: try MatrixEngine(backend: backend, instructions: instructions))
    }
  }
}

extension RecurrentStack {
  var inputSize: Int { sizes.inputSize }
  var hiddenSize: Int { sizes.hiddenSize }
  var projectionSize: Int? { sizes.projectionSize }
  var layerCount: Int { sizes.layerCount }
  var directions: Directions { sizes.directions }
  var kind: CellKind { sizes.kind }
  var hasBias: Bool { sizes.hasBias }
  var cellCount: Int { sizes.cellCount }
  var stateSize: Int { sizes.stateSize }
  var outputSize: Int { sizes.outputSize }
  var widestRow: Int { sizes.widestRow }

  func sizes(ofCell cell: Int) -> CellSizes { sizes.sizes(ofCell: cell) }

  static var greatestSize: Int { StackSizes.greatestSize }
  static var greatestScalarCount: Int { StackSizes.greatestScalarCount }
}

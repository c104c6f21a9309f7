internal import VectorKernels

/// Cells stacked on each other, with what all layers and cells have in common: sizes, parameters, and one call.
struct RecurrentStack<Scalar: TensorScalar>: Sendable {
  let inputSize: Int
  let hiddenSize: Int
  /// P, where the state is a projection of what the cell gives; `nil` where it is not.
  let projectionSize: Int?
  let layerCount: Int
  let directions: Directions
  let kind: CellKind
  /// The formula of a custom cell.
  let custom: CustomFormula<Scalar>?
  let hasBias: Bool
  var regularization = Regularization()

  /// The parameters of every cell, layer by layer, in each of them the forward direction first; empty where the sizes are
  /// out of range.
  var parameters: [CellParameters<Scalar>] {
    didSet { preparations = Preparations() }
  }
  /// The weights in the form that engines want; copies of the stack share it.
  private var preparations = Preparations<PreparedStack<Scalar>>()
  /// Whether the sizes are in range, and there is memory for the parameters. An initializer cannot throw in the place of a stored property's default value, so
  /// each use of a stack whose sizes are not throws instead.
  private let hasValidSizes: Bool

  /// Creates a stack of zeros.
  init(
    _ kind: CellKind, inputSize: Int, hiddenSize: Int, projectionSize: Int? = nil, layerCount: Int,
    directions: Directions = .forward, bias: Bool, custom: CustomFormula<Scalar>? = nil
  ) {
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.projectionSize = projectionSize
    self.layerCount = layerCount
    self.directions = directions
    self.kind = kind
    self.custom = custom
    hasBias = bias
    hasValidSizes =
      Self.sizeError(
        kind, inputSize: inputSize, hiddenSize: hiddenSize, projectionSize: projectionSize,
        layerCount: layerCount) == nil
      && Memory.isAvailable(
        byteCount: Self.byteCount(
          kind, inputSize: inputSize, hiddenSize: hiddenSize, stateSize: projectionSize ?? hiddenSize,
          cellCount: layerCount * directions.count, directionCount: directions.count))
    parameters = []
    guard hasValidSizes else { return }
    parameters = (0..<cellCount).map { CellParameters(repeating: 0, self.sizes(ofCell: $0), bias: bias) }
  }

  /// L·D.
  var cellCount: Int { layerCount * directions.count }
  /// P, the features of a state.
  var stateSize: Int { projectionSize ?? hiddenSize }
  /// D·P, the features of an output.
  var outputSize: Int { directions.count * stateSize }
  /// The most features that a row has anywhere.
  var widestRow: Int { max(inputSize, directions.count * hiddenSize) }

  /// What a layer's cells take: the features of the input, or of the output of the layer below.
  func features(intoLayer layer: Int) -> Int { layer == 0 ? inputSize : outputSize }

  /// The sizes of a cell's parameters.
  func sizes(ofCell cell: Int) -> CellSizes {
    CellSizes(
      inputSize: features(intoLayer: cell / directions.count), hiddenSize: hiddenSize,
      projectionSize: projectionSize, gateCount: kind.gateCount,
      unitParameterCount: kind.customSizes?.unitParameterCount ?? 0)
  }

  /// Checks the sizes.
  func validateSizes() throws(RecurrentError) {
    guard !hasValidSizes else { return }
    if let error = Self.sizeError(
      kind, inputSize: inputSize, hiddenSize: hiddenSize, projectionSize: projectionSize,
      layerCount: layerCount)
    {
      throw error
    }
    throw .memoryUnavailable(
      argument: "parameters",
      byteCount: Self.byteCount(
        kind, inputSize: inputSize, hiddenSize: hiddenSize, stateSize: stateSize, cellCount: cellCount,
        directionCount: directions.count))
  }

  /// The bytes that parameters of sizes that are in range take, and what keeps them together.
  private static func byteCount(
    _ kind: CellKind, inputSize: Int, hiddenSize: Int, stateSize: Int, cellCount: Int, directionCount: Int
  ) -> Int {
    let sums = kind.gateCount * hiddenSize
    let unitParameters = hiddenSize * (kind.customSizes?.unitParameterCount ?? 0)
    let first = directionCount * sums * inputSize
    let others = (cellCount - directionCount) * sums * directionCount * stateSize
    let each = sums * (stateSize + 2) + stateSize * hiddenSize + unitParameters
    return (first + others + cellCount * each) * MemoryLayout<Scalar>.stride + cellCount * bytesBesideScalars
  }

  /// What the tensors of a cell take beside their scalars, about.
  private static var bytesBesideScalars: Int { 512 }

  /// What is wrong with sizes, if anything.
  private static func sizeError(
    _ kind: CellKind, inputSize: Int, hiddenSize: Int, projectionSize: Int?, layerCount: Int
  ) -> RecurrentError? {
    let sizes = [
      ("inputSize", inputSize), ("hiddenSize", hiddenSize), ("layerCount", layerCount),
    ]
    for (argument, size) in sizes where !(1...greatestSize).contains(size) {
      return .invalidSize(argument: argument, expected: "1 to \(greatestSize)", actual: size)
    }
    if let projectionSize, !(1..<hiddenSize).contains(projectionSize) {
      return .invalidSize(
        argument: "projectionSize", expected: "1 to hiddenSize − 1, which is \(hiddenSize - 1)",
        actual: projectionSize)
    }
    if let custom = kind.customSizes {
      let counts = [("gateCount", custom.gateCount, 1), ("keptVectorCount", custom.keptVectorCount, 0)]
      for (argument, count, least) in counts where !(least...greatestGateCount).contains(count) {
        return .invalidSize(argument: argument, expected: "\(least) to \(greatestGateCount)", actual: count)
      }
    }
    // Twice, for both directions.
    let unitParameterCount = kind.customSizes?.unitParameterCount ?? 0
    let count = Shape.elementCount(
      of: [2 * layerCount, kind.gateCount, hiddenSize, inputSize + 4 * hiddenSize + unitParameterCount])
    guard let count, count <= greatestParameterCount else {
      return .invalidSize(
        argument: "hiddenSize", expected: "at most \(greatestParameterCount) parameters in all",
        actual: hiddenSize)
    }
    return nil
  }

  /// Sizes fit the 32-bit integers of BLAS.
  static var greatestSize: Int { Int(Int32.max) }
  /// 2⁴⁰ scalars in one buffer, 4 TiB of `Float`: beyond any machine that this package is for.
  static var greatestScalarCount: Int { 1 << 40 }
  /// More gates than any cell has.
  private static var greatestGateCount: Int { 1024 }
  /// 2³⁶ parameters, 256 GiB of `Float`: beyond any machine that this package is for.
  private static var greatestParameterCount: Int { 1 << 36 }

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

  /// Checks and prepares the weights; apart, so that no call of a layer that is prepared copies it into a closure.
  @inline(never)
  private func prepare(
    for backend: Backend, _ instructions: InstructionSet
  ) throws(RecurrentError) -> PreparedStack<Scalar> {
    try preparations.value(for: backend, instructions) { () throws(RecurrentError) in
      try validateSizes()
      try validateParameters()
      return PreparedStack(
        parameters, of: kind, custom: custom, hiddenSize: hiddenSize,
        for: try MatrixEngine(backend: backend, instructions: instructions))
    }
  }
}

/// The sizes of a stack of cells: all that layers and cells say of themselves but parameters and
/// options.
struct StackSizes: Sendable, Equatable {
  let inputSize: Int
  let hiddenSize: Int
  /// P, where the state is a projection of what the cell gives; `nil` where it is not.
  let projectionSize: Int?
  let layerCount: Int
  let directions: Directions
  let kind: CellKind
  let hasBias: Bool

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
}

// MARK: Limits

extension StackSizes {
  /// The bytes that parameters of sizes that are in range take, and what keeps them together.
  func byteCount(scalarSize: Int) -> Int {
    let directionCount = directions.count
    let sums = kind.gateCount * hiddenSize
    let unitParameters = hiddenSize * (kind.customSizes?.unitParameterCount ?? 0)
    let first = directionCount * sums * inputSize
    let others = (cellCount - directionCount) * sums * directionCount * stateSize
    let each = sums * (stateSize + 2) + stateSize * hiddenSize + unitParameters
    return (first + others + cellCount * each) * scalarSize + cellCount * Self.bytesBesideScalars
  }

  /// What the tensors of a cell take beside their scalars, about.
  private static var bytesBesideScalars: Int { 512 }

  /// What is wrong with sizes, if anything.
  var error: RecurrentError? {
    let sizes = [
      ("inputSize", inputSize), ("hiddenSize", hiddenSize), ("layerCount", layerCount),
    ]
    for (argument, size) in sizes where !(1...Self.greatestSize).contains(size) {
      return .invalidSize(argument: argument, expected: "1 to \(Self.greatestSize)", actual: size)
    }
    if let projectionSize, !(1..<hiddenSize).contains(projectionSize) {
      return .invalidSize(
        argument: "projectionSize", expected: "1 to hiddenSize − 1, which is \(hiddenSize - 1)",
        actual: projectionSize)
    }
    if let custom = kind.customSizes {
      let counts = [("gateCount", custom.gateCount, 1), ("keptVectorCount", custom.keptVectorCount, 0)]
      for (argument, count, least) in counts where !(least...Self.greatestGateCount).contains(count) {
        return .invalidSize(
          argument: argument, expected: "\(least) to \(Self.greatestGateCount)", actual: count)
      }
    }
    // Twice, for both directions.
    let unitParameterCount = kind.customSizes?.unitParameterCount ?? 0
    let count = Shape.elementCount(
      of: [2 * layerCount, kind.gateCount, hiddenSize, inputSize + 4 * hiddenSize + unitParameterCount])
    guard let count, count <= Self.greatestParameterCount else {
      return .invalidSize(
        argument: "hiddenSize", expected: "at most \(Self.greatestParameterCount) parameters in all",
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
}

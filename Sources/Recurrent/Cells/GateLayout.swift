internal import CellKernels

/// Where the gates of a cell's units stand in the columns of its products.
///
/// PyTorch's weights have all units of the first gate, then all of the second, and so on. The
/// formula of a cell takes all gates of a unit at once; so they stand together here, a block of
/// units each: `[blocks, gates, units of a block]`. Units beyond the last are zeros, so that a
/// formula sees whole blocks. A cell of one gate stays as it is.
struct GateLayout: Sendable, Equatable {
  let gateCount: Int
  let hiddenSize: Int
  /// The columns of a product.
  let width: Int
  private let blocks: UnitBlocks

  init(gateCount: Int, hiddenSize: Int, blocks: UnitBlocks) {
    self.gateCount = gateCount
    self.hiddenSize = hiddenSize
    self.blocks = blocks
    width = gateCount > 1 ? blocks.padded(hiddenSize) * gateCount : hiddenSize
  }

  /// The columns of some units, which begin at a block's first and end at a block's last.
  func columns(of units: Range<Int>) -> Range<Int> {
    guard gateCount > 1 else { return units }
    return (units.lowerBound * gateCount)..<max(units.lowerBound, blocks.padded(units.upperBound)) * gateCount
  }

  /// The column of a unit's gate.
  private func column(gate: Int, unit: Int) -> Int {
    let start = blocks.start(of: unit)
    return start * gateCount + gate * blocks.length(from: start, units: hiddenSize) + unit - start
  }

  /// Brings the rows of a matrix `[G·H, depth]` into the order of the columns, `[width, depth]`.
  func arranged<Scalar: TensorScalar>(_ matrix: [Scalar], depth: Int) -> [Scalar] {
    guard gateCount > 1 else { return matrix }
    var result = [Scalar](repeating: 0, count: width * depth)
    for gate in 0..<gateCount {
      for unit in 0..<hiddenSize {
        let (from, to) = ((gate * hiddenSize + unit) * depth, column(gate: gate, unit: unit) * depth)
        result.replaceSubrange(to..<(to + depth), with: matrix[from..<(from + depth)])
      }
    }
    return result
  }

  /// Brings `[width, depth]` back into PyTorch's order, `[G·H, depth]`.
  func restored<Scalar: TensorScalar>(_ arranged: UnsafePointer<Scalar>, depth: Int) -> [Scalar] {
    let count = gateCount * hiddenSize * depth
    return [Scalar](count: count) { target in
      guard gateCount > 1 else { return target.initialize(from: arranged, count: count) }
      for gate in 0..<gateCount {
        for unit in 0..<hiddenSize {
          (target + (gate * hiddenSize + unit) * depth).initialize(
            from: arranged + column(gate: gate, unit: unit) * depth, count: depth)
        }
      }
    }
  }
}

/// Zoneout of one cell in some rows of one step.
struct ZoneoutStep {
  private let hidden: ZoneoutMask
  private let cellState: ZoneoutMask
  /// The rows of the sequence before these.
  private let packedRow: Int

  /// For the rows from one of a pass on.
  @inline(__always)
  init(_ pass: ZoneoutPass, cell: Int, packedRow: Int) {
    hidden = pass.mask(ofCell: cell, cellState: false)
    cellState = pass.mask(ofCell: cell, cellState: true)
    self.packedRow = pass.packedRowsBefore + packedRow
  }

  /// Lets some features of new states keep their share of the old ones.
  @inline(__always)
  func mixState<Scalar: TensorScalar>(
    _ old: SequenceView<Scalar>, into new: SequenceView<Scalar>, rows: Int, _ features: Range<Int>
  ) {
    mix(hidden, old, into: new, rows: rows, features)
  }

  /// Lets some units of new cell states keep their share of the old ones.
  @inline(__always)
  func mixCellState<Scalar: TensorScalar>(
    _ old: SequenceView<Scalar>, into new: SequenceView<Scalar>, rows: Int, _ features: Range<Int>
  ) {
    mix(cellState, old, into: new, rows: rows, features)
  }

  /// Splits the gradients of some features of states, `[rows, width]`, into those of the new values
  /// and of the old.
  @inline(__always)
  func splitState<Scalar: TensorScalar>(
    _ gradient: UnsafeMutablePointer<Scalar>, old: UnsafeMutablePointer<Scalar>, width: Int, rows: Int,
    _ features: Range<Int>
  ) {
    split(hidden, gradient, old, width, rows, features)
  }

  /// Splits the gradients of some units of cell states, `[rows, width]`, into those of the new
  /// values and of the old.
  @inline(__always)
  func splitCellState<Scalar: TensorScalar>(
    _ gradient: UnsafeMutablePointer<Scalar>, old: UnsafeMutablePointer<Scalar>, width: Int, rows: Int,
    _ features: Range<Int>
  ) {
    split(cellState, gradient, old, width, rows, features)
  }

  // A feature is less than 2³², so that every element of a sequence has a number of its own.
  private func first(_ row: Int, _ features: Range<Int>) -> Int {
    (packedRow + row) << 32 | features.lowerBound
  }

  @inline(__always)
  private func mix<Scalar: TensorScalar>(
    _ mask: ZoneoutMask, _ old: SequenceView<Scalar>, into new: SequenceView<Scalar>, rows: Int,
    _ features: Range<Int>
  ) {
    guard !mask.keepsNothing else { return }
    for row in 0..<rows {
      mask.mix(
        old.from(step: 0, row: row).base + features.lowerBound,
        into: new.from(step: 0, row: row).base + features.lowerBound, count: features.count,
        first: first(row, features))
    }
  }

  @inline(__always)
  private func split<Scalar: TensorScalar>(
    _ mask: ZoneoutMask, _ gradient: UnsafeMutablePointer<Scalar>, _ old: UnsafeMutablePointer<Scalar>,
    _ width: Int, _ rows: Int, _ features: Range<Int>
  ) {
    for row in 0..<rows {
      let offset = row * width + features.lowerBound
      mask.split(gradient + offset, old: old + offset, count: features.count, first: first(row, features))
    }
  }
}

/// Where the rows of a matrix lie: in blocks of rows, each block and each row at a constant stride.
///
/// Row i begins at (i / rowsPerBlock)·blockStride + (i % rowsPerBlock)·rowStride. A contiguous
/// matrix is the case of one block. Time-major and batch-major sequences, and slices of both
/// along time or batch, are all of this form, so no product copies its operands into place.
public struct RowLayout: Sendable, Equatable {
  public var rowStride: Int
  public var rowsPerBlock: Int
  public var blockStride: Int

  @inlinable
  public init(rowStride: Int, rowsPerBlock: Int, blockStride: Int) {
    self.rowStride = rowStride
    self.rowsPerBlock = rowsPerBlock
    self.blockStride = blockStride
  }

  /// Rows at one constant stride.
  @inlinable
  public init(rowStride: Int) {
    self.init(rowStride: rowStride, rowsPerBlock: .max, blockStride: 0)
  }

  /// Whether the first `rows` rows stand at one constant stride.
  @inlinable
  public func isUniform(rows: Int) -> Bool {
    rows <= rowsPerBlock || blockStride == rowsPerBlock &* rowStride
  }

  /// The same rows, ordered by their place in the block first; for a whole number of blocks.
  @inlinable
  public func reordered(rows: Int) -> RowLayout {
    RowLayout(rowStride: blockStride, rowsPerBlock: rows / rowsPerBlock, blockStride: rowStride)
  }
}

/// Walks over the rows of a layout without a division for each row.
@usableFromInline
struct RowCursor<Scalar> {
  @usableFromInline var row: UnsafePointer<Scalar>
  @usableFromInline var block: UnsafePointer<Scalar>
  @usableFromInline var leftInBlock: Int
  @usableFromInline let layout: RowLayout

  @inlinable @inline(__always)
  init(base: UnsafePointer<Scalar>, layout: RowLayout) {
    row = base
    block = base
    leftInBlock = layout.rowsPerBlock
    self.layout = layout
  }

  /// The pointer to the next row.
  @inlinable @inline(__always)
  mutating func next() -> UnsafePointer<Scalar> {
    if leftInBlock == 0 {
      block += layout.blockStride
      row = block
      leftInBlock = layout.rowsPerBlock
    }
    defer {
      row += layout.rowStride
      leftInBlock &-= 1
    }
    return row
  }

  /// The pointers to the next `count` rows.
  @inlinable @inline(__always)
  mutating func next<let count: Int>() -> InlineArray<count, UnsafePointer<Scalar>> {
    var rows = InlineArray<count, UnsafePointer<Scalar>>(repeating: row)
    if leftInBlock >= count {
      for index in 0..<count { rows[index] = row + index &* layout.rowStride }
      row += count &* layout.rowStride
      leftInBlock &-= count
    } else {
      for index in 0..<count { rows[index] = next() }
    }
    return rows
  }
}

internal import VectorKernels

/// Rows of a matrix in memory that belongs to somebody else.
///
/// They lie in blocks, from the lowest address to the highest: strides are positive, and no row
/// begins within the extent of another. So one stride, where there is one, is a leading dimension
/// that BLAS takes.
///
/// The rows of a product have no order, but row i of C belongs to row i of A. Blocks that were
/// given from the last to the first are turned round here, and must be so in both.
struct MatrixRows<Scalar> {
  /// The first row of the lowest block.
  let base: UnsafeMutablePointer<Scalar>
  let layout: RowLayout
  /// The distance from the first block that was given to the next; 0 where there is one block.
  let blockStride: Int
  /// The distance from the lowest block to the one that was given first.
  private let firstBlock: Int

  /// Rows at one constant stride, which is positive.
  @inline(__always)
  init(base: UnsafeMutablePointer<Scalar>, rowStride: Int) {
    precondition(rowStride > 0, "rows at a stride that is not positive")
    self.base = base
    layout = RowLayout(rowStride: rowStride)
    blockStride = 0
    firstBlock = 0
  }

  /// Blocks of rows, the one first that `base` points to; the stride of the blocks may be negative.
  @inline(__always)
  init(
    base: UnsafeMutablePointer<Scalar>, rowStride: Int, rowsPerBlock: Int, blockStride: Int,
    blockCount: Int
  ) {
    precondition(rowStride > 0, "rows at a stride that is not positive")
    let distance = abs(blockStride)
    precondition(
      blockCount <= 1
        || distance > 0
          && (rowsPerBlock * rowStride <= distance || blockCount * distance <= rowStride),
      "blocks of rows that overlap")
    let isOneBlock = blockCount <= 1
    firstBlock = blockStride < 0 && !isOneBlock ? (blockCount - 1) * distance : 0
    self.base = base - firstBlock
    self.blockStride = isOneBlock ? 0 : blockStride
    layout =
      isOneBlock
      ? RowLayout(rowStride: rowStride)
      : RowLayout(rowStride: rowStride, rowsPerBlock: rowsPerBlock, blockStride: distance)
  }

  /// The rows of the block that was given first.
  @inline(__always)
  var first: MatrixRows { MatrixRows(base: base + firstBlock, rowStride: layout.rowStride) }

  /// All rows, from the block that was given first to the last.
  @inline(__always)
  var inGivenOrder: (base: UnsafeMutablePointer<Scalar>, layout: RowLayout) {
    (
      base + firstBlock,
      RowLayout(
        rowStride: layout.rowStride, rowsPerBlock: layout.rowsPerBlock, blockStride: blockStride)
    )
  }

  /// Whether the blocks were turned round.
  @inline(__always)
  var isReversed: Bool { blockStride < 0 }
}

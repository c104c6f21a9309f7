internal import VectorKernels

/// The products of a backward pass, in the terms of ``MatrixEngine/multiply(rows:_:by:from:into:then:links:linkStride:)``.
extension MatrixEngine {
  /// C = Aᵀ·B for A [depth, rows], B [depth, columns] and C [rows, columns], all row-major and contiguous.
  ///
  /// Each element of C is a sum over `depth` in order, also where that is cut into chunks: a chunk goes on from
  /// what C holds.
  func multiplyTransposed(
    _ a: UnsafePointer<Scalar>, rows: Int, depth: Int, by b: UnsafePointer<Scalar>, columns: Int,
    into c: UnsafeMutablePointer<Scalar>
  ) {
    let target = MatrixRows(base: c, layout: RowLayout(rowStride: columns))
    let transposed = AlignedBuffer<Scalar>(count: rows * min(depth, depthOfChunk))
    for start in stride(from: 0, to: depth, by: depthOfChunk) {
      let count = min(depthOfChunk, depth - start)
      transpose(a + start * rows, rows: count, columns: rows, into: transposed.base)
      let prepared = prepare(transposing: b + start * columns, columns: columns, depth: count)
      multiply(
        rows: rows, MatrixRows(base: transposed.base, layout: RowLayout(rowStride: count)),
        by: prepared.allColumns, from: start == 0 ? .prepared : .accumulated, into: target,
        then: .identity)
    }
    if depth == 0 { c.update(repeating: 0, count: rows * columns) }
  }
}

/// The rows that are transposed and packed at once: 1024 rows of 64 numbers fill a quarter of a second-level cache of 1 MiB.
private let depthOfChunk = 1024

/// Copies a matrix [rows, columns], row-major, to its transpose.
///
/// In blocks, so that the lines that are read and written stay in the first-level cache.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func transpose<Scalar: TensorScalar>(
  _ source: UnsafePointer<Scalar>, rows: Int, columns: Int, into target: UnsafeMutablePointer<Scalar>
) {
  let side = 16
  for firstRow in stride(from: 0, to: rows, by: side) {
    let lastRow = min(firstRow + side, rows)
    for firstColumn in stride(from: 0, to: columns, by: side) {
      for column in firstColumn..<min(firstColumn + side, columns) {
        for row in firstRow..<lastRow {
          target[column * rows + row] = source[row * columns + column]
        }
      }
    }
  }
}

/// Adds the rows of a matrix [rows, columns] to `target`, in order.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func addRows<Scalar: TensorScalar>(
  of source: UnsafePointer<Scalar>, rows: Int, columns: Int, to target: UnsafeMutablePointer<Scalar>
) {
  for row in 0..<rows {
    for column in 0..<columns { target[column] += source[row * columns + column] }
  }
}

extension MatrixEngine {
  /// C += Aᵀ·B for A [depth, rows], B [depth, columns] and C [rows, columns], all row-major and contiguous.
  ///
  /// Each element of C is a sum over `depth` in order; chunks of it are packed at a time.
  func accumulate(
    _ a: UnsafePointer<Scalar>, rows: Int, depth: Int, transposedBy b: UnsafePointer<Scalar>, columns: Int,
    into c: UnsafeMutablePointer<Scalar>
  ) {
    let most = min(depth, depthOfChunk)
    let packed = Scratch<Scalar>(count: transposedSize(rows: rows, depth: most))
    let scratch = Scratch<Scalar>(count: transposedSize(rows: columns, depth: most))
    for start in stride(from: 0, to: depth, by: depthOfChunk) {
      let count = min(depthOfChunk, depth - start)
      let a = a + start * rows
      packTransposed(a, rows: rows, depth: count, columns: 0..<rows, into: packed.base)
      accumulate(
        TransposedRows(plain: a, packed: UnsafePointer(packed.base), rows: rows, depth: count),
        depths: 0..<count, transposedBy: b + start * columns, width: columns, columns: 0..<columns,
        into: c, scratch: scratch.base)
    }
  }
}

/// Deep enough for a product to run at full speed, and few enough for both factors to stay in the second-level cache.
private let depthOfChunk = 256

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

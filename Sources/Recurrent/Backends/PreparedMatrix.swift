internal import VectorKernels

/// A matrix B [columns, depth] as one engine wants it, and what the rows of A·Bᵀ may start from.
struct PreparedMatrix<Scalar: TensorScalar>: Sendable {
  let columns: Int
  let depth: Int
  /// The accumulators of each sum on the Swift backend.
  let accumulators: SplitAccumulators
  /// Panels for the Swift kernels, row-major for OpenBLAS.
  let elements: AlignedBuffer<Scalar>
  /// The start of every row, padded with zeros to whole panels.
  let start: AlignedBuffer<Scalar>

  /// Some of the columns; the first stands at a multiple of the engine's panel width.
  @inline(__always)
  func columns(_ range: Range<Int>) -> PreparedColumns<Scalar> {
    PreparedColumns(
      columns: range.count, depth: depth, accumulators: accumulators,
      elements: elements.base + range.lowerBound * depth,
      start: start.base + range.lowerBound)
  }

  /// All columns.
  var allColumns: PreparedColumns<Scalar> {
    @inline(__always) get { columns(0..<columns) }
  }
}

/// Columns of a prepared matrix, which outlives it.
struct PreparedColumns<Scalar> {
  let columns: Int
  let depth: Int
  let accumulators: SplitAccumulators
  let elements: UnsafePointer<Scalar>
  let start: UnsafePointer<Scalar>
}

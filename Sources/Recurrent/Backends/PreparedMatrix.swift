internal import VectorKernels

/// A matrix B [columns, depth] as one engine wants it, and what the rows of A·Bᵀ may start from.
struct PreparedMatrix<Scalar: TensorScalar>: Sendable {
  let columns: Int
  let depth: Int
  /// The accumulators of each sum on the Swift backend.
  let accumulators: SplitAccumulators
  /// How the elements stand.
  let format: WeightFormat
  /// Panels for the Swift kernels, row-major for OpenBLAS; panels of words of 32 bits in a narrow
  /// format.
  let elements: AlignedBuffer<Scalar>
  /// The elements, or words, of a column.
  let columnLength: Int
  /// The start of every row, padded with zeros to whole panels.
  let start: AlignedBuffer<Scalar>
  /// The scales of the columns in a narrow format, padded to whole panels; nobody reads them in
  /// another.
  let scales: AlignedBuffer<Scalar>

  /// Some of the columns; the first stands at a multiple of the engine's panel width.
  @inline(__always)
  func columns(_ range: Range<Int>) -> PreparedColumns<Scalar> {
    PreparedColumns(
      columns: range.count, depth: depth, accumulators: accumulators, format: format,
      elements: elements.base + range.lowerBound * columnLength,
      start: start.base + range.lowerBound, scales: scales.base + range.lowerBound)
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
  let format: WeightFormat
  let elements: UnsafePointer<Scalar>
  let start: UnsafePointer<Scalar>
  let scales: UnsafePointer<Scalar>
}

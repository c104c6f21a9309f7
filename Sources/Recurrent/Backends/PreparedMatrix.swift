internal import VectorKernels

/// A matrix B [columns, depth] as one engine wants it, and what the rows of A·Bᵀ may start from.
struct PreparedMatrix<Scalar: TensorScalar>: Sendable {
  let columns: Int
  let depth: Int
  /// The segments of each sum on the Swift backend.
  let segments: SumSegments
  /// Panels for the Swift kernels, row-major for OpenBLAS.
  let elements: AlignedBuffer<Scalar>
  /// The start of every row, padded with zeros to whole panels.
  let start: AlignedBuffer<Scalar>

  /// Some of the columns; the first stands at a multiple of the engine's panel width.
  @inline(__always)
  func columns(_ range: Range<Int>) -> PreparedColumns<Scalar> {
    PreparedColumns(
      columns: range.count, depth: depth, segments: segments,
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
  let segments: SumSegments
  let elements: UnsafePointer<Scalar>
  let start: UnsafePointer<Scalar>
}

extension SumSegments {
  /// The segments of sums that steps wait for: as many as keep the multiply-adds busy where a layer of as many units reads one
  /// sequence. A layer of more units has enough sums, and one of fewer is done before it matters.
  init(awaitedDepth depth: Int) {
    switch depth {
    case ..<8: self = .one
    case ...32: self.init(count: 4, of: depth)
    case ...128: self.init(count: 2, of: depth)
    default: self = .one
    }
  }
}

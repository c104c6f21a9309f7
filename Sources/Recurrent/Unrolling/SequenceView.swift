internal import VectorKernels

/// A sequence in memory that belongs to somebody else: T steps of B rows of features.
///
/// Row b of step t begins at t·stepStride + b·rowStride, whichever of the two axes stands outside.
struct SequenceView<Scalar> {
  var base: UnsafeMutablePointer<Scalar>
  var stepStride: Int
  var rowStride: Int

  init(base: UnsafeMutablePointer<Scalar>, stepStride: Int, rowStride: Int) {
    self.base = base
    self.stepStride = stepStride
    self.rowStride = rowStride
  }

  /// A contiguous sequence, `[steps, rows, features]` or, batch-first, `[rows, steps, features]`.
  init(
    base: UnsafeMutablePointer<Scalar>, steps: Int, rows: Int, features: Int, batchFirst: Bool
  ) {
    self.init(
      base: base,
      stepStride: batchFirst ? features : rows * features,
      rowStride: batchFirst ? steps * features : features)
  }

  /// The part of the sequence that begins at a step and a row.
  @inline(__always)
  func from(step: Int, row: Int) -> SequenceView {
    SequenceView(
      base: base + (step * stepStride + row * rowStride),
      stepStride: stepStride, rowStride: rowStride)
  }

  /// The part of the sequence that begins at a feature of every row.
  @inline(__always)
  func from(feature: Int) -> SequenceView {
    SequenceView(base: base + feature, stepStride: stepStride, rowStride: rowStride)
  }

  /// Copies features of the first step's rows from those of another sequence.
  @inline(__always)
  func copyFirstStep(from source: SequenceView, rows: Int, features: Range<Int>) {
    for row in 0..<rows {
      (base + row * rowStride + features.lowerBound).update(
        from: source.base + row * source.rowStride + features.lowerBound, count: features.count)
    }
  }

  /// The rows of the first step, as a matrix.
  @inline(__always)
  var firstStep: MatrixRows<Scalar> {
    MatrixRows(base: base, layout: RowLayout(rowStride: rowStride))
  }

  /// The first `rows` rows of every step, step after step, as one matrix.
  @inline(__always)
  func allSteps(rows: Int) -> MatrixRows<Scalar> {
    MatrixRows(
      base: base,
      layout: RowLayout(rowStride: rowStride, rowsPerBlock: rows, blockStride: stepStride))
  }
}

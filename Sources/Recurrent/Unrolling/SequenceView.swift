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

  /// A chunk in memory of its own, `[steps, rows, features]` or, batch-first,
  /// `[rows, steps, features]`: in the order of time, the step first that is computed first.
  @inline(__always)
  init(base: UnsafeMutablePointer<Scalar>, _ chunk: SequenceChunk, features: Int, batchFirst: Bool = false) {
    let (steps, rows) = (chunk.steps.count, chunk.rows.count)
    self.init(
      base: base, steps: steps, stepStride: batchFirst ? features : rows * features,
      rowStride: batchFirst ? steps * features : features, chunk.direction)
  }

  /// Steps in the order of time, the one first that is computed first.
  @inline(__always)
  init(
    base: UnsafeMutablePointer<Scalar>, steps: Int, stepStride: Int, rowStride: Int,
    _ direction: TimeDirection
  ) {
    switch direction {
    case .forward: self.init(base: base, stepStride: stepStride, rowStride: rowStride)
    case .reverse:
      self.init(base: base + (steps - 1) * stepStride, stepStride: -stepStride, rowStride: rowStride)
    }
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
    MatrixRows(base: base, rowStride: rowStride)
  }

  /// The first `rows` rows of so many steps, step after step, as one matrix.
  @inline(__always)
  func allSteps(_ steps: Int, rows: Int) -> MatrixRows<Scalar> {
    MatrixRows(
      base: base, rowStride: rowStride, rowsPerBlock: rows, blockStride: stepStride, blockCount: steps)
  }
}

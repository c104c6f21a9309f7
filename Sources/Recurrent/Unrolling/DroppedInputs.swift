/// What the layers above the first take in a pass with dropout, kept for the way back. Time-major.
struct DroppedInputs<Scalar: TensorScalar>: @unchecked Sendable {
  let dropout: LayerDropout
  /// `[L − 1, T, B, H]`.
  let base: UnsafeMutablePointer<Scalar>
  /// The pass, which may be a segment of a sequence.
  let shape: ForwardShape
  /// The steps of the sequence before the pass: masks are those of the sequence, however it is cut.
  let stepsBefore: Int

  private var stepSize: Int { shape.rows * shape.hiddenSize }

  /// What a layer above the first takes, from a step and a row on.
  func inputs(ofLayer layer: Int, step: Int, row: Int) -> SequenceView<Scalar> {
    SequenceView(
      base: base + (layer - 1) * shape.steps * stepSize, steps: shape.steps, rows: shape.rows,
      features: shape.hiddenSize, batchFirst: false
    ).from(step: step, row: row)
  }

  /// Fills the inputs of a layer with what the layer below has written in some steps and rows, without what is dropped.
  func drop(
    _ source: SequenceView<Scalar>, intoLayer layer: Int, steps: Range<Int>, rows: Range<Int>
  ) {
    let mask = dropout.mask(intoLayer: layer)
    let target = inputs(ofLayer: layer, step: steps.lowerBound, row: rows.lowerBound)
    for step in 0..<steps.count {
      for row in 0..<rows.count {
        mask.apply(
          from: source.from(step: step, row: row).base, to: target.from(step: step, row: row).base,
          count: shape.hiddenSize,
          first: (stepsBefore + steps.lowerBound + step) * stepSize + (rows.lowerBound + row)
            * shape.hiddenSize)
      }
    }
  }

  /// Drops from the gradient of a layer's inputs, in place, what was dropped from them: `count` elements of some steps from an
  /// offset on.
  func drop(
    fromGradient gradient: UnsafeMutablePointer<Scalar>, ofLayer layer: Int, firstStep: Int, offset: Int,
    count: Int
  ) {
    dropout.mask(intoLayer: layer).apply(
      from: gradient, to: gradient, count: count, first: (stepsBefore + firstStep) * stepSize + offset)
  }
}

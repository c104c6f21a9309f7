/// What the layers above the first take in a pass with dropout, kept for the backward pass; the
/// rows of all steps one after the other.
struct DroppedInputs<Scalar: TensorScalar>: @unchecked Sendable {
  let noise: TrainingNoise
  /// `[L − 1, N, P]`.
  let base: UnsafeMutablePointer<Scalar>
  /// P.
  let features: Int
  /// N of the pass, which may be a segment of a sequence.
  let packedRowCount: Int
  /// The rows of the sequence before the pass: masks are those of the sequence, however it is cut.
  let packedRowsBefore: Int

  /// What a layer above the first takes.
  func inputs(ofLayer layer: Int) -> SequenceMemory<Scalar> {
    SequenceMemory(base + (layer - 1) * packedRowCount * features, rowStride: features)
  }

  /// Fills the inputs of a layer with what the layer below has written in some rows of a chunk,
  /// without what is dropped.
  func drop(
    _ source: SequenceView<Scalar>, intoLayer layer: Int, _ chunk: SequenceChunk, rows: Range<Int>
  ) {
    let mask = noise.mask(intoLayer: layer)
    let target = inputs(ofLayer: layer).view(of: chunk)
      .from(step: 0, row: rows.lowerBound - chunk.rows.lowerBound)
    for step in 0..<chunk.steps.count {
      for row in 0..<rows.count {
        mask.apply(
          from: source.from(step: step, row: row).base, to: target.from(step: step, row: row).base,
          count: features,
          first: place(
            chunk.place(ofStep: step) * chunk.rowsPerStep + rows.lowerBound + row, of: chunk) * features)
      }
    }
  }

  /// Fills the inputs of a layer with all that the layer below has written, without what is
  /// dropped, and returns them.
  func dropAll(
    _ source: SequenceMemory<Scalar>, intoLayer layer: Int, _ schedule: SequenceSchedule
  ) -> SequenceMemory<Scalar> {
    schedule.forEachChunk(of: 0..<schedule.rowCount, .forward, stepsPerChunk: schedule.stepCount) { chunk in
      drop(source.view(of: chunk), intoLayer: layer, chunk, rows: chunk.rows)
    }
    return inputs(ofLayer: layer)
  }

  /// Drops from the whole gradient of a layer's inputs, in place, what was dropped from them.
  func dropAll(
    fromGradient gradient: UnsafeMutablePointer<Scalar>, ofLayer layer: Int, _ schedule: SequenceSchedule
  ) {
    schedule.forEachChunk(of: 0..<schedule.rowCount, .forward, stepsPerChunk: schedule.stepCount) { chunk in
      drop(
        fromGradient: gradient + chunk.packedRow * features, ofLayer: layer, chunk,
        packedRows: 0..<chunk.packedRowCount)
    }
  }

  /// Drops from the gradient of a layer's inputs, in place, what was dropped from them: in some of
  /// the rows of a chunk's steps.
  func drop(
    fromGradient gradient: UnsafeMutablePointer<Scalar>, ofLayer layer: Int, _ chunk: SequenceChunk,
    packedRows: Range<Int>
  ) {
    let mask = noise.mask(intoLayer: layer)
    for row in packedRows {
      let target = gradient + row * features
      mask.apply(from: target, to: target, count: features, first: place(row, of: chunk) * features)
    }
  }

  /// The place of a row of a chunk's steps in the mask: in time too, unless all steps have one
  /// mask.
  private func place(_ packedRow: Int, of chunk: SequenceChunk) -> Int {
    noise.isSameAtEveryStep
      ? packedRow % chunk.rowsPerStep : packedRowsBefore + chunk.packedRow + packedRow
  }
}

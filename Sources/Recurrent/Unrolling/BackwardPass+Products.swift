internal import VectorKernels

// The products over all rows of a chunk, once the gradients of its sums are known.

extension BackwardPass {
  /// What a layer above the first took, `[T, B, H]`.
  private func inputs(ofLayer layer: Int) -> UnsafePointer<Scalar> {
    dropped.map { UnsafePointer($0.inputs(ofLayer: layer, step: 0, row: 0).base) } ?? outputs[layer - 1]
  }

  /// The gradients of the parameters, summed over all rows of the chunk; each worker has some columns of each.
  @inline(__always)
  func addParameterGradients(of chunk: BackwardChunk, _ share: BackwardShare<Scalar>) {
    let gradients = parameterGradients[chunk.layer]
    let (rows, hiddenSize) = (shape.rows, shape.hiddenSize)
    let depth = chunk.steps.count * rows
    let sums = UnsafePointer(sums(share, chunk.layer))
    let recurrentSums = UnsafePointer(recurrentSums(share, chunk.layer))
    let factor = MatrixEngine<Scalar>.TransposedRows(
      plain: sums, packed: UnsafePointer(share.packedSums), rows: width, depth: depth)
    let recurrentFactor = MatrixEngine<Scalar>.TransposedRows(
      plain: recurrentSums,
      packed: UnsafePointer(stack.kind.takesSumsApart ? share.packedSumsApart : share.packedSums),
      rows: width, depth: depth)
    let features = shape.features(intoLayer: chunk.layer)
    let source =
      chunk.layer == 0
      ? input + chunk.steps.lowerBound * rows * features
      : inputs(ofLayer: chunk.layer) + chunk.steps.lowerBound * stepSize
    stack.engine.accumulate(
      factor, depths: 0..<depth, transposedBy: source, width: features,
      columns: share.columns(of: features, panelWidth: stack.engine.panelWidth),
      into: gradients.weightIH, scratch: share.scratch)

    let columns = share.columns(of: hiddenSize, panelWidth: stack.engine.panelWidth)
    let isFirst = chunk.steps.lowerBound == 0
    if isFirst {
      stack.engine.accumulate(
        recurrentFactor, depths: 0..<rows, transposedBy: initialStates + chunk.layer * stepSize,
        width: hiddenSize, columns: columns, into: gradients.weightHH, scratch: share.scratch)
    }
    // The state before the chunk's first step is the output of the step before.
    let skipped = isFirst ? 1 : 0
    stack.engine.accumulate(
      recurrentFactor, depths: (skipped * rows)..<depth,
      transposedBy: outputs[chunk.layer] + (chunk.steps.lowerBound - 1 + skipped) * stepSize,
      width: hiddenSize, columns: columns, into: gradients.weightHH, scratch: share.scratch)

    let biases = share.columns(of: width, panelWidth: stack.engine.panelWidth)
    addRows(sums, count: depth, columns: biases, to: gradients.biasIH)
    addRows(recurrentSums, count: depth, columns: biases, to: gradients.biasHH)
  }

  /// Adds some columns of the sums' gradients in all rows to those of a bias.
  @inline(__always)
  private func addRows(
    _ sums: UnsafePointer<Scalar>, count: Int, columns: Range<Int>, to bias: UnsafeMutablePointer<Scalar>?
  ) {
    guard let bias else { return }
    for row in 0..<count {
      for column in columns { bias[column] += sums[row * width + column] }
    }
  }

  /// The gradient of what the layer took: of the layer's below outputs, or of the input.
  @inline(__always)
  func handDown(_ chunk: BackwardChunk, _ share: BackwardShare<Scalar>) {
    let rows = (0..<(chunk.steps.count * shape.rows)).part(share.worker, of: share.plan.threadCount)
    guard !rows.isEmpty else { return }
    let features = shape.features(intoLayer: chunk.layer)
    let target =
      chunk.layer == 0
      ? inputGradient + chunk.steps.lowerBound * shape.rows * features
      : deltas(share, chunk.layer - 1)
    stack.engine.multiply(
      rows: rows.count,
      MatrixRows(
        base: sums(share, chunk.layer) + rows.lowerBound * width, layout: RowLayout(rowStride: width)),
      by: transposes[chunk.layer].input.allColumns, from: .prepared,
      into: MatrixRows(
        base: target + rows.lowerBound * features, layout: RowLayout(rowStride: features)),
      then: .identity)
    if chunk.layer > 0, let dropped {
      dropped.drop(
        fromGradient: target + rows.lowerBound * features, ofLayer: chunk.layer,
        firstStep: chunk.steps.lowerBound, offset: rows.lowerBound * features, count: rows.count * features)
    }
  }
}

internal import VectorKernels

// The products over all rows of a chunk, once the gradients of its sums are known.

extension BackwardPass {
  /// What a layer took, `[N, features]`.
  private func inputs(ofLayer layer: Int) -> UnsafePointer<Scalar> {
    guard layer > 0 else { return input }
    return dropped.map { UnsafePointer($0.inputs(ofLayer: layer).base) } ?? outputs[layer - 1]
  }

  /// The states, whose rows stand so far apart, and the cell states from which a chunk's first step
  /// started.
  @inline(__always)
  func start(
    of chunk: BackwardChunk, _ partition: BackwardPartition<Scalar>
  ) -> (states: UnsafePointer<Scalar>, stateStride: Int, cellStates: UnsafePointer<Scalar>?) {
    let (steps, layer) = (chunk.steps, chunk.layer)
    let outputs = outputs[layer]
    let kept = savedGates.flatMap { savedOutputs in
      initialCellStates == nil ? nil : UnsafePointer(savedOutputs.cellStates(ofLayer: layer).base)
    }
    guard let entry = steps.entry else {
      // Within a run, the step before has as many rows.
      let before =
        steps.packedRow + steps.rowsPerStep * (steps.direction == .forward ? -1 : steps.steps.count)
      return (
        outputs + before * outputStride, outputStride, kept.map { $0 + before * shape.hiddenSize }
      )
    }
    let initial = initialStates + layer * stateCount
    let initialCellState = initialCellStates.map { $0 + layer * cellStateCount }
    guard schedule.passesStatesThroughFinal else { return (initial, shape.stateSize, initialCellState) }
    let (states, cellStates) = (partition.starts, partition.starts + stateCount)
    gather(entry, steps.rowsPerStep, outputs, outputStride, initial, features: shape.stateSize, into: states)
    if let kept, let initialCellState {
      gather(
        entry, steps.rowsPerStep, kept, shape.hiddenSize, initialCellState, features: shape.hiddenSize,
        into: cellStates)
    }
    return (
      UnsafePointer(states), shape.stateSize, initialCellState == nil ? nil : UnsafePointer(cellStates)
    )
  }

  /// Collects what the rows of a run start from: zeros where they are reset, what the step before
  /// has left to its rows, and the initial rows otherwise.
  private func gather(
    _ entry: SequenceChunk.Entry, _ rows: Int, _ kept: UnsafePointer<Scalar>, _ keptStride: Int,
    _ initial: UnsafePointer<Scalar>, features: Int, into target: UnsafeMutablePointer<Scalar>
  ) {
    let inherited = min(rows, entry.before?.rows ?? 0)
    if let before = entry.before {
      let first = kept + before.packedRow * keptStride
      for row in 0..<inherited {
        (target + row * features).update(from: first + row * keptStride, count: features)
      }
    }
    (target + inherited * features).update(
      from: initial + inherited * features, count: (rows - inherited) * features)
    for row in entry.resetRows where row < rows {
      (target + row * features).fillWithZeros(count: features)
    }
  }

  /// The gradients of the parameters, summed over all rows of the chunk; each worker has some
  /// columns of each.
  @inline(__always)
  func addParameterGradients(of chunk: BackwardChunk, _ partition: BackwardPartition<Scalar>) {
    let gradients = parameterGradients[parameterGradients.startIndex + chunk.layer]
    let (steps, panelWidth) = (chunk.steps, stack.engine.panelWidth)
    let (depth, rows) = (steps.packedRowCount, steps.rowsPerStep)
    let preActivationGradients = UnsafePointer(preActivationGradients(partition, chunk.layer))
    let hiddenProjection = UnsafePointer(hiddenProjectionGradients(partition, chunk.layer))
    let factor = MatrixEngine<Scalar>.TransposedRows(
      plain: preActivationGradients, packed: UnsafePointer(partition.packedPreActivationGradients),
      rows: width, depth: depth)
    let recurrentFactor = MatrixEngine<Scalar>.TransposedRows(
      plain: hiddenProjection,
      packed: UnsafePointer(
        stack.separatesHiddenProjection
          ? partition.packedHiddenProjectionGradients : partition.packedPreActivationGradients),
      rows: width, depth: depth)
    let features = shape.features(intoLayer: chunk.layer)
    stack.engine.accumulate(
      factor, depths: 0..<depth, transposedBy: inputs(ofLayer: chunk.layer) + steps.packedRow * features,
      rowStride: features, width: features, columns: partition.columns(of: features, panelWidth: panelWidth),
      into: gradients.weightIH, scratch: partition.scratch)

    // The pre-activations of every step meet the state of the step before.
    let isForward = steps.direction == .forward
    let (stateSize, outputs) = (shape.stateSize, outputs[chunk.layer])
    func addRecurrent(_ depths: Range<Int>, _ states: UnsafePointer<Scalar>, _ stateStride: Int) {
      stack.engine.accumulate(
        recurrentFactor, depths: depths, transposedBy: states, rowStride: stateStride, width: stateSize,
        columns: partition.columns(of: stateSize, panelWidth: panelWidth), into: gradients.weightHH,
        scratch: partition.scratch)
    }
    if steps.entry == nil {
      addRecurrent(
        0..<depth, outputs + (steps.packedRow + (isForward ? -rows : rows)) * outputStride, outputStride)
    } else {
      let first = isForward ? 0..<rows : (depth - rows)..<depth
      let start = start(of: chunk, partition)
      addRecurrent(first, start.states, start.stateStride)
      addRecurrent(
        isForward ? rows..<depth : 0..<(depth - rows),
        outputs + (steps.packedRow + (isForward ? 0 : rows)) * outputStride, outputStride)
    }
    if let target = gradients.weightHR, let unprojected = savedGates?.unprojected(ofLayer: chunk.layer) {
      stack.engine.accumulate(
        MatrixEngine<Scalar>.TransposedRows(
          plain: deltas(partition, chunk.layer), packed: UnsafePointer(partition.packedProjected),
          rows: stateSize,
          depth: depth),
        depths: 0..<depth, transposedBy: unprojected.base + steps.packedRow * shape.hiddenSize,
        rowStride: shape.hiddenSize, width: shape.hiddenSize,
        columns: partition.columns(of: shape.hiddenSize, panelWidth: panelWidth),
        into: target, scratch: partition.scratch)
    }

    addRows(preActivationGradients, (depth, width), partition, to: gradients.biasIH)
    addRows(hiddenProjection, (depth, width), partition, to: gradients.biasHH)
    addRows(
      UnsafePointer(unitGradients(partition, chunk.layer)), (depth, unitParameterCount), partition,
      to: gradients.weightUnit)
  }

  /// K·H, the parameters of the units of a custom cell.
  var unitParameterCount: Int { (stack.kind.customSizes?.unitParameterCount ?? 0) * shape.hiddenSize }

  /// Adds a worker's columns of all rows of gradients, `[rows, columns]`, to those of a vector that
  /// each row has taken.
  @inline(__always)
  private func addRows(
    _ gradients: UnsafePointer<Scalar>, _ size: (rows: Int, columns: Int),
    _ partition: BackwardPartition<Scalar>,
    to vector: UnsafeMutablePointer<Scalar>?
  ) {
    guard let vector else { return }
    let columns = partition.columns(of: size.columns, panelWidth: stack.engine.panelWidth)
    guard !columns.isEmpty else { return }
    stack.engine.addRows(
      of: gradients + columns.lowerBound, rows: size.rows, columns: columns.count, rowStride: size.columns,
      to: vector + columns.lowerBound)
  }

  /// The gradient of what the layer took: of the layer's below outputs, or of the input.
  @inline(__always)
  func backpropagateToInput(_ chunk: BackwardChunk, _ partition: BackwardPartition<Scalar>) {
    let rows = (0..<chunk.steps.packedRowCount).part(partition.worker, of: partition.plan.threadCount)
    guard !rows.isEmpty else { return }
    let features = shape.features(intoLayer: chunk.layer)
    let target =
      chunk.layer == 0
      ? inputGradient + chunk.steps.packedRow * features : deltas(partition, chunk.layer - 1)
    stack.engine.multiply(
      rows: rows.count,
      MatrixRows(
        base: preActivationGradients(partition, chunk.layer) + rows.lowerBound * width, rowStride: width),
      by: transpose(ofLayer: chunk.layer).input.allColumns, from: .prepared,
      into: MatrixRows(
        base: target + rows.lowerBound * features, rowStride: features),
      then: .identity)
    if chunk.layer > 0, let dropped {
      dropped.drop(fromGradient: target, ofLayer: chunk.layer, chunk.steps, packedRows: rows)
    }
  }
}

internal import CellKernels
internal import VectorKernels

// A forward pass through cells with gates: at each step the products give the pre-activations of
// the gates, and the cell's formula what follows from them. Where the cell has a projection, a
// third product makes the state of the formula's output.

/// What cells with gates keep for the backward pass; the rows of all steps one after the other.
struct SavedGates<Scalar> {
  /// The values of the gates, `[L, N, width]`.
  let gates: UnsafeMutablePointer<Scalar>
  /// What the formula keeps, `[L, N, H]`.
  let cellStates: UnsafeMutablePointer<Scalar>
  /// The formula's outputs, `[L, N, H]`; `nil` where they are the states.
  let unprojected: UnsafeMutablePointer<Scalar>?
  /// What custom cells keep beside, `[L, N, keptWidth]`.
  let kept: UnsafeMutablePointer<Scalar>
  let packedRowCount: Int
  let hiddenSize: Int
  let width: Int
  let savedWidth: Int

  /// What one cell of many keeps, as if it were a layer alone.
  func ofCell(_ cell: Int) -> SavedGates {
    SavedGates(
      gates: gates + cell * packedRowCount * width,
      cellStates: cellStates + cell * packedRowCount * hiddenSize,
      unprojected: unprojected.map { $0 + cell * packedRowCount * hiddenSize },
      kept: kept + cell * packedRowCount * savedWidth,
      packedRowCount: packedRowCount, hiddenSize: hiddenSize, width: width, savedWidth: savedWidth)
  }

  /// The values of a layer's gates.
  @inline(__always)
  func gates(ofLayer layer: Int) -> SequenceMemory<Scalar> {
    SequenceMemory(gates + layer * packedRowCount * width, rowStride: width)
  }

  /// What a layer's formula keeps.
  @inline(__always)
  func cellStates(ofLayer layer: Int) -> SequenceMemory<Scalar> {
    SequenceMemory(cellStates + layer * packedRowCount * hiddenSize, rowStride: hiddenSize)
  }

  /// What a layer's custom cell keeps beside.
  @inline(__always)
  func kept(ofLayer layer: Int) -> SequenceMemory<Scalar> {
    SequenceMemory(kept + layer * packedRowCount * savedWidth, rowStride: savedWidth)
  }

  /// The outputs of a layer's formula, where they are not the states.
  @inline(__always)
  func unprojected(ofLayer layer: Int) -> SequenceMemory<Scalar>? {
    unprojected.map { SequenceMemory($0 + layer * packedRowCount * hiddenSize, rowStride: hiddenSize) }
  }
}

extension ForwardPass {
  /// The scalars that a thread needs for cells with gates: the sums of a chunk, those that are
  /// apart, and what the formula keeps where nobody asks for it.
  func gateScratchSize(rows: Int) -> Int {
    guard stack.formula != nil else { return 0 }
    return rows * ((plan.stepsPerChunk + 1) * stack.layout.width + shape.hiddenSize + stack.savedWidth)
  }

  /// Runs some units of a cell with gates over a chunk, and some features of its states where they
  /// are projected; `barrier` returns when all who share the cell have called it. `unprojected` is
  /// shared by them, and has room for a step.
  @inline(__always)
  func unroll(
    gatesOfLayer layer: Int, _ chunk: SequenceChunk, units: Range<Int>,
    states: Range<Int>,
    from source: SequenceView<Scalar>, into target: SequenceView<Scalar>,
    unprojected: UnsafeMutablePointer<Scalar>, scratch: UnsafeMutablePointer<Scalar>, barrier: () -> Void
  ) {
    let cell = cell(ofLayer: layer)
    let (steps, rows, width) = (chunk.steps.count, chunk.rows.count, stack.layout.width)
    let columns = stack.layout.columns(of: units)
    let recurrent = cell.recurrent.columns(columns)
    let hiddenProjection = SequenceView(base: scratch, stepStride: 0, rowStride: width).from(
      feature: columns.lowerBound)
    let kept = SequenceView(base: scratch + rows * width, stepStride: 0, rowStride: shape.hiddenSize)
    let unsaved = SequenceView(
      base: kept.base + rows * shape.hiddenSize, stepStride: 0, rowStride: stack.savedWidth)
    let preActivations =
      (savedGates?.gates(ofLayer: layer).view(of: chunk)
      ?? SequenceView(base: unsaved.base + rows * stack.savedWidth, chunk, features: width))
      .from(feature: columns.lowerBound)
    let formulaOutput =
      cell.projection == nil
      ? target
      : savedGates?.unprojected(ofLayer: layer)?.view(of: chunk)
        ?? SequenceView(base: unprojected, stepStride: 0, rowStride: shape.hiddenSize)
    let carried = cellStates.map { cellStates in
      SequenceView(
        base: cellStates + (layer * shape.rows + chunk.rows.lowerBound) * shape.hiddenSize, stepStride: 0,
        rowStride: shape.hiddenSize)
    }
    let savedOutputs = savedGates?.cellStates(ofLayer: layer).view(of: chunk)
    let beside = savedGates?.kept(ofLayer: layer).view(of: chunk) ?? unsaved
    stack.engine.multiply(
      rows: steps * rows, source.allSteps(steps, rows: rows), by: cell.input.columns(columns),
      from: .prepared, into: preActivations.allSteps(steps, rows: rows), then: .identity)

    var previous = state(before: chunk, layer: layer)
    for step in 0..<steps {
      let next = target.from(step: step, row: 0)
      // Where nothing is kept, what a step keeps takes the place of what the step before has kept.
      let cellState = savedOutputs?.from(step: step, row: 0) ?? carried ?? kept
      let before =
        carried.map { step == 0 ? $0 : savedOutputs?.from(step: step - 1, row: 0) ?? $0 } ?? cellState
      let zoned = zoneout.map { mix in
        ZoneoutStep(
          mix, cell: cells.startIndex + layer,
          packedRow: chunk.packedRow + chunk.place(ofStep: step) * chunk.rowsPerStep + chunk.rows.lowerBound)
      }
      stack.run(
        GatedStep(
          rows: rows, units: units, states: states, input: nil, recurrent: recurrent,
          gates: preActivations.from(step: step, row: 0), savesGates: savedGates != nil,
          hiddenProjection: hiddenProjection,
          previous: previous, cellStateBefore: before, cellState: cellState,
          output: formulaOutput.from(step: step, row: 0), next: next,
          beside: beside.from(step: step, row: 0), oldCellState: kept, startsAtEnd: step.isOdd),
        ofCell: cells.startIndex + layer, zoned, barrier: barrier)
      previous = next
    }
    // All have read the state of before by now, and none reads the new one before all have written
    // it.
    finalState(ofLayer: layer, chunk).copyFirstStep(
      from: previous, rows: rows, features: cell.projection == nil ? units : states)
    if let carried, let savedOutputs {
      carried.copyFirstStep(from: savedOutputs.from(step: steps - 1, row: 0), rows: rows, features: units)
    }
    barrier()
  }
}

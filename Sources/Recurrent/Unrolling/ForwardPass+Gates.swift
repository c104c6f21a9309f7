internal import CellKernels
internal import VectorKernels

// A forward pass through cells with gates: at each step the products give the sums of the gates, and the cell's formula what
// follows from them. Where the cell has a projection, a third product makes the state of the formula's output.

/// What cells with gates keep for the way back; the rows of all steps one after the other.
struct GateHistory<Scalar> {
  /// The values of the gates, `[L, N, width]`.
  let gates: UnsafeMutablePointer<Scalar>
  /// What the formula keeps, `[L, N, H]`.
  let memories: UnsafeMutablePointer<Scalar>
  /// The formula's outputs, `[L, N, H]`; `nil` where they are the states.
  let unprojected: UnsafeMutablePointer<Scalar>?
  /// What custom cells keep beside, `[L, N, keptWidth]`.
  let kept: UnsafeMutablePointer<Scalar>
  let packedRowCount: Int
  let hiddenSize: Int
  let width: Int
  let keptWidth: Int

  /// What one cell of many keeps, as if it were a layer alone.
  func ofCell(_ cell: Int) -> GateHistory {
    GateHistory(
      gates: gates + cell * packedRowCount * width, memories: memories + cell * packedRowCount * hiddenSize,
      unprojected: unprojected.map { $0 + cell * packedRowCount * hiddenSize },
      kept: kept + cell * packedRowCount * keptWidth,
      packedRowCount: packedRowCount, hiddenSize: hiddenSize, width: width, keptWidth: keptWidth)
  }

  /// The values of a layer's gates.
  @inline(__always)
  func gates(ofLayer layer: Int) -> SequenceMemory<Scalar> {
    SequenceMemory(gates + layer * packedRowCount * width, rowStride: width)
  }

  /// What a layer's formula keeps.
  @inline(__always)
  func memories(ofLayer layer: Int) -> SequenceMemory<Scalar> {
    SequenceMemory(memories + layer * packedRowCount * hiddenSize, rowStride: hiddenSize)
  }

  /// What a layer's custom cell keeps beside.
  @inline(__always)
  func kept(ofLayer layer: Int) -> SequenceMemory<Scalar> {
    SequenceMemory(kept + layer * packedRowCount * keptWidth, rowStride: keptWidth)
  }

  /// The outputs of a layer's formula, where they are not the states.
  @inline(__always)
  func unprojected(ofLayer layer: Int) -> SequenceMemory<Scalar>? {
    unprojected.map { SequenceMemory($0 + layer * packedRowCount * hiddenSize, rowStride: hiddenSize) }
  }
}

extension ForwardPass {
  /// The scalars that a thread needs for cells with gates: the sums of a chunk, those that are apart, and what the formula
  /// keeps where nobody asks for it.
  func gateScratchSize(rows: Int) -> Int {
    guard stack.formula != nil else { return 0 }
    return rows * ((plan.stepsPerChunk + 1) * stack.layout.width + shape.hiddenSize + stack.keptWidth)
  }

  /// Runs some units of a cell with gates over a chunk, and some features of its states where they are projected; `meet`
  /// returns when all who share the cell have called it. `unprojected` is shared by them, and has room for a step.
  @inline(__always)
  func unroll(
    _ formula: StepFormula<Scalar>, ofLayer layer: Int, _ chunk: SequenceChunk, units: Range<Int>,
    states: Range<Int>,
    from source: SequenceView<Scalar>, into target: SequenceView<Scalar>,
    unprojected: UnsafeMutablePointer<Scalar>, scratch: UnsafeMutablePointer<Scalar>, meet: () -> Void
  ) {
    let cell = cell(ofLayer: layer)
    let (steps, rows, width) = (chunk.steps.count, chunk.rows.count, stack.layout.width)
    let columns = stack.layout.columns(of: units)
    let recurrent = cell.recurrent.columns(columns)
    let apart = SequenceView(base: scratch, stepStride: 0, rowStride: width).from(feature: columns.lowerBound)
    let kept = SequenceView(base: scratch + rows * width, stepStride: 0, rowStride: shape.hiddenSize)
    let forgotten = SequenceView(
      base: kept.base + rows * shape.hiddenSize, stepStride: 0, rowStride: stack.keptWidth)
    let sums =
      (gateHistory?.gates(ofLayer: layer).view(of: chunk)
      ?? SequenceView(base: forgotten.base + rows * stack.keptWidth, chunk, features: width))
      .from(feature: columns.lowerBound)
    let formulaOutput =
      cell.projection == nil
      ? target
      : gateHistory?.unprojected(ofLayer: layer)?.view(of: chunk)
        ?? SequenceView(base: unprojected, stepStride: 0, rowStride: shape.hiddenSize)
    let carried = memories.map { memories in
      SequenceView(
        base: memories + (layer * shape.rows + chunk.rows.lowerBound) * shape.hiddenSize, stepStride: 0,
        rowStride: shape.hiddenSize)
    }
    let history = gateHistory?.memories(ofLayer: layer).view(of: chunk)
    let beside = gateHistory?.kept(ofLayer: layer).view(of: chunk) ?? forgotten
    stack.engine.multiply(
      rows: steps * rows, source.allSteps(steps, rows: rows), by: cell.input.columns(columns),
      from: .prepared, into: sums.allSteps(steps, rows: rows), then: .identity)

    var previous = state(before: chunk, layer: layer)
    for step in 0..<steps {
      let next = target.from(step: step, row: 0)
      // Where nothing is kept, what a step keeps takes the place of what the step before has kept.
      let memory = history?.from(step: step, row: 0) ?? carried ?? kept
      let before = carried.map { step == 0 ? $0 : history?.from(step: step - 1, row: 0) ?? $0 } ?? memory
      let zoned = zoneout.map { mix in
        ZoneoutStep(
          mix, cell: cells.startIndex + layer,
          packedRow: chunk.packedRow + chunk.place(ofStep: step) * chunk.rowsPerStep + chunk.rows.lowerBound)
      }
      stack.run(
        GatedStep(
          rows: rows, units: units, states: states, recurrent: recurrent,
          gates: sums.from(step: step, row: 0), apart: apart,
          previous: previous, memoryBefore: before, memory: memory,
          output: formulaOutput.from(step: step, row: 0), next: next,
          beside: beside.from(step: step, row: 0), oldMemory: kept, startsAtEnd: step.isOdd),
        of: cell, by: formula, zoned, meet: meet)
      previous = next
    }
    // All have read the state of before by now, and none reads the new one before all have written it.
    finalState(ofLayer: layer, chunk).copyFirstStep(
      from: previous, rows: rows, features: cell.projection == nil ? units : states)
    if let carried, let history {
      carried.copyFirstStep(from: history.from(step: steps - 1, row: 0), rows: rows, features: units)
    }
    meet()
  }
}

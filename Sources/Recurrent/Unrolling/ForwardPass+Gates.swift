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
    SequenceMemory(gates + layer * packedRowCount * width, features: width)
  }

  /// What a layer's formula keeps.
  @inline(__always)
  func memories(ofLayer layer: Int) -> SequenceMemory<Scalar> {
    SequenceMemory(memories + layer * packedRowCount * hiddenSize, features: hiddenSize)
  }

  /// What a layer's custom cell keeps beside.
  @inline(__always)
  func kept(ofLayer layer: Int) -> SequenceMemory<Scalar> {
    SequenceMemory(kept + layer * packedRowCount * keptWidth, features: keptWidth)
  }

  /// The outputs of a layer's formula, where they are not the states.
  @inline(__always)
  func unprojected(ofLayer layer: Int) -> SequenceMemory<Scalar>? {
    unprojected.map { SequenceMemory($0 + layer * packedRowCount * hiddenSize, features: hiddenSize) }
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
      ?? SequenceView(
        base: forgotten.base + rows * stack.keptWidth, stepStride: rows * width, rowStride: width))
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
      rows: steps * rows, source.allSteps(rows: rows), by: cell.input.columns(columns),
      from: .prepared, into: sums.allSteps(rows: rows), then: .identity)

    var previous = state(before: chunk, layer: layer)
    for step in 0..<steps {
      let gates = sums.from(step: step, row: 0)
      stack.engine.multiply(
        rows: rows, previous.firstStep, by: recurrent,
        from: stack.kind.takesSumsApart ? .prepared : .accumulated,
        into: (stack.kind.takesSumsApart ? apart : gates).firstStep, then: .identity,
        startsAtEnd: step.isOdd)
      let next = target.from(step: step, row: 0)
      let output = formulaOutput.from(step: step, row: 0)
      // Where nothing is kept, what a step keeps takes the place of what the step before has kept.
      let memory = history?.from(step: step, row: 0) ?? carried ?? kept
      let before = carried.map { step == 0 ? $0 : history?.from(step: step - 1, row: 0) ?? $0 } ?? memory
      let zoned = zoneout.map { mix in
        ZoneoutStep(
          mix, cell: cells.startIndex + layer,
          packedRow: chunk.packedRow + chunk.place(ofStep: step) * chunk.rowsPerStep + chunk.rows.lowerBound)
      }
      if zoned != nil, carried != nil {
        // The memory before may stand where the new one goes.
        kept.copyFirstStep(from: before, rows: rows, features: units)
      }
      formula.forward(
        CellStep(
          rows: rows, units: units.count, gates: gates.unitRows(from: 0),
          recurrentSums: stack.kind.takesSumsApart ? apart.unitRows(from: 0) : nil,
          // A formula that reads the state has no projection.
          state: (cell.projection == nil ? previous : output).unitRows(from: units.lowerBound),
          memoryBefore: before.unitRows(from: units.lowerBound),
          memory: memory.unitRows(from: units.lowerBound),
          output: output.unitRows(from: units.lowerBound)),
        CustomStep(
          unitParameters: cell.unitParameters, kept: beside.from(step: step, row: 0).unitRows(from: 0)))
      if let zoned {
        if carried != nil { zoned.mixMemory(kept, into: memory, rows: rows, units) }
        if cell.projection == nil { zoned.mixState(previous, into: next, rows: rows, units) }
      }
      meet()
      if let projection = cell.projection {
        stack.engine.multiply(
          rows: rows, output.firstStep, by: projection.columns(states), from: .prepared,
          into: next.from(feature: states.lowerBound).firstStep, then: .identity, startsAtEnd: step.isOdd)
        zoned?.mixState(previous, into: next, rows: rows, states)
        meet()
      }
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

extension SequenceView {
  /// The rows of the first step, from a unit on.
  @inline(__always)
  func unitRows(from unit: Int) -> UnitRows<Scalar> {
    UnitRows(base + unit, stride: rowStride)
  }
}

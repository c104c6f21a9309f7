internal import CellKernels
internal import VectorKernels

// A forward pass through cells with gates: at each step the products give the sums of the gates, and the cell's formula what
// follows from them.

/// The second states of a pass, `[L, B, H]` each.
struct CarriedMemories<Scalar> {
  /// Only read.
  let initial: UnsafeMutablePointer<Scalar>
  /// Filled with the initial ones before the pass.
  let final: UnsafeMutablePointer<Scalar>
}

/// What cells with gates keep for the way back. Time-major.
struct GateHistory<Scalar> {
  /// The values of the gates, `[L, T, B, width]`.
  let gates: UnsafeMutablePointer<Scalar>
  /// What the formula keeps, `[L, T, B, H]`.
  let memories: UnsafeMutablePointer<Scalar>
  let steps: Int
  let rows: Int
  let hiddenSize: Int
  let width: Int

  /// The values of a layer's gates, from a step and a row on.
  @inline(__always)
  func gates(ofLayer layer: Int, step: Int, row: Int) -> SequenceView<Scalar> {
    view(gates, layer, width).from(step: step, row: row)
  }

  /// What a layer's formula keeps, from a step and a row on.
  @inline(__always)
  func memories(ofLayer layer: Int, step: Int, row: Int) -> SequenceView<Scalar> {
    view(memories, layer, hiddenSize).from(step: step, row: row)
  }

  @inline(__always)
  private func view(
    _ base: UnsafeMutablePointer<Scalar>, _ layer: Int, _ features: Int
  ) -> SequenceView<Scalar> {
    SequenceView(
      base: base + layer * steps * rows * features, steps: steps, rows: rows, features: features,
      batchFirst: false)
  }
}

extension ForwardPass {
  /// The scalars that a thread needs for cells with gates: the sums of a chunk, those that are apart, and what the formula
  /// keeps where nobody asks for it.
  func gateScratchSize(rows: Int) -> Int {
    guard stack.kind.gated != nil else { return 0 }
    return (plan.stepsPerChunk + 1) * rows * stack.layout.width + rows * shape.hiddenSize
  }

  /// Runs some units of a cell with gates over a chunk of steps; `meet` returns when all who share the cell have called it.
  @inline(__always)
  func unroll(
    _ gated: GatedCell, ofLayer layer: Int, steps: Range<Int>, rows: Range<Int>, units: Range<Int>,
    from source: SequenceView<Scalar>, into target: SequenceView<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>, meet: () -> Void
  ) {
    let cell = stack.cells[layer]
    let width = stack.layout.width
    let columns = stack.layout.columns(of: units)
    let recurrent = cell.recurrent.columns(columns)
    let apart = SequenceView(base: scratch, stepStride: 0, rowStride: width).from(feature: columns.lowerBound)
    let kept = scratch + rows.count * width
    let sums =
      (gateHistory?.gates(ofLayer: layer, step: steps.lowerBound, row: rows.lowerBound)
      ?? SequenceView(
        base: kept + rows.count * shape.hiddenSize, stepStride: rows.count * width, rowStride: width))
      .from(feature: columns.lowerBound)
    stack.engine.multiply(
      rows: steps.count * rows.count, source.allSteps(rows: rows.count), by: cell.input.columns(columns),
      from: .prepared, into: sums.allSteps(rows: rows.count), then: .identity)

    var previous = state(before: steps.lowerBound, layer: layer, row: rows.lowerBound)
    for step in 0..<steps.count {
      let gates = sums.from(step: step, row: 0)
      stack.engine.multiply(
        rows: rows.count, previous.firstStep, by: recurrent,
        from: stack.kind.takesSumsApart ? .prepared : .accumulated,
        into: (stack.kind.takesSumsApart ? apart : gates).firstStep, then: .identity)
      let next = target.from(step: step, row: 0)
      let memory = memories(
        ofLayer: layer, step: steps.lowerBound + step, row: rows.lowerBound, kept: kept)
      stack.formulas.forward(
        gated,
        CellStep(
          rows: rows.count, units: units.count, gates: gates.unitRows(from: 0),
          recurrentSums: stack.kind.takesSumsApart ? apart.unitRows(from: 0) : nil,
          state: previous.unitRows(from: units.lowerBound),
          memoryBefore: memory.before.unitRows(from: units.lowerBound),
          memory: memory.after.unitRows(from: units.lowerBound),
          output: next.unitRows(from: units.lowerBound)))
      meet()
      previous = next
    }
    // All have read the state of before by now, and none reads the new one before all have written it.
    finalState(ofLayer: layer, row: rows.lowerBound).copyFirstStep(
      from: previous, rows: rows.count, features: units)
    if let memories, let gateHistory {
      let final = SequenceView(
        base: memories.final + (layer * shape.rows + rows.lowerBound) * shape.hiddenSize, stepStride: 0,
        rowStride: shape.hiddenSize)
      final.copyFirstStep(
        from: gateHistory.memories(ofLayer: layer, step: steps.upperBound - 1, row: rows.lowerBound),
        rows: rows.count, features: units)
    }
    meet()
  }

  /// Where a step of a layer finds what the step before has kept, and where it keeps its own.
  @inline(__always)
  private func memories(
    ofLayer layer: Int, step: Int, row: Int, kept: UnsafeMutablePointer<Scalar>
  ) -> (before: SequenceView<Scalar>, after: SequenceView<Scalar>) {
    let carried = memories.map { memories in
      SequenceView(
        base: (gateHistory == nil ? memories.final : memories.initial)
          + (layer * shape.rows + row) * shape.hiddenSize,
        stepStride: 0, rowStride: shape.hiddenSize)
    }
    guard let gateHistory else {
      let place = carried ?? SequenceView(base: kept, stepStride: 0, rowStride: shape.hiddenSize)
      return (place, place)
    }
    let after = gateHistory.memories(ofLayer: layer, step: step, row: row)
    // Cells that carry nothing read nothing that matters.
    guard let carried else { return (after, after) }
    return (step == 0 ? carried : gateHistory.memories(ofLayer: layer, step: step - 1, row: row), after)
  }
}

extension SequenceView {
  /// The rows of the first step, from a unit on.
  @inline(__always)
  func unitRows(from unit: Int) -> UnitRows<Scalar> {
    UnitRows(base + unit, stride: rowStride)
  }
}

internal import CellKernels
internal import VectorKernels

// The way back through cells with gates: at each step the cell's formula gives the gradients of its sums, and a product with
// W_hh those of the state before. Where the state is a projection, a product with W_hr comes first.

extension BackwardPass {
  /// The gradients of the sums of every step, from the last to the first, and of state and memory before the chunk.
  @inline(__always)
  func carryBack(
    _ formula: StepFormula<Scalar>, _ chunk: BackwardChunk, _ share: BackwardShare<Scalar>, meet: () -> Void
  ) {
    guard let gateHistory, let memoryGradients else { preconditionFailure("a pass that has kept no gates") }
    let (steps, layer) = (chunk.steps, chunk.layer)
    let (stateSize, hiddenSize) = (shape.stateSize, shape.hiddenSize)
    let (rows, units) = share.sequentialPart(
      rows: steps.rowsPerStep, units: hiddenSize, panelWidth: stack.engine.panelWidth)
    let (_, states) = share.sequentialPart(
      rows: steps.rowsPerStep, units: stateSize, panelWidth: stack.engine.panelWidth)
    let stateStep = steps.rowsPerStep * stateSize
    let stateRow = rows.lowerBound * stateSize
    let stateCorner = stateRow + states.lowerBound
    let corner = rows.lowerBound * hiddenSize + units.lowerBound
    let gateCorner = stack.layout.columns(of: units).lowerBound
    let transpose = transpose(ofLayer: layer)
    let weights = transpose.recurrent.columns(states)
    let outputGradients = deltas(share, layer)
    let carry = stateGradients + layer * stateCount
    let carriedMemory = memoryGradients + layer * memoryCount
    let start = start(of: chunk, share)
    let count = steps.steps.count
    func unitRows(_ base: UnsafePointer<Scalar>) -> UnitRows<Scalar> {
      // What is only read has the same kind of view as what is written.
      UnitRows(UnsafeMutablePointer(mutating: base), stride: hiddenSize)
    }
    func unitRows(
      _ base: UnsafePointer<Scalar>, _ stride: Int, from corner: (rows: Range<Int>, units: Range<Int>)
    ) -> UnitRows<Scalar> {
      let first = base + (corner.rows.lowerBound * stride + corner.units.lowerBound)
      return UnitRows(UnsafeMutablePointer(mutating: first), stride: stride)
    }
    for step in stride(from: count - 1, through: 0, by: -1) {
      let here = steps.place(ofStep: step)
      let place = steps.packedRow + here * steps.rowsPerStep
      let before = steps.place(ofStep: step - 1)
      let placeBefore = steps.packedRow + before * steps.rowsPerStep
      let gates = gateHistory.gates(ofLayer: layer).base + (place + rows.lowerBound) * width
      let memories = gateHistory.memories(ofLayer: layer).base
      let memory = UnsafePointer(memories + place * hiddenSize + corner)
      let sums = sums(share, layer) + (here * steps.rowsPerStep + rows.lowerBound) * width
      let recurrentSums = recurrentSums(share, layer) + (here * steps.rowsPerStep + rows.lowerBound) * width
      let gradient = outputGradients + here * stateStep
      var (formulaGradient, carried) = (unitRows(gradient + corner), carry + corner)
      let memoryBefore =
        step > 0
        ? UnsafePointer(memories + (placeBefore * hiddenSize + corner)) : start.memories.map { $0 + corner }
      var state =
        step > 0
        ? unitRows(outputs[layer] + placeBefore * outputStride, outputStride, from: (rows, units))
        : unitRows(start.states, start.stateStride, from: (rows, units))
      let zoned = zoneout.map { mix in
        ZoneoutStep(mix, cell: transposes.startIndex + layer, packedRow: place + rows.lowerBound)
      }
      if zoned != nil || transpose.projection != nil {
        move(carry + stateCorner, to: gradient + stateCorner, stateSize, rows.count, states.count)
      }
      if let zoned {
        zoned.splitState(
          gradient + stateRow, old: share.keptGradients + stateRow, width: stateSize, rows: rows.count, states
        )
        let row = rows.lowerBound * hiddenSize
        zoned.splitMemory(
          carriedMemory + row, old: share.keptMemoryGradients + row, width: hiddenSize, rows: rows.count,
          units)
      }
      if let projection = transpose.projection {
        if share.plan.split == .columns { meet() }
        // Neither reads the formula the state nor gives a gradient to it, and all of ∂h' comes through the projection.
        (formulaGradient, carried) = (UnitRows(share.zeros, stride: 0), share.unprojected + corner)
        state = unitRows(memory)
        stack.engine.multiply(
          rows: rows.count,
          MatrixRows(base: gradient + stateRow, rowStride: stateSize),
          by: projection.columns(units), from: .prepared,
          into: MatrixRows(base: carried, rowStride: hiddenSize), then: .identity,
          startsAtEnd: step.isOdd)
      }
      formula.backward(
        CellStepGradient(
          rows: rows.count, units: units.count, gates: UnitRows(gates + gateCorner, stride: width),
          state: state,
          // Cells that carry nothing read nothing that matters.
          memoryBefore: unitRows(memoryBefore ?? memory), memory: unitRows(memory),
          outputGradient: formulaGradient, memoryGradient: unitRows(carriedMemory + corner),
          sumGradients: UnitRows(sums + gateCorner, stride: width),
          recurrentSumGradients: stack.takesSumsApart
            ? UnitRows(recurrentSums + gateCorner, stride: width) : nil,
          stateGradient: unitRows(carried)),
        CustomStep(
          unitParameters: stack.cells[transposes.startIndex + layer].unitParameters,
          kept: UnitRows(
            gateHistory.kept(ofLayer: layer).base + (place + rows.lowerBound) * gateHistory.keptWidth,
            stride: gateHistory.keptWidth),
          unitGradients: UnitRows(
            unitGradients(share, layer) + (here * steps.rowsPerStep + rows.lowerBound) * unitParameterCount,
            stride: unitParameterCount)))
      if share.plan.split == .columns { meet() }
      stack.engine.multiply(
        rows: rows.count, MatrixRows(base: recurrentSums, rowStride: width),
        by: weights, from: transpose.projection == nil ? .accumulated : .prepared,
        into: MatrixRows(base: carry + stateCorner, rowStride: stateSize), then: .identity,
        startsAtEnd: step.isOdd)
      if zoned != nil {
        move(share.keptGradients + stateCorner, to: carry + stateCorner, stateSize, rows.count, states.count)
        move(
          share.keptMemoryGradients + corner, to: carriedMemory + corner, hiddenSize, rows.count, units.count)
      }
    }
    reset(carry, of: steps, rows: rows, columns: states, rowStride: stateSize)
    reset(carriedMemory, of: steps, rows: rows, columns: units, rowStride: hiddenSize)
  }

  /// Adds some columns of rows to those of others, and leaves zeros in their place.
  private func move(
    _ source: UnsafeMutablePointer<Scalar>, to target: UnsafeMutablePointer<Scalar>, _ width: Int,
    _ rows: Int, _ columns: Int
  ) {
    for row in 0..<rows {
      for index in (row * width)..<(row * width + columns) {
        target[index] += source[index]
        source[index] = 0
      }
    }
  }
}

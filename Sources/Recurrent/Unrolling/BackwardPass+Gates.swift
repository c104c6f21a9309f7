internal import CellKernels
internal import VectorKernels

// The backward pass through cells with gates: at each step the cell's formula gives the gradients
// of its pre-activations, and a product with W_hh those of the state before. Where the state is a
// projection, a product with W_hr comes first.

extension BackwardPass {
  /// The gradients of the sums of every step, from the last to the first, and of state and memory
  /// before the chunk.
  @inline(__always)
  func backpropagateThroughTime(
    _ formula: StepFormula<Scalar>, _ chunk: BackwardChunk, _ partition: BackwardPartition<Scalar>,
    barrier: () -> Void
  ) {
    guard let savedGates, let cellStateGradients else { preconditionFailure("a pass that has kept no gates") }
    let (steps, layer) = (chunk.steps, chunk.layer)
    let (stateSize, hiddenSize) = (shape.stateSize, shape.hiddenSize)
    let (rows, units) = partition.sequentialPart(
      rows: steps.rowsPerStep, units: hiddenSize, panelWidth: stack.engine.panelWidth)
    let (_, states) = partition.sequentialPart(
      rows: steps.rowsPerStep, units: stateSize, panelWidth: stack.engine.panelWidth)
    let stateStep = steps.rowsPerStep * stateSize
    let stateRow = rows.lowerBound * stateSize
    let stateCorner = stateRow + states.lowerBound
    let corner = rows.lowerBound * hiddenSize + units.lowerBound
    let gateCorner = stack.layout.columns(of: units).lowerBound
    let transpose = transpose(ofLayer: layer)
    let weights = transpose.recurrent.columns(states)
    let outputGradients = deltas(partition, layer)
    let carry = stateGradients + layer * stateCount
    let carriedCellState = cellStateGradients + layer * cellStateCount
    let start = start(of: chunk, partition)
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
      let gates = savedGates.gates(ofLayer: layer).base + (place + rows.lowerBound) * width
      let cellStates = savedGates.cellStates(ofLayer: layer).base
      let cellState = UnsafePointer(cellStates + place * hiddenSize + corner)
      let preActivationGradients =
        preActivationGradients(partition, layer) + (here * steps.rowsPerStep + rows.lowerBound) * width
      let hiddenProjection =
        hiddenProjectionGradients(partition, layer) + (here * steps.rowsPerStep + rows.lowerBound) * width
      let gradient = outputGradients + here * stateStep
      var (formulaGradient, carried) = (unitRows(gradient + corner), carry + corner)
      let cellStateBefore =
        step > 0
        ? UnsafePointer(cellStates + (placeBefore * hiddenSize + corner))
        : start.cellStates.map { $0 + corner }
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
          gradient + stateRow, old: partition.keptGradients + stateRow, width: stateSize, rows: rows.count,
          states
        )
        let row = rows.lowerBound * hiddenSize
        zoned.splitCellState(
          carriedCellState + row, old: partition.keptCellStateGradients + row, width: hiddenSize,
          rows: rows.count,
          units)
      }
      if let projection = transpose.projection {
        if partition.plan.split == .columns { barrier() }
        // Neither reads the formula the state nor gives a gradient to it, and all of ∂h' comes
        // through the projection.
        (formulaGradient, carried) = (UnitRows(partition.zeros, stride: 0), partition.unprojected + corner)
        state = unitRows(cellState)
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
          cellStateBefore: unitRows(cellStateBefore ?? cellState), cellState: unitRows(cellState),
          outputGradient: formulaGradient, cellStateGradient: unitRows(carriedCellState + corner),
          preActivationGradients: UnitRows(preActivationGradients + gateCorner, stride: width),
          hiddenProjectionGradients: stack.separatesHiddenProjection
            ? UnitRows(hiddenProjection + gateCorner, stride: width) : nil,
          stateGradient: unitRows(carried)),
        CustomStep(
          unitParameters: stack.cells[transposes.startIndex + layer].unitParameters,
          kept: UnitRows(
            savedGates.kept(ofLayer: layer).base + (place + rows.lowerBound) * savedGates.savedWidth,
            stride: savedGates.savedWidth),
          unitGradients: UnitRows(
            unitGradients(partition, layer) + (here * steps.rowsPerStep + rows.lowerBound)
              * unitParameterCount,
            stride: unitParameterCount)))
      if partition.plan.split == .columns { barrier() }
      stack.engine.multiply(
        rows: rows.count, MatrixRows(base: hiddenProjection, rowStride: width),
        by: weights, from: transpose.projection == nil ? .accumulated : .prepared,
        into: MatrixRows(base: carry + stateCorner, rowStride: stateSize), then: .identity,
        startsAtEnd: step.isOdd)
      if zoned != nil {
        move(
          partition.keptGradients + stateCorner, to: carry + stateCorner, stateSize, rows.count, states.count)
        move(
          partition.keptCellStateGradients + corner, to: carriedCellState + corner, hiddenSize, rows.count,
          units.count)
      }
    }
    reset(carry, of: steps, rows: rows, columns: states, rowStride: stateSize)
    reset(carriedCellState, of: steps, rows: rows, columns: units, rowStride: hiddenSize)
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

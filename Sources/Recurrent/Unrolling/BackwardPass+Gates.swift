internal import CellKernels
internal import VectorKernels

// The way back through cells with gates: at each step the cell's formula gives the gradients of its sums, and a product with
// W_hh those of the state before.

extension BackwardPass {
  /// The gradients of the sums of every step, from the last to the first, and of state and memory before the chunk.
  @inline(__always)
  func carryBack(
    _ gated: GatedCell, _ chunk: BackwardChunk, _ share: BackwardShare<Scalar>, meet: () -> Void
  ) {
    guard let gateHistory, let memoryGradients else { preconditionFailure("a pass that has kept no gates") }
    let (rows, units) = share.sequentialPart(shape, panelWidth: stack.engine.panelWidth)
    let hiddenSize = shape.hiddenSize
    let layer = chunk.layer
    let corner = rows.lowerBound * hiddenSize + units.lowerBound
    let gateCorner = stack.layout.columns(of: units).lowerBound
    let weights = transposes[layer].recurrent.columns(units)
    let outputGradients = deltas(share, layer)
    let carry = stateGradients + layer * stepSize
    let carriedMemory = memoryGradients + layer * stepSize
    let sums = sums(share, layer) + rows.lowerBound * width
    let recurrentSums = recurrentSums(share, layer) + rows.lowerBound * width
    let last = outputGradients + (chunk.steps.count - 1) * stepSize
    for row in 0..<rows.count {
      for unit in (corner + row * hiddenSize)..<(corner + row * hiddenSize + units.count) {
        last[unit] += carry[unit]
        carry[unit] = 0
      }
    }
    let memories = gateHistory.memories(ofLayer: layer, step: chunk.steps.lowerBound, row: 0)
    for step in stride(from: chunk.steps.count - 1, through: 0, by: -1) {
      let isFirst = chunk.steps.lowerBound + step == 0
      let gates = gateHistory.gates(
        ofLayer: layer, step: chunk.steps.lowerBound + step, row: rows.lowerBound)
      let memory = memories.from(step: step, row: 0).base + corner
      let before = step > 0 ? outputGradients + (step - 1) * stepSize : carry
      let offset = step * shape.rows * width
      // What is only read has the same kind of view as what is written.
      let state = UnsafeMutablePointer(
        mutating: isFirst
          ? initialStates + layer * stepSize
          : outputs[layer] + (chunk.steps.lowerBound + step - 1) * stepSize)
      let memoryBefore =
        isFirst
        ? initialMemories.map { UnsafeMutablePointer(mutating: $0 + layer * stepSize) + corner } ?? memory
        : memory - stepSize
      func unitRows(_ base: UnsafeMutablePointer<Scalar>) -> UnitRows<Scalar> {
        UnitRows(base, stride: hiddenSize)
      }
      stack.formulas.backward(
        gated,
        CellStepGradient(
          rows: rows.count, units: units.count, gates: gates.unitRows(from: gateCorner),
          state: unitRows(state + corner), memoryBefore: unitRows(memoryBefore),
          memory: unitRows(memory),
          outputGradient: unitRows(outputGradients + step * stepSize + corner),
          memoryGradient: unitRows(carriedMemory + corner),
          sumGradients: UnitRows(sums + offset + gateCorner, stride: width),
          recurrentSumGradients: stack.kind.takesSumsApart
            ? UnitRows(recurrentSums + offset + gateCorner, stride: width) : nil,
          stateGradient: unitRows(before + corner)))
      if share.plan.split == .columns { meet() }
      stack.engine.multiply(
        rows: rows.count, MatrixRows(base: recurrentSums + offset, layout: RowLayout(rowStride: width)),
        by: weights, from: .accumulated,
        into: MatrixRows(base: before + corner, layout: RowLayout(rowStride: hiddenSize)),
        then: .identity)
    }
  }
}

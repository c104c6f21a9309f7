// Layers that read a sequence in both directions: each is two passes of one cell, whose outputs
// stand side by side in one row. So a layer needs the whole sequence of the one below, and layers
// follow each other.

extension StackCall {
  /// Runs the forward pass, layer by layer.
  func forwardInBothDirections(
    _ input: SequenceMemory<Scalar>, into output: SequenceMemory<Scalar>, _ states: States,
    _ saved: SavedActivations<Scalar>?
  ) {
    let (rows, size) = (schedule.rowCount, schedule.packedRowCount * stack.outputSize)
    let between = Scratch<Scalar>(count: saved == nil && stack.layerCount > 1 ? 2 * size : 0)
    var source = input
    for layer in 0..<stack.layerCount {
      if layer > 0, let dropped = saved?.dropped {
        source = dropped.dropAll(source, intoLayer: layer, schedule)
      }
      let target =
        layer == stack.layerCount - 1
        ? output
        : SequenceMemory(
          saved.map { $0.outputs.base + layer * size } ?? between.base + (layer & 1) * size,
          rowStride: stack.outputSize, stepsPerRow: input.stepsPerRow)
      let shape = shape(ofLayer: layer)
      let passes = [TimeDirection.forward, .reverse].enumerated().map { index, direction in
        let cell = layer * 2 + index
        return ForwardPass(
          stack: ready, cells: ready.cells[cell...cell], shape: shape, schedule: schedule,
          direction: direction, plan: ForwardPlan(shape, ready.engine, execution, threadCount: 1),
          input: source, output: target.from(feature: index * stack.stateSize),
          initialStates: states.initial + cell * rows * stack.stateSize,
          finalStates: states.final + cell * rows * stack.stateSize,
          cellStates: states.cellStates.map { $0 + cell * rows * stack.hiddenSize },
          savedGates: saved?.gates?.ofCell(cell), zoneout: zoneout)
      }
      onThreads(atMost: 2 * rows, shape, forced: execution.plan.map(\.threadCount)) {
        direction, part, count in
        passes[direction].run(rows: schedule.rows(ofPart: part, of: count))
      }
      source = target
    }
  }

  /// Runs the backward pass, layer by layer, the last first: both directions give a gradient of
  /// what the layer took, and their sum is that of the output of the layer below.
  func backwardInBothDirections(
    _ input: UnsafePointer<Scalar>, _ output: UnsafePointer<Scalar>, _ initial: BackwardStates<Scalar>,
    _ outputGradient: UnsafePointer<Scalar>?, _ targets: BackwardTargets<Scalar>,
    _ saved: SavedActivations<Scalar>, _ transposes: [PreparedCellTranspose<Scalar>]
  ) {
    let (rows, count) = (schedule.rowCount, schedule.packedRowCount)
    let (stateSize, outputSize) = (stack.stateSize, stack.outputSize)
    let reverse = Scratch<Scalar>(count: count * max(stack.inputSize, outputSize))
    let between = Scratch<Scalar>(count: stack.layerCount > 1 ? 2 * count * outputSize : 0)
    var gradient = outputGradient
    for layer in stride(from: stack.layerCount - 1, through: 0, by: -1) {
      let shape = shape(ofLayer: layer)
      let source = layer == 0 ? input : saved.input(ofLayer: layer)
      let outputs = layer == stack.layerCount - 1 ? output : saved.output(ofLayer: layer)
      let target = layer == 0 ? targets.input : between.base + (layer & 1) * count * outputSize
      let plan = backwardPlan(shape)
      func pass(_ direction: TimeDirection, _ index: Int) -> BackwardPass<Scalar> {
        let cell = layer * 2 + index
        let (states, cellStates) = (cell * rows * stateSize, cell * rows * stack.hiddenSize)
        return BackwardPass(
          stack: ready, transposes: transposes[cell...cell], shape: shape, schedule: schedule,
          direction: direction, plan: plan, input: source, outputs: [outputs + index * stateSize],
          outputStride: outputSize, savedGates: saved.gates?.ofCell(cell),
          initialStates: initial.states + states,
          initialCellStates: initial.cellStates.map { $0 + cellStates },
          outputGradient: gradient.map { $0 + index * stateSize },
          stateGradients: targets.states + states,
          cellStateGradients: targets.cellStates.map { $0 + cellStates },
          parameterGradients: targets.parameters[cell...cell],
          inputGradient: index == 0 ? target : reverse.base, dropped: nil, zoneout: zoneout)
      }
      let passes = [pass(.forward, 0), pass(.reverse, 1)]
      onThreads(atMost: 2, shape, forced: execution.backwardPlan.map(\.threadCount)) { direction, _, _ in
        passes[direction].runAlone()
      }
      add(reverse.base, to: target, count: count * shape.inputSize)
      if layer > 0 { saved.dropped?.dropAll(fromGradient: target, ofLayer: layer, schedule) }
      gradient = UnsafePointer(target)
    }
  }

  /// Calls `body` for both directions: at the same time where there are threads, each of which has
  /// one part of several of one direction, otherwise one after the other.
  private func onThreads(
    atMost most: Int, _ shape: ForwardShape, forced: Int?,
    _ body: (_ direction: Int, _ part: Int, _ count: Int) -> Void
  ) {
    func alone() { for direction in 0..<2 { body(direction, 0, 1) } }
    let wanted = min(forced ?? execution.threadCount, most)
    let isWorthIt =
      forced != nil || ForwardCost(shape, panelWidth: ready.engine.panelWidth).isWorthAThread
    guard ready.engine.backend == .swift, wanted > 1, isWorthIt else { return alone() }
    ThreadPool.shared.withWorkerGroup(upTo: wanted, forced: forced != nil) { group in
      let count = min(group.count, wanted)
      guard count > 1 else { return alone() }
      group.run(threadCount: count) { worker in
        let direction = worker % 2
        body(direction, worker / 2, (count + 1 - direction) / 2)
      }
    }
  }
}

/// Adds one array to another.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func add<Scalar: TensorScalar>(
  _ source: UnsafePointer<Scalar>, to target: UnsafeMutablePointer<Scalar>, count: Int
) {
  for index in 0..<count { target[index] += source[index] }
}

// Layers that read a sequence in both directions: each is two passes of one cell, whose outputs then stand side by side. So
// a layer needs the whole sequence of the one below, and layers follow each other.

extension RecurrentStack {
  /// Runs a call through layers of both directions.
  func runBothDirections(
    _ call: Call, _ input: UnsafeMutablePointer<Scalar>, _ states: CallStates,
    into output: UnsafeMutablePointer<Scalar>, keeping kept: Kept
  ) {
    let (rows, count) = (call.shape.rows, call.schedule.packedRowCount)
    let halfSize = count * stateSize
    let halves = Scratch<Scalar>(count: kept.halves == nil ? 2 * halfSize : 0)
    let between = Scratch<Scalar>(count: kept.outputs == nil && layerCount > 1 ? 2 * count * outputSize : 0)
    let stepsPerRow = call.batchFirst ? call.shape.steps : nil
    let shape = call.layerShape
    var source = input
    for layer in 0..<layerCount {
      let features = features(intoLayer: layer)
      if layer > 0, let dropped = kept.dropped {
        source = dropped.dropAll(source, intoLayer: layer, call.schedule)
      }
      let targets = kept.halves.map { $0 + layer * 2 * halfSize } ?? halves.base
      var layerShape = shape
      layerShape.inputSize = features
      let passes = [TimeDirection.forward, .reverse].enumerated().map { index, direction in
        let cell = layer * 2 + index
        return ForwardPass(
          stack: call.ready, cells: call.ready.cells[cell...cell], shape: layerShape,
          schedule: call.schedule, direction: direction,
          plan: ForwardPlan(layerShape, call.ready.engine, call.execution, threadCount: 1),
          input: SequenceMemory(source, features: features, stepsPerRow: stepsPerRow),
          output: SequenceMemory(targets + index * halfSize, features: stateSize, stepsPerRow: stepsPerRow),
          initialStates: states.initial + cell * rows * stateSize,
          finalStates: states.final + cell * rows * stateSize,
          memories: states.memories.map { $0 + cell * rows * hiddenSize },
          gateHistory: kept.gates?.ofCell(cell), zoneout: call.zoneout)
      }
      run(passes, of: call)
      let isLast = layer == layerCount - 1
      let target =
        isLast
        ? output
        : kept.outputs.map { $0 + layer * count * outputSize }
          ?? between.base + (layer & 1) * count * outputSize
      for row in 0..<count {
        for half in 0..<2 {
          (target + row * outputSize + half * stateSize).update(
            from: targets + half * halfSize + row * stateSize, count: stateSize)
        }
      }
      source = target
    }
  }

  /// Runs the passes of the two directions: at the same time where there are threads, each on as many as the other.
  private func run(_ passes: [ForwardPass<Scalar>], of call: Call) {
    let (shape, execution) = (passes[0].shape, call.execution)
    let wanted = min(execution.plan?.threadCount ?? execution.threadCount, 2 * shape.rows)
    let isWorthIt =
      execution.plan != nil || ForwardCost(shape, panelWidth: call.ready.engine.panelWidth).isWorthAThread
    guard call.ready.engine.backend == .swift, wanted > 1, isWorthIt else {
      for pass in passes { pass.run(rows: 0..<shape.rows) }
      return
    }
    ThreadTeam.shared.withCrew(upTo: wanted, insisting: execution.plan != nil) { crew in
      let count = min(crew.count, wanted)
      guard count > 1 else {
        for pass in passes { pass.run(rows: 0..<shape.rows) }
        return
      }
      crew.run(threadCount: count) { worker in
        let direction = worker % 2
        let rows = call.schedule.rows(ofPart: worker / 2, of: (count + 1 - direction) / 2)
        passes[direction].run(rows: rows)
      }
    }
  }
}

extension RecurrentStack.Call {
  /// The shape of a pass through one cell of one layer, but for what that takes.
  var layerShape: ForwardShape {
    var shape = shape
    shape.layerCount = 1
    return shape
  }
}

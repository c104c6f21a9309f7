/// The states from which a part of a sequence starts.
struct BackwardStart<Scalar: TensorScalar>: Sendable {
  /// `[L·D, B, P]`.
  var state: [Scalar]
  /// `[L·D, B, H]`; empty for cells that carry none.
  var memory: [Scalar]
}

/// Where gradients are summed and carried.
struct BackwardTargets<Scalar: TensorScalar> {
  /// `[L·D, B, P]`.
  let states: UnsafeMutablePointer<Scalar>
  /// `[L·D, B, H]`; `nil` for cells without gates.
  let memories: UnsafeMutablePointer<Scalar>?
  /// `[N, I]`.
  var input: UnsafeMutablePointer<Scalar>
  let parameters: [CellGradientMemory<Scalar>]
}

/// The way back through the layers of a stack: one pass through all of them, or in both directions two passes through each.
struct StackBackwardPass<Scalar: TensorScalar>: @unchecked Sendable {
  let stack: RecurrentStack<Scalar>
  let ready: PreparedStack<Scalar>
  let transposes: [PreparedCellTranspose<Scalar>]
  let schedule: SequenceSchedule
  let zoneout: ZoneoutPass?
  let execution: Execution
  /// `[N, I]`.
  let input: UnsafePointer<Scalar>
  /// `[N, D·P]`.
  let output: UnsafePointer<Scalar>
  let history: LayerHistory<Scalar>
  /// `[L·D, B, P]`.
  let initialStates: UnsafePointer<Scalar>
  /// `[L·D, B, H]`; `nil` for cells that carry none.
  let initialMemories: UnsafePointer<Scalar>?
  /// `[N, D·P]`; `nil` for zeros.
  let outputGradient: RowGradient<Scalar>?
  let targets: BackwardTargets<Scalar>

  private var rows: Int { schedule.rowCount }
  /// N.
  private var count: Int { schedule.packedRowCount }

  /// Runs the pass.
  func run() {
    if stack.directions == .forward { runForward() } else { runBothDirections() }
  }

  private func shape(inputSize: Int, layerCount: Int) -> ForwardShape {
    ForwardShape(
      steps: schedule.stepCount, rows: rows, inputSize: inputSize, hiddenSize: stack.hiddenSize,
      layerCount: layerCount, scalarSize: MemoryLayout<Scalar>.size, gateCount: stack.kind.gateCount,
      projectionSize: stack.projectionSize, hasWholeRows: stack.custom != nil)
  }

  private func plan(_ shape: ForwardShape) -> BackwardPlan {
    execution.backwardPlan
      ?? BackwardPlan(
        shape, backend: ready.engine.backend, panelWidth: ready.engine.panelWidth,
        threadCount: execution.threadCount,
        nanosecondsPerMeeting: { ThreadTeam.shared.nanosecondsPerMeeting })
  }

  private func runForward() {
    let shape = shape(inputSize: stack.inputSize, layerCount: stack.layerCount)
    let lowerOutputs = (0..<(stack.layerCount - 1)).map {
      UnsafePointer(history.outputs.base + $0 * count * stack.stateSize)
    }
    BackwardPass(
      stack: ready, transposes: transposes[...], shape: shape, schedule: schedule, direction: .forward,
      plan: plan(shape), input: input, outputs: lowerOutputs + [output], gateHistory: history.gates,
      initialStates: initialStates, initialMemories: initialMemories, outputGradient: outputGradient,
      stateGradients: targets.states, memoryGradients: targets.memories,
      parameterGradients: targets.parameters[...], inputGradient: targets.input, dropped: history.dropped,
      zoneout: zoneout
    ).run(execution)
  }

  /// Layer by layer, the last first: both directions give a gradient of what the layer took, and their sum goes on.
  private func runBothDirections() {
    guard let halves = history.halves else { preconditionFailure("a pass that has kept no halves") }
    let widest = max(stack.inputSize, stack.outputSize)
    let reverse = Scratch<Scalar>(count: count * widest)
    let between = Scratch<Scalar>(count: stack.layerCount > 1 ? 2 * count * stack.outputSize : 0)
    var gradient = outputGradient
    for layer in stride(from: stack.layerCount - 1, through: 0, by: -1) {
      let features = stack.features(intoLayer: layer)
      let source =
        layer == 0
        ? input
        : history.dropped.map { UnsafePointer($0.inputs(ofLayer: layer).base) }
          ?? UnsafePointer(history.outputs.base + (layer - 1) * count * stack.outputSize)
      let target = layer == 0 ? targets.input : between.base + (layer & 1) * count * stack.outputSize
      let shape = shape(inputSize: features, layerCount: 1)
      let passes = [TimeDirection.forward, .reverse].enumerated().map { index, direction in
        let cell = layer * 2 + index
        let (states, memories) = (cell * rows * stack.stateSize, cell * rows * stack.hiddenSize)
        return BackwardPass(
          stack: ready, transposes: transposes[cell...cell], shape: shape, schedule: schedule,
          direction: direction, plan: plan(shape), input: source,
          outputs: [UnsafePointer(halves.base + cell * count * stack.stateSize)],
          gateHistory: history.gates?.ofCell(cell), initialStates: initialStates + states,
          initialMemories: initialMemories.map { $0 + memories },
          outputGradient: gradient.map {
            RowGradient(base: $0.base + index * stack.stateSize, rowStride: $0.rowStride)
          },
          stateGradients: targets.states + states,
          memoryGradients: targets.memories.map { $0 + memories },
          parameterGradients: targets.parameters[cell...cell],
          inputGradient: index == 0 ? target : reverse.base, dropped: nil, zoneout: zoneout)
      }
      run(passes)
      add(reverse.base, to: target, count: count * features)
      if layer > 0 { history.dropped?.dropAll(fromGradient: target, ofLayer: layer, schedule) }
      gradient = RowGradient(base: target, rowStride: stack.outputSize)
    }
  }

  /// Runs the passes of the two directions: at the same time where there are two threads.
  private func run(_ passes: [BackwardPass<Scalar>]) {
    let shape = passes[0].shape
    let wanted = min(2, execution.backwardPlan?.threadCount ?? execution.threadCount)
    let isWorthIt =
      execution.backwardPlan != nil
      || ForwardCost(shape, panelWidth: ready.engine.panelWidth).isWorthAThread
    guard ready.engine.backend == .swift, wanted > 1, isWorthIt else {
      for pass in passes { pass.runAlone() }
      return
    }
    ThreadTeam.shared.withCrew(upTo: wanted, insisting: execution.backwardPlan != nil) { crew in
      guard crew.count > 1 else {
        for pass in passes { pass.runAlone() }
        return
      }
      crew.run(threadCount: 2) { worker in passes[worker].runAlone() }
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

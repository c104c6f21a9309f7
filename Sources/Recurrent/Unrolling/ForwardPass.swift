internal import VectorKernels

// Time, and nothing else: which product follows which, and where each finds its rows.
//
// Goals, in order:
// 1. One way for everything: layers and cells, time-major and batch-major, one thread and many.
// 2. The output is the history: the input product of a chunk of steps is written into the output's own
//    place, each step adds h·W_hhᵀ there and applies the activation, and is the next step's h.
// 3. Nothing is allocated, locked or counted inside the loop over time.
//
// Layers run one after the other within a chunk, so that what one writes is still in the cache when the next
// reads it, and layers below the last need room for one chunk only.

/// One forward pass: T steps, B rows, through stacked cells.
struct ForwardPass<Scalar: TensorScalar>: @unchecked Sendable {
  let stack: PreparedStack<Scalar>
  let shape: ForwardShape
  var plan: ForwardPlan
  /// x: T steps of B rows of I features.
  let input: SequenceView<Scalar>
  /// The last layer's history: T steps of B rows of H features.
  let output: SequenceView<Scalar>
  /// `[L, B, H]`, only read.
  let initialStates: UnsafeMutablePointer<Scalar>
  /// `[L, B, H]`, where every layer's last state goes.
  let finalStates: UnsafeMutablePointer<Scalar>
  let batchFirst: Bool
  /// The second states, of cells that carry them.
  var memories: CarriedMemories<Scalar>?
  /// Where the layers below the last keep what they write, `[L − 1, T, B, H]`; `nil` to forget it.
  var history: UnsafeMutablePointer<Scalar>?
  /// Where cells with gates keep what the way back needs; `nil` to forget it.
  var gateHistory: GateHistory<Scalar>?
  /// The dropout between the layers; `nil` for none.
  var dropped: DroppedInputs<Scalar>?

  /// Runs the pass on the threads of its plan, or on fewer where they are busy.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func run(_ execution: Execution) {
    guard plan.threadCount > 1 else {
      return run(Share(rows: 0..<shape.rows, layers: 0..<shape.layerCount))
    }
    ThreadTeam.shared.withCrew(upTo: plan.threadCount, insisting: execution.plan != nil) { crew in
      guard crew.count < plan.threadCount else { return run(crew) }
      var smaller = self
      smaller.plan = ForwardPlan(shape, stack.engine, execution, threadCount: crew.count)
      smaller.run(crew)
    }
  }

  /// Runs the pass on a crew that has at least as many threads as the plan.
  @inline(__always)
  private func run(_ crew: Crew) {
    let all = Share(rows: 0..<shape.rows, layers: 0..<shape.layerCount)
    let count = plan.threadCount
    switch plan.split {
    case _ where count == 1:
      run(all)
    case .rows:
      crew.run(threadCount: count) { worker in
        run(Share(rows: all.rows.part(worker, of: count), layers: all.layers))
      }
    case .columns:
      let scratch = Scratch<Scalar>(count: scratchSize(for: all))
      let progress = Progress(workers: count)
      crew.run(threadCount: count) { worker in
        runColumns(of: worker, scratch: scratch.base, progress: progress)
      }
    case .layers:
      let pipeline = LayerPipeline(self, workerCount: count)
      crew.run(threadCount: count) { worker in runLayers(of: worker, pipeline) }
    }
  }

  /// What one thread computes of every chunk.
  struct Share {
    var rows: Range<Int>
    var layers: Range<Int>
  }

  /// The scalars that layers of a share need to hand their chunks up to each other: two chunks, used in turn.
  func scratchSize(for share: Share) -> Int {
    share.layers.count > 1 ? 2 * chunkSize(share.rows.count) : 0
  }

  /// The scalars that a share needs for everything, the sums of gates last.
  func wholeScratchSize(for share: Share) -> Int {
    scratchSize(for: share) + gateScratchSize(rows: share.rows.count)
  }

  /// The scalars of one layer's chunk.
  func chunkSize(_ rows: Int) -> Int { plan.stepsPerChunk * rows * shape.hiddenSize }

  /// Runs all steps of a share.
  @inline(__always)
  private func run(_ share: Share) {
    let scratch = Scratch<Scalar>(count: wholeScratchSize(for: share))
    for first in stride(from: 0, to: shape.steps, by: plan.stepsPerChunk) {
      run(
        share, steps: first..<min(first + plan.stepsPerChunk, shape.steps),
        from: input.from(step: first, row: share.rows.lowerBound),
        into: output.from(step: first, row: share.rows.lowerBound), scratch: scratch.base)
    }
  }

  /// Runs a chunk of steps through the layers of a share, from what the first of them reads to what the last writes.
  @inline(__always)
  func run(
    _ share: Share, steps: Range<Int>, from source: SequenceView<Scalar>, into target: SequenceView<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    var source = source
    for layer in share.layers {
      let isLast = layer == share.layers.upperBound - 1
      let next = isLast ? target : between(scratch, layer, steps: steps, rows: share.rows)
      if layer > 0, let dropped {
        dropped.drop(source, intoLayer: layer, steps: steps, rows: share.rows)
        source = dropped.inputs(ofLayer: layer, step: steps.lowerBound, row: share.rows.lowerBound)
      }
      if let gated = stack.kind.gated {
        unroll(
          gated, ofLayer: layer, steps: steps, rows: share.rows, units: 0..<shape.hiddenSize,
          from: source, into: next, scratch: scratch + scratchSize(for: share), meet: {})
      } else {
        unroll(
          stack.cells[layer], steps: steps.count, rows: share.rows.count, from: source, into: next,
          previous: state(before: steps.lowerBound, layer: layer, row: share.rows.lowerBound),
          final: finalState(ofLayer: layer, row: share.rows.lowerBound))
      }
      source = next
    }
  }

  /// Where a layer below the last of a share writes its chunk.
  func between(
    _ scratch: UnsafeMutablePointer<Scalar>, _ layer: Int, steps: Range<Int>, rows: Range<Int>
  ) -> SequenceView<Scalar> {
    kept(layer)?.from(step: steps.lowerBound, row: rows.lowerBound)
      ?? SequenceView(
        base: scratch + (layer & 1) * chunkSize(rows.count),
        steps: steps.count, rows: rows.count, features: shape.hiddenSize, batchFirst: batchFirst)
  }

  /// All steps of a layer below the last, where they are kept.
  func kept(_ layer: Int) -> SequenceView<Scalar>? {
    history.map {
      SequenceView(
        base: $0 + layer * shape.steps * shape.rows * shape.hiddenSize, steps: shape.steps,
        rows: shape.rows, features: shape.hiddenSize, batchFirst: batchFirst)
    }
  }

  /// The state of a layer from which a chunk starts, from a row on: the initial one, or what the chunk before left as
  /// the final one.
  func state(before step: Int, layer: Int, row: Int) -> SequenceView<Scalar> {
    step == 0 ? states(initialStates, layer, row) : states(finalStates, layer, row)
  }

  /// The final state of a layer, from a row on.
  func finalState(ofLayer layer: Int, row: Int) -> SequenceView<Scalar> {
    states(finalStates, layer, row)
  }

  private func states(
    _ states: UnsafeMutablePointer<Scalar>, _ layer: Int, _ row: Int
  ) -> SequenceView<Scalar> {
    SequenceView(
      base: states + (layer * shape.rows + row) * shape.hiddenSize,
      stepStride: 0, rowStride: shape.hiddenSize)
  }

  /// Runs one plain cell over a chunk of steps.
  @inline(__always)
  private func unroll(
    _ cell: PreparedCell<Scalar>, steps: Int, rows: Int,
    from source: SequenceView<Scalar>, into target: SequenceView<Scalar>,
    previous: SequenceView<Scalar>, final: SequenceView<Scalar>
  ) {
    stack.engine.multiply(
      rows: steps * rows, source.allSteps(rows: rows), by: cell.input.allColumns, from: .prepared,
      into: target.allSteps(rows: rows), then: .identity)
    stack.engine.multiply(
      rows: rows, previous.firstStep, by: cell.recurrent.allColumns, from: .accumulated,
      into: target.firstStep, then: stack.kind.activation, links: steps, linkStride: target.stepStride)
    final.copyFirstStep(
      from: target.from(step: steps - 1, row: 0), rows: rows, features: 0..<shape.hiddenSize)
  }
}

extension Range<Int> {
  /// One of `count` nearly equal parts.
  func part(_ index: Int, of count: Int) -> Range<Int> {
    let size = upperBound - lowerBound
    return (lowerBound + size * index / count)..<(lowerBound + size * (index + 1) / count)
  }
}

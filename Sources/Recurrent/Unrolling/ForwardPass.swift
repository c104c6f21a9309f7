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
  let engine: MatrixEngine<Scalar>
  let cells: [PreparedCell<Scalar>]
  let activation: Activation
  let shape: ForwardShape
  let plan: ForwardPlan
  /// x: T steps of B rows of I features.
  let input: SequenceView<Scalar>
  /// The last layer's history: T steps of B rows of H features.
  let output: SequenceView<Scalar>
  /// `[L, B, H]`: the initial state before, the final state after.
  let states: UnsafeMutablePointer<Scalar>
  let batchFirst: Bool

  /// Runs the pass on a crew that has at least as many threads as the plan.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func run(_ crew: Crew?) {
    let count = plan.threadCount
    guard let crew, count > 1 else {
      let share = Share(rows: 0..<shape.rows, layers: 0..<shape.layerCount)
      return run(share, scratch: scratch(for: share))
    }
    switch plan.split {
    case .rows:
      crew.run(threadCount: count) { worker in
        let share = Share(rows: (0..<shape.rows).part(worker, of: count), layers: 0..<shape.layerCount)
        run(share, scratch: scratch(for: share))
      }
    case .columns:
      let share = Share(rows: 0..<shape.rows, layers: 0..<shape.layerCount)
      let scratch = scratch(for: share)
      let progress = Progress(workers: count)
      crew.run(threadCount: count) { worker in runColumns(of: worker, scratch: scratch, progress: progress) }
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

  /// Room for what layers of a share hand up to each other: two chunks, used in turn.
  func scratch(for share: Share) -> AlignedBuffer<Scalar> {
    AlignedBuffer(count: share.layers.count > 1 ? 2 * chunkSize(share.rows.count) : 0)
  }

  /// The scalars of one layer's chunk.
  func chunkSize(_ rows: Int) -> Int { plan.stepsPerChunk * rows * shape.hiddenSize }

  /// Runs all steps of a share.
  @inline(__always)
  private func run(_ share: Share, scratch: AlignedBuffer<Scalar>) {
    for first in stride(from: 0, to: shape.steps, by: plan.stepsPerChunk) {
      run(
        share, steps: first..<min(first + plan.stepsPerChunk, shape.steps),
        from: input.from(step: first, row: share.rows.lowerBound),
        into: output.from(step: first, row: share.rows.lowerBound), scratch: scratch)
    }
  }

  /// Runs a chunk of steps through the layers of a share, from what the first of them reads to what the last writes.
  @inline(__always)
  func run(
    _ share: Share, steps: Range<Int>, from source: SequenceView<Scalar>, into target: SequenceView<Scalar>,
    scratch: AlignedBuffer<Scalar>
  ) {
    var source = source
    for layer in share.layers {
      let isLast = layer == share.layers.upperBound - 1
      let next = isLast ? target : between(scratch, layer, steps: steps.count, rows: share.rows.count)
      unroll(
        cells[layer], steps: steps.count, rows: share.rows.count, from: source, into: next,
        state: state(ofLayer: layer, row: share.rows.lowerBound))
      source = next
    }
  }

  /// Where a layer below the last of a share writes its chunk.
  func between(
    _ scratch: AlignedBuffer<Scalar>, _ layer: Int, steps: Int, rows: Int
  ) -> SequenceView<Scalar> {
    SequenceView(
      base: scratch.base + (layer & 1) * chunkSize(rows),
      steps: steps, rows: rows, features: shape.hiddenSize, batchFirst: batchFirst)
  }

  /// The state of a layer, from a row on.
  func state(ofLayer layer: Int, row: Int) -> SequenceView<Scalar> {
    SequenceView(
      base: states + (layer * shape.rows + row) * shape.hiddenSize,
      stepStride: 0, rowStride: shape.hiddenSize)
  }

  /// Runs one cell over a chunk of steps.
  @inline(__always)
  private func unroll(
    _ cell: PreparedCell<Scalar>, steps: Int, rows: Int,
    from source: SequenceView<Scalar>, into target: SequenceView<Scalar>, state: SequenceView<Scalar>
  ) {
    engine.multiply(
      rows: steps * rows, source.allSteps(rows: rows), by: cell.input.allColumns, from: .prepared,
      into: target.allSteps(rows: rows), then: .identity)
    engine.multiply(
      rows: rows, state.firstStep, by: cell.recurrent.allColumns, from: .accumulated,
      into: target.firstStep, then: activation, links: steps, linkStride: target.stepStride)
    state.copyFirstStep(
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

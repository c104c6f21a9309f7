internal import Dispatch
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
  let steps: Int
  let rows: Int
  let plan: ForwardPlan
  /// x: T steps of B rows of I features.
  let input: SequenceView<Scalar>
  /// The last layer's history: T steps of B rows of H features.
  let output: SequenceView<Scalar>
  /// `[L, B, H]`: the initial state before, the final state after.
  let states: UnsafeMutablePointer<Scalar>
  let batchFirst: Bool

  /// Runs the pass.
  func run() {
    if plan.workers.count == 1 {
      run(rows: plan.workers[0])
    } else {
      DispatchQueue.concurrentPerform(iterations: plan.workers.count) { worker in
        run(rows: plan.workers[worker])
      }
    }
  }

  /// Runs all steps of some rows.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func run(rows range: Range<Int>) {
    let count = range.count
    let hiddenSize = cells[0].recurrent.columns
    let scratch = AlignedBuffer<Scalar>(
      count: cells.count > 1 ? 2 * plan.stepsPerChunk * count * hiddenSize : 0)
    var first = 0
    while first < steps {
      let chunk = min(plan.stepsPerChunk, steps - first)
      var source = input.from(step: first, row: range.lowerBound)
      for layer in cells.indices {
        let target =
          layer == cells.count - 1
          ? output.from(step: first, row: range.lowerBound)
          : SequenceView(
            base: scratch.base + (layer & 1) * plan.stepsPerChunk * count * hiddenSize,
            steps: chunk, rows: count, features: hiddenSize, batchFirst: batchFirst)
        let state = SequenceView(
          base: states + (layer * rows + range.lowerBound) * hiddenSize,
          stepStride: 0, rowStride: hiddenSize)
        unroll(cells[layer], steps: chunk, rows: count, source, target, state)
        source = target
      }
      first += chunk
    }
  }

  /// Runs one cell over a chunk of steps.
  @inline(__always)
  private func unroll(
    _ cell: PreparedCell<Scalar>, steps: Int, rows: Int,
    _ source: SequenceView<Scalar>, _ target: SequenceView<Scalar>, _ state: SequenceView<Scalar>
  ) {
    engine.multiply(
      rows: steps * rows, source.allSteps(rows: rows), by: cell.input, from: .prepared,
      into: target.allSteps(rows: rows), then: .identity)
    var previous = state
    for step in 0..<steps {
      let current = target.from(step: step, row: 0)
      engine.multiply(
        rows: rows, previous.firstStep, by: cell.recurrent, from: .accumulated,
        into: current.firstStep, then: activation)
      previous = current
    }
    for row in 0..<rows {
      (state.base + row * state.rowStride).update(
        from: previous.base + row * previous.rowStride, count: cell.recurrent.columns)
    }
  }
}

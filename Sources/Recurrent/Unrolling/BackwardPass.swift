internal import VectorKernels

// The gradient of a forward pass, by the chain rule through time.
//
// With δ_t the gradient of what a cell's activation took at step t, and h′ the activation's
// derivative there,
//
//     δ_t = (∂output_t + δ_{t+1}·W_hh) ⊙ h′_t                       step by step, from the last to the first
//     ∂W_ih = Σ δ_tᵀ·x_t    ∂W_hh = Σ δ_tᵀ·h_{t−1}    ∂b = Σ δ_t    ∂x_t = δ_t·W_ih      for many steps at once
//
// Goals, in order:
// 1. Only what is sequential runs step by step; the rest are products over all rows of a chunk of steps.
// 2. The bits do not depend on the threads: each gradient is a sum in an order that the shape alone decides.
//    Nor do they depend on where a chunk ends: what comes from the step after is a sum of its own, to which ∂output is added.
// 3. A chunk passes through all layers while it is in the cache; between chunks only ∂h of every layer is kept.
//
// In a cell with gates, δ_t are the gradients of the sums of all gates, [B, width], and its formula
// takes the place of ⊙ h′.
//
// Everything here has the rows of all steps one after the other, in the order of time; steps are
// counted in the order in which they were computed.

/// The backward pass over the steps of one segment, in one direction of time.
struct BackwardPass<Scalar: TensorScalar>: @unchecked Sendable {
  let stack: PreparedStack<Scalar>
  /// The cells of the stack that the pass goes through.
  let transposes: ArraySlice<PreparedCellTranspose<Scalar>>
  let shape: ForwardShape
  let schedule: SequenceSchedule
  let direction: TimeDirection
  let plan: BackwardPlan
  /// x, `[N, I]`.
  let input: UnsafePointer<Scalar>
  /// The layers' outputs, N rows of P features each.
  let outputs: [UnsafePointer<Scalar>]
  /// The distance of two of those rows, and of two of the gradients of outputs: D·P.
  let outputStride: Int
  /// What cells with gates have kept.
  let savedGates: SavedGates<Scalar>?
  /// `[L, B, P]`.
  let initialStates: UnsafePointer<Scalar>
  /// `[L, B, H]`; `nil` for cells that carry no cell state.
  let initialCellStates: UnsafePointer<Scalar>?
  /// N rows of P features; `nil` for zeros.
  let outputGradient: UnsafePointer<Scalar>?
  /// `[L, B, P]`: of the states after the segment before, of those before the segment after.
  let stateGradients: UnsafeMutablePointer<Scalar>
  /// `[L, B, H]`: of the cell states after the segment before, of those before the segment after;
  /// read and written by every cell with gates.
  let cellStateGradients: UnsafeMutablePointer<Scalar>?
  /// To which the gradients of the parameters are added.
  let parameterGradients: ArraySlice<CellGradientMemory<Scalar>>
  /// `[N, I]`.
  let inputGradient: UnsafeMutablePointer<Scalar>
  /// What the layers above the first took, where it is not what the layers below gave.
  let dropped: DroppedInputs<Scalar>?
  /// How states keep their value; `nil` where they do not.
  let zoneout: ZoneoutPass?

  /// The scalars of the states of a layer.
  var stateCount: Int { shape.rows * shape.stateSize }
  /// The scalars of the cell states of a layer.
  var cellStateCount: Int { shape.rows * shape.hiddenSize }
  /// The sums that a row takes at one step.
  var width: Int { stack.layout.width }

  /// Runs the pass.
  func run(_ execution: Execution) {
    guard plan.threadCount > 1 else { return runAlone() }
    ThreadPool.shared.withWorkerGroup(upTo: plan.threadCount, forced: execution.backwardPlan != nil) {
      group in
      run(BackwardPlan.limited(plan, to: group.count), group)
    }
  }

  /// Runs the pass on the calling thread.
  func runAlone() { run(BackwardPlan.alone(plan), nil) }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func run(_ plan: BackwardPlan, _ group: WorkerGroup?) {
    let workspace = BackwardWorkspace(self, plan)
    let progress = Progress(workers: plan.threadCount)
    let body = { (worker: Int) in run(workspace.partition(of: worker), progress) }
    if let group, plan.threadCount > 1 { group.run(threadCount: plan.threadCount, body) } else { body(0) }
  }

  /// Runs one worker through all chunks, from the last to the first.
  @inline(__always)
  private func run(_ partition: BackwardPartition<Scalar>, _ progress: borrowing Progress) {
    var meetings = 0
    func barrier() {
      guard partition.plan.threadCount > 1 else { return }
      meetings += 1
      progress.publish(meetings, by: partition.worker)
      progress.waitForAll(toReach: meetings)
    }
    schedule.forEachChunk(
      of: 0..<shape.rows, direction, stepsPerChunk: partition.plan.stepsPerChunk, backwards: true
    ) { steps in
      for layer in stride(from: shape.layerCount - 1, through: 0, by: -1) {
        let chunk = BackwardChunk(steps: steps, layer: layer)
        if layer == shape.layerCount - 1 {
          takeOutputGradient(of: chunk, partition)
          barrier()
        }
        if let formula = stack.formula {
          backpropagateThroughTime(formula, chunk, partition, barrier: barrier)
        } else {
          backpropagateThroughTime(chunk, partition, barrier: barrier)
        }
        barrier()
        pack(
          preActivationGradients(partition, layer), width, of: chunk, partition,
          into: partition.packedPreActivationGradients)
        if stack.separatesHiddenProjection {
          pack(
            hiddenProjectionGradients(partition, layer), width, of: chunk, partition,
            into: partition.packedHiddenProjectionGradients)
        }
        if shape.isProjected {
          pack(
            deltas(partition, layer), shape.stateSize, of: chunk, partition, into: partition.packedProjected)
        }
        backpropagateToInput(chunk, partition)
        barrier()
        addParameterGradients(of: chunk, partition)
      }
      barrier()
    }
  }

  /// The gradients at a layer in a chunk, `[steps, rows, P]`: of its outputs; in a plain cell,
  /// afterwards of its sums.
  func deltas(_ partition: BackwardPartition<Scalar>, _ layer: Int) -> UnsafeMutablePointer<Scalar> {
    partition.deltas + (layer & 1) * partition.plan.stepsPerChunk * stateCount
  }

  /// The gradients of a layer's sums in a chunk, `[steps, rows, width]`.
  func preActivationGradients(_ partition: BackwardPartition<Scalar>, _ layer: Int) -> UnsafeMutablePointer<
    Scalar
  > {
    guard stack.formula != nil else { return deltas(partition, layer) }
    return partition.preActivationGradients + (layer & 1) * partition.plan.stepsPerChunk * shape.rows * width
  }

  /// The same of the hidden projection.
  func hiddenProjectionGradients(_ partition: BackwardPartition<Scalar>, _ layer: Int)
    -> UnsafeMutablePointer<Scalar>
  {
    guard stack.separatesHiddenProjection else { return preActivationGradients(partition, layer) }
    return partition.hiddenProjectionGradients + (layer & 1) * partition.plan.stepsPerChunk * shape.rows
      * width
  }

  /// The gradients of the parameters of a layer's units in a chunk by row, `[steps, rows, K·H]`.
  func unitGradients(_ partition: BackwardPartition<Scalar>, _ layer: Int) -> UnsafeMutablePointer<Scalar> {
    partition.unitGradients + (layer & 1) * partition.plan.stepsPerChunk * shape.rows * unitParameterCount
  }

  /// Packs a worker's part of rows of gradients for products over all rows of the chunk.
  @inline(__always)
  private func pack(
    _ gradients: UnsafePointer<Scalar>, _ features: Int, of chunk: BackwardChunk,
    _ partition: BackwardPartition<Scalar>, into target: UnsafeMutablePointer<Scalar>
  ) {
    stack.engine.packTransposed(
      gradients, rows: features, depth: chunk.steps.packedRowCount,
      columns: partition.columns(of: features, panelWidth: stack.engine.panelWidth), into: target)
  }

  /// Fills the last layer's gradients of outputs.
  private func takeOutputGradient(of chunk: BackwardChunk, _ partition: BackwardPartition<Scalar>) {
    let rows = (0..<chunk.steps.packedRowCount).part(partition.worker, of: partition.plan.threadCount)
    let features = shape.stateSize
    let target = deltas(partition, chunk.layer) + rows.lowerBound * features
    guard let outputGradient else { return target.fillWithZeros(count: rows.count * features) }
    let source = outputGradient + (chunk.steps.packedRow + rows.lowerBound) * outputStride
    copyRows(source, outputStride, to: target, features, rows: rows.count, columns: features)
  }

  /// δ of every step of a plain cell, from the last to the first, and the gradient of the state
  /// before the chunk.
  @inline(__always)
  private func backpropagateThroughTime(
    _ chunk: BackwardChunk, _ partition: BackwardPartition<Scalar>, barrier: () -> Void
  ) {
    let steps = chunk.steps
    let (rows, columns) = partition.sequentialPart(
      rows: steps.rowsPerStep, units: shape.hiddenSize, panelWidth: stack.engine.panelWidth)
    let hiddenSize = shape.hiddenSize
    let stepSize = steps.rowsPerStep * hiddenSize
    let corner = rows.lowerBound * hiddenSize + columns.lowerBound
    let row = rows.lowerBound * hiddenSize
    let weights = transpose(ofLayer: chunk.layer).recurrent.columns(columns)
    let activation = stack.activation
    let deltas = deltas(partition, chunk.layer)
    let outputs = outputs(of: chunk, partition, rows: rows, columns: columns)
    let carry = stateGradients + chunk.layer * stateCount
    let isPartitioned = partition.plan.split == .columns
    let count = steps.steps.count
    let last = steps.place(ofStep: count - 1) * stepSize
    for row in 0..<rows.count {
      let offset = corner + row * hiddenSize
      for column in 0..<columns.count { deltas[last + offset + column] += carry[offset + column] }
      stack.engine.scale(
        deltas + (last + offset), byDerivativeOf: activation, at: outputs + (last + offset),
        count: columns.count)
    }
    if isPartitioned {
      var step = count - 2
      barrier()
      while step >= 0 {
        let (here, after) = (steps.place(ofStep: step) * stepSize, steps.place(ofStep: step + 1) * stepSize)
        stack.engine.multiply(
          rows: rows.count, MatrixRows(base: deltas + (after + row), rowStride: hiddenSize),
          by: weights, from: .preparedAndAdded,
          into: MatrixRows(base: deltas + (here + corner), rowStride: hiddenSize),
          then: activation, at: outputs + (here + corner), startsAtEnd: step.isOdd)
        barrier()
        step -= 1
      }
    } else if count > 1, !rows.isEmpty {
      let next = steps.place(ofStep: count - 2) * stepSize
      stack.engine.multiply(
        rows: rows.count, MatrixRows(base: deltas + (last + row), rowStride: hiddenSize),
        by: weights, from: .preparedAndAdded,
        into: MatrixRows(base: deltas + (next + row), rowStride: hiddenSize),
        then: activation, at: outputs + (next + row), iterations: count - 1, iterationStride: next - last)
    }
    guard !rows.isEmpty, !columns.isEmpty else { return }
    stack.engine.multiply(
      rows: rows.count,
      MatrixRows(base: deltas + (steps.place(ofStep: 0) * stepSize + row), rowStride: hiddenSize),
      by: weights, from: .prepared, into: MatrixRows(base: carry + corner, rowStride: hiddenSize),
      then: .identity)
    reset(carry, of: steps, rows: rows, columns: columns, rowStride: hiddenSize)
  }

  /// A layer's outputs in a chunk, `[steps, rows, H]`: a worker's part of them. What follows reads
  /// them where the gradients have their places, so those that stand beside the other direction's
  /// are copied.
  @inline(__always)
  private func outputs(
    of chunk: BackwardChunk, _ partition: BackwardPartition<Scalar>, rows: Range<Int>, columns: Range<Int>
  ) -> UnsafePointer<Scalar> {
    let (steps, hiddenSize) = (chunk.steps, shape.hiddenSize)
    let source = outputs[chunk.layer] + steps.packedRow * outputStride
    guard outputStride != hiddenSize else { return source }
    for step in 0..<steps.steps.count {
      let row = step * steps.rowsPerStep + rows.lowerBound
      copyRows(
        source + (row * outputStride + columns.lowerBound), outputStride,
        to: partition.outputs + (row * hiddenSize + columns.lowerBound), hiddenSize, rows: rows.count,
        columns: columns.count)
    }
    return UnsafePointer(partition.outputs)
  }

  /// Copies some columns of rows.
  @inline(__always)
  private func copyRows(
    _ source: UnsafePointer<Scalar>, _ sourceStride: Int, to target: UnsafeMutablePointer<Scalar>,
    _ targetStride: Int, rows: Int, columns: Int
  ) {
    guard sourceStride != columns || targetStride != columns else {
      return target.update(from: source, count: rows * columns)
    }
    for row in 0..<rows {
      (target + row * targetStride).update(from: source + row * sourceStride, count: columns)
    }
  }

  /// Drops the gradients of what lies before rows that are reset.
  @inline(__always)
  func reset(
    _ gradients: UnsafeMutablePointer<Scalar>, of chunk: SequenceChunk, rows: Range<Int>,
    columns: Range<Int>, rowStride: Int
  ) {
    guard let entry = chunk.entry else { return }
    for row in entry.resetRows where rows.contains(row) {
      (gradients + row * rowStride + columns.lowerBound).fillWithZeros(count: columns.count)
    }
  }

  /// The weights of a layer that carry gradients back.
  @inline(__always)
  func transpose(ofLayer layer: Int) -> PreparedCellTranspose<Scalar> {
    transposes[transposes.startIndex + layer]
  }
}

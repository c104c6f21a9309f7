internal import VectorKernels

// The gradient of a forward pass, by the chain rule through time.
//
// With δ_t the gradient of what a cell's activation took at step t, and h′ the activation's derivative there,
//
//     δ_t = (∂output_t + δ_{t+1}·W_hh) ⊙ h′_t                       step by step, from the last to the first
//     ∂W_ih = Σ δ_tᵀ·x_t    ∂W_hh = Σ δ_tᵀ·h_{t−1}    ∂b = Σ δ_t    ∂x_t = δ_t·W_ih      for many steps at once
//
// Goals, in order:
// 1. Only what is sequential runs step by step; the rest are products over all rows of a chunk of steps.
// 2. The bits do not depend on the threads: each gradient is a sum in an order that the shape alone decides.
// 3. A chunk passes through all layers while it is in the cache; between chunks only ∂h of every layer is kept.
//
// In a cell with gates, δ_t are the gradients of the sums of all gates, [B, width], and its formula takes the place of ⊙ h′.
//
// Everything here is time-major and contiguous.

/// The backward pass over the steps of one segment.
struct BackwardPass<Scalar: TensorScalar>: @unchecked Sendable {
  let stack: PreparedStack<Scalar>
  let transposes: [PreparedCellTranspose<Scalar>]
  let shape: ForwardShape
  let plan: BackwardPlan
  /// x, `[T, B, I]`.
  let input: UnsafePointer<Scalar>
  /// The layers' outputs, `[T, B, H]` each.
  let outputs: [UnsafePointer<Scalar>]
  /// What cells with gates have kept.
  let gateHistory: GateHistory<Scalar>?
  /// `[L, B, H]`.
  let initialStates: UnsafePointer<Scalar>
  /// `[L, B, H]`; `nil` for cells that carry no memory.
  let initialMemories: UnsafePointer<Scalar>?
  /// `[T, B, H]`; `nil` for zeros.
  let outputGradient: UnsafePointer<Scalar>?
  /// `[L, B, H]`: of the states after the segment before, of those before the segment after.
  let stateGradients: UnsafeMutablePointer<Scalar>
  /// `[L, B, H]`: of the memories after the segment before, of those before the segment after; read and written by every cell
  /// with gates.
  let memoryGradients: UnsafeMutablePointer<Scalar>?
  /// To which the gradients of the parameters are added.
  let parameterGradients: [CellGradientMemory<Scalar>]
  /// `[T, B, I]`.
  let inputGradient: UnsafeMutablePointer<Scalar>
  /// What the layers above the first took, where it is not what the layers below gave.
  let dropped: DroppedInputs<Scalar>?

  /// The scalars of one step of one layer.
  var stepSize: Int { shape.rows * shape.hiddenSize }
  /// The sums that a row takes at one step.
  var width: Int { stack.layout.width }

  /// Runs the pass.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func run(_ execution: Execution) {
    guard plan.threadCount > 1 else { return run(BackwardPlan.alone(plan)) }
    ThreadTeam.shared.withCrew(upTo: plan.threadCount, insisting: execution.backwardPlan != nil) { crew in
      run(BackwardPlan.limited(plan, to: crew.count), crew)
    }
  }

  @inline(__always)
  private func run(_ plan: BackwardPlan, _ crew: Crew? = nil) {
    let rows = plan.stepsPerChunk * shape.rows
    let deltas = Scratch<Scalar>(count: 2 * plan.stepsPerChunk * stepSize)
    let sums = Scratch<Scalar>(count: stack.kind.gated == nil ? 0 : 2 * rows * width)
    let sumsApart = Scratch<Scalar>(count: stack.kind.takesSumsApart ? 2 * rows * width : 0)
    let panels = rows * panelColumns(plan)
    let scratch = Scratch<Scalar>(count: plan.threadCount * panels)
    let packedSize = stack.engine.transposedSize(rows: width, depth: rows)
    let packed = Scratch<Scalar>(count: packedSize)
    let packedApart = Scratch<Scalar>(count: stack.kind.takesSumsApart ? packedSize : 0)
    let progress = Progress(workers: plan.threadCount)
    let body = { (worker: Int) in
      let share = BackwardShare(
        worker: worker, plan: plan, deltas: deltas.base, sums: sums.base, sumsApart: sumsApart.base,
        packedSums: packed.base, packedSumsApart: packedApart.base,
        scratch: scratch.base + worker * panels)
      run(share, progress)
    }
    if let crew, plan.threadCount > 1 { crew.run(threadCount: plan.threadCount, body) } else { body(0) }
  }

  /// The columns that a worker packs at a time, at most.
  private func panelColumns(_ plan: BackwardPlan) -> Int {
    let width = stack.engine.panelWidth
    let panels = (max(shape.inputSize, shape.hiddenSize) + width - 1) / width
    return (panels + plan.threadCount - 1) / plan.threadCount * width
  }

  /// Runs one worker through all chunks, from the last to the first.
  @inline(__always)
  private func run(_ share: BackwardShare<Scalar>, _ progress: borrowing Progress) {
    var meetings = 0
    func meet() {
      guard share.plan.threadCount > 1 else { return }
      meetings += 1
      progress.publish(meetings, by: share.worker)
      progress.waitForAll(toReach: meetings)
    }
    var end = shape.steps
    while end > 0 {
      let first = (end - 1) / share.plan.stepsPerChunk * share.plan.stepsPerChunk
      for layer in stride(from: shape.layerCount - 1, through: 0, by: -1) {
        let chunk = BackwardChunk(steps: first..<end, layer: layer)
        if layer == shape.layerCount - 1 {
          takeOutputGradient(of: chunk, share)
          meet()
        }
        if let gated = stack.kind.gated {
          carryBack(gated, chunk, share, meet: meet)
        } else {
          carryBack(chunk, share, meet: meet)
        }
        meet()
        pack(sums(share, layer), of: chunk, share, into: share.packedSums)
        if stack.kind.takesSumsApart {
          pack(recurrentSums(share, layer), of: chunk, share, into: share.packedSumsApart)
        }
        handDown(chunk, share)
        meet()
        addParameterGradients(of: chunk, share)
      }
      meet()
      end = first
    }
  }

  /// The gradients at a layer in a chunk, `[steps, B, H]`: of its outputs; in a plain cell, afterwards of its sums.
  func deltas(_ share: BackwardShare<Scalar>, _ layer: Int) -> UnsafeMutablePointer<Scalar> {
    share.deltas + (layer & 1) * share.plan.stepsPerChunk * stepSize
  }

  /// The gradients of a layer's sums in a chunk, `[steps, B, width]`.
  func sums(_ share: BackwardShare<Scalar>, _ layer: Int) -> UnsafeMutablePointer<Scalar> {
    guard stack.kind.gated != nil else { return deltas(share, layer) }
    return share.sums + (layer & 1) * share.plan.stepsPerChunk * shape.rows * width
  }

  /// The same of the sums of the state.
  func recurrentSums(_ share: BackwardShare<Scalar>, _ layer: Int) -> UnsafeMutablePointer<Scalar> {
    guard stack.kind.takesSumsApart else { return sums(share, layer) }
    return share.sumsApart + (layer & 1) * share.plan.stepsPerChunk * shape.rows * width
  }

  /// Packs a worker's part of gradients of sums for products over all rows of the chunk.
  @inline(__always)
  private func pack(
    _ sums: UnsafePointer<Scalar>, of chunk: BackwardChunk, _ share: BackwardShare<Scalar>,
    into target: UnsafeMutablePointer<Scalar>
  ) {
    stack.engine.packTransposed(
      sums, rows: width, depth: chunk.steps.count * shape.rows,
      columns: share.columns(of: width, panelWidth: stack.engine.panelWidth), into: target)
  }

  /// Fills the last layer's gradients of outputs.
  private func takeOutputGradient(of chunk: BackwardChunk, _ share: BackwardShare<Scalar>) {
    let part = (0..<(chunk.steps.count * stepSize)).part(share.worker, of: share.plan.threadCount)
    let target = deltas(share, chunk.layer) + part.lowerBound
    if let outputGradient {
      target.update(
        from: outputGradient + chunk.steps.lowerBound * stepSize + part.lowerBound, count: part.count)
    } else {
      target.fillWithZeros(count: part.count)
    }
  }

  /// δ of every step of a plain cell, from the last to the first, and the gradient of the state before the chunk.
  @inline(__always)
  private func carryBack(
    _ chunk: BackwardChunk, _ share: BackwardShare<Scalar>, meet: () -> Void
  ) {
    let (rows, columns) = share.sequentialPart(shape, panelWidth: stack.engine.panelWidth)
    let hiddenSize = shape.hiddenSize
    let corner = rows.lowerBound * hiddenSize + columns.lowerBound
    let row = rows.lowerBound * hiddenSize
    let layout = RowLayout(rowStride: hiddenSize)
    let weights = transposes[chunk.layer].recurrent.columns(columns)
    let activation = stack.kind.activation
    let deltas = deltas(share, chunk.layer)
    let outputs = outputs[chunk.layer] + chunk.steps.lowerBound * stepSize
    let carry = stateGradients + chunk.layer * stepSize
    let isShared = columns.count < hiddenSize
    let last = (chunk.steps.count - 1) * stepSize
    for row in 0..<rows.count {
      let offset = corner + row * hiddenSize
      for column in 0..<columns.count { deltas[last + offset + column] += carry[offset + column] }
      stack.engine.scale(
        deltas + (last + offset), byDerivativeOf: activation, at: outputs + (last + offset),
        count: columns.count)
    }
    if isShared {
      var step = chunk.steps.count - 2
      meet()
      while step >= 0 {
        stack.engine.multiply(
          rows: rows.count, MatrixRows(base: deltas + ((step + 1) * stepSize + row), layout: layout),
          by: weights, from: .accumulated,
          into: MatrixRows(base: deltas + (step * stepSize + corner), layout: layout),
          then: activation, at: outputs + (step * stepSize + corner))
        meet()
        step -= 1
      }
    } else if chunk.steps.count > 1, !rows.isEmpty {
      stack.engine.multiply(
        rows: rows.count, MatrixRows(base: deltas + (last + row), layout: layout),
        by: weights, from: .accumulated,
        into: MatrixRows(base: deltas + (last - stepSize + row), layout: layout),
        then: activation, at: outputs + (last - stepSize + row),
        links: chunk.steps.count - 1, linkStride: -stepSize)
    }
    guard !rows.isEmpty, !columns.isEmpty else { return }
    stack.engine.multiply(
      rows: rows.count, MatrixRows(base: deltas + row, layout: layout), by: weights, from: .prepared,
      into: MatrixRows(base: carry + corner, layout: layout), then: .identity)
  }
}

/// Where the gradients of one cell's parameters are summed.
struct CellGradientMemory<Scalar> {
  /// `[width, I]`.
  let weightIH: UnsafeMutablePointer<Scalar>
  /// `[width, H]`.
  let weightHH: UnsafeMutablePointer<Scalar>
  /// `[width]`; `nil` in a cell without. Where the sums are not apart, it is that of either bias.
  let biasIH: UnsafeMutablePointer<Scalar>?
  /// `[width]`, where the sums are apart.
  let biasHH: UnsafeMutablePointer<Scalar>?
}

/// The steps of one layer that are worked on.
struct BackwardChunk {
  let steps: Range<Int>
  let layer: Int
}

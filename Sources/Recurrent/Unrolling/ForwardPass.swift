internal import VectorKernels

// Time, and nothing else: which product follows which, and where each finds its rows.
//
// Goals, in order:
// 1. One way for everything: layers and cells, time-major and batch-major, one thread and many.
// 2. The output is the history: the input projection of a chunk of steps is written into the output's own
//    place, each step adds h·W_hhᵀ there and applies the activation, and is the next step's h.
// 3. Nothing is allocated, locked or counted inside the loop over time.
//
// Layers run one after the other within a chunk, so that what one writes is still in the cache when
// the next reads it, and layers below the last need room for one chunk only.

/// One forward pass in one direction of time: T steps, N rows in all, through stacked cells.
struct ForwardPass<Scalar: TensorScalar>: @unchecked Sendable {
  let stack: PreparedStack<Scalar>
  /// The cells of the stack that the pass goes through.
  let cells: ArraySlice<PreparedCell<Scalar>>
  let shape: ForwardShape
  let schedule: SequenceSchedule
  var direction = TimeDirection.forward
  var plan: ForwardPlan
  /// x: rows of I features.
  let input: SequenceMemory<Scalar>
  /// The last layer's history: rows of its state's features.
  let output: SequenceMemory<Scalar>
  /// `[L, B, P]`, only read; the memory of the final ones where the schedule says so.
  let initialStates: UnsafeMutablePointer<Scalar>
  /// `[L, B, P]`, where every layer's last state goes.
  let finalStates: UnsafeMutablePointer<Scalar>
  /// The cell states of cells that carry them, `[L, B, H]`: the initial ones before the pass, the
  /// final ones after it.
  var cellStates: UnsafeMutablePointer<Scalar>?
  /// Where the layers below the last keep what they write, `[L − 1, N, P]`; `nil` to forget it.
  var savedOutputs: UnsafeMutablePointer<Scalar>?
  /// Where cells with gates keep what the backward pass needs; `nil` to forget it.
  var savedGates: SavedGates<Scalar>?
  /// The dropout between the layers; `nil` for none.
  var dropped: DroppedInputs<Scalar>?
  /// How states keep their value, in cells with gates; `nil` where they do not.
  var zoneout: ZoneoutPass?

  /// Runs the pass on the threads of its plan, or on fewer where they are busy.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func run(_ execution: Execution) {
    guard plan.threadCount > 1 else {
      return run(Partition(rows: 0..<shape.rows, layers: 0..<shape.layerCount))
    }
    ThreadPool.shared.withWorkerGroup(upTo: plan.threadCount, forced: execution.plan != nil) { group in
      guard group.count < plan.threadCount else { return run(group) }
      var smaller = self
      smaller.plan = ForwardPlan(shape, stack.engine, execution, threadCount: group.count)
      smaller.run(group)
    }
  }

  /// Runs the pass on a worker group that has at least as many threads as the plan.
  @inline(__always)
  private func run(_ group: WorkerGroup) {
    let all = Partition(rows: 0..<shape.rows, layers: 0..<shape.layerCount)
    let count = plan.threadCount
    switch plan.split {
    case _ where count == 1:
      run(all)
    case .rows:
      group.run(threadCount: count) { worker in
        run(Partition(rows: schedule.rows(ofPart: worker, of: count), layers: all.layers))
      }
    case .columns:
      let scratch = Scratch<Scalar>(count: scratchSize(for: all))
      let progress = Progress(workers: count)
      group.run(threadCount: count) { worker in
        runColumns(of: worker, scratch: scratch.base, progress: progress)
      }
    case .layers:
      let pipeline = LayerPipeline(self, workerCount: count)
      group.run(threadCount: count) { worker in runLayers(of: worker, pipeline) }
    }
  }

  /// What one thread computes of every chunk.
  struct Partition {
    var rows: Range<Int>
    var layers: Range<Int>
  }

  /// The scalars that layers of a share need to hand their chunks up to each other: two chunks,
  /// used in turn.
  func betweenSize(for partition: Partition) -> Int {
    partition.layers.count > 1 ? 2 * chunkSize(partition.rows.count) : 0
  }

  /// The same, and a step's outputs before their projection.
  func scratchSize(for partition: Partition) -> Int {
    betweenSize(for: partition) + (shape.isProjected ? partition.rows.count * shape.hiddenSize : 0)
  }

  /// The scalars that a share needs for everything, the pre-activations of gates last.
  func wholeScratchSize(for partition: Partition) -> Int {
    scratchSize(for: partition) + gateScratchSize(rows: partition.rows.count)
  }

  /// The scalars of one layer's chunk.
  func chunkSize(_ rows: Int) -> Int { plan.stepsPerChunk * rows * shape.stateSize }

  /// The weights of a layer.
  @inline(__always)
  func cell(ofLayer layer: Int) -> PreparedCell<Scalar> { cells[cells.startIndex + layer] }

  /// The matrices of a layer of plain cells; the cell itself would be copied, which counts
  /// references to all that it has.
  @inline(__always)
  private func weights(
    ofLayer layer: Int
  ) -> (input: PreparedColumns<Scalar>, recurrent: PreparedColumns<Scalar>) {
    let cell = cells.startIndex + layer
    return (cells[cell].input.allColumns, cells[cell].recurrent.allColumns)
  }

  /// Runs all steps of some rows on the calling thread.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func run(rows: Range<Int>) { run(Partition(rows: rows, layers: 0..<shape.layerCount)) }

  /// Runs all steps of a share.
  @inline(__always)
  private func run(_ partition: Partition) {
    let scratch = Scratch<Scalar>(count: wholeScratchSize(for: partition))
    run(partition, scratch: scratch.base)
  }

  /// Runs all steps of a share in memory for ``wholeScratchSize(for:)`` scalars.
  @inline(__always)
  func run(_ partition: Partition, scratch base: UnsafeMutablePointer<Scalar>) {
    schedule.forEachChunk(of: partition.rows, direction, stepsPerChunk: plan.stepsPerChunk) { chunk in
      run(partition, chunk, from: input.view(of: chunk), into: output.view(of: chunk), scratch: base)
    }
  }

  /// Lets the states of rows that are reset be zeros.
  @inline(__always)
  func reset(_ chunk: SequenceChunk, layers: Range<Int>) {
    guard let entry = chunk.entry else { return }
    for row in entry.resetRows where chunk.rows.contains(row) {
      for layer in layers {
        (finalStates + (layer * shape.rows + row) * shape.stateSize).fillWithZeros(count: shape.stateSize)
        guard let cellStates else { continue }
        (cellStates + (layer * shape.rows + row) * shape.hiddenSize).fillWithZeros(count: shape.hiddenSize)
      }
    }
  }

  /// Runs a chunk through the layers of a share, from what the first of them reads to what the last
  /// writes.
  @inline(__always)
  func run(
    _ partition: Partition, _ chunk: SequenceChunk, from source: SequenceView<Scalar>,
    into target: SequenceView<Scalar>, scratch: UnsafeMutablePointer<Scalar>
  ) {
    reset(chunk, layers: partition.layers)
    var source = source
    for layer in partition.layers {
      let isLast = layer == partition.layers.upperBound - 1
      let next = isLast ? target : between(scratch, layer, chunk, of: partition.rows)
      if layer > 0, let dropped {
        dropped.drop(source, intoLayer: layer, chunk, rows: chunk.rows)
        source = dropped.inputs(ofLayer: layer).view(of: chunk)
      }
      if stack.formula != nil {
        unroll(
          gatesOfLayer: layer, chunk, units: 0..<shape.hiddenSize, states: 0..<shape.stateSize,
          from: source, into: next, unprojected: scratch + betweenSize(for: partition),
          scratch: scratch + scratchSize(for: partition), barrier: {})
      } else {
        unroll(
          weights(ofLayer: layer), steps: chunk.steps.count, rows: chunk.rows.count, from: source, into: next,
          previous: state(before: chunk, layer: layer), final: finalState(ofLayer: layer, chunk))
      }
      source = next
    }
  }

  /// Where a layer below the last of a share, which has so many rows, writes its chunk.
  func between(
    _ scratch: UnsafeMutablePointer<Scalar>, _ layer: Int, _ chunk: SequenceChunk, of rows: Range<Int>
  ) -> SequenceView<Scalar> {
    kept(layer)?.view(of: chunk)
      ?? SequenceView(
        base: scratch + (layer & 1) * chunkSize(rows.count), chunk, features: shape.stateSize,
        batchFirst: input.stepsPerRow != nil)
  }

  /// All steps of a layer below the last, where they are kept.
  func kept(_ layer: Int) -> SequenceMemory<Scalar>? {
    savedOutputs.map {
      SequenceMemory(
        $0 + layer * schedule.packedRowCount * shape.stateSize, rowStride: shape.stateSize)
    }
  }

  /// The states of a layer from which a chunk starts: the initial ones, or what the chunk before
  /// left as the final ones.
  func state(before chunk: SequenceChunk, layer: Int) -> SequenceView<Scalar> {
    let isFirst = chunk.entry.map { $0.before == nil } ?? false
    return states(isFirst ? initialStates : finalStates, layer, chunk.rows.lowerBound)
  }

  /// The final states of a layer in the rows of a chunk.
  func finalState(ofLayer layer: Int, _ chunk: SequenceChunk) -> SequenceView<Scalar> {
    states(finalStates, layer, chunk.rows.lowerBound)
  }

  private func states(
    _ states: UnsafeMutablePointer<Scalar>, _ layer: Int, _ row: Int
  ) -> SequenceView<Scalar> {
    SequenceView(
      base: states + (layer * shape.rows + row) * shape.stateSize,
      stepStride: 0, rowStride: shape.stateSize)
  }

  /// Runs one plain cell over a chunk of steps.
  @inline(__always)
  private func unroll(
    _ weights: (input: PreparedColumns<Scalar>, recurrent: PreparedColumns<Scalar>), steps: Int, rows: Int,
    from source: SequenceView<Scalar>, into target: SequenceView<Scalar>,
    previous: SequenceView<Scalar>, final: SequenceView<Scalar>
  ) {
    stack.engine.multiply(
      rows: rows, iterations: steps, source.allSteps(steps, rows: rows), by: weights.input,
      and: previous.firstStep, by: weights.recurrent, into: target.allSteps(steps, rows: rows),
      then: stack.activation)
    final.copyFirstStep(
      from: target.from(step: steps - 1, row: 0), rows: rows, features: 0..<shape.hiddenSize)
  }
}

extension Int {
  /// Whether it is not a multiple of two.
  var isOdd: Bool { self & 1 == 1 }
}

extension Range<Int> {
  /// One of `count` nearly equal parts.
  func part(_ index: Int, of count: Int) -> Range<Int> {
    let size = upperBound - lowerBound
    return (lowerBound + size * index / count)..<(lowerBound + size * (index + 1) / count)
  }
}

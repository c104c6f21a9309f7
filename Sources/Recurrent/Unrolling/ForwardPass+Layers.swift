// A forward pass whose threads share out the layers: while one runs its layers on a chunk of steps,
// the next one runs the layers above on the chunk before. They wait for each other once for each chunk.

/// What the threads of a pipeline have in common.
struct LayerPipeline<Scalar: TensorScalar>: ~Copyable, @unchecked Sendable {
  /// The chunks that each worker has done.
  let progress: Progress
  /// What worker w hands to worker w + 1: so many chunks, used in turn.
  fileprivate let handedUp: Scratch<Scalar>
  fileprivate let chunkSize: Int

  /// The chunks that a worker may be ahead of the next.
  fileprivate static var lead: Int { 3 }

  init(_ pass: ForwardPass<Scalar>, workerCount: Int) {
    progress = Progress(workers: workerCount)
    chunkSize = pass.chunkSize(pass.shape.rows)
    handedUp = Scratch(count: (workerCount - 1) * Self.lead * chunkSize)
  }
}

extension ForwardPass {
  /// Runs the layers of one worker through all steps.
  @inline(__always)
  func runLayers(of worker: Int, _ pipeline: borrowing LayerPipeline<Scalar>) {
    let partition = Partition(
      rows: 0..<shape.rows, layers: (0..<shape.layerCount).part(worker, of: plan.threadCount))
    let scratch = Scratch<Scalar>(count: wholeScratchSize(for: partition))
    let isLast = worker == plan.threadCount - 1
    let base = scratch.base
    var number = 0
    schedule.forEachChunk(of: partition.rows, direction, stepsPerChunk: plan.stepsPerChunk) { chunk in
      if worker > 0 { pipeline.progress.wait(for: worker - 1, toReach: number + 1) }
      if !isLast {
        pipeline.progress.wait(for: worker + 1, toReach: number + 1 - LayerPipeline<Scalar>.lead)
      }
      run(
        partition, chunk,
        from: worker == 0 ? input.view(of: chunk) : handedUp(pipeline, by: worker - 1, number, chunk),
        into: isLast ? output.view(of: chunk) : handedUp(pipeline, by: worker, number, chunk),
        scratch: base)
      number += 1
      pipeline.progress.publish(number, by: worker)
    }
  }

  /// Where a worker writes a chunk for the next one.
  private func handedUp(
    _ pipeline: borrowing LayerPipeline<Scalar>, by worker: Int, _ number: Int, _ chunk: SequenceChunk
  ) -> SequenceView<Scalar> {
    let layers = (0..<shape.layerCount).part(worker, of: plan.threadCount)
    if let kept = kept(layers.upperBound - 1) { return kept.view(of: chunk) }
    let place = worker * LayerPipeline<Scalar>.lead + number % LayerPipeline<Scalar>.lead
    return SequenceView(
      base: pipeline.handedUp.base + place * pipeline.chunkSize, chunk, features: shape.stateSize,
      batchFirst: input.stepsPerRow != nil)
  }
}

// A forward pass whose threads share out the columns of every layer: each computes its own hidden
// features of all rows, for which it needs all features of the step before. So all wait for each other once for
// each step, and the share of W_hh that a thread reads at each step stays in its own cache.

extension ForwardPass {
  /// Runs the columns of one worker through all steps and layers.
  @inline(__always)
  func runColumns(of worker: Int, scratch: UnsafeMutablePointer<Scalar>, progress: borrowing Progress) {
    let units = columns(of: worker, shape.hiddenSize)
    let states = columns(of: worker, shape.stateSize)
    let gateScratch = Scratch<Scalar>(count: gateScratchSize(rows: shape.rows))
    var meetings = 0
    func barrier() {
      meetings += 1
      progress.publish(meetings, by: worker)
      progress.waitForAll(toReach: meetings)
    }
    let all = 0..<shape.rows
    let gateBase = gateScratch.base
    schedule.forEachChunk(of: all, direction, stepsPerChunk: plan.stepsPerChunk) { chunk in
      if let entry = chunk.entry, !entry.resetRows.isEmpty {
        if worker == 0 { reset(chunk, layers: 0..<shape.layerCount) }
        barrier()
      }
      var source = input.view(of: chunk)
      for layer in 0..<shape.layerCount {
        let target =
          layer == shape.layerCount - 1
          ? output.view(of: chunk) : between(scratch, layer, chunk, of: all)
        if layer > 0, let dropped {
          let part = chunk.rows.part(worker, of: plan.threadCount)
          dropped.drop(source.from(step: 0, row: part.lowerBound), intoLayer: layer, chunk, rows: part)
          barrier()
          source = dropped.inputs(ofLayer: layer).view(of: chunk)
        }
        if stack.formula != nil {
          unroll(
            gatesOfLayer: layer, chunk, units: units, states: states, from: source, into: target,
            unprojected: scratch + betweenSize(for: Partition(rows: all, layers: 0..<shape.layerCount)),
            scratch: gateBase, barrier: barrier)
        } else {
          unroll(
            units, of: cell(ofLayer: layer), steps: chunk.steps.count, rows: chunk.rows.count,
            from: source, into: target, previous: state(before: chunk, layer: layer),
            final: finalState(ofLayer: layer, chunk), barrier: barrier)
        }
        source = target
      }
    }
  }

  /// The features of a worker out of so many: whole panels.
  private func columns(of worker: Int, _ count: Int) -> Range<Int> {
    let width = stack.engine.panelWidth
    let panels = (0..<(count + width - 1) / width).part(worker, of: plan.threadCount)
    return min(panels.lowerBound * width, count)..<min(panels.upperBound * width, count)
  }

  /// Runs some columns of one plain cell over a chunk of steps; `barrier` returns when all workers
  /// have called it.
  @inline(__always)
  private func unroll(
    _ columns: Range<Int>, of cell: PreparedCell<Scalar>, steps: Int, rows: Int,
    from source: SequenceView<Scalar>, into target: SequenceView<Scalar>,
    previous: SequenceView<Scalar>, final: SequenceView<Scalar>, barrier: () -> Void
  ) {
    let own = target.from(feature: columns.lowerBound)
    let recurrent = cell.recurrent.columns(columns)
    stack.engine.multiply(
      rows: steps * rows, source.allSteps(steps, rows: rows), by: cell.input.columns(columns),
      from: .prepared, into: own.allSteps(steps, rows: rows), then: .identity)
    var previous = previous
    for step in 0..<steps {
      stack.engine.multiply(
        rows: rows, previous.firstStep, by: recurrent, from: .accumulated,
        into: own.from(step: step, row: 0).firstStep, then: stack.activation, startsAtEnd: step.isOdd)
      barrier()
      previous = target.from(step: step, row: 0)
    }
    // All have read the state of before by now, and none reads the new one before all have written
    // it.
    final.copyFirstStep(from: previous, rows: rows, features: columns)
    barrier()
  }
}

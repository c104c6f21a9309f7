// A forward pass whose threads share out the columns of every layer: each computes its own hidden features of all rows,
// for which it needs all features of the step before. So all meet once for each step, and the share of W_hh that a
// thread reads at each step stays in its own cache.

extension ForwardPass {
  /// Runs the columns of one worker through all steps and layers.
  @inline(__always)
  func runColumns(of worker: Int, scratch: UnsafeMutablePointer<Scalar>, progress: borrowing Progress) {
    let columns = columns(of: worker)
    let gateScratch = Scratch<Scalar>(count: gateScratchSize(rows: shape.rows))
    var meetings = 0
    func meet() {
      meetings += 1
      progress.publish(meetings, by: worker)
      progress.waitForAll(toReach: meetings)
    }
    for first in stride(from: 0, to: shape.steps, by: plan.stepsPerChunk) {
      let steps = min(plan.stepsPerChunk, shape.steps - first)
      var source = input.from(step: first, row: 0)
      for layer in 0..<shape.layerCount {
        let target =
          layer == shape.layerCount - 1
          ? output.from(step: first, row: 0)
          : between(scratch, layer, steps: first..<(first + steps), rows: 0..<shape.rows)
        if layer > 0, let dropped {
          let part = (0..<shape.rows).part(worker, of: plan.threadCount)
          dropped.drop(
            source.from(step: 0, row: part.lowerBound), intoLayer: layer, steps: first..<(first + steps),
            rows: part)
          meet()
          source = dropped.inputs(ofLayer: layer, step: first, row: 0)
        }
        if let gated = stack.kind.gated {
          unroll(
            gated, ofLayer: layer, steps: first..<(first + steps), rows: 0..<shape.rows, units: columns,
            from: source, into: target, scratch: gateScratch.base, meet: meet)
        } else {
          unroll(
            columns, of: stack.cells[layer], steps: steps, from: source, into: target,
            previous: state(before: first, layer: layer, row: 0),
            final: finalState(ofLayer: layer, row: 0), meet: meet)
        }
        source = target
      }
    }
  }

  /// The hidden features of a worker: whole panels.
  private func columns(of worker: Int) -> Range<Int> {
    let width = stack.engine.panelWidth
    let panels = (0..<(shape.hiddenSize + width - 1) / width).part(worker, of: plan.threadCount)
    return min(panels.lowerBound * width, shape.hiddenSize)..<min(panels.upperBound * width, shape.hiddenSize)
  }

  /// Runs some columns of one plain cell over a chunk of steps; `meet` returns when all workers have called it.
  @inline(__always)
  private func unroll(
    _ columns: Range<Int>, of cell: PreparedCell<Scalar>, steps: Int,
    from source: SequenceView<Scalar>, into target: SequenceView<Scalar>,
    previous: SequenceView<Scalar>, final: SequenceView<Scalar>, meet: () -> Void
  ) {
    let own = target.from(feature: columns.lowerBound)
    let recurrent = cell.recurrent.columns(columns)
    stack.engine.multiply(
      rows: steps * shape.rows, source.allSteps(rows: shape.rows), by: cell.input.columns(columns),
      from: .prepared, into: own.allSteps(rows: shape.rows), then: .identity)
    var previous = previous
    for step in 0..<steps {
      stack.engine.multiply(
        rows: shape.rows, previous.firstStep, by: recurrent, from: .accumulated,
        into: own.from(step: step, row: 0).firstStep, then: stack.kind.activation)
      meet()
      previous = target.from(step: step, row: 0)
    }
    // All have read the state of before by now, and none reads the new one before all have written it.
    final.copyFirstStep(from: previous, rows: shape.rows, features: columns)
    meet()
  }
}

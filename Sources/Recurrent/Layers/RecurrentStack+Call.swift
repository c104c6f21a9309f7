internal import VectorKernels

// One call: of a layer over a sequence, or of a cell, as one step.

extension RecurrentStack {
  /// One call, checked.
  struct Call {
    let ready: PreparedStack<Scalar>
    var shape: ForwardShape
    var schedule: SequenceSchedule
    let batchFirst: Bool
    let execution: Execution
    /// `nil` for none.
    var zoneout: ZoneoutPass?

    /// The same call for another part of its schedule, before which there are so many rows.
    func of(_ part: SequenceSchedule, packedRowsBefore: Int) -> Call {
      var call = self
      call.schedule = part
      call.shape.steps = part.stepCount
      call.zoneout?.packedRowsBefore = packedRowsBefore
      return call
    }
  }

  /// Checks the extent of a call, and finds the weights for it.
  @inline(__always)
  func ready(
    steps: Int, rows: Int, batchFirst: Bool, _ execution: Execution
  ) throws(RecurrentError) -> PreparedStack<Scalar> {
    try validateExtent(steps: steps, rows: rows)
    try validateZoneout()
    let ready = try prepared(
      for: execution.backend.resolved, instructions(rows: rows, execution))
    // BLAS takes the distance of two rows as 32 bits; batch-first, that is a whole sequence.
    let rowStride = (batchFirst ? steps : 1) * widestRow
    guard ready.engine.backend == .swift || rowStride <= Self.greatestSize else {
      throw .invalidSize(
        argument: "input", expected: "at most \(Self.greatestSize) numbers in a sequence on OpenBLAS",
        actual: rowStride)
    }
    return ready
  }

  /// Checks a call, and finds the weights for it.
  @inline(__always)
  func call(
    _ schedule: SequenceSchedule, batchFirst: Bool, _ execution: Execution, _ noise: TrainingNoise? = nil
  ) throws(RecurrentError) -> Call {
    let (steps, rows) = (schedule.stepCount, schedule.rowCount)
    let ready = try ready(steps: steps, rows: rows, batchFirst: batchFirst, execution)
    if schedule.packedRowCount * hiddenSize * MemoryLayout<Scalar>.size >= ResultMemory.leastByteCount {
      ResultMemory.isKept
    }
    return Call(
      ready: ready, shape: forwardShape(steps: steps, rows: rows),
      schedule: schedule, batchFirst: batchFirst, execution: execution,
      zoneout: zoneoutPass(noise: noise))
  }

  /// The sizes of a pass.
  @inline(__always)
  func forwardShape(steps: Int, rows: Int) -> ForwardShape {
    ForwardShape(
      steps: steps, rows: rows, inputSize: inputSize, hiddenSize: hiddenSize,
      layerCount: layerCount, scalarSize: MemoryLayout<Scalar>.size, gateCount: kind.gateCount,
      projectionSize: projectionSize, hasWholeRows: custom != nil)
  }

  /// What a call keeps for the way back; the rows of all steps one after the other.
  struct Kept {
    /// The outputs of the layers below the last, `[L − 1, N, D·P]`.
    var outputs: UnsafeMutablePointer<Scalar>?
    /// In both directions: the outputs of every cell, `[L·D, N, P]`.
    var halves: UnsafeMutablePointer<Scalar>?
    /// What cells with gates keep.
    var gates: GateHistory<Scalar>?
    /// The dropout between the layers.
    var dropped: DroppedInputs<Scalar>?
  }

  /// The results of a call.
  struct Result {
    /// Laid out as the input.
    var output: [Scalar]
    /// Every cell's last state, `[L·D, B, P]`.
    var finalState: [Scalar]
    /// Every cell's last memory, `[L·D, B, H]`; empty for cells that carry none.
    var finalMemory: [Scalar]
  }

  /// Where the states of a call stand.
  struct CallStates {
    /// `[L·D, B, P]`, only read; or the final ones themselves, which hold the initial ones then.
    let initial: UnsafeMutablePointer<Scalar>
    /// `[L·D, B, P]`.
    let final: UnsafeMutablePointer<Scalar>
    /// `[L·D, B, H]`: the initial ones before the call, the final ones after it; `nil` for cells that carry none.
    let memories: UnsafeMutablePointer<Scalar>?
  }

  /// Runs T steps of B rows from a state on.
  ///
  /// - Parameters:
  ///   - call: The call, whose sizes the arrays have.
  ///   - input: N rows of I features: `[T, B, I]`, or `[B, T, I]` where rows stand outside of steps.
  ///   - initialState: `[L·D, B, P]`; empty for zeros.
  ///   - initialMemory: `[L·D, B, H]`; empty for cells that carry none.
  ///   - kept: What is kept for the way back.
  /// - Returns: Outputs and last states.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func run(
    _ call: Call, _ input: ArraySlice<Scalar>, from initialState: [Scalar],
    memory initialMemory: [Scalar] = [], keeping kept: Kept = Kept()
  ) -> Result {
    var output: [Scalar] = []
    var finalMemory = initialMemory
    let stateCount = cellCount * call.shape.rows * stateSize
    let finalState = [Scalar](count: stateCount) { final in
      initialState.withUnsafeBufferPointer { initial in
        finalMemory.withUnsafeMutableBufferPointer { memories in
          // A pass may start from where it ends.
          var start = final
          if initial.isEmpty {
            final.fillWithZeros(count: stateCount)
          } else if let initial = initial.baseAddress {
            if call.schedule.passesStatesThroughFinal {
              final.update(from: initial, count: stateCount)
            } else {
              // What is only read has the same kind of pointer as what is written.
              start = UnsafeMutablePointer(mutating: initial)
            }
          }
          let states = CallStates(
            initial: start, final: final, memories: kind.carriesMemory ? memories.baseAddress : nil)
          output = run(call, input, states, keeping: kept)
        }
      }
    }
    return Result(output: output, finalState: finalState, finalMemory: finalMemory)
  }

  /// Runs a call whose states have their places, and returns its output.
  @inline(__always)
  private func run(
    _ call: Call, _ input: ArraySlice<Scalar>, _ states: CallStates, keeping kept: Kept
  ) -> [Scalar] {
    let outputCount = call.schedule.packedRowCount * outputSize
    return [Scalar](count: outputCount) { target in
      input.withUnsafeBufferPointer { input in
        guard let input = input.baseAddress else { return }
        // What is only read has the same kind of pointer as what is written.
        let source = UnsafeMutablePointer(mutating: input)
        guard directions == .forward else {
          return runBothDirections(call, source, states, into: target, keeping: kept)
        }
        let stepsPerRow = call.batchFirst ? call.shape.steps : nil
        let pass = ForwardPass(
          stack: call.ready, cells: call.ready.cells[...], shape: call.shape, schedule: call.schedule,
          plan: ForwardPlan(
            call.shape, call.ready.engine, call.execution, threadCount: call.execution.threadCount),
          input: SequenceMemory(source, features: inputSize, stepsPerRow: stepsPerRow),
          output: SequenceMemory(target, features: outputSize, stepsPerRow: stepsPerRow),
          initialStates: states.initial, finalStates: states.final, memories: states.memories,
          history: kept.outputs, gateHistory: kept.gates, dropped: kept.dropped, zoneout: call.zoneout)
        pass.run(call.execution)
      }
    }
  }

  /// Checks that a sequence is not longer than BLAS and memory can count.
  func validateExtent(steps: Int, rows: Int) throws(RecurrentError) {
    let (count, overflows) = steps.multipliedReportingOverflow(by: rows)
    let (scalars, overflowsToo) = count.multipliedReportingOverflow(by: widestRow)
    guard !overflows, !overflowsToo, count <= Self.greatestSize, scalars <= Self.greatestScalarCount else {
      throw .invalidSize(
        argument: "input", expected: "at most \(Self.greatestSize) rows in all steps", actual: steps)
    }
  }
}

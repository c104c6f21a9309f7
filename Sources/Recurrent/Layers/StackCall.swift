internal import VectorKernels

/// One call of a stack of cells on a sequence, checked: what its forward and its backward pass have
/// in common.
///
/// It has one owner, as copies would count references to all that it has: a tenth of a small call.
struct StackCall<Scalar: TensorScalar>: ~Copyable, Sendable {
  let ready: PreparedStack<Scalar>
  let schedule: SequenceSchedule
  /// Whether rows stand outside of time steps.
  let batchFirst: Bool
  let execution: Execution
  /// What has been drawn for it; `nil` outside of training.
  let noise: TrainingNoise?
  /// How states keep their value; `nil` where they do not.
  private(set) var zoneout: ZoneoutPass?
  /// The rows of the sequence before it, where it is one segment of several.
  let packedRowsBefore: Int

  /// Checks the extent of a call, and gets the weights for it.
  @inline(__always)
  init(
    _ stack: borrowing RecurrentStack<Scalar>, _ schedule: SequenceSchedule, batchFirst: Bool,
    noise: TrainingNoise? = nil, _ execution: Execution
  ) throws(RecurrentError) {
    self.schedule = schedule
    self.batchFirst = batchFirst
    self.execution = execution
    self.noise = noise
    ready = try stack.ready(
      steps: schedule.stepCount, rows: schedule.rowCount, batchFirst: batchFirst, execution)
    zoneout = stack.zoneoutPass(noise: noise)
    packedRowsBefore = 0
    let outputBytes = schedule.packedRowCount * stack.hiddenSize * MemoryLayout<Scalar>.size
    if outputBytes >= ResultMemory.leastByteCount { ResultMemory.isKept }
  }

  /// The same call, or another part of its schedule, before which there are so many rows.
  init(
    _ ready: PreparedStack<Scalar>, _ schedule: SequenceSchedule, packedRowsBefore: Int = 0,
    noise: TrainingNoise?, zoneout: ZoneoutPass?, _ execution: Execution
  ) {
    self.ready = ready
    self.schedule = schedule
    batchFirst = false
    self.execution = execution
    self.noise = noise
    self.zoneout = zoneout
    self.zoneout?.packedRowsBefore = packedRowsBefore
    self.packedRowsBefore = packedRowsBefore
  }

  /// The sizes of the stack.
  @inline(__always)
  var stack: StackSizes { ready.sizes }

  /// The sizes of a pass through all layers, or through one cell of a layer.
  @inline(__always)
  func shape(ofLayer layer: Int? = nil) -> ForwardShape {
    stack.forwardShape(
      steps: schedule.stepCount, rows: schedule.rowCount, scalarSize: MemoryLayout<Scalar>.size, layer: layer)
  }

  /// The results of a call: the output, laid out as the input, every cell's last state,
  /// `[L·D, B, P]`, and last cell state, `[L·D, B, H]`, which is empty for cells that carry none.
  typealias Results = (output: [Scalar], finalState: [Scalar], finalCellState: [Scalar])

  /// Where the states of a call stand.
  struct States {
    /// `[L·D, B, P]`, only read; or the final ones themselves, which hold the initial ones then.
    let initial: UnsafeMutablePointer<Scalar>
    /// `[L·D, B, P]`.
    let final: UnsafeMutablePointer<Scalar>
    /// `[L·D, B, H]`: the initial ones before the call, the final ones after it; `nil` for cells
    /// that carry none.
    let cellStates: UnsafeMutablePointer<Scalar>?
  }

  /// Runs the forward pass: one through all layers, or in both directions two through each, which
  /// need all that the layer below has written.
  ///
  /// - Parameters:
  ///   - input: N rows of I features: `[T, B, I]`, or `[B, T, I]` where rows stand outside of time
  ///     steps.
  ///   - initialState: `[L·D, B, P]`; empty for zeros.
  ///   - initialCellState: `[L·D, B, H]`; empty for cells that carry none.
  ///   - saved: Where the activations are saved for the backward pass; `nil` for nowhere.
  /// - Returns: Outputs and last states.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward(
    _ input: ArraySlice<Scalar>, from initialState: [Scalar], cellState initialCellState: [Scalar],
    saving saved: SavedActivations<Scalar>? = nil
  ) -> Results {
    var output: [Scalar] = []
    var finalCellState = initialCellState
    let stateCount = stack.cellCount * schedule.rowCount * stack.stateSize
    let finalState = [Scalar](count: stateCount) { final in
      initialState.withUnsafeBufferPointer { initial in
        finalCellState.withUnsafeMutableBufferPointer { cellStates in
          // A pass may start from where it ends.
          var start = final
          if initial.isEmpty {
            final.fillWithZeros(count: stateCount)
          } else if let initial = initial.baseAddress {
            if schedule.passesStatesThroughFinal {
              final.update(from: initial, count: stateCount)
            } else {
              // What is only read has the same kind of pointer as what is written.
              start = UnsafeMutablePointer(mutating: initial)
            }
          }
          let states = States(
            initial: start, final: final, cellStates: stack.kind.carriesMemory ? cellStates.baseAddress : nil)
          output = [Scalar](count: schedule.packedRowCount * stack.outputSize) { output in
            input.withUnsafeBufferPointer { input in
              guard let input = input.baseAddress else { return }
              let stepsPerRow = batchFirst ? schedule.stepCount : nil
              let source = SequenceMemory(
                UnsafeMutablePointer(mutating: input), rowStride: stack.inputSize, stepsPerRow: stepsPerRow)
              let target = SequenceMemory(output, rowStride: stack.outputSize, stepsPerRow: stepsPerRow)
              guard stack.directions == .bidirectional else {
                let shape = shape()
                let plan = ForwardPlan(shape, ready.engine, execution, threadCount: execution.threadCount)
                return ForwardPass(
                  stack: ready, cells: ready.cells[...], shape: shape, schedule: schedule, plan: plan,
                  input: source,
                  output: target, initialStates: states.initial, finalStates: states.final,
                  cellStates: states.cellStates, savedOutputs: saved?.outputs.base, savedGates: saved?.gates,
                  dropped: saved?.dropped, zoneout: zoneout
                ).run(execution)
              }
              forwardInBothDirections(source, into: target, states, saved)
            }
          }
        }
      }
    }
    return (output, finalState, finalCellState)
  }
}

internal import VectorKernels

// One step of one layer, as cells take it.

extension RecurrentStack {
  /// One step of a cell that carries nothing beside h; all shapes are checked.
  @inline(__always)
  func step(
    _ input: Tensor<Scalar>, updating state: inout Tensor<Scalar>, _ execution: Execution
  ) throws(RecurrentError) {
    let (rows, shape) = try checkedStep(input.shape)
    try state.require(shape, "state")
    var noMemory: [Scalar] = []
    try step(rows: rows, input.scalars, updating: &state.scalars, memory: &noMemory, execution)
  }

  /// One step of an LSTM's cell; all shapes are checked.
  @inline(__always)
  func step(
    _ input: Tensor<Scalar>, updating state: inout LSTMState<Scalar>, _ execution: Execution
  ) throws(RecurrentError) {
    let (rows, shape) = try checkedStep(input.shape)
    try state.hidden.require(shape, "state.hidden")
    try state.cell.require(shape, "state.cell")
    try step(
      rows: rows, input.scalars, updating: &state.hidden.scalars, memory: &state.cell.scalars, execution)
  }

  /// Runs one step of one layer and puts the states after it in the place of those before: in their own memory, unless somebody
  /// else holds it too.
  ///
  /// - Parameters:
  ///   - rows: B.
  ///   - input: `[B, I]`.
  ///   - hidden: h, `[B, H]`.
  ///   - memory: What the cells carry beside, `[B, H]`; empty for cells that carry nothing.
  ///   - execution: How the step is run. More threads are used only where they could be worth waking.
  /// - Throws: What makes a call of a layer throw; the states are as before then.
  @inline(__always)
  private func step(
    rows: Int, _ input: [Scalar], updating hidden: inout [Scalar], memory: inout [Scalar],
    _ execution: Execution
  ) throws(RecurrentError) {
    guard
      !ForwardCost.mayBeShared(forwardShape(steps: 1, rows: rows), threadCount: execution.threadCount)
    else {
      return try stepOnThreads(rows: rows, input, updating: &hidden, memory: &memory, execution)
    }
    let ready = try ready(steps: 1, rows: rows, batchFirst: false, execution)
    guard rows > 0 else { return }
    input.withUnsafeBufferPointer { input in
      hidden.withUnsafeMutableBufferPointer { hidden in
        guard let input = input.baseAddress, let hidden = hidden.baseAddress else { return }
        guard kind.carriesMemory else {
          return step(ready, rows: rows, input, updating: hidden, memory: nil)
        }
        memory.withUnsafeMutableBufferPointer { memory in
          guard let memory = memory.baseAddress else { return }
          step(ready, rows: rows, input, updating: hidden, memory: memory)
        }
      }
    }
  }

  /// The same by a whole call, which may use more threads.
  @inline(never)
  private func stepOnThreads(
    rows: Int, _ input: [Scalar], updating hidden: inout [Scalar], memory: inout [Scalar],
    _ execution: Execution
  ) throws(RecurrentError) {
    let call = try call(SequenceSchedule(steps: 1, rows: rows), batchFirst: false, execution)
    let result = run(call, input[...], from: hidden, memory: memory)
    hidden = result.output
    memory = result.finalMemory
  }

  @inline(__always)
  private func step(
    _ ready: PreparedStack<Scalar>, rows: Int, _ input: UnsafePointer<Scalar>,
    updating hidden: UnsafeMutablePointer<Scalar>, memory: UnsafeMutablePointer<Scalar>?
  ) {
    let count = rows * hiddenSize
    withUnsafeTemporaryAllocation(
      of: Scalar.self, capacity: count + ready.stepScratchSize(rows: rows)
    ) { scratch in
      guard let scratch = scratch.baseAddress else { return }
      // A product reads all of a row of h before the last of its sums is done.
      scratch.update(from: hidden, count: count)
      let layout = RowLayout(rowStride: hiddenSize)
      ready.step(
        layer: 0, rows: rows,
        // What is only read has the same kind of view as what is written.
        MatrixRows(base: UnsafeMutablePointer(mutating: input), layout: RowLayout(rowStride: inputSize)),
        MatrixRows(base: scratch, layout: layout),
        // A formula that carries nothing copies what it finds there onto itself.
        memory: memory ?? scratch, into: MatrixRows(base: hidden, layout: layout), scratch: scratch + count)
    }
  }
}

internal import VectorKernels

// One step of one cell: with a result in new memory, or in the memory of the state.

extension RecurrentCore {
  /// The state after one step.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  @usableFromInline
  func stepped(
    _ input: Tensor<Scalar>, hidden: Tensor<Scalar>?, cellState: Tensor<Scalar>?
  ) throws(RecurrentError) -> (hidden: Tensor<Scalar>, cellState: Tensor<Scalar>?) {
    try stepped(input, hidden: hidden, cellState: cellState, execution)
  }

  /// The state after one step, from zeros if there is none before; all shapes are checked.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  @inline(never)
  func stepped(
    _ input: Tensor<Scalar>, hidden: Tensor<Scalar>?, cellState: Tensor<Scalar>?, _ execution: Execution
  ) throws(RecurrentError) -> (hidden: Tensor<Scalar>, cellState: Tensor<Scalar>?) {
    let (rows, shape) = try stack.checkedStep(input.shape)
    try require(hidden, shape, cellState, shape, "state")
    var memory = scalars(ofCellState: cellState, shape)
    let next = try stack.stepped(
      rows: rows, input.scalars, from: scalars(ofHidden: hidden, shape), memory: &memory, execution)
    return (Tensor(unchecked: next, shape: shape), self.cellState(memory, shape))
  }

  /// Puts the state after one step in the place of the one before, for cells that carry nothing
  /// beside h.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  @usableFromInline
  func step(_ input: Tensor<Scalar>, hidden: inout Tensor<Scalar>) throws(RecurrentError) {
    try step(input, hidden: &hidden, execution)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  @inline(never)
  func step(
    _ input: Tensor<Scalar>, hidden: inout Tensor<Scalar>, _ execution: Execution
  ) throws(RecurrentError) {
    let (rows, shape) = try stack.checkedStep(input.shape)
    precondition(!stack.kind.carriesMemory, "a cell with a cell state, and no place for it")
    try require(hidden, shape, nil, shape, "state")
    var none: [Scalar] = []
    try stack.step(rows: rows, input.scalars, updating: &hidden.scalars, memory: &none, execution)
  }

  /// Puts the state after one step in the place of the one before, for cells that carry a cell
  /// state.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  @usableFromInline
  func step(
    _ input: Tensor<Scalar>, hidden: inout Tensor<Scalar>, cellState: inout Tensor<Scalar>
  ) throws(RecurrentError) {
    try step(input, hidden: &hidden, cellState: &cellState, execution)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  @inline(never)
  func step(
    _ input: Tensor<Scalar>, hidden: inout Tensor<Scalar>, cellState: inout Tensor<Scalar>,
    _ execution: Execution
  ) throws(RecurrentError) {
    let (rows, shape) = try stack.checkedStep(input.shape)
    try require(hidden, shape, cellState, shape, "state")
    try stack.step(
      rows: rows, input.scalars, updating: &hidden.scalars, memory: &cellState.scalars, execution)
  }
}

extension RecurrentStack {
  /// Runs one step of one layer, and returns h' in memory of its own.
  ///
  /// - Parameters:
  ///   - rows: B.
  ///   - input: `[B, I]`.
  ///   - hidden: h, `[B, H]`.
  ///   - memory: What the cells carry beside, `[B, H]`, which becomes the new one; empty for cells
  ///     that carry nothing.
  ///   - execution: How the step is run. More threads are used only where they could be worth
  ///     waking.
  /// - Returns: `[B, H]`.
  /// - Throws: What makes a call of a layer throw; the memory is as before then.
  @inline(__always)
  fileprivate func stepped(
    rows: Int, _ input: [Scalar], from hidden: [Scalar], memory: inout [Scalar], _ execution: Execution
  ) throws(RecurrentError) -> [Scalar] {
    guard !mayBePartitioned(rows: rows, execution) else {
      return try steppedOnThreads(rows: rows, input, from: hidden, memory: &memory, execution)
    }
    let ready = try ready(steps: 1, rows: rows, batchFirst: false, execution)
    return [Scalar](count: hidden.count) { next in
      hidden.withUnsafeBufferPointer { hidden in
        guard let hidden = hidden.baseAddress else { return }
        step(ready, rows: rows, input, from: hidden, into: next, memory: &memory)
      }
    }
  }

  /// The same with h' in the place of h: in its own memory, unless somebody else holds it too.
  @inline(__always)
  fileprivate func step(
    rows: Int, _ input: [Scalar], updating hidden: inout [Scalar], memory: inout [Scalar],
    _ execution: Execution
  ) throws(RecurrentError) {
    guard !mayBePartitioned(rows: rows, execution) else {
      hidden = try steppedOnThreads(rows: rows, input, from: hidden, memory: &memory, execution)
      return
    }
    let ready = try ready(steps: 1, rows: rows, batchFirst: false, execution)
    let count = hidden.count
    hidden.withUnsafeMutableBufferPointer { hidden in
      guard let hidden = hidden.baseAddress else { return }
      // A product reads all of a row of h before the last of its sums is done.
      withUnsafeTemporaryAllocation(of: Scalar.self, capacity: count) { copy in
        guard let copy = copy.baseAddress else { return }
        copy.update(from: hidden, count: count)
        step(ready, rows: rows, input, from: copy, into: hidden, memory: &memory)
      }
    }
  }

  private func mayBePartitioned(rows: Int, _ execution: Execution) -> Bool {
    ForwardCost.mayBePartitioned(
      sizes.forwardShape(steps: 1, rows: rows, scalarSize: MemoryLayout<Scalar>.size),
      threadCount: execution.threadCount)
  }

  /// The same by a whole call, which may use more threads.
  @inline(never)
  private func steppedOnThreads(
    rows: Int, _ input: [Scalar], from hidden: [Scalar], memory: inout [Scalar], _ execution: Execution
  ) throws(RecurrentError) -> [Scalar] {
    let call = try StackCall(self, SequenceSchedule(steps: 1, rows: rows), batchFirst: false, execution)
    let result = call.forward(input[...], from: hidden, cellState: memory)
    memory = result.finalCellState
    return result.output
  }

  /// Runs a step on the calling thread. h and h' do not overlap.
  @inline(__always)
  private func step(
    _ ready: PreparedStack<Scalar>, rows: Int, _ input: [Scalar], from hidden: UnsafePointer<Scalar>,
    into next: UnsafeMutablePointer<Scalar>, memory: inout [Scalar]
  ) {
    input.withUnsafeBufferPointer { input in
      guard rows > 0, let input = input.baseAddress else { return }
      // What is only read has the same kind of view as what is written.
      let x = MatrixRows(
        base: UnsafeMutablePointer(mutating: input), rowStride: inputSize)
      let h = MatrixRows(
        base: UnsafeMutablePointer(mutating: hidden), rowStride: hiddenSize)
      let target = MatrixRows(base: next, rowStride: hiddenSize)
      guard kind.hasFormula else {
        // Nothing touches memory and scratch then.
        return ready.step(
          layer: 0, rows: rows, x, h, cellState: next, into: target, scratch: next, zoneout: nil,
          startsAtEnd: false)
      }
      // A formula that carries nothing copies what it finds in place of a memory onto itself.
      let spareCount = kind.carriesMemory ? 0 : rows * hiddenSize
      withUnsafeTemporaryAllocation(
        of: Scalar.self, capacity: spareCount + ready.stepScratchSize(rows: rows, hasZoneout: false)
      ) { spare in
        guard let spare = spare.baseAddress else { return }
        memory.withUnsafeMutableBufferPointer {
          ready.step(
            layer: 0, rows: rows, x, h, cellState: kind.carriesMemory ? $0.baseAddress ?? spare : spare,
            into: target, scratch: spare + spareCount, zoneout: nil, startsAtEnd: false)
        }
      }
    }
  }
}

internal import VectorKernels

/// All of a pool that changes, and how it is stepped.
struct PooledSessions<Scalar: TensorScalar>: Sendable {
  private let stack: PreparedStack<Scalar>
  private let zoneout: ZoneoutPass?
  private let execution: Execution
  /// An estimate of what the step of one session takes, among many.
  private let nanosecondsPerSession: Double
  var states: SessionStates<Scalar>
  /// The memory of each worker.
  private var scratch: [AlignedBuffer<Scalar>] = []

  /// Prepares a layer that has been checked.
  init(_ layer: RecurrentStack<Scalar>, _ execution: Execution) throws(RecurrentError) {
    let rows = PoolTick<Scalar>.mostRows
    stack = try layer.prepared(
      for: execution.backend.resolved, layer.instructions(rows: rows, execution))
    zoneout = layer.zoneoutPass(noise: nil)
    self.execution = execution
    let shape = layer.sizes.forwardShape(steps: 1, rows: rows, scalarSize: MemoryLayout<Scalar>.size)
    nanosecondsPerSession =
      ForwardCost(shape, panelWidth: stack.engine.panelWidth).nanosecondsOnOneThread / Double(rows)
    states = SessionStates(SessionLayout(layer.sizes, scalarSize: MemoryLayout<Scalar>.stride))
    try addScratch()
  }

  /// Takes the memory of one more worker.
  private mutating func addScratch() throws(RecurrentError) {
    let count = PoolTick.scratchSize(stack, hasZoneout: zoneout != nil)
    try Memory.require([count], size: MemoryLayout<Scalar>.stride, for: "scratch")
    let buffer = AlignedBuffer<Scalar>(count: count)
    buffer.base.fillWithZeros(count: count)
    scratch.append(buffer)
  }

  /// Steps some sessions.
  ///
  /// - Parameters:
  ///   - sessions: Which, each of them once.
  ///   - inputs: Their rows of I features.
  ///   - outputs: Takes their rows of P features.
  /// - Throws: ``RecurrentError`` for a session that is not of this pool or there twice, and for
  ///   another number of scalars; nothing has happened then.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  mutating func step(
    _ sessions: UnsafeBufferPointer<RecurrentSession>, _ inputs: UnsafeBufferPointer<Scalar>,
    into outputs: UnsafeMutableBufferPointer<Scalar>
  ) throws(RecurrentError) {
    let (count, sizes) = (sessions.count, stack.sizes)
    // There are no more sessions than the limit from here on, so that the products are in range.
    try states.beginTick(sessions)
    guard inputs.count == count * sizes.inputSize else {
      throw .invalidSize(
        argument: "inputs", expected: "\(count) rows of \(sizes.inputSize) scalars", actual: inputs.count)
    }
    guard outputs.count == count * sizes.stateSize else {
      throw .invalidSize(
        argument: "outputs", expected: "\(count) rows of \(sizes.stateSize) scalars", actual: outputs.count)
    }
    guard let first = sessions.baseAddress, let input = inputs.baseAddress, let output = outputs.baseAddress
    else { return }
    let threadCount = execution.threads(
      forParts: count, nanoseconds: nanosecondsPerSession * Double(count))
    while scratch.count < threadCount { try addScratch() }
    states.withSlabs { slabs in
      let tick = PoolTick(
        stack: stack, zoneout: zoneout, layout: states.layout, slabs: slabs, sessions: first, inputs: input,
        outputs: output)
      guard threadCount > 1 else { return tick.run(0..<count, scratch: scratch[0].base) }
      execution.forEachPart(of: count, threadCount: threadCount) { worker, rows in
        tick.run(rows, scratch: scratch[worker].base)
      }
    }
  }
}

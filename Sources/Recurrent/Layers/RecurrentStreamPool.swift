internal import Synchronization

/// Many sessions of one layer, which come and go one by one, and are stepped together: for servers
/// of signals that arrive from many sources.
///
///     let pool = try lstm.streamPool()
///     let call = try pool.join()                          // from zeros, or from a state
///     try pool.step([call, other], frames)                // [2, I] to [2, P]
///     try pool.leave(call)
///
/// A tick, one call of ``step(_:_:into:)``, computes one time step of any of the sessions, in any
/// order. Their rows are gathered into batches, which the threads of the layer share. On the Swift
/// backend, each session has the bits of a ``RecurrentStream`` of its own, whichever other sessions
/// a tick has.
///
/// Many tasks may call one pool at once: a lock lets one call after the other run, so that a call
/// waits for the tick that runs. A tick does not wait for more sessions, and nothing is queued:
/// which rows are collected for how long, and what is refused when more arrive than ticks can take,
/// is for the caller to decide.
///
/// The states are in memory that grows as sessions join, and is kept for others when they leave:
/// h `[L, P]` and the cell state `[L, H]` of a session, in whole cache lines. A tick allocates no
/// memory on one thread, and on several as often for many sessions as for few. A pool keeps the
/// parameters that the layer had when the pool was made.
///
/// Shapes: n sessions of a tick, I input size, H hidden size, P the features of the state, which
/// are H without a projection, L layers.
public final class RecurrentStreamPool<State: RecurrentState>: Sendable {
  /// The number type.
  public typealias Scalar = State.Scalar

  /// I, the features of a step's input.
  public let inputSize: Int
  /// H, the units of a layer.
  public let hiddenSize: Int
  /// P, the features of a step's output.
  public let outputSize: Int
  /// L, the stacked layers.
  public let layerCount: Int

  /// Of the layer as it was.
  private let core: RecurrentCore<Scalar>
  private let layout: SessionLayout
  private let sessions: Mutex<PooledSessions<Scalar>>

  /// Makes a pool of a layer, without sessions.
  init(_ core: RecurrentCore<Scalar>, _ execution: Execution) throws(RecurrentError) {
    let layer = core.stack
    try layer.validateForSteps()
    let pooled = try PooledSessions(layer, execution)
    layout = pooled.states.layout
    sessions = Mutex(pooled)
    self.core = core
    inputSize = layer.inputSize
    hiddenSize = layer.hiddenSize
    outputSize = layer.stateSize
    layerCount = layer.layerCount
  }

  /// Computes one time step of some sessions.
  ///
  /// - Parameters:
  ///   - sessions: n of them, each of them once, in any order; the others stay as they are.
  ///   - inputs: Their n rows of I features, one row after the other.
  ///   - outputs: Takes the last layer's n rows of P features.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for a session that has
  ///   left or is another pool's, and for one that is there twice,
  ///   ``RecurrentError/invalidSize(argument:expected:actual:)`` for another number of scalars, and
  ///   ``RecurrentError/memoryUnavailable(argument:byteCount:)`` where one more thread has no memory
  ///   for its rows. Nothing has happened then.
  /// - Complexity: 2·G·n·H·(I + P) operations for the first layer and 4·G·n·H·P for each other,
  ///   G the gates, and O(n·L·(P + H)) to move the states.
  @specialized(where State == Tensor<Float>)
  @specialized(where State == Tensor<Double>)
  @specialized(where State == LSTMState<Float>)
  @specialized(where State == LSTMState<Double>)
  public func step(
    _ sessions: Span<RecurrentSession>, _ inputs: Span<Scalar>, into outputs: inout MutableSpan<Scalar>
  ) throws(RecurrentError) {
    try sessions.withUnsafeBufferPointer { sessions throws(RecurrentError) in
      try inputs.withUnsafeBufferPointer { inputs throws(RecurrentError) in
        try outputs.withUnsafeMutableBufferPointer { outputs throws(RecurrentError) in
          try self.sessions.withLock { pooled throws(RecurrentError) in
            try pooled.step(sessions, inputs, into: outputs)
          }
        }
      }
    }
  }

  /// Computes one time step of some sessions.
  ///
  /// - Parameters:
  ///   - sessions: n of them, each of them once, in any order; the others stay as they are.
  ///   - inputs: `[n, I]`.
  /// - Returns: The last layer's output, `[n, P]`.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape, and
  ///   what ``step(_:_:into:)`` throws; nothing has happened then.
  /// - Complexity: That of ``step(_:_:into:)``, and memory for the result.
  @discardableResult
  public func step(
    _ sessions: [RecurrentSession], _ inputs: Tensor<Scalar>
  ) throws(RecurrentError) -> Tensor<Scalar> {
    guard inputs.shape == [sessions.count, inputSize] else {
      throw .shapeMismatch(
        argument: "inputs", expected: "[\(sessions.count), \(inputSize)]", actual: inputs.shape)
    }
    let shape: Shape = [sessions.count, outputSize]
    try Memory.require([sessions.count, outputSize], size: MemoryLayout<Scalar>.stride, for: "outputs")
    let scalars = inputs.scalars
    var outputs = [Scalar](repeating: 0, count: shape.elementCount)
    var target = outputs.mutableSpan
    try step(sessions.span, scalars.span, into: &target)
    return Tensor(unchecked: outputs, shape: shape)
  }
}

// MARK: Sessions

extension RecurrentStreamPool {
  /// The sessions that have joined and not left.
  public var count: Int { sessions.withLock { $0.states.count } }

  /// Whether a session has joined this pool and not left.
  public func contains(_ session: RecurrentSession) -> Bool {
    sessions.withLock { $0.states.contains(session) }
  }

  /// Takes memory for the states of so many sessions in all, so that none is allocated as they
  /// join.
  ///
  /// - Parameter count: The sessions, those that there are included.
  /// - Throws: ``RecurrentError/invalidSize(argument:expected:actual:)`` for a negative count or
  ///   more than there can be, ``RecurrentError/memoryUnavailable(argument:byteCount:)`` where
  ///   there is no memory for so many; nothing has happened then.
  public func reserveCapacity(_ count: Int) throws(RecurrentError) {
    try sessions.withLock { pooled throws(RecurrentError) in try pooled.states.reserveCapacity(count) }
  }

  /// Adds a session.
  ///
  /// - Parameter state: Its state before the first step, h `[L, 1, P]` and the cell state
  ///   `[L, 1, H]` where there is one, as of a stream with a batch size of 1; zeros if `nil`.
  /// - Returns: What identifies the session until it leaves.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape,
  ///   ``RecurrentError/memoryUnavailable(argument:byteCount:)`` where there is no memory for one
  ///   more, and ``RecurrentError/invalidSize(argument:expected:actual:)`` beyond 2³¹ − 16 sessions
  ///   or 2⁴⁰ scalars of states; nothing has happened then.
  /// - Complexity: O(L·(P + H)), amortized.
  public func join(from state: State? = nil) throws(RecurrentError) -> RecurrentSession {
    let (hidden, cellState) = try scalars(of: state)
    return try sessions.withLock { pooled throws(RecurrentError) in
      let session = try pooled.states.add()
      write(hidden, cellState, to: try pooled.states.state(of: session))
      return session
    }
  }

  /// Removes a session. Its state is gone, and its memory is used for the next one that joins.
  ///
  /// - Parameter session: A session of this pool.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for a session that has
  ///   left or is another pool's.
  /// - Complexity: O(1).
  public func leave(_ session: RecurrentSession) throws(RecurrentError) {
    try sessions.withLock { pooled throws(RecurrentError) in try pooled.states.remove(session) }
  }

  /// Sets a session's state, as before a new sequence.
  ///
  /// - Parameters:
  ///   - session: A session of this pool.
  ///   - state: h `[L, 1, P]` and the cell state `[L, 1, H]` where there is one; zeros if `nil`.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape, and
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for a session that has left or is
  ///   another pool's; nothing has happened then.
  /// - Complexity: O(L·(P + H)).
  public func reset(_ session: RecurrentSession, to state: State? = nil) throws(RecurrentError) {
    let (hidden, cellState) = try scalars(of: state)
    try sessions.withLock { pooled throws(RecurrentError) in
      write(hidden, cellState, to: try pooled.states.state(of: session))
    }
  }

  /// A session's state after its last step, to save it, or to go on in another pool or stream.
  ///
  /// - Parameter session: A session of this pool.
  /// - Returns: h `[L, 1, P]`, and the cell state `[L, 1, H]` where there is one.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for a session that has
  ///   left or is another pool's.
  /// - Complexity: O(L·(P + H)).
  public func state(of session: RecurrentSession) throws(RecurrentError) -> State {
    var hidden = [Scalar](repeating: 0, count: stateShape.elementCount)
    var cellState = [Scalar](repeating: 0, count: layerCount * layout.cellStateSize)
    try sessions.withLock { pooled throws(RecurrentError) in
      let state = try pooled.states.state(of: session)
      for layer in 0..<layerCount {
        read(&hidden, layer, layout.stateSize, from: state + layout.hidden(ofLayer: layer))
        read(&cellState, layer, layout.cellStateSize, from: state + layout.cellState(ofLayer: layer))
      }
    }
    return State(
      hidden: Tensor(unchecked: hidden, shape: stateShape),
      cellState: core.cellState(cellState, cellStateShape))
  }

  private var stateShape: Shape { [layerCount, 1, outputSize] }
  private var cellStateShape: Shape { [layerCount, 1, hiddenSize] }

  /// The scalars of a state whose shapes are checked; zeros for a missing one.
  private func scalars(
    of state: State?
  ) throws(RecurrentError) -> (hidden: [Scalar], cellState: [Scalar]) {
    try core.require(state?.hidden, stateShape, state?.cellState, cellStateShape, "state")
    return (
      core.scalars(ofHidden: state?.hidden, stateShape),
      core.scalars(ofCellState: state?.cellState, cellStateShape)
    )
  }

  /// Copies `[L, P]` and `[L, H]` to where a session's state is.
  private func write(_ hidden: [Scalar], _ cellState: [Scalar], to state: UnsafeMutablePointer<Scalar>) {
    for layer in 0..<layerCount {
      write(hidden, layer, layout.stateSize, to: state + layout.hidden(ofLayer: layer))
      write(cellState, layer, layout.cellStateSize, to: state + layout.cellState(ofLayer: layer))
    }
  }

  private func write(_ rows: [Scalar], _ row: Int, _ width: Int, to target: UnsafeMutablePointer<Scalar>) {
    rows.withUnsafeBufferPointer {
      if let base = $0.baseAddress { target.update(from: base + row * width, count: width) }
    }
  }

  private func read(_ rows: inout [Scalar], _ row: Int, _ width: Int, from source: UnsafePointer<Scalar>) {
    rows.withUnsafeMutableBufferPointer {
      if let base = $0.baseAddress { (base + row * width).update(from: source, count: width) }
    }
  }
}

/// A pool of streams of an ``RNN``.
public typealias RNNStreamPool<Scalar: TensorScalar> = RecurrentStreamPool<Tensor<Scalar>>

/// A pool of streams of a ``GRU``.
public typealias GRUStreamPool<Scalar: TensorScalar> = RecurrentStreamPool<Tensor<Scalar>>

/// A pool of streams of an ``LSTM``.
public typealias LSTMStreamPool<Scalar: TensorScalar> = RecurrentStreamPool<LSTMState<Scalar>>

/// A pool of streams of a ``CustomRNN``.
public typealias CustomRNNStreamPool<Scalar: TensorScalar> = RecurrentStreamPool<CustomState<Scalar>>

// What streams of different layers differ in: their states.

/// A stream of an ``RNN``.
public typealias RNNStream<Scalar: TensorScalar> = RecurrentStream<Scalar, Tensor<Scalar>>

/// A stream of a ``GRU``.
public typealias GRUStream<Scalar: TensorScalar> = RecurrentStream<Scalar, Tensor<Scalar>>

/// A stream of an ``LSTM``.
public typealias LSTMStream<Scalar: TensorScalar> = RecurrentStream<Scalar, LSTMState<Scalar>>

/// A stream of a ``CustomRNN``.
public typealias CustomRNNStream<Scalar: TensorScalar> = RecurrentStream<Scalar, CustomState<Scalar>>

extension RecurrentStream where State == Tensor<Scalar> {
  /// Every layer's state after the last step, `[L, B, H]`.
  public var state: Tensor<Scalar> { hidden }

  /// Sets every layer's state, as before a new sequence.
  ///
  /// - Parameter state: `[L, B, H]`; zeros if `nil`.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape; the state is then what it was.
  public mutating func reset(to state: Tensor<Scalar>? = nil) throws(RecurrentError) {
    try setHidden(state, "state")
  }
}

extension RecurrentStream where State == LSTMState<Scalar> {
  /// Every layer's state after the last step: h `[L, B, P]`, c `[L, B, H]`.
  public var state: LSTMState<Scalar> { LSTMState(hidden: hidden, cell: memory) }

  /// Sets every layer's state, as before a new sequence.
  ///
  /// - Parameter state: h `[L, B, P]`, c `[L, B, H]`; zeros if `nil`.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape; the state is then what it was.
  public mutating func reset(to state: LSTMState<Scalar>? = nil) throws(RecurrentError) {
    try set(hidden: state?.hidden, "state.hidden", memory: state?.cell, "state.cell")
  }
}

extension RecurrentStream where State == CustomState<Scalar> {
  /// Every layer's state after the last step, `[L, B, H]`; without a memory where the cell carries none.
  public var state: CustomState<Scalar> {
    CustomState(hidden: hidden, memory: carriesMemory ? memory : nil)
  }

  /// Sets every layer's state, as before a new sequence.
  ///
  /// - Parameter state: `[L, B, H]` each; zeros if `nil`. The memory of a cell that carries none is not looked at.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape; the state is then what it was.
  public mutating func reset(to state: CustomState<Scalar>? = nil) throws(RecurrentError) {
    try set(
      hidden: state?.hidden, "state.hidden", memory: carriesMemory ? state?.memory : nil, "state.memory")
  }
}

extension RecurrentStack {
  /// Makes a stream whose states are zeros.
  func stream<State>(
    batchSize: Int, _ execution: Execution, carrying _: State.Type
  ) throws(RecurrentError) -> RecurrentStream<Scalar, State> {
    try validateSizes()
    try validateZoneout()
    guard directions == .forward else {
      throw .invalidValue(
        argument: "directions", expected: "a layer that reads forward, for steps that arrive one by one",
        actual: directions.rawValue)
    }
    guard batchSize >= 0 else {
      throw .invalidSize(argument: "batchSize", expected: "at least 0", actual: batchSize)
    }
    let stack = try prepared(
      for: execution.backend.resolved, instructions(rows: batchSize, execution))
    let scalarsPerRow =
      layerCount * (2 * stateSize + hiddenSize) + inputSize + stack.stepScratchSize(rows: 1, hasZoneout: true)
    let limit = min(Self.greatestSize, Self.greatestScalarCount / scalarsPerRow)
    guard batchSize <= limit else {
      throw .invalidSize(argument: "batchSize", expected: "at most \(limit)", actual: batchSize)
    }
    return RecurrentStream(stack, of: self, batchSize: batchSize)
  }
}

extension RNN {
  /// Makes a stream that runs this layer one step at a time.
  ///
  /// - Parameters:
  ///   - batchSize: B, the sequences that are processed side by side.
  ///   - initialState: Every layer's state before the first step, `[L, B, H]`; zeros if `nil`.
  /// - Returns: A stream with the parameters and the backend that the layer has now.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape,
  ///   ``RecurrentError/invalidSize(argument:expected:actual:)`` for a batch size out of range,
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for a layer of both directions, and what the layer's own
  ///   sizes, parameters and backend or the environment give reason for.
  public func stream(
    batchSize: Int = 1, from initialState: Tensor<Scalar>? = nil
  ) throws(RecurrentError) -> RNNStream<Scalar> {
    var stream = try stack.stream(
      batchSize: batchSize, Execution(resolving: backend, threadCount: 1), carrying: Tensor<Scalar>.self)
    if let initialState { try stream.reset(to: initialState) }
    return stream
  }
}

extension GRU {
  /// Makes a stream that runs this layer one step at a time.
  ///
  /// - Parameters:
  ///   - batchSize: B, the sequences that are processed side by side.
  ///   - initialState: Every layer's state before the first step, `[L, B, H]`; zeros if `nil`.
  /// - Returns: A stream with the parameters and the backend that the layer has now.
  /// - Throws: As ``RNN/stream(batchSize:from:)``.
  public func stream(
    batchSize: Int = 1, from initialState: Tensor<Scalar>? = nil
  ) throws(RecurrentError) -> GRUStream<Scalar> {
    var stream = try stack.stream(
      batchSize: batchSize, Execution(resolving: backend, threadCount: 1), carrying: Tensor<Scalar>.self)
    if let initialState { try stream.reset(to: initialState) }
    return stream
  }
}

extension LSTM {
  /// Makes a stream that runs this layer one step at a time.
  ///
  /// - Parameters:
  ///   - batchSize: B, the sequences that are processed side by side.
  ///   - initialState: Every layer's state before the first step, h `[L, B, P]`, c `[L, B, H]`; zeros if `nil`.
  /// - Returns: A stream with the parameters and the backend that the layer has now.
  /// - Throws: As ``RNN/stream(batchSize:from:)``.
  public func stream(
    batchSize: Int = 1, from initialState: LSTMState<Scalar>? = nil
  ) throws(RecurrentError) -> LSTMStream<Scalar> {
    var stream = try stack.stream(
      batchSize: batchSize, Execution(resolving: backend, threadCount: 1), carrying: LSTMState<Scalar>.self)
    if let initialState { try stream.reset(to: initialState) }
    return stream
  }
}

extension CustomRNN {
  /// Makes a stream that runs this layer one step at a time.
  ///
  /// - Parameters:
  ///   - batchSize: B, the sequences that are processed side by side.
  ///   - initialState: Every layer's state before the first step, `[L, B, H]`; zeros if `nil`.
  /// - Returns: A stream with the parameters and the backend that the layer has now.
  /// - Throws: As ``RNN/stream(batchSize:from:)``.
  public func stream(
    batchSize: Int = 1, from initialState: CustomState<Scalar>? = nil
  ) throws(RecurrentError) -> CustomRNNStream<Scalar> {
    var stream = try stack.stream(
      batchSize: batchSize, Execution(resolving: backend, threadCount: 1), carrying: CustomState<Scalar>.self)
    if let initialState { try stream.reset(to: initialState) }
    return stream
  }
}

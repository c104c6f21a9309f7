extension EchoStateNetwork {
  /// Runs along a sequence that is known: the state takes the sequence itself in the place of the
  /// fed-back output.
  ///
  /// - Parameters:
  ///   - target: The sequence, `[T, B, O]` or unbatched `[T, O]`.
  ///   - input: u, `[T, B, I]` or `[T, I]`; `nil` where I is 0.
  ///   - state: Where to begin; zeros if `nil`.
  /// - Returns: `output`, each step's y from what is known before it, shaped as the target, and
  ///   `finalState`, from which the sequence can be followed further or continued.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` without a read-out,
  ///   ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape,
  ///   ``RecurrentError/emptySequence(argument:)`` for T = 0,
  ///   ``RecurrentError/memoryUnavailable(argument:byteCount:)`` if there is no memory for the
  ///   states.
  /// - Complexity: 2·T·B·H·(I + O + c·H) operations, c being the connectivity.
  public func follow(
    _ target: Tensor<Scalar>, input: Tensor<Scalar>? = nil, from state: State? = nil
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: State) {
    let extent = try extent(of: target, "target", features: outputSize)
    let input = try self.input(input, extent)
    let readout = try preparedReadout()
    let (history, finalState) = try force(target.scalars, input, extent, from: state)
    let output = apply(readout, to: history, input, rows: extent.steps * extent.rows)
    return (Tensor(unchecked: output, shape: target.shape), finalState)
  }

  /// Runs on an external input; the network's own output feeds back.
  ///
  /// - Parameters:
  ///   - input: u, `[T, B, I]` or unbatched `[T, I]`.
  ///   - state: Where to begin; zeros if `nil`.
  /// - Returns: `output`, y of every step, `[T, B, O]` or `[T, O]`, and `finalState`.
  /// - Throws: What ``follow(_:input:from:)`` throws.
  /// - Complexity: 2·T·B·H·(I + O + c·H) operations, c being the connectivity.
  public func callAsFunction(
    _ input: Tensor<Scalar>, from state: State? = nil
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: State) {
    let extent = try extent(of: input, "input", features: inputSize)
    return try freeRun(try self.input(input, extent), extent, from: state)
  }

  /// Continues by itself: each output is the next step's y_{t−1}.
  ///
  /// - Parameters:
  ///   - steps: T, how many steps to make; at least 1.
  ///   - state: Where to begin, as ``fit(_:input:from:washout:regularization:)`` and
  ///     ``follow(_:input:from:)`` return it.
  /// - Returns: `output`, `[T, B, O]` or, from an unbatched state, `[T, O]`, and `finalState`.
  /// - Throws: ``RecurrentError/invalidSize(argument:expected:actual:)`` for another number of
  ///   steps, or for a network that takes an external input; what ``follow(_:input:from:)`` throws.
  /// - Complexity: 2·T·B·H·(O + c·H) operations, c being the connectivity.
  public func generate(
    _ steps: Int, from state: State
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: State) {
    guard (1...Int(Int32.max)).contains(steps) else {
      throw .invalidSize(argument: "steps", expected: "1 to \(Int32.max)", actual: steps)
    }
    guard inputSize == 0 else {
      throw .invalidSize(
        argument: "inputSize", expected: "0: a network with an external input runs on one", actual: inputSize)
    }
    let isBatched = state.hidden.shape.rank == 2
    let extent = Extent(steps: steps, rows: isBatched ? state.hidden.shape[0] : 1, isBatched: isBatched)
    guard isCountable(extent) else {
      throw .shapeMismatch(
        argument: "state.hidden", expected: "[B, \(hiddenSize)] or [\(hiddenSize)]",
        actual: state.hidden.shape)
    }
    try Memory.require([steps, extent.rows, outputSize], size: MemoryLayout<Scalar>.size, for: "steps")
    return try freeRun([], extent, from: state)
  }

  // MARK: Below the public boundary

  /// The steps and rows of a sequence.
  struct Extent: Equatable {
    var steps: Int
    var rows: Int
    var isBatched: Bool

    init(steps: Int, rows: Int, isBatched: Bool) {
      (self.steps, self.rows, self.isBatched) = (steps, rows, isBatched)
    }

    init(of tensor: Tensor<Scalar>, _ argument: String, features: Int) throws(RecurrentError) {
      let shape = tensor.shape
      guard shape.rank == 2 || shape.rank == 3, shape.dimensions.last == features else {
        throw .shapeMismatch(
          argument: argument, expected: "[T, B, \(features)] or [T, \(features)]", actual: shape)
      }
      guard shape[0] > 0 else { throw .emptySequence(argument: argument) }
      self.init(steps: shape[0], rows: shape.rank == 3 ? shape[1] : 1, isBatched: shape.rank == 3)
    }

    func shape(_ features: Int) -> Shape {
      isBatched ? [steps, rows, features] : [steps, features]
    }
    func stateShape(_ features: Int) -> Shape { isBatched ? [rows, features] : [features] }
  }

  /// The steps and rows of a sequence, checked, with memory for the states along it.
  func extent(
    of tensor: Tensor<Scalar>, _ argument: String, features: Int
  ) throws(RecurrentError) -> Extent {
    let extent = try Extent(of: tensor, argument, features: features)
    guard isCountable(extent) else {
      throw .shapeMismatch(
        argument: argument, expected: "a sequence whose states can be counted", actual: tensor.shape)
    }
    try Memory.require(
      [extent.steps, extent.rows, hiddenSize + inputSize + outputSize], size: 2 * MemoryLayout<Scalar>.size,
      for: argument)
    return extent
  }

  /// Whether all that there is in a sequence has a shape: steps beside no rows, and rows beside no
  /// features, may be any number.
  private func isCountable(_ extent: Extent) -> Bool {
    Shape(exactly: [extent.steps, extent.rows, max(inputSize, hiddenSize, outputSize)]) != nil
  }

  /// The external input of a sequence, checked; none where I is 0.
  func input(_ input: Tensor<Scalar>?, _ extent: Extent) throws(RecurrentError) -> [Scalar] {
    let shape = extent.shape(inputSize)
    guard let input else {
      guard inputSize == 0 else {
        throw .shapeMismatch(argument: "input", expected: shape.description, actual: [])
      }
      return []
    }
    try input.require(shape, "input")
    return input.scalars
  }

  /// A state, checked; zeros for none.
  func state(_ state: State?, _ extent: Extent) throws(RecurrentError) -> State {
    let hidden = extent.stateShape(hiddenSize)
    let output = extent.stateShape(outputSize)
    guard let state else { return State(hidden: .zeros(hidden), output: .zeros(output)) }
    try state.hidden.require(hidden, "state.hidden")
    try state.output.require(output, "state.output")
    return state
  }

  /// The states `[T, B, H]` along a known sequence, and the last of them.
  func force(
    _ target: [Scalar], _ input: [Scalar], _ extent: Extent, from state: State?
  ) throws(RecurrentError) -> (history: [Scalar], finalState: State) {
    var state = try self.state(state, extent)
    let size = extent.rows * outputSize
    let fedBack = hasFeedback ? state.output.scalars + target.dropLast(size) : []
    let drive = joinRows(
      input, inputSize, fedBack, stack.inputSize - inputSize, rows: extent.steps * extent.rows)
    let history = try states(drive, extent, from: &state.hidden.scalars)
    state.output.scalars = Array(target.suffix(size))
    return (history, state)
  }

  /// The states `[T, B, H]` under a drive `[T, B, I + O]`.
  private func states(
    _ drive: [Scalar], _ extent: Extent, from state: inout [Scalar]
  ) throws(RecurrentError) -> [Scalar] {
    let execution = try Execution(resolving: backend, threadCount: threadCount)
    if sparse == nil, leakRate == 1 {
      let schedule = SequenceSchedule(steps: extent.steps, rows: extent.rows)
      let result = try StackCall(stack, schedule, batchFirst: false, execution)
        .forward(drive[...], from: state, cellState: [])
      state = result.finalState
      return result.output
    }
    let pass = try self.pass(extent, execution)
    var history = [Scalar](repeating: 0, count: extent.steps * state.count)
    guard !history.isEmpty else { return [] }
    history.withUnsafeMutableBufferPointer { history in
      drive.withUnsafeBufferPointer { drive in
        state.withUnsafeBufferPointer { state in
          guard let history = history.baseAddress, let drive = drive.baseAddress,
            let state = state.baseAddress
          else { return }
          pass.run(drive, steps: extent.steps, rows: extent.rows, from: state, into: history)
        }
      }
    }
    state = Array(history.suffix(state.count))
    return history
  }

  private func pass(
    _ extent: Extent, _ execution: Execution
  ) throws(RecurrentError) -> ReservoirPass<Scalar> {
    try stack.validateExtent(steps: extent.steps, rows: extent.rows)
    let backend = execution.backend.resolved
    return ReservoirPass(
      stack: try stack.prepared(for: backend, execution.instructions), sparse: sparse, leakRate: leakRate)
  }

  /// Steps on the network's own output.
  private func freeRun(
    _ input: [Scalar], _ extent: Extent, from state: State?
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: State) {
    let readout = try preparedReadout()
    var state = try self.state(state, extent)
    let pass = try self.pass(extent, try Execution(resolving: backend, threadCount: threadCount))
    let output = pass.freeRun(
      input, steps: extent.steps, rows: extent.rows, readout: readout, hidden: &state.hidden.scalars,
      last: &state.output.scalars)
    return (Tensor(unchecked: output, shape: extent.shape(outputSize)), state)
  }

  /// y [rows, O] from h [rows, H] and u [rows, I].
  private func apply(
    _ readout: PreparedReadout<Scalar>, to hidden: [Scalar], _ input: [Scalar], rows: Int
  ) -> [Scalar] {
    [Scalar](count: rows * outputSize) { output in
      hidden.withUnsafeBufferPointer { hidden in
        input.withUnsafeBufferPointer { input in
          guard let hidden = hidden.baseAddress else { return }
          // Without an input there is nothing to read; the address only has to be one.
          readout.apply(
            to: hidden, input.baseAddress ?? hidden, inputStride: inputSize, rows: rows, into: output)
        }
      }
    }
  }

  /// The read-out, checked: it is open to assignment.
  func preparedReadout() throws(RecurrentError) -> PreparedReadout<Scalar> {
    guard let readout else {
      throw .invalidValue(argument: "readout", expected: "a network that was fitted", actual: "none")
    }
    try readout.weight.require([outputSize, hiddenSize + inputSize], "readout.weight")
    try readout.bias.require([outputSize], "readout.bias")
    return PreparedReadout(
      weight: readout.weight.scalars, bias: readout.bias.scalars, hiddenSize: hiddenSize, inputSize: inputSize
    )
  }
}

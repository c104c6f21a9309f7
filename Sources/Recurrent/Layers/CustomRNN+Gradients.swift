/// The gradients of a scalar with respect to all that a ``CustomRNN`` call depends on.
public struct CustomGradients<Scalar: TensorScalar>: Sendable, Equatable {
  /// Of the parameters, cell by cell, in the form of the parameters.
  public var parameters: [CellParameters<Scalar>]
  /// Of the input, in its shape.
  public var input: Tensor<Scalar>
  /// Of the initial state; also where the call was made without one.
  public var initialState: CustomState<Scalar>

  /// Those of the parameters under their names, as an optimizer takes them.
  public var stateDictionary: StateDictionary<Scalar> {
    StateDictionary(layers: parameters, directions: directions)
  }

  var directions = Directions.forward
}

/// Carries gradients back through one call of a ``CustomRNN``.
///
/// It keeps what the call computed, or with checkpoints only every n-th state. It may be called more than once, and by many tasks.
public struct CustomPullback<Scalar: TensorScalar>: Sendable {
  let call: SequencePullback<Scalar>
  let carriesMemory: Bool

  /// Computes the gradients of a scalar from its gradients with respect to the call's results.
  ///
  /// On the Swift backend the bits do not depend on the threads.
  ///
  /// - Parameters:
  ///   - outputGradient: With respect to the output, in its shape; zeros if `nil`.
  ///   - finalStateGradient: With respect to the final state; zeros if `nil`.
  /// - Returns: The gradients of parameters, input and initial state.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape.
  /// - Complexity: Twice the operations of the call; three times with checkpoints.
  public func callAsFunction(
    _ outputGradient: Tensor<Scalar>?, finalStateGradient: CustomState<Scalar>? = nil
  ) throws(RecurrentError) -> CustomGradients<Scalar> {
    guard carriesMemory || finalStateGradient?.memory == nil else {
      throw .invalidValue(
        argument: "finalStateGradient.memory", expected: "nil for a cell that carries none",
        actual: "a tensor")
    }
    let gradients = try call.gradients(
      outputGradient: outputGradient, stateGradient: finalStateGradient?.hidden,
      stateArgument: "finalStateGradient.hidden", memoryGradient: finalStateGradient?.memory,
      memoryArgument: "finalStateGradient.memory")
    return CustomGradients(
      parameters: gradients.parameters, input: gradients.input,
      initialState: CustomState(
        hidden: gradients.state, memory: carriesMemory ? gradients.memory : nil),
      directions: call.directions)
  }
}

extension CustomRNN where Cell: DifferentiableCustomCell {
  /// Runs the layer over a sequence, and returns with the results a function that carries gradients back.
  ///
  /// - Parameters:
  ///   - input: `[T, B, I]`, `[B, T, I]` with ``batchFirst``, or unbatched `[T, I]`. B may be 0.
  ///   - initialState: Every cell's state before the first step; zeros if `nil`.
  ///   - resets: 1 where a row begins anew and 0 elsewhere; `nil` for none.
  ///   - checkpointInterval: The steps between states that are kept; what lies between is computed again by the pullback.
  ///     `nil` keeps everything.
  /// - Returns: The results of the call, on the Swift backend with the same bits, without ``dropout``; and the pullback.
  /// - Throws: What the call throws, and ``RecurrentError/invalidSize(argument:expected:actual:)`` for an interval below 1.
  public func valueWithPullback(
    at input: Tensor<Scalar>, from initialState: CustomState<Scalar>? = nil, resets: Tensor<Scalar>? = nil,
    checkpointInterval: Int? = nil
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: CustomState<Scalar>, pullback: CustomPullback<Scalar>
  ) {
    try valueWithPullback(
      at: input, stack.checkedSequence(input.shape, batchFirst: batchFirst, resets: resets),
      from: initialState, noise: nil, checkpointInterval: checkpointInterval,
      execution: Execution(resolving: backend, threadCount: threadCount))
  }

  /// Runs the layer over a sequence with ``dropout`` between its layers.
  ///
  /// - Parameters:
  ///   - input: `[T, B, I]`, `[B, T, I]` with ``batchFirst``, or unbatched `[T, I]`. B may be 0.
  ///   - initialState: Every cell's state before the first step; zeros if `nil`.
  ///   - resets: 1 where a row begins anew and 0 elsewhere; `nil` for none.
  ///   - checkpointInterval: The steps between states that are kept; `nil` keeps everything.
  ///   - generator: The source of randomness, of which one number is taken.
  /// - Returns: The results, and the pullback.
  /// - Throws: What the method without a generator throws, and
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for a dropout out of range.
  public func valueWithPullback<Generator: RandomNumberGenerator>(
    at input: Tensor<Scalar>, from initialState: CustomState<Scalar>? = nil, resets: Tensor<Scalar>? = nil,
    checkpointInterval: Int? = nil, using generator: inout Generator
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: CustomState<Scalar>, pullback: CustomPullback<Scalar>
  ) {
    try valueWithPullback(
      at: input, stack.checkedSequence(input.shape, batchFirst: batchFirst, resets: resets),
      from: initialState, noise: stack.noise(using: &generator),
      checkpointInterval: checkpointInterval,
      execution: Execution(resolving: backend, threadCount: threadCount))
  }

  /// Runs the layer over sequences of unequal lengths, and returns with the results a function that carries gradients back.
  ///
  /// - Parameters:
  ///   - input: Sequences of I features.
  ///   - initialState: Every cell's state before the first step of each sequence; zeros if `nil`.
  ///   - checkpointInterval: The steps between states that are kept; `nil` keeps everything.
  /// - Returns: The results of the call, and the pullback: it takes and gives gradients of packed rows, `[N, D·H]` and `[N, I]`.
  /// - Throws: What the call throws, and ``RecurrentError/invalidSize(argument:expected:actual:)`` for an interval below 1.
  public func valueWithPullback(
    at input: PackedSequence<Scalar>, from initialState: CustomState<Scalar>? = nil,
    checkpointInterval: Int? = nil
  ) throws(RecurrentError) -> (
    output: PackedSequence<Scalar>, finalState: CustomState<Scalar>, pullback: CustomPullback<Scalar>
  ) {
    let (output, finalState, pullback) = try valueWithPullback(
      at: input.data, stack.checkedSequence(input), from: initialState, noise: nil,
      checkpointInterval: checkpointInterval,
      execution: Execution(resolving: backend, threadCount: threadCount))
    return (try input.replacing(data: output), finalState, pullback)
  }

  /// Runs the layer over sequences of unequal lengths with ``dropout`` between its layers.
  ///
  /// - Parameters:
  ///   - input: Sequences of I features.
  ///   - initialState: Every cell's state before the first step of each sequence; zeros if `nil`.
  ///   - checkpointInterval: The steps between states that are kept; `nil` keeps everything.
  ///   - generator: The source of randomness, of which one number is taken.
  /// - Returns: The results, and the pullback.
  /// - Throws: What the method without a generator throws, and
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for a dropout out of range.
  public func valueWithPullback<Generator: RandomNumberGenerator>(
    at input: PackedSequence<Scalar>, from initialState: CustomState<Scalar>? = nil,
    checkpointInterval: Int? = nil, using generator: inout Generator
  ) throws(RecurrentError) -> (
    output: PackedSequence<Scalar>, finalState: CustomState<Scalar>, pullback: CustomPullback<Scalar>
  ) {
    let (output, finalState, pullback) = try valueWithPullback(
      at: input.data, stack.checkedSequence(input), from: initialState,
      noise: stack.noise(using: &generator), checkpointInterval: checkpointInterval,
      execution: Execution(resolving: backend, threadCount: threadCount))
    return (try input.replacing(data: output), finalState, pullback)
  }

  /// Runs the layer over a sequence whose shape is checked, by an execution that tests name.
  func valueWithPullback(
    at input: Tensor<Scalar>, _ shape: SequenceShape, from initialState: CustomState<Scalar>?,
    noise: TrainingNoise?, checkpointInterval: Int?, execution: Execution
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: CustomState<Scalar>, pullback: CustomPullback<Scalar>
  ) {
    let (hidden, memory) = try scalars(of: initialState, shape, "initialState")
    let call = try SequencePullback(
      stack, shape, input, from: hidden, memory: memory, noise: noise,
      checkpointInterval: checkpointInterval, execution)
    return (
      try call.output,
      CustomState(hidden: call.finalState, memory: cell.carriesMemory ? call.finalMemory : nil),
      CustomPullback(call: call, carriesMemory: cell.carriesMemory)
    )
  }
}

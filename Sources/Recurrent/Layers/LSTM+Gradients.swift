/// The gradients of a scalar with respect to all that an ``LSTM`` call depends on.
public struct LSTMGradients<Scalar: TensorScalar>: Sendable, Equatable {
  /// Of the parameters, layer by layer, in the form of the parameters.
  public var parameters: [CellParameters<Scalar>]
  /// Of the input, in its shape.
  public var input: Tensor<Scalar>
  /// Of the initial state; also where the call was made without one.
  public var initialState: LSTMState<Scalar>

  /// Those of the parameters under PyTorch's names, as an optimizer takes them.
  public var stateDictionary: StateDictionary<Scalar> {
    StateDictionary(layers: parameters, directions: directions)
  }

  var directions = Directions.forward
}

/// Carries gradients back through one call of an ``LSTM``.
///
/// It keeps what the call computed: every layer's outputs, memories and gates, 6·L·T·B·H scalars; or, with checkpoints, only
/// every n-th state. It may be called more than once, and by many tasks.
public struct LSTMPullback<Scalar: TensorScalar>: Sendable {
  let call: SequencePullback<Scalar>

  /// Computes the gradients of a scalar from its gradients with respect to the call's results.
  ///
  ///     ∂c_t += ∂h_t ⊙ o ⊙ (1 − tanh² c_t)     ∂c_{t−1} = ∂c_t ⊙ f
  ///     δ_i = ∂c_t ⊙ g ⊙ i (1 − i)     δ_f = ∂c_t ⊙ c_{t−1} ⊙ f (1 − f)     δ_g = ∂c_t ⊙ i ⊙ (1 − g²)
  ///     δ_o = ∂h_t ⊙ tanh(c_t) ⊙ o (1 − o)     ∂h_{t−1} = δ·W_hh
  ///     ∂W_ih = Σ δᵀ·x_t    ∂W_hh = Σ δᵀ·h_{t−1}    ∂b_ih = ∂b_hh = Σ δ    ∂x_t = δ·W_ih
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
    _ outputGradient: Tensor<Scalar>?, finalStateGradient: LSTMState<Scalar>? = nil
  ) throws(RecurrentError) -> LSTMGradients<Scalar> {
    let gradients = try call.gradients(
      outputGradient: outputGradient, stateGradient: finalStateGradient?.hidden,
      stateArgument: "finalStateGradient.hidden", memoryGradient: finalStateGradient?.cell,
      memoryArgument: "finalStateGradient.cell")
    return LSTMGradients(
      parameters: gradients.parameters, input: gradients.input,
      initialState: LSTMState(hidden: gradients.state, cell: gradients.memory), directions: call.directions)
  }
}

extension LSTM {
  /// Runs the layer over a sequence, and returns with the results a function that carries gradients back.
  ///
  ///     let (output, finalState, pullback) = try lstm.valueWithPullback(at: x)
  ///     let gradients = try pullback(outputGradient)            // .parameters .input .initialState
  ///
  /// - Parameters:
  ///   - input: `[T, B, I]`, `[B, T, I]` with ``batchFirst``, or unbatched `[T, I]`. B may be 0.
  ///   - initialState: Every layer's state before the first step; zeros if `nil`.
  ///   - checkpointInterval: The steps between states that are kept; what lies between is computed again by the pullback.
  ///     `nil` keeps everything.
  /// - Returns: The results of ``callAsFunction(_:_:)->(Tensor<Scalar>,_)``, on the Swift backend with the same bits, without ``dropout``; and the pullback.
  /// - Throws: What ``callAsFunction(_:_:)->(Tensor<Scalar>,_)`` throws, and ``RecurrentError/invalidSize(argument:expected:actual:)`` for an
  ///   interval below 1.
  public func valueWithPullback(
    at input: Tensor<Scalar>, from initialState: LSTMState<Scalar>? = nil, checkpointInterval: Int? = nil
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: LSTMState<Scalar>, pullback: LSTMPullback<Scalar>
  ) {
    try valueWithPullback(
      at: input, from: initialState, noise: nil, checkpointInterval: checkpointInterval,
      execution: Execution(resolving: backend, threadCount: threadCount))
  }

  /// Runs the layer over a sequence with ``dropout`` between its layers, and returns with the results a function that carries
  /// gradients back; see ``RNN/valueWithPullback(at:from:checkpointInterval:using:)->(Tensor<Scalar>,_,_)``.
  ///
  /// - Parameters:
  ///   - input: `[T, B, I]`, `[B, T, I]` with ``batchFirst``, or unbatched `[T, I]`. B may be 0.
  ///   - initialState: Every layer's state before the first step; zeros if `nil`.
  ///   - checkpointInterval: The steps between states that are kept; `nil` keeps everything.
  ///   - generator: The source of randomness, of which one number is taken.
  /// - Returns: Output and final state, and the pullback.
  /// - Throws: What ``valueWithPullback(at:from:checkpointInterval:)->(Tensor<Scalar>,_,_)`` throws, and
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for a dropout out of range.
  public func valueWithPullback<Generator: RandomNumberGenerator>(
    at input: Tensor<Scalar>, from initialState: LSTMState<Scalar>? = nil, checkpointInterval: Int? = nil,
    using generator: inout Generator
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: LSTMState<Scalar>, pullback: LSTMPullback<Scalar>
  ) {
    try valueWithPullback(
      at: input, from: initialState, noise: stack.noise(using: &generator),
      checkpointInterval: checkpointInterval,
      execution: Execution(resolving: backend, threadCount: threadCount))
  }

  /// Runs the layer by an execution that tests and tools name.
  package func valueWithPullback(
    at input: Tensor<Scalar>, from initialState: LSTMState<Scalar>? = nil, checkpointInterval: Int? = nil,
    execution: Execution
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: LSTMState<Scalar>, pullback: LSTMPullback<Scalar>
  ) {
    try valueWithPullback(
      at: input, from: initialState, noise: nil, checkpointInterval: checkpointInterval,
      execution: execution)
  }

  /// Runs the layer with a dropout that has been drawn, by an execution that tests name.
  func valueWithPullback(
    at input: Tensor<Scalar>, from initialState: LSTMState<Scalar>?, noise: TrainingNoise?,
    checkpointInterval: Int?, execution: Execution
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: LSTMState<Scalar>, pullback: LSTMPullback<Scalar>
  ) {
    try valueWithPullback(
      at: input, stack.checkedSequence(input.shape, batchFirst: batchFirst), from: initialState,
      noise: noise, checkpointInterval: checkpointInterval, execution: execution)
  }

  /// Runs the layer over a sequence whose shape is checked.
  func valueWithPullback(
    at input: Tensor<Scalar>, _ shape: SequenceShape, from initialState: LSTMState<Scalar>?,
    noise: TrainingNoise?,
    checkpointInterval: Int?, execution: Execution
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: LSTMState<Scalar>, pullback: LSTMPullback<Scalar>
  ) {
    let hidden = try stack.scalars(of: initialState?.hidden, shape.state, "initialState.hidden")
    let cell = try stack.scalars(of: initialState?.cell, shape.memory, "initialState.cell")
    let call = try SequencePullback(
      stack, shape, input, from: hidden, memory: cell, noise: noise,
      checkpointInterval: checkpointInterval, execution)
    return (
      try call.output, LSTMState(hidden: call.finalState, cell: call.finalMemory),
      LSTMPullback(call: call)
    )
  }
}

/// The gradients of a scalar with respect to all that a ``GRU`` call depends on, in the form of an ``RNN``'s.
public typealias GRUGradients = RNNGradients

/// Carries gradients back through one call of a ``GRU``.
///
/// It keeps what the call computed: every layer's outputs and gates, 5·L·T·B·H scalars; or, with checkpoints, only every
/// n-th state. It may be called more than once, and by many tasks.
public struct GRUPullback<Scalar: TensorScalar>: Sendable {
  let call: SequencePullback<Scalar>

  /// Computes the gradients of a scalar from its gradients with respect to the call's results.
  ///
  ///     δ_n = ∂h_t ⊙ (1 − z) ⊙ (1 − n²)     δ_z = ∂h_t ⊙ (h_{t−1} − n) ⊙ z (1 − z)
  ///     δ_r = δ_n ⊙ b_n ⊙ r (1 − r),   b_n = h_{t−1}·W_hnᵀ + b_hn
  ///     ∂h_{t−1} = ∂h_t ⊙ z + δ'·W_hh,   δ' = (δ_r, δ_z, δ_n ⊙ r)
  ///     ∂W_ih = Σ δᵀ·x_t    ∂W_hh = Σ δ'ᵀ·h_{t−1}    ∂b_ih = Σ δ    ∂b_hh = Σ δ'    ∂x_t = δ·W_ih
  ///
  /// On the Swift backend the bits do not depend on the threads.
  ///
  /// - Parameters:
  ///   - outputGradient: With respect to the output, in its shape; zeros if `nil`.
  ///   - finalStateGradient: With respect to the final state, in its shape; zeros if `nil`.
  /// - Returns: The gradients of parameters, input and initial state.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape.
  /// - Complexity: Twice the operations of the call; three times with checkpoints.
  public func callAsFunction(
    _ outputGradient: Tensor<Scalar>?, finalStateGradient: Tensor<Scalar>? = nil
  ) throws(RecurrentError) -> GRUGradients<Scalar> {
    let gradients = try call.gradients(
      outputGradient: outputGradient, stateGradient: finalStateGradient,
      stateArgument: "finalStateGradient")
    return GRUGradients(
      parameters: gradients.parameters, input: gradients.input, initialState: gradients.state,
      directions: call.directions)
  }
}

extension GRU {
  /// Runs the layer over a sequence, and returns with the results a function that carries gradients back.
  ///
  ///     let (output, finalState, pullback) = try gru.valueWithPullback(at: x)
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
    at input: Tensor<Scalar>, from initialState: Tensor<Scalar>? = nil, checkpointInterval: Int? = nil
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: Tensor<Scalar>, pullback: GRUPullback<Scalar>
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
    at input: Tensor<Scalar>, from initialState: Tensor<Scalar>? = nil, checkpointInterval: Int? = nil,
    using generator: inout Generator
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: Tensor<Scalar>, pullback: GRUPullback<Scalar>
  ) {
    try valueWithPullback(
      at: input, from: initialState, noise: stack.noise(using: &generator),
      checkpointInterval: checkpointInterval,
      execution: Execution(resolving: backend, threadCount: threadCount))
  }

  /// Runs the layer by an execution that tests and tools name.
  package func valueWithPullback(
    at input: Tensor<Scalar>, from initialState: Tensor<Scalar>? = nil, checkpointInterval: Int? = nil,
    execution: Execution
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: Tensor<Scalar>, pullback: GRUPullback<Scalar>
  ) {
    try valueWithPullback(
      at: input, from: initialState, noise: nil, checkpointInterval: checkpointInterval,
      execution: execution)
  }

  /// Runs the layer with a dropout that has been drawn, by an execution that tests name.
  func valueWithPullback(
    at input: Tensor<Scalar>, from initialState: Tensor<Scalar>?, noise: TrainingNoise?,
    checkpointInterval: Int?, execution: Execution
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: Tensor<Scalar>, pullback: GRUPullback<Scalar>
  ) {
    try valueWithPullback(
      at: input, stack.checkedSequence(input.shape, batchFirst: batchFirst), from: initialState,
      noise: noise, checkpointInterval: checkpointInterval, execution: execution)
  }

  /// Runs the layer over a sequence whose shape is checked.
  func valueWithPullback(
    at input: Tensor<Scalar>, _ shape: SequenceShape, from initialState: Tensor<Scalar>?,
    noise: TrainingNoise?,
    checkpointInterval: Int?, execution: Execution
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: Tensor<Scalar>, pullback: GRUPullback<Scalar>
  ) {
    let call = try SequencePullback(
      stack, shape, input, from: stack.scalars(of: initialState, shape.state, "initialState"),
      noise: noise, checkpointInterval: checkpointInterval, execution)
    return (try call.output, call.finalState, GRUPullback(call: call))
  }
}

/// The gradients of a scalar with respect to all that an ``RNN`` call depends on.
public struct RNNGradients<Scalar: TensorScalar>: Sendable, Equatable {
  /// Of the parameters, layer by layer, in the form of the parameters.
  public var parameters: [CellParameters<Scalar>]
  /// Of the input, in its shape.
  public var input: Tensor<Scalar>
  /// Of the initial state, `[L, B, H]` or, unbatched, `[L, H]`; also where the call was made without one.
  public var initialState: Tensor<Scalar>

  /// Those of the parameters under PyTorch's names, as an optimizer takes them.
  public var stateDictionary: StateDictionary<Scalar> {
    StateDictionary(layers: parameters, directions: directions)
  }

  var directions = Directions.forward
}

/// Carries gradients back through one call of an ``RNN``.
///
/// It keeps what the call computed: the output, and the outputs of the layers below, T·B·H scalars each; or, with
/// checkpoints, only every n-th state of every layer. It may be called more than once, and by many tasks.
public struct RNNPullback<Scalar: TensorScalar>: Sendable {
  let call: SequencePullback<Scalar>

  /// Computes the gradients of a scalar from its gradients with respect to the call's results.
  ///
  ///     δ_t = (∂output_t + δ_{t+1}·W_hh) ⊙ h′_t
  ///     ∂W_ih = Σ δ_tᵀ·x_t    ∂W_hh = Σ δ_tᵀ·h_{t−1}    ∂b_ih = ∂b_hh = Σ δ_t    ∂x_t = δ_t·W_ih
  ///
  /// with h′ = 1 − h² for tanh, and 1 where h > 0 for ReLU. On the Swift backend the bits do not depend on the threads.
  ///
  /// - Parameters:
  ///   - outputGradient: With respect to the output, in its shape; zeros if `nil`.
  ///   - finalStateGradient: With respect to the final state, in its shape; zeros if `nil`.
  /// - Returns: The gradients of parameters, input and initial state.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape.
  /// - Complexity: Twice the operations of the call; three times with checkpoints.
  ///
  /// ### Source
  /// P. J. Werbos, "Backpropagation through time: what it does and how to do it", Proceedings of the IEEE 78 (1990).
  public func callAsFunction(
    _ outputGradient: Tensor<Scalar>?, finalStateGradient: Tensor<Scalar>? = nil
  ) throws(RecurrentError) -> RNNGradients<Scalar> {
    let gradients = try call.gradients(
      outputGradient: outputGradient, stateGradient: finalStateGradient,
      stateArgument: "finalStateGradient")
    return RNNGradients(
      parameters: gradients.parameters, input: gradients.input, initialState: gradients.state,
      directions: call.directions)
  }
}

extension RNN {
  /// Runs the layer over a sequence, and returns with the results a function that carries gradients back.
  ///
  ///     let (output, finalState, pullback) = try rnn.valueWithPullback(at: x, from: h0)
  ///     let gradients = try pullback(outputGradient)            // .parameters .input .initialState
  ///
  /// To truncate the gradient in time, run a long sequence in windows: feed each window's `finalState` to the next one
  /// and drop the gradient of that one's initial state. To carry it on instead, pass it as the `finalStateGradient` of
  /// the window before.
  ///
  /// - Parameters:
  ///   - input: `[T, B, I]`, `[B, T, I]` with ``batchFirst``, or unbatched `[T, I]`. B may be 0.
  ///   - initialState: Every layer's state before the first step, `[L, B, H]` or, unbatched, `[L, H]`; zeros if `nil`.
  ///   - checkpointInterval: The steps between states that are kept. The outputs between them are computed again by the
  ///     pullback: memory for them falls from L·T·B·H scalars to L·B·H·(T / n + n), and the pullback takes a forward
  ///     pass more. `nil` keeps everything.
  /// - Returns: The results of ``callAsFunction(_:_:)->(Tensor<Scalar>,_)``, on the Swift backend with the same bits, without ``dropout``; and the pullback.
  /// - Throws: What ``callAsFunction(_:_:)->(Tensor<Scalar>,_)`` throws, and ``RecurrentError/invalidSize(argument:expected:actual:)`` for an
  ///   interval below 1.
  public func valueWithPullback(
    at input: Tensor<Scalar>, from initialState: Tensor<Scalar>? = nil, checkpointInterval: Int? = nil
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: Tensor<Scalar>, pullback: RNNPullback<Scalar>
  ) {
    try valueWithPullback(
      at: input, from: initialState, checkpointInterval: checkpointInterval,
      execution: Execution(resolving: backend, threadCount: threadCount))
  }

  /// Runs the layer over a sequence with ``dropout`` between its layers, and returns with the results a function that carries
  /// gradients back.
  ///
  /// What each layer above the first takes is dropped with the probability ``dropout``, independently at each step, row
  /// and feature, and scaled by 1 / (1 − dropout) otherwise; the pullback drops the same. The call takes one number of the
  /// generator; which elements are dropped depends on it alone, neither on threads nor on checkpoints nor on `batchFirst`.
  ///
  /// - Parameters:
  ///   - input: `[T, B, I]`, `[B, T, I]` with ``batchFirst``, or unbatched `[T, I]`. B may be 0.
  ///   - initialState: Every layer's state before the first step, `[L, B, H]` or, unbatched, `[L, H]`; zeros if `nil`.
  ///   - checkpointInterval: The steps between states that are kept; `nil` keeps everything.
  ///   - generator: The source of randomness.
  /// - Returns: Output and final state, and the pullback.
  /// - Throws: What ``valueWithPullback(at:from:checkpointInterval:)->(Tensor<Scalar>,_,_)`` throws, and
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for a dropout out of range.
  ///
  /// ### Source
  /// W. Zaremba, I. Sutskever, O. Vinyals, "Recurrent neural network regularization" (2014): dropout on what is handed up
  /// only, as in PyTorch.
  public func valueWithPullback<Generator: RandomNumberGenerator>(
    at input: Tensor<Scalar>, from initialState: Tensor<Scalar>? = nil, checkpointInterval: Int? = nil,
    using generator: inout Generator
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: Tensor<Scalar>, pullback: RNNPullback<Scalar>
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
    output: Tensor<Scalar>, finalState: Tensor<Scalar>, pullback: RNNPullback<Scalar>
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
    output: Tensor<Scalar>, finalState: Tensor<Scalar>, pullback: RNNPullback<Scalar>
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
    output: Tensor<Scalar>, finalState: Tensor<Scalar>, pullback: RNNPullback<Scalar>
  ) {
    let call = try SequencePullback(
      stack, shape, input, from: stack.scalars(of: initialState, shape.state, "initialState"),
      noise: noise, checkpointInterval: checkpointInterval, execution)
    return (try call.output, call.finalState, RNNPullback(call: call))
  }
}

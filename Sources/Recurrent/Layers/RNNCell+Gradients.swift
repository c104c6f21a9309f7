/// The gradients of a scalar with respect to all that an ``RNNCell`` call depends on.
public struct RNNCellGradients<Scalar: TensorScalar>: Sendable, Equatable {
  /// Of the parameters, in their form.
  public var parameters: CellParameters<Scalar>
  /// Of the input, in its shape.
  public var input: Tensor<Scalar>
  /// Of the state before the step, `[B, H]` or `[H]`; also where the call was made without one.
  public var state: Tensor<Scalar>
}

/// Carries a gradient back through one call of an ``RNNCell``.
public struct RNNCellPullback<Scalar: TensorScalar>: Sendable {
  let differentiation: StackDifferentiation<Scalar>
  let inputShape: Shape
  let stateShape: Shape

  /// Computes the gradients of a scalar from its gradient with respect to the state after the step.
  ///
  /// - Parameter stateGradient: With respect to h′, `[B, H]` or `[H]`.
  /// - Returns: The gradients of parameters, input and state.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape.
  /// - Complexity: Twice the operations of the call.
  public func callAsFunction(
    _ stateGradient: Tensor<Scalar>
  ) throws(RecurrentError) -> RNNCellGradients<Scalar> {
    try stateGradient.require(stateShape, "stateGradient")
    let result = try differentiation.gradients(
      outputGradient: stateGradient.scalars, stateGradient: nil)
    return RNNCellGradients(
      parameters: result.parameters[0], input: Tensor(unchecked: result.input, shape: inputShape),
      state: Tensor(unchecked: result.state, shape: stateShape))
  }
}

extension RNNCell {
  /// Computes the state after one step, and returns with it a function that carries its gradient back.
  ///
  /// - Parameters:
  ///   - input: `[B, I]`, or unbatched `[I]`. B may be 0.
  ///   - state: h, the state before the step, `[B, H]` or `[H]`; zeros if `nil`.
  /// - Returns: h′, as ``callAsFunction(_:_:)`` gives it, and the pullback.
  /// - Throws: What ``callAsFunction(_:_:)`` throws.
  public func valueWithPullback(
    at input: Tensor<Scalar>, from state: Tensor<Scalar>? = nil
  ) throws(RecurrentError) -> (state: Tensor<Scalar>, pullback: RNNCellPullback<Scalar>) {
    let execution = try Execution(resolving: backend, threadCount: threadCount)
    let (rows, stateShape) = try stack.checkedStep(input.shape)
    let state = try stack.scalars(of: state, stateShape, "state")
    let differentiation = try StackDifferentiation(
      stack, input.scalars, SequenceSchedule(steps: 1, rows: rows),
      from: state, checkpointInterval: nil, execution: execution)
    return (
      Tensor(unchecked: differentiation.output, shape: stateShape),
      RNNCellPullback(
        differentiation: differentiation, inputShape: input.shape, stateShape: stateShape)
    )
  }
}

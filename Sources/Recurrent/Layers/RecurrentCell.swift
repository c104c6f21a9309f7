/// One recurrent cell, which computes one step, for loops over time that are your own: ``RNNCell``,
/// ``LSTMCell`` and ``GRUCell``.
///
///     let cell = RNNCell<Float>(inputSize: 100, hiddenSize: 20)
///     var h = Tensor<Float>.zeros([3, 20])
///     for xt in x { h = try cell(xt, h) }      // x [10, 3, 100]
///
/// A cell is a value, like a ``RecurrentLayer``; a layer over a whole sequence is faster than a
/// loop, since it multiplies the input of many steps at once.
///
/// Shapes: B batch, I input size, H hidden size, G gates.
public protocol RecurrentCell<Scalar>: RecurrentModule {}

extension RecurrentCell {
  /// The cell's parameters; without any where the cell's sizes are out of range.
  ///
  /// A tensor of another shape may be assigned; the next call then throws.
  public var parameters: CellParameters<Scalar> {
    get {
      _core.stack.parameters.first
        ?? CellParameters(weightIH: .zeros([0, 0]), weightHH: .zeros([0, 0]))
    }
    set { _core.stack.parameters = [newValue] }
  }

  /// Computes the state after one step.
  ///
  /// - Parameters:
  ///   - input: `[B, I]`, or unbatched `[I]`. B may be 0.
  ///   - state: The state before the step, `[B, H]` or `[H]`; zeros if `nil`.
  /// - Returns: The state after the step, `[B, H]` or `[H]`.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape, and
  ///   what the cell's own sizes, parameters and backend or the environment give reason for.
  /// - Complexity: 2·G·B·H·(I + H) operations.
  @inlinable @inline(__always)
  public func callAsFunction(
    _ input: Tensor<Scalar>, _ state: State? = nil
  ) throws(RecurrentError) -> State {
    let (hidden, cellState) = try _core.stepped(
      input, hidden: state?.hidden, cellState: state?.cellState)
    return State(hidden: hidden, cellState: cellState)
  }

  /// Computes one step and puts the state after it in the place of the one before.
  ///
  ///     for xt in x { try cell.step(xt, updating: &h) }
  ///
  /// It gives the bits that a call gives. A small step takes no memory for a result where nobody
  /// else holds the state's; one that is large enough for threads does.
  ///
  /// - Parameters:
  ///   - input: `[B, I]`, or unbatched `[I]`. B may be 0.
  ///   - state: The state before the step, and then the one after it.
  /// - Throws: What ``callAsFunction(_:_:)`` throws; the state is as before then.
  /// - Complexity: 2·G·B·H·(I + H) operations.
  @inlinable @inline(__always)
  public func step(_ input: Tensor<Scalar>, updating state: inout State) throws(RecurrentError) {
    try state._step(_core, input)
  }

  /// Computes one step by an execution that tests and tools name.
  package func run(
    _ input: Tensor<Scalar>, from state: State?, execution: Execution
  ) throws(RecurrentError) -> State {
    let (hidden, cellState) = try _core.stepped(
      input, hidden: state?.hidden, cellState: state?.cellState, execution)
    return State(hidden: hidden, cellState: cellState)
  }

  /// Computes the state after one step, and returns with it a function that carries its gradient
  /// back.
  ///
  /// - Parameters:
  ///   - input: `[B, I]`, or unbatched `[I]`. B may be 0.
  ///   - state: The state before the step; zeros if `nil`.
  /// - Returns: The state after the step, as ``callAsFunction(_:_:)`` gives it, and the pullback.
  /// - Throws: What ``callAsFunction(_:_:)`` throws.
  public func valueWithPullback(
    at input: Tensor<Scalar>, from state: State? = nil
  ) throws(RecurrentError) -> (state: State, pullback: CellPullback<State>) {
    let call = try _core.pullback(at: input, hidden: state?.hidden, cellState: state?.cellState)
    return (
      State(hidden: call.output, cellState: call.finalCellState), CellPullback<State>(call: call)
    )
  }
}

extension RecurrentCore {
  /// Runs one step of a cell whose activations are saved.
  func pullback(
    at input: Tensor<Scalar>, hidden: Tensor<Scalar>?, cellState: Tensor<Scalar>?
  ) throws(RecurrentError) -> SequencePullback<Scalar> {
    let (rows, state) = try stack.checkedStep(input.shape)
    try require(hidden, state, cellState, state, "state")
    return try SequencePullback(
      self, input,
      SequenceShape(
        schedule: SequenceSchedule(steps: 1, rows: rows), batchFirst: false, input: input.shape, state: state,
        cellState: state), hidden: scalars(ofHidden: hidden, state),
      memory: scalars(ofCellState: cellState, state), noise: nil, checkpointInterval: nil, execution)
  }
}

/// The gradients of a scalar with respect to all that a call of a ``RecurrentCell`` depends on.
public struct CellGradients<State: RecurrentState>: Sendable, Equatable {
  /// Of the parameters, in their form.
  public var parameters: CellParameters<State.Scalar>
  /// Of the input, in its shape.
  public var input: Tensor<State.Scalar>
  /// Of the state before the step; also where the call was made without one.
  public var state: State
}

/// Carries a gradient back through one call of a ``RecurrentCell``.
public struct CellPullback<State: RecurrentState>: Sendable {
  let call: SequencePullback<State.Scalar>

  /// Computes the gradients of a scalar from its gradient with respect to the state after the step.
  ///
  /// - Parameter stateGradient: With respect to the state, in its shape.
  /// - Returns: The gradients of parameters, input and state.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape.
  /// - Complexity: Twice the operations of the call.
  public func callAsFunction(_ stateGradient: State) throws(RecurrentError) -> CellGradients<State> {
    let gradients = try call.gradients(
      outputGradient: nil, hiddenGradient: stateGradient.hidden, cellGradient: stateGradient.cellState,
      stateArgument: "stateGradient")
    return CellGradients(
      parameters: gradients.parameters[0], input: gradients.input,
      state: State(hidden: gradients.hidden, cellState: gradients.cellState))
  }
}

/// The gradients of an ``RNNCell``.
public typealias RNNCellGradients<Scalar: TensorScalar> = CellGradients<Tensor<Scalar>>
/// The gradients of an ``LSTMCell``.
public typealias LSTMCellGradients<Scalar: TensorScalar> = CellGradients<LSTMState<Scalar>>
/// The gradients of a ``GRUCell``.
public typealias GRUCellGradients<Scalar: TensorScalar> = CellGradients<Tensor<Scalar>>

/// The pullback of an ``RNNCell``.
public typealias RNNCellPullback<Scalar: TensorScalar> = CellPullback<Tensor<Scalar>>
/// The pullback of an ``LSTMCell``.
public typealias LSTMCellPullback<Scalar: TensorScalar> = CellPullback<LSTMState<Scalar>>
/// The pullback of a ``GRUCell``.
public typealias GRUCellPullback<Scalar: TensorScalar> = CellPullback<Tensor<Scalar>>

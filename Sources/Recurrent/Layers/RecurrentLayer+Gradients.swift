/// A layer whose calls can carry gradients back: ``RNN``, ``LSTM``, ``GRU``, and a ``CustomRNN``
/// whose cell is a ``DifferentiableCustomCell``.
///
/// Code of yours may train any of them:
///
///     func step<Layer: DifferentiableRecurrentLayer>(_ layer: inout Layer, _ x: Tensor<Layer.Scalar>, …) throws {
///       let (output, _, pullback) = try layer.valueWithPullback(at: x)
///       …
///       optimizer.update(&layer, along: try pullback(outputGradient).stateDictionary)
///     }
public protocol DifferentiableRecurrentLayer<Scalar>: RecurrentLayer {}

/// The gradients of a scalar with respect to all that a call of a ``RecurrentLayer`` depends on.
public struct RecurrentGradients<State: RecurrentState>: Sendable, Equatable {
  /// Of the parameters, cell by cell, in the form of the parameters.
  public var parameters: [CellParameters<State.Scalar>]
  /// Of the input, in its shape.
  public var input: Tensor<State.Scalar>
  /// Of the initial state; also where the call was made without one.
  public var initialState: State

  /// Those of the parameters under PyTorch's names, as an optimizer takes them.
  public var stateDictionary: StateDictionary<State.Scalar> {
    StateDictionary(layers: parameters, directions: directions)
  }

  @usableFromInline var directions = Directions.forward

  @inlinable
  init(_ gradients: SequencePullback<State.Scalar>.Gradients, _ directions: Directions) {
    parameters = gradients.parameters
    input = gradients.input
    initialState = State(hidden: gradients.hidden, cellState: gradients.cellState)
    self.directions = directions
  }
}

/// Carries gradients back through one call of a ``RecurrentLayer``.
///
/// It holds the saved activations of the call: the output, the outputs of the layers below, T·B·D·P
/// scalars each, and of cells with gates the gates and cell states; or, with checkpoints, only
/// every n-th state of every layer. It may be called more than once, and by many tasks.
public struct RecurrentPullback<State: RecurrentState>: Sendable {
  @usableFromInline let call: SequencePullback<State.Scalar>

  @inlinable
  init(_ call: SequencePullback<State.Scalar>) { self.call = call }

  /// Computes the gradients of a scalar from its gradients with respect to the call's results.
  ///
  /// With δ_t the gradient of the pre-activations at step t, which the derivative of the cell gives
  /// from ∂h_t and ∂c_t,
  ///
  ///     ∂h_t = ∂output_t + δ_{t+1}·W_hh
  ///     ∂W_ih = Σ δ_tᵀ·x_t    ∂W_hh = Σ δ_tᵀ·h_{t−1}    ∂b_ih = ∂b_hh = Σ δ_t    ∂x_t = δ_t·W_ih
  ///
  /// <doc:Gradients> has the derivatives of each cell. On the Swift backend the bits do not depend
  /// on the threads.
  ///
  /// - Parameters:
  ///   - outputGradient: With respect to the output, in its shape; zeros if `nil`. Of packed
  ///     sequences, with respect to their rows, `[N, D·P]`.
  ///   - finalStateGradient: With respect to the final state, in its shape; zeros if `nil`.
  /// - Returns: The gradients of parameters, input and initial state.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape.
  /// - Complexity: Twice the operations of the call; three times with checkpoints.
  ///
  /// ### Source
  /// P. J. Werbos, "Backpropagation through time: what it does and how to do it", Proceedings of
  /// the IEEE 78 (1990).
  @inlinable
  public func callAsFunction(
    _ outputGradient: Tensor<State.Scalar>?, finalStateGradient: State? = nil
  ) throws(RecurrentError) -> RecurrentGradients<State> {
    let gradients = try call.gradients(
      outputGradient: outputGradient, hiddenGradient: finalStateGradient?.hidden,
      cellGradient: finalStateGradient?.cellState, stateArgument: "finalStateGradient")
    return RecurrentGradients(gradients, call.directions)
  }

  /// The results of the call, and this.
  @inlinable @inline(__always)
  var results: (output: Tensor<State.Scalar>, finalState: State, pullback: RecurrentPullback) {
    (call.output, State(hidden: call.finalHidden, cellState: call.finalCellState), self)
  }
}

extension DifferentiableRecurrentLayer {
  /// Runs the layer over a sequence, and returns with the results a function that carries gradients
  /// back.
  ///
  ///     let (output, finalState, pullback) = try rnn.valueWithPullback(at: x, from: h0)
  ///     let gradients = try pullback(outputGradient)            // .parameters .input .initialState
  ///
  /// To truncate the gradient in time, run a long sequence in windows: feed each window's
  /// `finalState` to the next one and drop the gradient of that one's initial state. To carry it on
  /// instead, pass it as the `finalStateGradient` of the window before.
  ///
  /// - Parameters:
  ///   - input: `[T, B, I]`, `[B, T, I]` with ``RecurrentLayer/batchFirst``, or unbatched `[T, I]`.
  ///     B may be 0.
  ///   - initialState: Every cell's state before the first step; zeros if `nil`.
  ///   - resets: 1 where a row is reset and 0 elsewhere, `[T, B]`, `[B, T]` or `[T]`; no gradient
  ///     flows over a reset. `nil` for none.
  ///   - checkpointInterval: The steps between saved states. What lies between is computed again by
  ///     the pullback: memory falls from L·T·B·H scalars to L·B·H·(T / n + n), and the pullback
  ///     takes a forward pass more. `nil` saves everything.
  /// - Returns: The results of the call, on the Swift backend with the same bits, without
  ///   ``RecurrentLayer/dropout``; and the pullback.
  /// - Throws: What the call throws, and ``RecurrentError/invalidSize(argument:expected:actual:)``
  ///   for an interval below 1.
  @inlinable
  public func valueWithPullback(
    at input: Tensor<Scalar>, from initialState: State? = nil, resets: Tensor<Scalar>? = nil,
    checkpointInterval: Int? = nil
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: State, pullback: RecurrentPullback<State>
  ) {
    try RecurrentPullback<State>(
      _core.pullback(
        at: input, hidden: initialState?.hidden, cellState: initialState?.cellState, resets: resets,
        checkpointInterval: checkpointInterval, noise: nil)
    ).results
  }

  /// Runs the layer over a sequence with ``RecurrentLayer/dropout`` between its layers, and returns
  /// with the results a function that carries gradients back.
  ///
  /// What each layer above the first takes is dropped with the probability
  /// ``RecurrentLayer/dropout``, independently at each step, row and feature, and scaled by 1 / (1
  /// − dropout) otherwise; the pullback drops the same. The call takes one number of the generator;
  /// which elements are dropped depends on it alone, neither on threads nor on checkpoints nor on
  /// ``RecurrentLayer/batchFirst``.
  ///
  /// - Parameters:
  ///   - input: `[T, B, I]`, `[B, T, I]` with ``RecurrentLayer/batchFirst``, or unbatched `[T, I]`.
  ///     B may be 0.
  ///   - initialState: Every cell's state before the first step; zeros if `nil`.
  ///   - resets: 1 where a row is reset and 0 elsewhere; `nil` for none.
  ///   - checkpointInterval: The steps between saved states; `nil` saves everything.
  ///   - generator: The source of randomness, of which one number is taken.
  /// - Returns: Output and final state, and the pullback.
  /// - Throws: What the method without a generator throws, and
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for a dropout out of range.
  ///
  /// ### Source
  /// W. Zaremba, I. Sutskever, O. Vinyals, "Recurrent neural network regularization" (2014):
  /// dropout on what is handed up only, as in PyTorch.
  @inlinable
  public func valueWithPullback<Generator: RandomNumberGenerator>(
    at input: Tensor<Scalar>, from initialState: State? = nil, resets: Tensor<Scalar>? = nil,
    checkpointInterval: Int? = nil, using generator: inout Generator
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: State, pullback: RecurrentPullback<State>
  ) {
    try RecurrentPullback<State>(
      _core.pullback(
        at: input, hidden: initialState?.hidden, cellState: initialState?.cellState, resets: resets,
        checkpointInterval: checkpointInterval, noise: _core.noise(using: &generator))
    ).results
  }

  /// Runs the layer over sequences of unequal lengths, and returns with the results a function that
  /// carries gradients back.
  ///
  ///     let (output, finalState, pullback) = try rnn.valueWithPullback(at: packed)
  ///     let gradients = try pullback(outputGradient.data)      // .input: the gradient of packed.data
  ///
  /// - Parameters:
  ///   - input: Sequences of I features.
  ///   - initialState: Every cell's state before the first step of each sequence; zeros if `nil`.
  ///   - checkpointInterval: The steps between saved states; `nil` saves everything.
  /// - Returns: The results of the call, and the pullback: it takes and gives gradients of packed
  ///   rows, `[N, D·P]` and `[N, I]`.
  /// - Throws: What the call throws, and what the method for tensors throws for the interval.
  @inlinable
  public func valueWithPullback(
    at input: PackedSequence<Scalar>, from initialState: State? = nil, checkpointInterval: Int? = nil
  ) throws(RecurrentError) -> (
    output: PackedSequence<Scalar>, finalState: State, pullback: RecurrentPullback<State>
  ) {
    let (output, finalState, pullback) = try RecurrentPullback<State>(
      _core.pullback(
        at: input, hidden: initialState?.hidden, cellState: initialState?.cellState,
        checkpointInterval: checkpointInterval, noise: nil)
    ).results
    return (try input.replacing(data: output), finalState, pullback)
  }

  /// Runs the layer over sequences of unequal lengths with ``RecurrentLayer/dropout`` between its
  /// layers.
  ///
  /// - Parameters:
  ///   - input: Sequences of I features.
  ///   - initialState: Every cell's state before the first step of each sequence; zeros if `nil`.
  ///   - checkpointInterval: The steps between saved states; `nil` saves everything.
  ///   - generator: The source of randomness, of which one number is taken.
  /// - Returns: The results, and the pullback.
  /// - Throws: What the method without a generator throws, and
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for a dropout out of range.
  @inlinable
  public func valueWithPullback<Generator: RandomNumberGenerator>(
    at input: PackedSequence<Scalar>, from initialState: State? = nil, checkpointInterval: Int? = nil,
    using generator: inout Generator
  ) throws(RecurrentError) -> (
    output: PackedSequence<Scalar>, finalState: State, pullback: RecurrentPullback<State>
  ) {
    let (output, finalState, pullback) = try RecurrentPullback<State>(
      _core.pullback(
        at: input, hidden: initialState?.hidden, cellState: initialState?.cellState,
        checkpointInterval: checkpointInterval, noise: _core.noise(using: &generator))
    ).results
    return (try input.replacing(data: output), finalState, pullback)
  }

  /// Runs the layer by an execution that tests and tools name.
  package func valueWithPullback(
    at input: Tensor<Scalar>, from initialState: State? = nil, checkpointInterval: Int? = nil,
    execution: Execution
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: State, pullback: RecurrentPullback<State>
  ) {
    try RecurrentPullback<State>(
      _core.pullback(
        at: input, _core.checkedSequence(input), hidden: initialState?.hidden,
        cellState: initialState?.cellState, checkpointInterval: checkpointInterval, noise: nil, execution)
    ).results
  }
}

extension RecurrentCore {
  /// Takes one number of a generator for a call in training.
  @usableFromInline
  func noise<Generator: RandomNumberGenerator>(
    using generator: inout Generator
  ) throws(RecurrentError) -> TrainingNoise { try stack.noise(using: &generator) }

  /// Runs a layer over a sequence, with what has been drawn for it.
  @usableFromInline
  func pullback(
    at input: Tensor<Scalar>, hidden: Tensor<Scalar>?, cellState: Tensor<Scalar>?, resets: Tensor<Scalar>?,
    checkpointInterval: Int?, noise: TrainingNoise?
  ) throws(RecurrentError) -> SequencePullback<Scalar> {
    try pullback(
      at: input, checkedSequence(input, resets: resets), hidden: hidden, cellState: cellState,
      checkpointInterval: checkpointInterval, noise: noise, execution)
  }

  /// Runs a layer over packed sequences, with what has been drawn for it.
  @usableFromInline
  func pullback(
    at input: PackedSequence<Scalar>, hidden: Tensor<Scalar>?, cellState: Tensor<Scalar>?,
    checkpointInterval: Int?, noise: TrainingNoise?
  ) throws(RecurrentError) -> SequencePullback<Scalar> {
    try pullback(
      at: input.data, stack.checkedSequence(input), hidden: hidden, cellState: cellState,
      checkpointInterval: checkpointInterval, noise: noise, execution)
  }

  /// Runs a layer over a sequence whose shape is checked.
  func pullback(
    at input: Tensor<Scalar>, _ shape: SequenceShape, hidden: Tensor<Scalar>?, cellState: Tensor<Scalar>?,
    checkpointInterval: Int?, noise: TrainingNoise?, _ execution: Execution
  ) throws(RecurrentError) -> SequencePullback<Scalar> {
    try require(hidden, shape.state, cellState, shape.cellState, "initialState")
    return try SequencePullback(
      self, input, shape, hidden: scalars(ofHidden: hidden, shape.state),
      memory: scalars(ofCellState: cellState, shape.cellState), noise: noise,
      checkpointInterval: checkpointInterval, execution)
  }
}

/// The gradients of an ``RNN``.
public typealias RNNGradients<Scalar: TensorScalar> = RecurrentGradients<Tensor<Scalar>>
/// The gradients of an ``LSTM``.
public typealias LSTMGradients<Scalar: TensorScalar> = RecurrentGradients<LSTMState<Scalar>>
/// The gradients of a ``GRU``.
public typealias GRUGradients<Scalar: TensorScalar> = RecurrentGradients<Tensor<Scalar>>
/// The gradients of a ``CustomRNN``.
public typealias CustomGradients<Scalar: TensorScalar> = RecurrentGradients<CustomState<Scalar>>

/// The pullback of an ``RNN``.
public typealias RNNPullback<Scalar: TensorScalar> = RecurrentPullback<Tensor<Scalar>>
/// The pullback of an ``LSTM``.
public typealias LSTMPullback<Scalar: TensorScalar> = RecurrentPullback<LSTMState<Scalar>>
/// The pullback of a ``GRU``.
public typealias GRUPullback<Scalar: TensorScalar> = RecurrentPullback<Tensor<Scalar>>
/// The pullback of a ``CustomRNN``.
public typealias CustomPullback<Scalar: TensorScalar> = RecurrentPullback<CustomState<Scalar>>

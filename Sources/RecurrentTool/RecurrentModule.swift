import Recurrent

// What the commands ask of layers and cells, so that none of them knows a formula.

/// What flows from step to step.
protocol RecurrentState<Scalar> {
  associatedtype Scalar: TensorScalar

  /// h.
  var hidden: Tensor<Scalar> { get }
  /// c, in an LSTM.
  var memory: Tensor<Scalar>? { get }

  /// Names both; without c an LSTM's is zeros in the shape of h, and others have no use for it.
  init(hidden: Tensor<Scalar>, memory: Tensor<Scalar>?)
}

extension Tensor: RecurrentState {
  var hidden: Tensor { self }
  var memory: Tensor? { nil }

  init(hidden: Tensor, memory _: Tensor?) { self = hidden }
}

extension LSTMState: RecurrentState {
  var memory: Tensor<Scalar>? { cell }

  init(hidden: Tensor<Scalar>, memory: Tensor<Scalar>?) {
    self.init(hidden: hidden, cell: memory ?? .zeros(hidden.shape))
  }
}

/// A layer, or a cell alone.
protocol RecurrentModule<Scalar> {
  associatedtype Scalar: TensorScalar
  associatedtype State: RecurrentState<Scalar>

  var backend: Backend { get set }
  var threadCount: Int? { get set }

  /// Runs the module: a layer over a sequence, a cell for one step, whose output is its state's h.
  func outputAndState(
    of input: Tensor<Scalar>, from initialState: State?
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: State)
}

/// A stack of layers over a sequence.
protocol RecurrentLayer<Scalar>: RecurrentModule, Parameterized {
  associatedtype Pullback: RecurrentPullback<Scalar, State>

  var layerCount: Int { get }

  func callAsFunction(
    _ input: Tensor<Scalar>, _ initialState: State?
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: State)

  func run(
    _ input: Tensor<Scalar>, from initialState: State?, execution: Execution
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: State)

  func valueWithPullback(
    at input: Tensor<Scalar>, from initialState: State?, checkpointInterval: Int?
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: State, pullback: Pullback)

  func valueWithPullback(
    at input: Tensor<Scalar>, from initialState: State?, checkpointInterval: Int?, execution: Execution
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: State, pullback: Pullback)
}

/// What carries gradients back through a layer's call.
protocol RecurrentPullback<Scalar, State> {
  associatedtype Scalar: TensorScalar
  associatedtype State: RecurrentState<Scalar>
  associatedtype Gradients: RecurrentGradients<Scalar, State>

  func callAsFunction(
    _ outputGradient: Tensor<Scalar>?, finalStateGradient: State?
  ) throws(RecurrentError) -> Gradients
}

/// The gradients of all that a layer's call depends on.
protocol RecurrentGradients<Scalar, State> {
  associatedtype Scalar: TensorScalar
  associatedtype State: RecurrentState<Scalar>

  var parameters: [CellParameters<Scalar>] { get }
  var input: Tensor<Scalar> { get }
  var initialState: State { get }
  /// Those of the parameters, under their names.
  var stateDictionary: StateDictionary<Scalar> { get }
}

extension RecurrentLayer {
  func outputAndState(
    of input: Tensor<Scalar>, from initialState: State?
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: State) {
    try self(input, initialState)
  }
}

/// One step.
protocol RecurrentCell<Scalar>: RecurrentModule {
  func callAsFunction(_ input: Tensor<Scalar>, _ state: State?) throws(RecurrentError) -> State
}

extension RecurrentCell {
  func outputAndState(
    of input: Tensor<Scalar>, from initialState: State?
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: State) {
    let state = try self(input, initialState)
    return (state.hidden, state)
  }
}

extension RNN: RecurrentLayer {
  typealias State = Tensor<Scalar>
}
extension LSTM: RecurrentLayer {
  typealias State = LSTMState<Scalar>
}
extension GRU: RecurrentLayer {
  typealias State = Tensor<Scalar>
}
extension RNNCell: RecurrentCell {
  typealias State = Tensor<Scalar>
}
extension LSTMCell: RecurrentCell {
  typealias State = LSTMState<Scalar>
}
extension GRUCell: RecurrentCell {
  typealias State = Tensor<Scalar>
}

extension RNNPullback: RecurrentPullback {
  typealias State = Tensor<Scalar>
}

extension LSTMPullback: RecurrentPullback {
  typealias State = LSTMState<Scalar>
}

extension GRUPullback: RecurrentPullback {
  typealias State = Tensor<Scalar>
}

extension RNNGradients: RecurrentGradients {}
extension LSTMGradients: RecurrentGradients {}

import ArgumentParser
import Recurrent

/// What is timed.
enum BenchPass: String, ExpressibleByArgument, CaseIterable, Encodable, Sendable {
  /// One call.
  case forward
  /// One call with all gradients of the sum of its outputs: of the parameters, the input and the
  /// initial state.
  case training
  /// One time step of a stream.
  case stream
  /// One time step of all sessions of a pool.
  case pool

  /// Whether one time step is timed, and not a whole sequence.
  var isSingleStep: Bool { self == .stream || self == .pool }

  /// The rows where the user names none; `nil` for those of the shape.
  var usualRows: Int? {
    switch self {
    case .forward, .training: nil
    case .stream: 1
    case .pool: 1000
    }
  }

  /// Runs the pass over a sequence; what two backends are compared by.
  @discardableResult
  func run<Layer: DifferentiableRecurrentLayer>(
    _ layer: Layer, _ input: Tensor<Layer.Scalar>, _ execution: Execution
  ) throws(RecurrentError) -> [Tensor<Layer.Scalar>] {
    switch self {
    case .forward:
      return [try layer.run(input, from: nil, execution: execution).output]
    case .training:
      let (output, _, pullback) = try layer.valueWithPullback(at: input, execution: execution)
      let gradients = try pullback(Tensor(repeating: 1, shape: output.shape))
      let state = [gradients.initialState.hidden, gradients.initialState.cellState].compactMap { $0 }
      return [output, gradients.input] + state
        + gradients.parameters.flatMap {
          [$0.weightIH, $0.weightHH] + [$0.biasIH, $0.biasHH].compactMap { $0 }
        }
    case .stream:
      var steps = StreamSteps(
        try layer.stream(batchSize: input.shape[1], execution: execution), over: input)
      return [try steps.outputs()]
    case .pool:
      var steps = try PoolSteps(layer.streamPool(execution: execution), over: input)
      return [try steps.outputs()]
    }
  }
}

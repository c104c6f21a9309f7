import RecurrentTestSupport
import Testing

@testable import Recurrent

/// An ``RNN``, an ``LSTM``, a ``GRU`` or a ``CustomRNN``, to ask all of them the same questions about sequences of any form.
enum SequenceLayer<Scalar: TensorScalar>: Sendable {
  case rnn(RNN<Scalar>)
  case lstm(LSTM<Scalar>)
  case gru(GRU<Scalar>)
  case normalized(CustomRNN<LayerNormalizedLSTM<Scalar>>)
  case minimal(CustomRNN<MinimalGatedUnit<Scalar>>)

  /// What to make.
  enum Kind: String, Sendable, CaseIterable {
    case rnn, lstm, projected, gru, normalized
  }

  init(
    _ kind: Kind, inputSize: Int, hiddenSize: Int, layerCount: Int = 1, directions: Directions = .forward,
    batchFirst: Bool = false, seed: UInt64 = 1
  ) {
    var generator = SeededGenerator(seed: seed)
    switch kind {
    case .rnn:
      self = .rnn(
        RNN(
          inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, batchFirst: batchFirst,
          directions: directions, using: &generator))
    case .lstm, .projected:
      self = .lstm(
        LSTM(
          inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, batchFirst: batchFirst,
          directions: directions, projectionSize: kind == .projected ? max(1, hiddenSize / 2) : nil,
          using: &generator))
    case .gru:
      self = .gru(
        GRU(
          inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, batchFirst: batchFirst,
          directions: directions, using: &generator))
    case .normalized:
      var layer = CustomRNN(
        LayerNormalizedLSTM<Scalar>(), inputSize: inputSize, hiddenSize: hiddenSize,
        layerCount: layerCount, batchFirst: batchFirst, directions: directions, using: &generator)
      for index in layer.parameters.indices {
        layer.parameters[index].weightUnit = .uniform([18, hiddenSize], in: -1...1, using: &generator)
      }
      self = .normalized(layer)
    }
  }

  var stack: RecurrentStack<Scalar> {
    switch self {
    case .rnn(let layer): layer.stack
    case .lstm(let layer): layer.stack
    case .gru(let layer): layer.stack
    case .normalized(let layer): layer.stack
    case .minimal(let layer): layer.stack
    }
  }

  /// The same layer with other parameters.
  func with(_ parameters: [CellParameters<Scalar>]) -> SequenceLayer {
    switch self {
    case .rnn(var layer):
      layer.parameters = parameters
      return .rnn(layer)
    case .lstm(var layer):
      layer.parameters = parameters
      return .lstm(layer)
    case .gru(var layer):
      layer.parameters = parameters
      return .gru(layer)
    case .normalized(var layer):
      layer.parameters = parameters
      return .normalized(layer)
    case .minimal(var layer):
      layer.parameters = parameters
      return .minimal(layer)
    }
  }

  /// What a call is given beside its input, and the gradients of its results.
  struct Problem {
    var input: Tensor<Scalar>
    var hidden: Tensor<Scalar>?
    var cell: Tensor<Scalar>?
    var outputGradient: Tensor<Scalar>?
    var hiddenGradient: Tensor<Scalar>?
    var cellGradient: Tensor<Scalar>?
  }

  /// Draws a problem for an input of some shape, whose rows of states are `rows`.
  func problem(_ input: Shape, rows: Int, seed: UInt64 = 7) -> Problem {
    var generator = SeededGenerator(seed: seed)
    let state: Shape = [stack.cellCount, rows, stack.stateSize]
    let memory: Shape = [stack.cellCount, rows, stack.hiddenSize]
    func draw(_ shape: Shape) -> Tensor<Scalar> { .uniform(shape, in: -1...1, using: &generator) }
    return Problem(
      input: draw(input), hidden: draw(state), cell: draw(memory),
      outputGradient: draw(input.replacingLast(with: stack.outputSize)), hiddenGradient: draw(state),
      cellGradient: draw(memory))
  }

  /// What a call and its pullback have computed. Cells are those of an LSTM.
  struct Results {
    var output: Tensor<Scalar>
    var hidden: Tensor<Scalar>
    var cell: Tensor<Scalar>?
    var parameters: StateDictionary<Scalar>
    var input: Tensor<Scalar>
    var initialHidden: Tensor<Scalar>
    var initialCell: Tensor<Scalar>?
  }

  /// Runs a call and its pullback on a sequence whose shape is checked.
  func results(
    _ shape: SequenceShape, _ problem: Problem, _ execution: Execution, dropout: TrainingNoise? = nil,
    checkpointInterval: Int? = nil
  ) throws -> Results {
    switch self {
    case .rnn(let layer):
      let call = try layer.valueWithPullback(
        at: problem.input, shape, from: problem.hidden, noise: dropout,
        checkpointInterval: checkpointInterval, execution: execution)
      let gradients = try call.pullback(
        problem.outputGradient, finalStateGradient: problem.hiddenGradient)
      return Results(
        output: call.output, hidden: call.finalState, parameters: gradients.stateDictionary,
        input: gradients.input, initialHidden: gradients.initialState)
    case .gru(let layer):
      let call = try layer.valueWithPullback(
        at: problem.input, shape, from: problem.hidden, noise: dropout,
        checkpointInterval: checkpointInterval, execution: execution)
      let gradients = try call.pullback(
        problem.outputGradient, finalStateGradient: problem.hiddenGradient)
      return Results(
        output: call.output, hidden: call.finalState, parameters: gradients.stateDictionary,
        input: gradients.input, initialHidden: gradients.initialState)
    case .lstm(let layer):
      let state = problem.hidden.flatMap { hidden in
        problem.cell.map { LSTMState(hidden: hidden, cell: $0) }
      }
      let call = try layer.valueWithPullback(
        at: problem.input, shape, from: state, noise: dropout,
        checkpointInterval: checkpointInterval, execution: execution)
      let gradients = try call.pullback(
        problem.outputGradient,
        finalStateGradient: problem.hiddenGradient.flatMap { hidden in
          problem.cellGradient.map { LSTMState(hidden: hidden, cell: $0) }
        })
      return Results(
        output: call.output, hidden: call.finalState.hidden, cell: call.finalState.cell,
        parameters: gradients.stateDictionary, input: gradients.input,
        initialHidden: gradients.initialState.hidden, initialCell: gradients.initialState.cell)
    case .normalized(let layer):
      return try results(layer, shape, problem, execution, dropout, checkpointInterval)
    case .minimal(let layer):
      return try results(layer, shape, problem, execution, dropout, checkpointInterval)
    }
  }

  private func results<Cell: DifferentiableCustomCell>(
    _ layer: CustomRNN<Cell>, _ shape: SequenceShape, _ problem: Problem, _ execution: Execution,
    _ dropout: TrainingNoise?, _ checkpointInterval: Int?
  ) throws -> Results where Cell.Scalar == Scalar {
    let carries = layer.cell.carriesMemory
    func state(_ hidden: Tensor<Scalar>?, _ memory: Tensor<Scalar>?) -> CustomState<Scalar>? {
      hidden.map { CustomState(hidden: $0, memory: carries ? memory : nil) }
    }
    let call = try layer.valueWithPullback(
      at: problem.input, shape, from: state(problem.hidden, problem.cell), noise: dropout,
      checkpointInterval: checkpointInterval, execution: execution)
    let gradients = try call.pullback(
      problem.outputGradient, finalStateGradient: state(problem.hiddenGradient, problem.cellGradient))
    return Results(
      output: call.output, hidden: call.finalState.hidden, cell: call.finalState.memory,
      parameters: gradients.stateDictionary, input: gradients.input,
      initialHidden: gradients.initialState.hidden, initialCell: gradients.initialState.memory)
  }

  /// Runs a call without gradients.
  func run(
    _ shape: SequenceShape, _ problem: Problem, _ execution: Execution
  ) throws -> (output: Tensor<Scalar>, hidden: Tensor<Scalar>, cell: Tensor<Scalar>?) {
    switch self {
    case .rnn(let layer):
      let result = try layer.run(shape, problem.input, from: problem.hidden, execution: execution)
      return (result.output, result.finalState, nil)
    case .gru(let layer):
      let result = try layer.run(shape, problem.input, from: problem.hidden, execution: execution)
      return (result.output, result.finalState, nil)
    case .lstm(let layer):
      let state = problem.hidden.flatMap { hidden in
        problem.cell.map { LSTMState(hidden: hidden, cell: $0) }
      }
      let result = try layer.run(shape, problem.input, from: state, execution: execution)
      return (result.output, result.finalState.hidden, result.finalState.cell)
    case .normalized(let layer):
      let state = problem.hidden.map { CustomState(hidden: $0, memory: problem.cell) }
      let result = try layer.run(shape, problem.input, from: state, execution: execution)
      return (result.output, result.finalState.hidden, result.finalState.memory)
    case .minimal(let layer):
      let state = problem.hidden.map { CustomState<Scalar>(hidden: $0) }
      let result = try layer.run(shape, problem.input, from: state, execution: execution)
      return (result.output, result.finalState.hidden, nil)
    }
  }
}

extension Tensor {
  /// One row of the second axis of three, `[A, 1, F]`.
  func row(_ row: Int) -> Tensor {
    Tensor(
      unchecked: (0..<shape[0]).flatMap { self[$0][row].scalars }, shape: [shape[0], 1, shape[2]])
  }

  /// The first axis in the other direction.
  var flipped: Tensor {
    Tensor(unchecked: (0..<shape[0]).reversed().flatMap { self[$0].scalars }, shape: shape)
  }

  /// Some features of the last axis.
  func features(_ range: Range<Int>) -> Tensor {
    let width = shape[shape.rank - 1]
    let scalars = stride(from: 0, to: scalars.count, by: width).flatMap {
      self.scalars[($0 + range.lowerBound)..<($0 + range.upperBound)]
    }
    return Tensor(unchecked: scalars, shape: shape.replacingLast(with: range.count))
  }
}

/// Expects results with the same bits, but for the gradients of the parameters where `summed` says that their sums have another
/// order.
func expectBitwiseEqual<Scalar: TensorScalar>(
  _ actual: SequenceLayer<Scalar>.Results, _ expected: SequenceLayer<Scalar>.Results, _ context: String,
  withParameters: Bool = true
) {
  expectBitwiseEqual(actual.output, expected.output, "output: \(context)")
  expectBitwiseEqual(actual.hidden, expected.hidden, "final state: \(context)")
  expectBitwiseEqual(actual.input, expected.input, "gradient of the input: \(context)")
  expectBitwiseEqual(actual.initialHidden, expected.initialHidden, "initial state: \(context)")
  #expect((actual.cell == nil) == (expected.cell == nil))
  if let a = actual.cell, let b = expected.cell { expectBitwiseEqual(a, b, "final cell: \(context)") }
  if let a = actual.initialCell, let b = expected.initialCell {
    expectBitwiseEqual(a, b, "initial cell: \(context)")
  }
  guard withParameters else { return }
  #expect(actual.parameters.keys == expected.parameters.keys)
  for (key, tensor) in actual.parameters {
    expectBitwiseEqual(tensor, expected.parameters[key] ?? .zeros([0]), "\(key): \(context)")
  }
}

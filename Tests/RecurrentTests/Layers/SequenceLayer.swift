import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Any layer, to ask all of them the same questions about sequences of any form.
struct SequenceLayer<Scalar: TensorScalar>: Sendable {
  var layer: any DifferentiableRecurrentLayer<Scalar>

  init(_ layer: any DifferentiableRecurrentLayer<Scalar>) { self.layer = layer }

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
      layer = RNN<Scalar>(
        inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, batchFirst: batchFirst,
        directions: directions, using: &generator)
    case .lstm, .projected:
      layer = LSTM<Scalar>(
        inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, batchFirst: batchFirst,
        directions: directions, projectionSize: kind == .projected ? max(1, hiddenSize / 2) : nil,
        using: &generator)
    case .gru:
      layer = GRU<Scalar>(
        inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, batchFirst: batchFirst,
        directions: directions, using: &generator)
    case .normalized:
      var normalized = CustomRNN(
        LayerNormalizedLSTM<Scalar>(), inputSize: inputSize, hiddenSize: hiddenSize,
        layerCount: layerCount, batchFirst: batchFirst, directions: directions, using: &generator)
      for index in normalized.parameters.indices {
        normalized.parameters[index].weightUnit = .uniform([18, hiddenSize], in: -1...1, using: &generator)
      }
      layer = normalized
    }
  }

  var stack: RecurrentStack<Scalar> { layer.stack }

  /// The same layer with other parameters.
  func with(_ parameters: [CellParameters<Scalar>]) -> SequenceLayer {
    var copy = self
    copy.layer.parameters = parameters
    return copy
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
    try results(layer, shape, problem, execution, dropout, checkpointInterval)
  }

  private func results<Layer: DifferentiableRecurrentLayer<Scalar>>(
    _ layer: Layer, _ shape: SequenceShape, _ problem: Problem, _ execution: Execution,
    _ dropout: TrainingNoise?, _ checkpointInterval: Int?
  ) throws -> Results {
    let call = try RecurrentPullback<Layer.State>(
      layer._core.pullback(
        at: problem.input, shape, hidden: problem.hidden,
        cellState: layer.stack.kind.carriesMemory ? problem.cell : nil,
        checkpointInterval: checkpointInterval, noise: dropout, execution)
    ).results
    let gradients = try call.pullback(
      problem.outputGradient,
      finalStateGradient: state(of: layer, problem.hiddenGradient, problem.cellGradient))
    return Results(
      output: call.output, hidden: call.finalState.hidden, cell: call.finalState.cellState,
      parameters: gradients.stateDictionary, input: gradients.input,
      initialHidden: gradients.initialState.hidden, initialCell: gradients.initialState.cellState)
  }

  private func state<Layer: RecurrentLayer<Scalar>>(
    of layer: Layer, _ hidden: Tensor<Scalar>?, _ cell: Tensor<Scalar>?
  ) -> Layer.State? {
    hidden.map { Layer.State(hidden: $0, cellState: layer.stack.kind.carriesMemory ? cell : nil) }
  }

  /// Runs a call without gradients.
  func run(
    _ shape: SequenceShape, _ problem: Problem, _ execution: Execution
  ) throws -> (output: Tensor<Scalar>, hidden: Tensor<Scalar>, cell: Tensor<Scalar>?) {
    try run(layer, shape, problem, execution)
  }

  private func run<Layer: RecurrentLayer<Scalar>>(
    _ layer: Layer, _ shape: SequenceShape, _ problem: Problem, _ execution: Execution
  ) throws -> (output: Tensor<Scalar>, hidden: Tensor<Scalar>, cell: Tensor<Scalar>?) {
    let result = try layer._core.run(
      problem.input, shape, hidden: problem.hidden,
      cellState: layer.stack.kind.carriesMemory ? problem.cell : nil, execution)
    return (result.output, result.hidden, result.cellState)
  }

  /// Steps a stream through inputs of single steps, `[B, I]` each, from a state.
  func stream(
    _ inputs: [Tensor<Scalar>], hidden: Tensor<Scalar>?, cell: Tensor<Scalar>?, _ execution: Execution
  ) throws -> (outputs: [Tensor<Scalar>], hidden: Tensor<Scalar>, cell: Tensor<Scalar>?) {
    try stream(layer, inputs, hidden, cell, execution)
  }

  private func stream<Layer: RecurrentLayer<Scalar>>(
    _ layer: Layer, _ inputs: [Tensor<Scalar>], _ hidden: Tensor<Scalar>?, _ cell: Tensor<Scalar>?,
    _ execution: Execution
  ) throws -> (outputs: [Tensor<Scalar>], hidden: Tensor<Scalar>, cell: Tensor<Scalar>?) {
    var stream = try RecurrentStream<Layer.State>(
      layer._core, batchSize: inputs[0].shape[0], execution)
    try stream.reset(to: state(of: layer, hidden, cell))
    var outputs: [Tensor<Scalar>] = []
    for input in inputs { outputs.append(try stream.step(input)) }
    return (outputs, stream.state.hidden, stream.state.cellState)
  }
}

extension DifferentiableRecurrentLayer {
  /// Runs the layer over a sequence with a noise that has been drawn.
  func valueWithPullback(
    at input: Tensor<Scalar>, from initialState: State?, noise: TrainingNoise?,
    checkpointInterval: Int? = nil, execution: Execution
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: State, pullback: RecurrentPullback<State>
  ) {
    try RecurrentPullback<State>(
      _core.pullback(
        at: input, _core.checkedSequence(input), hidden: initialState?.hidden,
        cellState: initialState?.cellState, checkpointInterval: checkpointInterval, noise: noise, execution)
    ).results
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

/// Expects results with the same bits, but for the gradients of the parameters where `summed` says
/// that their sums have another order.
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

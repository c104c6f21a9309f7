import RecurrentTestSupport
import Testing

@testable import Recurrent

/// An ``LSTM`` or a ``GRU``, to ask both the same questions.
struct GatedLayer<Scalar: TensorScalar>: Sendable {
  var layer: any DifferentiableRecurrentLayer<Scalar>

  typealias Kind = ReferenceGates<Scalar>.Kind

  /// What a call and its pullback have computed. Cells are those of an LSTM.
  struct Results {
    var output: Tensor<Scalar>
    var hidden: Tensor<Scalar>
    var cell: Tensor<Scalar>?
    var parameterGradients: [CellParameters<Scalar>]
    var inputGradient: Tensor<Scalar>
    var hiddenGradient: Tensor<Scalar>
    var cellGradient: Tensor<Scalar>?
  }

  /// What a call is given.
  struct Problem {
    var input: Tensor<Scalar>
    var hidden: Tensor<Scalar>?
    var cell: Tensor<Scalar>?
    var outputGradient: Tensor<Scalar>?
    var finalHiddenGradient: Tensor<Scalar>?
    var finalCellGradient: Tensor<Scalar>?

    /// Draws everything for some sizes, time-major.
    init(_ layer: GatedLayer, steps: Int, rows: Int, seed: UInt64) {
      var generator = SeededGenerator(seed: seed)
      let (size, layers) = (layer.parameters[0].weightHH.shape[1], layer.parameters.count)
      input = .normal([steps, rows, layer.parameters[0].weightIH.shape[1]], using: &generator)
      hidden = .uniform([layers, rows, size], in: -1...1, using: &generator)
      cell = .uniform([layers, rows, size], in: -1...1, using: &generator)
      outputGradient = .uniform([steps, rows, size], in: -1...1, using: &generator)
      finalHiddenGradient = .uniform([layers, rows, size], in: -1...1, using: &generator)
      finalCellGradient = .uniform([layers, rows, size], in: -1...1, using: &generator)
    }

    /// Takes everything as it comes.
    init(input: Tensor<Scalar>, hidden: Tensor<Scalar>?, cell: Tensor<Scalar>?) {
      self.input = input
      self.hidden = hidden
      self.cell = cell
    }
  }

  static func make(
    _ kind: Kind, inputSize: Int, hiddenSize: Int, layerCount: Int, bias: Bool = true,
    seed: UInt64 = 1
  ) -> GatedLayer {
    var generator = SeededGenerator(seed: seed)
    switch kind {
    case .lstm:
      return GatedLayer(
        layer: LSTM<Scalar>(
          inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, bias: bias,
          using: &generator))
    case .gru:
      return GatedLayer(
        layer: GRU<Scalar>(
          inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, bias: bias,
          using: &generator))
    }
  }

  var kind: Kind { layer.stack.kind == .lstm ? .lstm : .gru }

  var parameters: [CellParameters<Scalar>] {
    get { layer.parameters }
    set { layer.parameters = newValue }
  }

  /// Runs a call without gradients.
  func run(
    _ problem: Problem, _ execution: Execution
  ) throws -> (output: Tensor<Scalar>, hidden: Tensor<Scalar>, cell: Tensor<Scalar>?) {
    try run(layer, problem, execution)
  }

  private func run<Layer: RecurrentLayer<Scalar>>(
    _ layer: Layer, _ problem: Problem, _ execution: Execution
  ) throws -> (output: Tensor<Scalar>, hidden: Tensor<Scalar>, cell: Tensor<Scalar>?) {
    let state = problem.hidden.map { Layer.State(hidden: $0, cellState: problem.cell) }
    let result = try layer.run(problem.input, from: state, execution: execution)
    return (result.output, result.finalState.hidden, result.finalState.cellState)
  }

  /// Runs a call and its pullback.
  func results(
    _ problem: Problem, _ execution: Execution, checkpointInterval: Int? = nil,
    dropout: TrainingNoise? = nil
  ) throws -> Results {
    try results(layer, problem, execution, checkpointInterval, dropout)
  }

  private func results<Layer: DifferentiableRecurrentLayer<Scalar>>(
    _ layer: Layer, _ problem: Problem, _ execution: Execution, _ checkpointInterval: Int?,
    _ dropout: TrainingNoise?
  ) throws -> Results {
    let call = try layer.valueWithPullback(
      at: problem.input,
      from: problem.hidden.map { Layer.State(hidden: $0, cellState: problem.cell) }, noise: dropout,
      checkpointInterval: checkpointInterval, execution: execution)
    let gradients = try call.pullback(
      problem.outputGradient,
      finalStateGradient: problem.finalHiddenGradient.map {
        Layer.State(hidden: $0, cellState: problem.finalCellGradient)
      })
    return Results(
      output: call.output, hidden: call.finalState.hidden, cell: call.finalState.cellState,
      parameterGradients: gradients.parameters, inputGradient: gradients.input,
      hiddenGradient: gradients.initialState.hidden, cellGradient: gradients.initialState.cellState)
  }
}

extension GatedLayer.Problem {
  /// Both states of an LSTM, where there is one.
  var state: LSTMState<Scalar>? {
    hidden.map { LSTMState(hidden: $0, cell: cell ?? .zeros($0.shape)) }
  }
}

/// Expects results with the same bits.
func expectBitwiseEqual<Scalar: TensorScalar>(
  _ actual: GatedLayer<Scalar>.Results, _ expected: GatedLayer<Scalar>.Results, _ context: String
) {
  expectBitwiseEqual(actual.output, expected.output, "output: \(context)")
  expectBitwiseEqual(actual.hidden, expected.hidden, "final state: \(context)")
  expectBitwiseEqual(actual.inputGradient, expected.inputGradient, "input: \(context)")
  expectBitwiseEqual(actual.hiddenGradient, expected.hiddenGradient, "initial state: \(context)")
  if let a = actual.cell, let b = expected.cell { expectBitwiseEqual(a, b, "final cell: \(context)") }
  if let a = actual.cellGradient, let b = expected.cellGradient {
    expectBitwiseEqual(a, b, "initial cell: \(context)")
  }
  for (layer, (a, b)) in zip(actual.parameterGradients, expected.parameterGradients).enumerated() {
    expectBitwiseEqual(a.weightIH, b.weightIH, "weight_ih_l\(layer): \(context)")
    expectBitwiseEqual(a.weightHH, b.weightHH, "weight_hh_l\(layer): \(context)")
    if let a = a.biasIH, let b = b.biasIH { expectBitwiseEqual(a, b, "bias_ih_l\(layer): \(context)") }
    if let a = a.biasHH, let b = b.biasHH { expectBitwiseEqual(a, b, "bias_hh_l\(layer): \(context)") }
  }
}

import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Everything that a gradient check needs, in time-major order.
struct GradientProblem<Scalar: TensorScalar> {
  let layer: RNN<Scalar>
  /// `[T, B, I]`.
  let input: Tensor<Scalar>
  /// `[L, B, H]`, or none.
  let state: Tensor<Scalar>?
  let outputGradient: Tensor<Scalar>?
  let finalStateGradient: Tensor<Scalar>?

  /// What the chain rule gives in Double.
  func reference() -> ReferenceGradients {
    ReferenceGradients(
      of: ReferenceRNN(layer.parameters, nonlinearity: layer.nonlinearity),
      input: input.scalars.map { Double($0) }, steps: input.shape[0], rows: input.shape[1],
      initialState: state?.scalars.map { Double($0) },
      outputGradient: outputGradient?.scalars.map { Double($0) },
      finalStateGradient: finalStateGradient?.scalars.map { Double($0) }, Scalar.self)
  }

  /// Draws gradients of the results beside a problem's layer, input and state.
  init(_ descriptor: ProblemDescriptor) {
    let problem = Problem<Scalar>(descriptor)
    var layer = RNN<Scalar>(
      inputSize: descriptor.inputSize, hiddenSize: descriptor.hiddenSize,
      layerCount: descriptor.layerCount, nonlinearity: descriptor.nonlinearity, bias: descriptor.bias)
    layer.parameters = problem.layer.parameters
    self.layer = layer
    let (steps, rows) = (descriptor.steps, descriptor.rows)
    var input = Tensor<Scalar>.zeros([steps, rows, descriptor.inputSize])
    input.scalars = problem.timeMajorInput
    self.input = input
    let stateShape: Shape = [descriptor.layerCount, rows, descriptor.hiddenSize]
    state = problem.initialState.map { Tensor(unchecked: $0.scalars, shape: stateShape) }
    var generator = SeededGenerator(seed: descriptor.seed &+ 1)
    outputGradient =
      descriptor.seed % 5 == 4
      ? nil : .uniform([steps, rows, descriptor.hiddenSize], in: -1...1, using: &generator)
    finalStateGradient =
      descriptor.seed % 3 == 2 ? nil : .uniform(stateShape, in: -1...1, using: &generator)
  }

  /// The gradients by an execution.
  func gradients(
    _ execution: Execution, checkpointInterval: Int? = nil
  ) throws -> RNNGradients<Scalar> {
    let pullback = try layer.valueWithPullback(
      at: input, from: state, checkpointInterval: checkpointInterval, execution: execution
    ).pullback
    return try pullback(outputGradient, finalStateGradient: finalStateGradient)
  }
}

/// Expects gradients within the bounds of the reference's.
func expectClose<Scalar: TensorScalar>(
  _ gradients: RNNGradients<Scalar>, _ reference: ReferenceGradients, _ context: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  func check(_ tensor: Tensor<Scalar>, _ numbers: BoundedNumbers, _ name: String) {
    expectClose(
      tensor, numbers.values, bound: numbers.bounds, "\(name): \(context)",
      sourceLocation: sourceLocation)
  }
  check(gradients.input, reference.input, "input")
  check(gradients.initialState, reference.initialState, "initial state")
  for (layer, (actual, expected)) in zip(gradients.parameters, reference.cells).enumerated() {
    check(actual.weightIH, expected.weightIH, "weight_ih_l\(layer)")
    check(actual.weightHH, expected.weightHH, "weight_hh_l\(layer)")
    if let bias = actual.biasIH { check(bias, expected.bias, "bias_ih_l\(layer)") }
    if let bias = actual.biasHH { check(bias, expected.bias, "bias_hh_l\(layer)") }
  }
}

/// Expects gradients with the same bits.
func expectBitwiseEqual<Scalar: TensorScalar>(
  _ actual: RNNGradients<Scalar>, _ expected: RNNGradients<Scalar>, _ context: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  func check(_ a: Tensor<Scalar>?, _ b: Tensor<Scalar>?, _ name: String) {
    guard let a, let b else {
      #expect(a == nil && b == nil, "\(name): \(context)", sourceLocation: sourceLocation)
      return
    }
    expectBitwiseEqual(a, b, "\(name): \(context)", sourceLocation: sourceLocation)
  }
  check(actual.input, expected.input, "input")
  check(actual.initialState, expected.initialState, "initial state")
  for (layer, (a, b)) in zip(actual.parameters, expected.parameters).enumerated() {
    check(a.weightIH, b.weightIH, "weight_ih_l\(layer)")
    check(a.weightHH, b.weightHH, "weight_hh_l\(layer)")
    check(a.biasIH, b.biasIH, "bias_ih_l\(layer)")
    check(a.biasHH, b.biasHH, "bias_hh_l\(layer)")
  }
}

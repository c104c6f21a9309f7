import Recurrent

/// What is thrown in the place of a time.
public struct WrongResult: Error {
  let finding: String

  /// Says what was found instead of the right result.
  public init(_ finding: String) { self.finding = finding }
}

/// Checks an output of a layer, however it was computed, against what the layer gives in double
/// precision.
///
/// The layers of benchmarks let errors fade: a difference is a few roundings of a sum, and a wrong
/// product is off by thousands of times more.
public func check(
  _ output: Tensor<Float>, of rnn: RNN<Float>, _ x: Tensor<Float>, from initialState: Tensor<Float>? = nil
) throws {
  let expected = try exact(rnn)(Tensor(x), initialState.map { Tensor($0) }).output
  let difference = try Tensor<Double>(output).greatestDifference(from: expected)
  guard difference <= bound(rnn) else { throw WrongResult("a difference of \(difference)") }
}

/// Checks an output against another one of as many terms in each sum.
public func check(_ output: Tensor<Float>, _ expected: Tensor<Float>, terms: Int) throws {
  let difference = try Tensor<Double>(output).greatestDifference(from: Tensor<Double>(expected))
  guard difference <= bound(terms: terms) else { throw WrongResult("a difference of \(difference)") }
}

/// The gradients of the sum of all outputs of a layer.
public func gradientsOfSum<Scalar: TensorScalar>(
  of rnn: RNN<Scalar>, _ x: Tensor<Scalar>, checkpointInterval: Int? = nil
) throws -> RNNGradients<Scalar> {
  let (output, _, pullback) = try rnn.valueWithPullback(at: x, checkpointInterval: checkpointInterval)
  return try pullback(Tensor(repeating: 1, shape: output.shape))
}

/// Checks gradients of the sum of all outputs against those in double precision.
public func check(_ gradients: RNNGradients<Float>, of rnn: RNN<Float>, _ x: Tensor<Float>) throws {
  try check(
    gradients, gradientsOfSum(of: exact(rnn), Tensor(x)),
    terms: (rnn.inputSize + rnn.hiddenSize) * rnn.layerCount)
}

/// Checks gradients against those in double precision, of which a step has so many terms in a sum.
/// Those of weights are sums over all rows of all steps, so that differences count in proportion to
/// the greatest number of their tensor.
public func check<State: RecurrentState<Float>, Exact: RecurrentState<Double>>(
  _ gradients: RecurrentGradients<State>, _ expected: RecurrentGradients<Exact>, terms: Int
) throws {
  for (found, expected) in zip(tensors(gradients), tensors(expected)) {
    let scale = expected.scalars.reduce(1) { max($0, $1.magnitude) }
    let difference = try Tensor<Double>(found).greatestDifference(from: expected) / scale
    guard difference <= bound(terms: terms) else {
      throw WrongResult("a difference of \(difference) of gradients \(expected.shape)")
    }
  }
}

private func tensors<State>(_ gradients: RecurrentGradients<State>) -> [Tensor<State.Scalar>] {
  gradients.parameters.flatMap { [$0.weightIH, $0.weightHH] + [$0.biasIH, $0.biasHH].compactMap { $0 } }
    + [gradients.input, gradients.initialState.hidden]
}

/// Some units in the last place for each of the I + H terms of a sum.
private func bound(_ rnn: RNN<Float>) -> Double { bound(terms: rnn.inputSize + rnn.hiddenSize) }

private func bound(terms: Int) -> Double {
  16 * Double(terms + 16) * Double(Float.ulpOfOne)
}

/// The same layer in double precision.
private func exact(_ rnn: RNN<Float>) -> RNN<Double> {
  RNN<Double>(
    inputSize: rnn.inputSize, hiddenSize: rnn.hiddenSize, layerCount: rnn.layerCount, bias: rnn.hasBias
  ).with(parametersOf: rnn)
}

extension RecurrentLayer<Double> {
  /// This layer on the Swift backend, with the parameters of another one of its form.
  public func with(parametersOf layer: some RecurrentLayer<Float>) -> Self {
    var exact = self
    exact.backend = .swift
    exact.parameters = layer.parameters.map {
      CellParameters(
        weightIH: Tensor($0.weightIH), weightHH: Tensor($0.weightHH),
        biasIH: $0.biasIH.map { Tensor($0) }, biasHH: $0.biasHH.map { Tensor($0) })
    }
    return exact
  }
}

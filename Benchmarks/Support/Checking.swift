import Recurrent

/// What is thrown in the place of a time.
public struct WrongResult: Error {
  let finding: String

  /// Says what was found instead of the right result.
  public init(_ finding: String) { self.finding = finding }
}

/// Checks an output of a layer, however it was computed, against what the layer gives in double precision.
///
/// The layers of benchmarks let errors fade: a difference is a few roundings of a sum, and a wrong product is off by
/// thousands of times more.
public func check(
  _ output: Tensor<Float>, of rnn: RNN<Float>, _ x: Tensor<Float>, from initialState: Tensor<Float>? = nil
) throws {
  var exact = RNN<Double>(inputSize: rnn.inputSize, hiddenSize: rnn.hiddenSize, bias: rnn.hasBias)
  exact.backend = .swift
  exact.parameters = rnn.parameters.map {
    CellParameters(
      weightIH: Tensor($0.weightIH), weightHH: Tensor($0.weightHH),
      biasIH: $0.biasIH.map { Tensor($0) }, biasHH: $0.biasHH.map { Tensor($0) })
  }
  let expected = try exact(Tensor(x), initialState.map { Tensor($0) }).output
  let difference = try Tensor<Double>(output).greatestDifference(from: expected)
  let bound = 16 * Double(rnn.inputSize + rnn.hiddenSize + 16) * Double(Float.ulpOfOne)
  guard difference <= bound else { throw WrongResult("a difference of \(difference)") }
}

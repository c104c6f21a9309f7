import Recurrent
import RecurrentTestSupport
import Testing

/// Long passes, step by step: each computed state against the reference's one step from the
/// computed state before.
///
/// A bound for a whole pass grows with every step; that for one step does not, and if all steps
/// hold, so does the pass.
@Suite struct RecurrentPassTests {
  @Test(
    "every step of a long pass is within the bound of one step", arguments: Backend.available,
    [(10, 3, 100, 20, 4), (200, 1, 3, 32, 1), (60, 5, 17, 65, 2)])
  func steps(backend: Backend, sizes: (Int, Int, Int, Int, Int)) throws {
    try check(backend, sizes, Float.self)
    try check(backend, sizes, Double.self)
  }

  private func check<Scalar: TensorScalar>(
    _ backend: Backend, _ sizes: (Int, Int, Int, Int, Int), _: Scalar.Type
  ) throws {
    let (steps, rows, inputSize, hiddenSize, layerCount) = sizes
    var generator = SeededGenerator(seed: UInt64(steps))
    var rnn = RNN<Scalar>(
      inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, using: &generator)
    rnn.backend = backend
    let x = Tensor<Scalar>.normal([steps, rows, inputSize], using: &generator)
    let whole = try rnn(x)
    var below = x
    for layer in 0..<layerCount {
      var single = RNN<Scalar>(
        inputSize: below.shape[2], hiddenSize: hiddenSize, using: &generator)
      single.backend = backend
      single.parameters = [rnn.parameters[layer]]
      let output = try single(below).output
      var state = Tensor<Scalar>.zeros([rows, hiddenSize])
      for step in 0..<steps {
        let expectation = Expectation(
          single.parameters, nonlinearity: .tanh, input: below[step].scalars.map { Double($0) },
          steps: 1, rows: rows, initialState: state.scalars.map { Double($0) }, Scalar.self)
        expectClose(
          output[step], expectation.output, bound: expectation.bound.output,
          "layer \(layer), step \(step) of \(sizes) on \(backend)")
        state = output[step]
      }
      expectBitwiseEqual(whole.finalState[layer], state, "final state of layer \(layer)")
      below = output
    }
    expectBitwiseEqual(whole.output, below, "output of \(sizes) on \(backend)")
  }
}

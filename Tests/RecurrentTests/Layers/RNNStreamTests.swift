import RecurrentTestSupport
import Testing

@testable import Recurrent

@Suite struct RNNStreamTests {
  @Test(
    "a stream gives bit for bit what the layer gives for the whole sequence", arguments: [0, 1, 2, 7, 13])
  func identity(rows: Int) throws {
    try identity(rows, Float.self)
    try identity(rows, Double.self)
  }

  private func identity<Scalar: TensorScalar>(_ rows: Int, _: Scalar.Type) throws {
    var generator = SeededGenerator(seed: UInt64(rows))
    var rnn = RNN<Scalar>(
      inputSize: 9, hiddenSize: 37, layerCount: 3, nonlinearity: .relu, using: &generator)
    rnn.backend = .swift
    let x = Tensor<Scalar>.normal([20, rows, 9], using: &generator)
    let h0 = Tensor<Scalar>.uniform([3, rows, 37], in: -1...1, using: &generator)
    for initialState in [nil, h0] {
      let expected = try rnn(x, initialState)
      var stream = try rnn.stream(batchSize: rows, from: initialState)
      for (step, frame) in x.enumerated() {
        expectBitwiseEqual(try stream.step(frame), expected.output[step], "step \(step)")
      }
      expectBitwiseEqual(stream.state, expected.finalState, "state")
    }
  }

  @Test("both backends agree within the bound of a pass")
  func backends() throws {
    var generator = SeededGenerator(seed: 3)
    var rnn = RNN<Float>(inputSize: 9, hiddenSize: 33, using: &generator)
    let x = Tensor<Float>.normal([4, 2, 9], using: &generator)
    let expectation = Expectation(
      rnn.parameters, nonlinearity: .tanh, input: x.scalars.map { Double($0) }, steps: 4, rows: 2,
      initialState: nil, Float.self)
    for backend in Backend.available {
      rnn.backend = backend
      var stream = try rnn.stream(batchSize: 2)
      var outputs: [Tensor<Float>] = []
      for frame in x { outputs.append(try stream.step(frame)) }
      expectClose(
        try Tensor.stack(outputs), expectation.output, bound: expectation.bound.output, "\(backend)")
    }
  }

  @Test("a reset begins a new sequence, and a stream keeps the parameters it was made with")
  func reset() throws {
    var rnn = RNN<Float>(inputSize: 3, hiddenSize: 5, layerCount: 2)
    rnn.backend = .swift
    let x = Tensor<Float>.normal([1, 1, 3])
    let h0 = Tensor<Float>.uniform([2, 1, 5], in: -1...1)
    let fromZero = try rnn(x).output[0]
    let fromState = try rnn(x, h0).output[0]
    var stream = try rnn.stream()
    rnn.parameters[0].weightHH = .zeros([5, 5])
    expectBitwiseEqual(try stream.step(x[0]), fromZero, "first")
    try stream.reset(to: h0)
    expectBitwiseEqual(stream.state, h0, "state")
    expectBitwiseEqual(try stream.step(x[0]), fromState, "from a state")
    try stream.reset()
    expectBitwiseEqual(try stream.step(x[0]), fromZero, "from zeros")
  }

  @Test("other shapes are errors that say what was expected, and leave the state alone")
  func errors() throws {
    let rnn = RNN<Float>(inputSize: 3, hiddenSize: 5)
    #expect(
      throws: RecurrentError.invalidSize(argument: "batchSize", expected: "at least 0", actual: -1)
    ) {
      _ = try rnn.stream(batchSize: -1)
    }
    #expect(
      throws: RecurrentError.shapeMismatch(argument: "state", expected: "[1, 2, 5]", actual: [1, 1, 5])
    ) {
      _ = try rnn.stream(batchSize: 2, from: .zeros([1, 1, 5]))
    }
    #expect(throws: RecurrentError.self) { _ = try RNN<Float>(inputSize: 0, hiddenSize: 5).stream() }
    do {
      _ = try rnn.stream(batchSize: .max)
      Issue.record("took a batch that no memory holds")
    } catch {
      guard case .invalidSize("batchSize", _, .max) = error else {
        Issue.record("an error of something else: \(error)")
        return
      }
    }
    var stream = try rnn.stream(batchSize: 2)
    let before = stream.state
    do {
      _ = try stream.step(.zeros([1, 3]))
      Issue.record("took another shape")
    } catch {
      #expect(error == .shapeMismatch(argument: "input", expected: "[2, 3]", actual: [1, 3]))
    }
    let frame = [Float](repeating: 1, count: 6)
    var output = [Float](repeating: 7, count: 9)
    do {
      var target = output.mutableSpan
      try stream.step(frame.span, into: &target)
      Issue.record("wrote into another size")
    } catch {
      #expect(
        error
          == .invalidSize(argument: "output", expected: "2 rows of 5 scalars", actual: 9))
    }
    #expect(output.allSatisfy { $0 == 7 })
    expectBitwiseEqual(stream.state, before, "state")
  }
}

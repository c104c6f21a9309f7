import AllocationCounter
import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Streams of layers whose cells have a formula; those of plain ones are in `RNNStreamTests`.
@Suite struct GatedStreamTests {
  /// Every step of a stream against the layer's call, and the state after the last.
  private func expectSame<Scalar, State: RecurrentState<Scalar>>(
    _ stream: consuming RecurrentStream<State>, _ x: Tensor<Scalar>, _ expected: Tensor<Scalar>,
    _ state: (borrowing RecurrentStream<State>) -> [(Tensor<Scalar>, Tensor<Scalar>)]
  ) throws {
    for (step, frame) in x.enumerated() {
      expectBitwiseEqual(try stream.step(frame), expected[step], "step \(step)")
    }
    for (actual, expected) in state(stream) { expectBitwiseEqual(actual, expected, "state") }
  }

  @Test("a stream of an LSTM gives bit for bit what the layer gives", arguments: [0, 1, 2, 7], [nil, 5])
  func lstm(rows: Int, projectionSize: Int?) throws {
    try lstm(rows, projectionSize, Float.self)
    try lstm(rows, projectionSize, Double.self)
  }

  private func lstm<Scalar: TensorScalar>(_ rows: Int, _ projectionSize: Int?, _: Scalar.Type) throws {
    var generator = SeededGenerator(seed: UInt64(rows))
    var layer = LSTM<Scalar>(
      inputSize: 9, hiddenSize: 37, layerCount: 3, projectionSize: projectionSize, using: &generator)
    layer.backend = .swift
    let x = Tensor<Scalar>.normal([20, rows, 9], using: &generator)
    let given = LSTMState(
      hidden: Tensor<Scalar>.uniform([3, rows, projectionSize ?? 37], in: -1...1, using: &generator),
      cell: Tensor<Scalar>.uniform([3, rows, 37], in: -1...1, using: &generator))
    for initialState in [nil, given] {
      let (output, finalState) = try layer(x, initialState)
      try expectSame(layer.stream(batchSize: rows, from: initialState), x, output) {
        [($0.state.hidden, finalState.hidden), ($0.state.cell, finalState.cell)]
      }
    }
  }

  @Test("a stream of a GRU gives bit for bit what the layer gives", arguments: [0, 1, 2, 7])
  func gru(rows: Int) throws {
    try gru(rows, Float.self)
    try gru(rows, Double.self)
  }

  private func gru<Scalar: TensorScalar>(_ rows: Int, _: Scalar.Type) throws {
    var generator = SeededGenerator(seed: UInt64(rows))
    var layer = GRU<Scalar>(inputSize: 9, hiddenSize: 37, layerCount: 3, using: &generator)
    layer.backend = .swift
    let x = Tensor<Scalar>.normal([20, rows, 9], using: &generator)
    let h0 = Tensor<Scalar>.uniform([3, rows, 37], in: -1...1, using: &generator)
    for initialState in [nil, h0] {
      let (output, finalState) = try layer(x, initialState)
      try expectSame(layer.stream(batchSize: rows, from: initialState), x, output) {
        [($0.state, finalState)]
      }
    }
  }

  @Test("a stream of a custom cell gives bit for bit what the layer gives", arguments: [0, 1, 2, 7])
  func custom(rows: Int) throws {
    try custom(LayerNormalizedLSTM<Float>(), rows)
    try custom(MinimalGatedUnit<Double>(), rows)
  }

  private func custom<Cell: CustomCell>(_ cell: Cell, _ rows: Int) throws {
    var generator = SeededGenerator(seed: UInt64(rows))
    var layer = CustomRNN(cell, inputSize: 9, hiddenSize: 37, layerCount: 2, using: &generator)
    layer.backend = .swift
    let x = Tensor<Cell.Scalar>.normal([20, rows, 9], using: &generator)
    let given = CustomState(
      hidden: Tensor<Cell.Scalar>.uniform([2, rows, 37], in: -1...1, using: &generator),
      memory: cell.carriesMemory
        ? Tensor<Cell.Scalar>.uniform([2, rows, 37], in: -1...1, using: &generator) : nil)
    for initialState in [nil, given] {
      let (output, finalState) = try layer(x, initialState)
      try expectSame(layer.stream(batchSize: rows, from: initialState), x, output) {
        let state = $0.state
        #expect((state.memory == nil) == (finalState.memory == nil))
        guard let memory = state.memory, let expected = finalState.memory else {
          return [(state.hidden, finalState.hidden)]
        }
        return [(state.hidden, finalState.hidden), (memory, expected)]
      }
    }
  }

  @Test("every backend's steps are within the bounds of the definition", arguments: Backend.available)
  func backends(backend: Backend) throws {
    var generator = SeededGenerator(seed: 3)
    var layer = LSTM<Float>(inputSize: 4, hiddenSize: 17, using: &generator)
    layer.backend = backend
    let x = Tensor<Float>.normal([3, 2, 4], using: &generator)
    let reference = ReferenceGates(
      .lstm, layer.parameters, input: x.scalars.map { Double($0) }, steps: 3, rows: 2, hidden: nil, cell: nil)
    var stream = try layer.stream(batchSize: 2)
    var outputs: [Tensor<Float>] = []
    for frame in x { outputs.append(try stream.step(frame)) }
    expectClose(
      try Tensor.stack(outputs), reference.output.map(\.value), bound: reference.output.map(\.error),
      "\(backend)")
  }

  @Test("a reset begins a new sequence; one to another shape is an error and changes nothing")
  func reset() throws {
    var layer = LSTM<Float>(inputSize: 3, hiddenSize: 5, layerCount: 2, projectionSize: 4)
    layer.backend = .swift
    let x = Tensor<Float>.normal([1, 1, 3])
    let state = LSTMState(
      hidden: Tensor<Float>.uniform([2, 1, 4], in: -1...1),
      cell: Tensor<Float>.uniform([2, 1, 5], in: -1...1))
    let fromZero = try layer(x).output[0]
    let fromState = try layer(x, state).output[0]
    var stream = try layer.stream()
    expectBitwiseEqual(try stream.step(x[0]), fromZero, "first")
    try stream.reset(to: state)
    #expect(stream.state == state)
    expectBitwiseEqual(try stream.step(x[0]), fromState, "from a state")
    let before = stream.state
    let wrong = [
      (
        LSTMState<Float>(hidden: .zeros([2, 1, 5]), cell: .zeros([2, 1, 5])),
        RecurrentError.shapeMismatch(argument: "state.hidden", expected: "[2, 1, 4]", actual: [2, 1, 5])
      ),
      (
        LSTMState<Float>(hidden: .zeros([2, 1, 4]), cell: .zeros([2, 2, 5])),
        RecurrentError.shapeMismatch(argument: "state.cell", expected: "[2, 1, 5]", actual: [2, 2, 5])
      ),
    ]
    for (wrong, expected) in wrong {
      do {
        try stream.reset(to: wrong)
        Issue.record("took another shape")
      } catch {
        #expect(error == expected)
      }
      #expect(stream.state == before)
    }
    try stream.reset()
    expectBitwiseEqual(try stream.step(x[0]), fromZero, "from zeros")
    #expect(throws: RecurrentError.self) {
      _ = try GRU<Float>(inputSize: 2, hiddenSize: 5, directions: .bidirectional).stream()
    }
  }

  @Test(
    "a step allocates nothing", .enabled(if: allocations_are_counted()), arguments: Backend.available)
  func allocations(backend: Backend) throws {
    var lstm = LSTM<Float>(inputSize: 5, hiddenSize: 40, layerCount: 2, projectionSize: 40 - 1)
    var gru = GRU<Double>(inputSize: 5, hiddenSize: 40, layerCount: 2)
    (lstm.backend, gru.backend) = (backend, backend)
    try expectNoAllocation(lstm.stream(batchSize: 4), Float.self)
    try expectNoAllocation(gru.stream(batchSize: 4), Double.self)
  }

  private func expectNoAllocation<Scalar, State: RecurrentState<Scalar>>(
    _ stream: consuming RecurrentStream<State>, _: Scalar.Type
  ) throws {
    let frame = [Scalar](repeating: 0.5, count: 4 * 5)
    var output = [Scalar](repeating: 0, count: 4 * stream.outputSize)
    func step(_ stream: inout RecurrentStream<State>) throws {
      var target = output.mutableSpan
      try stream.step(frame.span, into: &target)
    }
    try step(&stream)
    let before = allocations_of_this_thread()
    for _ in 0..<100 { try step(&stream) }
    #expect(allocations_of_this_thread() == before)
    #expect(output.contains { $0 != 0 })
  }
}

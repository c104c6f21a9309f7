import RecurrentTestSupport
import Testing

import Recurrent

/// Code of a client, generic over layers and cells.
@Suite struct RecurrentLayerTests {
  /// Every call of a layer, with every option, gives the bits of the plain call on the same sequence.
  private func exercise<Layer: DifferentiableRecurrentLayer<Double>>(_ layer: Layer) throws {
    var layer = layer
    layer.backend = .swift
    var generator = SeededGenerator(seed: 3)
    let x = Tensor<Double>.uniform([5, 2, layer.inputSize], in: -1...1, using: &generator)
    let (output, finalState) = try layer(x)
    let name = "\(layer)"
    expectBitwiseEqual(try layer(x, nil, resets: .zeros([5, 2])).output, output, name)

    // Two halves, the second from the state of the first.
    let (head, tail) = (try layer(x[0..<2]), x[2..<5])
    if layer.directions == .forward {
      let rest = try layer(tail, head.finalState)
      expectBitwiseEqual(rest.output, output[2..<5], name)
      expectSame(rest.finalState, finalState, name)
      var stream = try layer.stream(batchSize: 2)
      for (step, frame) in x.enumerated() {
        expectBitwiseEqual(try stream.step(frame), output[step], name)
      }
      expectSame(stream.state, finalState, name)
      try stream.reset(to: head.finalState)
      expectBitwiseEqual(try stream.step(x[2]), output[2], name)
    }

    let packed = try PackedSequence(padded: x, lengths: [5, 5])
    let flat = try output.reshaped(to: [10, output.shape[2]])
    expectBitwiseEqual(try layer(packed).output.data, flat, name)

    // Without dropout a generator changes nothing, and every pullback gives the same gradients.
    let ones = Tensor(repeating: 1, shape: output.shape)
    let plain = try layer.valueWithPullback(at: x)
    let gradients = try plain.pullback(ones, finalStateGradient: finalState)
    expectBitwiseEqual(plain.output, output, name)
    let drawn = try layer.valueWithPullback(at: x, resets: .zeros([5, 2]), using: &generator)
    #expect(try drawn.pullback(ones, finalStateGradient: finalState) == gradients, "\(name)")
    let rows = try ones.reshaped(to: [10, ones.shape[2]])
    for call in [
      try layer.valueWithPullback(at: packed),
      try layer.valueWithPullback(at: packed, using: &generator),
    ] {
      let gradients = try call.pullback(rows, finalStateGradient: finalState)
      expectBitwiseEqual(
        gradients.stateDictionary["weight_hh_l0"] ?? .zeros([0]),
        try plain.pullback(ones, finalStateGradient: finalState).stateDictionary["weight_hh_l0"]
          ?? .zeros([0]),
        name)
      expectSame(call.finalState, finalState, name)
    }

    // Parameters and printing.
    var copy = layer
    try copy.load(layer.stateDictionary)
    try copy.initialize(.weightHH, with: .zero, using: &generator)
    #expect(copy.parameters[0].weightHH.scalars.allSatisfy { $0 == 0 })
    #expect(layer.parameters[0].weightHH != copy.parameters[0].weightHH)
  }

  private func expectSame<State: RecurrentState<Double>>(_ a: State, _ b: State, _ name: String) {
    expectBitwiseEqual(a.hidden, b.hidden, name)
    #expect(a.cellState == b.cellState, "\(name)")
  }

  @Test(
    "code that is generic over layers runs each of them with every option", arguments: Directions.allCases)
  func layers(directions: Directions) throws {
    try exercise(RNN<Double>(inputSize: 3, hiddenSize: 5, layerCount: 2, directions: directions))
    try exercise(
      LSTM<Double>(inputSize: 3, hiddenSize: 5, layerCount: 2, directions: directions, projectionSize: 2))
    try exercise(GRU<Double>(inputSize: 3, hiddenSize: 5, layerCount: 2, directions: directions))
    try exercise(
      CustomRNN(
        LayerNormalizedLSTM<Double>(), inputSize: 3, hiddenSize: 5, layerCount: 2, directions: directions))
    try exercise(
      CustomRNN(
        MinimalGatedUnit<Double>(), inputSize: 3, hiddenSize: 5, layerCount: 2, directions: directions))
  }

  private func step<Cell: RecurrentCell<Double>>(_ cell: Cell) throws {
    let x = Tensor<Double>.uniform([2, cell.inputSize], in: -1...1)
    let first = try cell(x)
    var inPlace = first
    try cell.step(x, updating: &inPlace)
    expectSame(inPlace, try cell(x, first), "\(cell)")
    let (state, pullback) = try cell.valueWithPullback(at: x, from: first)
    expectSame(state, inPlace, "\(cell)")
    #expect(try pullback(state).state.hidden.shape == state.hidden.shape)
  }

  @Test("code that is generic over cells steps each of them")
  func cells() throws {
    try step(RNNCell<Double>(inputSize: 3, hiddenSize: 5))
    try step(LSTMCell<Double>(inputSize: 3, hiddenSize: 5))
    try step(GRUCell<Double>(inputSize: 3, hiddenSize: 5))
  }

  @Test("a state that a custom cell does not carry is refused by calls, gradients and streams")
  func superfluousState() throws {
    let layer = CustomRNN(MinimalGatedUnit<Double>(), inputSize: 3, hiddenSize: 5)
    let zeros = Tensor<Double>.zeros([1, 2, 5])
    let state = CustomState(hidden: zeros, memory: zeros)
    let x = Tensor<Double>.zeros([4, 2, 3])
    func error(_ argument: String) -> RecurrentError {
      .invalidValue(argument: argument, expected: "nil for a cell that carries none", actual: "a tensor")
    }
    #expect(throws: error("initialState.memory")) { try layer(x, state) }
    #expect(throws: error("initialState.memory")) { _ = try layer.valueWithPullback(at: x, from: state) }
    #expect(throws: error("finalStateGradient.memory")) {
      _ = try layer.valueWithPullback(at: x).pullback(nil, finalStateGradient: state)
    }
    var stream = try layer.stream(batchSize: 2)
    #expect(throws: error("state.memory")) { try stream.reset(to: state) }
  }
}

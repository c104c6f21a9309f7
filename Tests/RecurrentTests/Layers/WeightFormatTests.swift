import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Layers and cells whose weights stand in fewer bits.
@Suite struct WeightFormatTests {
  /// Sizes whose matrices are beyond the second-level cache, and of some small ones beside.
  private static let sizes = [(64, 208), (700, 192), (5, 40), (130, 370)]

  /// Of all kinds, shallow and deep, one way and both.
  private func forEachLayer(
    _ body: (any DifferentiableRecurrentLayer<Float>, _ inputSize: Int, inout SeededGenerator) throws -> Void
  ) rethrows {
    var generator = SeededGenerator(seed: 190)
    for (index, (inputs, units)) in Self.sizes.enumerated() {
      let directions: Directions = index % 2 == 0 ? .forward : .bidirectional
      let layers: [any DifferentiableRecurrentLayer<Float>] = [
        RNN(inputSize: inputs, hiddenSize: 2 * units, directions: directions, using: &generator),
        LSTM(inputSize: inputs, hiddenSize: units, directions: directions, using: &generator),
        LSTM(
          inputSize: inputs, hiddenSize: 2 * units, layerCount: 2, projectionSize: units, using: &generator),
        GRU(inputSize: inputs, hiddenSize: units, directions: directions, using: &generator),
      ]
      for layer in layers { try body(layer, inputs, &generator) }
    }
  }

  @Test(
    "a layer of bfloat16, and one of int8 on OpenBLAS, has the bits of its rounded weights as floats, forward and back",
    arguments: Backend.available)
  func roundedWeights(backend: Backend) throws {
    try forEachLayer { layer, inputs, generator in
      for (rows, threads) in [(1, 1), (2, 2), (9, 1)] {
        let x = Tensor<Float>.normal([3, rows, inputs], using: &generator)
        let execution = try Execution(resolving: backend, threadCount: threads)
        try compare(layer, x, .bfloat16, execution)
        if backend == .openBLAS { try compare(layer, x, .int8, execution) }
      }
    }
  }

  @Test("what int8 rounds of rows changes a layer's output by less than a tenth of what it rounds of weights")
  func roundedRows() throws {
    try forEachLayer { layer, inputs, generator in
      let x = Tensor<Float>.normal([3, 2, inputs], using: &generator)
      try check(layer, x)
    }
    func check<Layer: DifferentiableRecurrentLayer<Float>>(_ layer: Layer, _ x: Tensor<Float>) throws {
      let execution = try Execution(resolving: .swift, threadCount: 1)
      let narrow = try layer.converted(to: .int8)
      let exact = try layer.run(x, from: nil, execution: execution).output
      let rounded = try narrow.converted(to: .float).run(x, from: nil, execution: execution).output
      let output = try narrow.run(x, from: nil, execution: execution).output
      let ofWeights = try rounded.greatestDifference(from: exact)
      let ofRows = try output.greatestDifference(from: rounded)
      #expect(ofRows < ofWeights / 10, "\(layer): \(ofRows), of the weights \(ofWeights)")
      #expect(ofWeights < 0.05)
      // Straight through: a gradient is that of the rounded weights, at what the call has computed.
      let gradient = Tensor<Float>(repeating: 1, shape: output.shape)
      let call = try narrow.valueWithPullback(at: x, execution: execution)
      let other = try layer.valueWithPullback(at: x, execution: execution)
      #expect(call.output == output)
      let (a, b) = (try call.pullback(gradient).input, try other.pullback(gradient).input)
      let greatest = b.scalars.map(\.magnitude).max() ?? 0
      #expect(try a.greatestDifference(from: b) < greatest / 5)
    }
  }

  @Test(
    "the bits of a row depend on no other row, thread or vector width",
    arguments: [WeightFormat.bfloat16, .int8])
  func rows(format: WeightFormat) throws {
    try forEachLayer { layer, inputs, generator in
      let x = Tensor<Float>.normal([3, 7, inputs], using: &generator)
      try check(layer, x)
    }
    func check<Layer: DifferentiableRecurrentLayer<Float>>(_ layer: Layer, _ x: Tensor<Float>) throws {
      let narrow = try layer.converted(to: format)
      let one = try Execution(resolving: .swift, threadCount: 1)
      let expected = try narrow.run(x, from: nil, execution: one).output
      let two = try Execution(resolving: .swift, threadCount: 2)
      #expect(try narrow.run(x, from: nil, execution: two).output == expected)
      for instructions in InstructionSet.available where instructions.hasFusedMultiplyAdd {
        let other = Execution(backend: .swift, instructions: instructions, threadCount: 1)
        #expect(try narrow.run(x, from: nil, execution: other).output == expected)
      }
      for row in [0, 6] {
        let input = try Tensor<Float>((0..<3).flatMap { x[$0][row].scalars }, shape: [3, 1, layer.inputSize])
        let alone = try narrow.run(input, from: nil, execution: one).output
        for step in 0..<3 { #expect(alone[step][0].scalars == expected[step][row].scalars, "row \(row)") }
      }
    }
  }

  private func compare<Layer: DifferentiableRecurrentLayer<Float>>(
    _ layer: Layer, _ x: Tensor<Float>, _ format: WeightFormat, _ execution: Execution
  ) throws {
    let narrow = try layer.converted(to: format)
    #expect(narrow.weightFormat == format)
    let rounded = try narrow.converted(to: .float)
    #expect(rounded.weightFormat == .float)
    #expect(rounded.stateDictionary == narrow.stateDictionary)
    // Weights that are assigned are rounded when they are used.
    var assigned = narrow
    assigned.parameters = layer.parameters
    let (expected, actual) = (
      try rounded.valueWithPullback(at: x, execution: execution),
      try narrow.valueWithPullback(at: x, execution: execution)
    )
    #expect(actual.output == expected.output, "\(layer) \(x.shape) \(execution)")
    #expect(try assigned.run(x, from: nil, execution: execution).output == expected.output)
    #expect(try layer.run(x, from: nil, execution: execution).output != expected.output)
    let gradient = Tensor<Float>(repeating: 1, shape: expected.output.shape)
    let (a, b) = (try actual.pullback(gradient), try expected.pullback(gradient))
    #expect(a.input == b.input)
    #expect(a.parameters == b.parameters)
  }

  @Test("streams and cells of narrow weights have the bits of the layer", arguments: [1, 2, 5])
  func streams(rows: Int) throws {
    var generator = SeededGenerator(seed: 191)
    let (inputs, units) = (66, 210)
    let x = Tensor<Float>.normal([4, rows, inputs], using: &generator)
    for format in [WeightFormat.bfloat16, .int8] {
      var lstm = try LSTM<Float>(inputSize: inputs, hiddenSize: units, using: &generator)
        .converted(to: format)
      lstm.backend = .swift
      let output = try lstm(x).output
      var stream = try lstm.stream(batchSize: rows)
      var cell = LSTMCell<Float>(inputSize: inputs, hiddenSize: units, using: &generator)
      cell.parameters = lstm.parameters[0]
      cell.backend = .swift
      cell = try cell.converted(to: format)
      var state: LSTMState<Float>?
      for step in 0..<4 {
        #expect(try stream.step(x[step]) == output[step])
        let next = try cell(x[step], state)
        #expect(next.hidden == output[step])
        state = next
      }
    }
  }

  @Test("weights that are not finite have no scale, and are named")
  func notFinite() throws {
    var generator = SeededGenerator(seed: 192)
    var gru = GRU<Float>(inputSize: 2, hiddenSize: 3, layerCount: 2, using: &generator)
    gru.parameters[1].weightHH[4, 2] = .nan
    let error = #expect(throws: RecurrentError.self) { try gru.converted(to: .int8) }
    #expect(
      error
        == .invalidValue(
          argument: "weight_hh_l1", expected: "finite weights, to round them to int8",
          actual: "nan at [4, 2]"))
    #expect(throws: Never.self) { try gru.converted(to: .bfloat16) }
    // One that is assigned later makes its own unit no number, and traps nowhere.
    var narrow = try GRU<Float>(inputSize: 2, hiddenSize: 3, using: &generator).converted(to: .int8)
    narrow.parameters[0].weightIH[0, 0] = .infinity
    let output = try narrow(Tensor<Float>(repeating: 1, shape: [1, 1, 2])).output
    #expect(output[0, 0, 0].isNaN)
    #expect(output[0, 0, 1].isFinite)
  }

  @Test("a layer whose sizes are out of range says so")
  func sizes() throws {
    let rnn = RNN<Float>(inputSize: 0, hiddenSize: 3)
    #expect(throws: RecurrentError.self) { try rnn.converted(to: .bfloat16) }
  }
}

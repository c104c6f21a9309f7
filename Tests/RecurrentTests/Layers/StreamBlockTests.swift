import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Streams that are given several steps at once.
@Suite struct StreamBlockTests {
  @Test(
    "however a sequence is cut into blocks, a stream gives the layer's bits and states", arguments: 1...12)
  func blocks(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let (inputs, units) = (
      Int.random(in: 1...9, using: &generator), Int.random(in: 2...40, using: &generator)
    )
    let layers = Int.random(in: 1...3, using: &generator)
    let zoneout = Zoneout(hidden: seed % 3 == 0 ? 0.25 : 0)
    try check(
      RNN<Float>(inputSize: inputs, hiddenSize: units, layerCount: layers, using: &generator), &generator)
    try check(
      LSTM<Double>(
        inputSize: inputs, hiddenSize: units, layerCount: layers, zoneout: zoneout,
        projectionSize: seed % 2 == 0 ? units / 2 : nil, using: &generator), &generator)
    try check(
      GRU<Float>(
        inputSize: inputs, hiddenSize: units, layerCount: layers, zoneout: zoneout.hidden, using: &generator),
      &generator)
    try check(
      CustomRNN(
        LayerNormalizedLSTM<Float>(), inputSize: inputs, hiddenSize: units, layerCount: layers,
        using: &generator), &generator)
    // Weights that the fused step of one row does not take.
    try check(
      try LSTM<Float>(inputSize: inputs, hiddenSize: 190, using: &generator).converted(to: .int8), &generator)
  }

  private func check<Layer: RecurrentLayer>(
    _ layer: Layer, _ generator: inout SeededGenerator
  ) throws {
    var layer = layer
    layer.backend = .swift
    layer.threadCount = 1
    let rows = [1, 1, 2, 5].randomElement(using: &generator) ?? 1
    let steps = Int.random(in: 2...150, using: &generator)
    let x = Tensor<Layer.Scalar>.normal([steps, rows, layer.inputSize], using: &generator)
    let (output, finalState) = try layer(x)
    var stream = try layer.stream(batchSize: rows)
    var actual: [Layer.Scalar] = []
    var done = 0
    while done < steps {
      let count = min(steps - done, Int.random(in: 1...90, using: &generator))
      let block = x[done..<(done + count)]
      if count == 1, Bool.random(using: &generator) {
        actual += try stream.step(block[0]).scalars
      } else {
        actual += try stream.step(block).scalars
      }
      done += count
    }
    let shape = output.shape
    #expect(try Tensor(actual, shape: shape) == output, "\(layer), \(rows) rows, \(steps) steps")
    #expect(stream.state == finalState, "\(layer)")
  }

  @Test("blocks on every backend are within rounding of single steps", arguments: Backend.available)
  func backends(backend: Backend) throws {
    var generator = SeededGenerator(seed: 77)
    var lstm = LSTM<Float>(inputSize: 3, hiddenSize: 20, layerCount: 2, using: &generator)
    lstm.backend = backend
    let x = Tensor<Float>.normal([40, 2, 3], using: &generator)
    var blocks = try lstm.stream(batchSize: 2)
    var single = try lstm.stream(batchSize: 2)
    let output = try blocks.step(x)
    for step in 0..<40 {
      let difference = try single.step(x[step]).greatestDifference(from: output[step])
      // Of 23 terms in each of 40 steps, through gates that let errors fade.
      #expect(difference <= 16 * 23 * Float.ulpOfOne)
    }
  }

  @Test("what is not a number of whole steps is an error, and nothing has happened")
  func errors() throws {
    var generator = SeededGenerator(seed: 78)
    let gru = GRU<Float>(inputSize: 3, hiddenSize: 4, using: &generator)
    var stream = try gru.stream(batchSize: 2)
    let before = stream.state
    var output = [Float](repeating: 7, count: 16)
    for (inputCount, argument) in [(0, "input"), (7, "input"), (11, "input"), (6, "output"), (18, "output")] {
      let input = [Float](repeating: 1, count: inputCount)
      do {
        var target = output.mutableSpan
        try stream.step(input.span, into: &target)
        Issue.record("took \(inputCount) scalars")
      } catch {
        guard case .invalidSize(argument, _, _) = error else {
          Issue.record("\(error)")
          continue
        }
      }
    }
    #expect(throws: RecurrentError.self) { try stream.step(.zeros([0, 2, 3])) }
    #expect(throws: RecurrentError.self) { try stream.step(.zeros([2, 3, 3])) }
    #expect(output.allSatisfy { $0 == 7 })
    #expect(stream.state == before)
    let input = [Float](repeating: 1, count: 12)
    var target = output.mutableSpan
    try stream.step(input.span, into: &target)
    #expect(output.allSatisfy { $0 != 7 })
    // No row has nothing to compute.
    var empty = try gru.stream(batchSize: 0)
    #expect(try empty.step(.zeros([5, 0, 3])).shape == [5, 0, 4])
  }
}

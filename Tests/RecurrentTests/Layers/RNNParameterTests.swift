import RecurrentTestSupport
import Testing

@testable import Recurrent

@Suite struct RNNParameterTests {
  static let input = Problem<Float>(ProblemDescriptor(seed: 1)).input

  private func layer(seed: UInt64, layerCount: Int = 2) -> RNN<Float> {
    var generator = SeededGenerator(seed: seed)
    return RNN(inputSize: 4, hiddenSize: 7, layerCount: layerCount, using: &generator)
  }

  @Test("parameters are drawn from ±1/√H, all of it, and a seed gives them again", arguments: [1, 20, 100])
  func initialization(hiddenSize: Int) {
    let draw = { (seed: UInt64) in
      var generator = SeededGenerator(seed: seed)
      return RNN<Float>(inputSize: 30, hiddenSize: hiddenSize, layerCount: 2, using: &generator)
        .parameters
    }
    let parameters = draw(5)
    let bound = Float(1 / Double(hiddenSize).squareRoot())
    let scalars = parameters.flatMap { cell in
      [cell.weightIH, cell.weightHH, cell.biasIH, cell.biasHH].flatMap { $0?.scalars ?? [] }
    }
    #expect(scalars.count == 2 * (hiddenSize * hiddenSize + 2 * hiddenSize) + hiddenSize * (30 + hiddenSize))
    #expect(scalars.allSatisfy { $0.magnitude <= bound })
    #expect(scalars.contains { $0 > 0.8 * bound } && scalars.contains { $0 < -0.8 * bound })
    #expect(Set(scalars).count > scalars.count * 9 / 10)
    #expect(draw(5) == parameters)
    #expect(draw(6) != parameters)
  }

  @Test("without a generator, two layers differ")
  func systemGenerator() {
    #expect(
      RNN<Float>(inputSize: 4, hiddenSize: 7).parameters
        != RNN<Float>(inputSize: 4, hiddenSize: 7).parameters)
  }

  @Test(
    "a parameter of another shape can be assigned, and the next call throws its name", arguments: [0, 1])
  func misshapen(layer index: Int) throws {
    let names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    let expected = ["[7, \(index == 0 ? 4 : 7)]", "[7, 7]", "[7]", "[7]"]
    let paths: [WritableKeyPath<CellParameters<Float>, Tensor<Float>>] = [\.weightIH, \.weightHH]
    let biases: [WritableKeyPath<CellParameters<Float>, Tensor<Float>?>] = [\.biasIH, \.biasHH]
    for parameter in 0..<4 {
      var rnn = layer(seed: 2)
      if parameter < 2 {
        rnn.parameters[index][keyPath: paths[parameter]] = .zeros([3, 3])
      } else {
        rnn.parameters[index][keyPath: biases[parameter - 2]] = .zeros([3, 3])
      }
      #expect(
        throws: RecurrentError.shapeMismatch(
          argument: "parameters[\(index)].\(names[parameter])", expected: expected[parameter],
          actual: [3, 3])
      ) {
        try rnn(Self.input)
      }
    }
  }

  @Test("a number of cells other than that of the layers throws", arguments: [0, 1, 3])
  func cellCount(count: Int) {
    var rnn = layer(seed: 2)
    rnn.parameters = Array(repeating: rnn.parameters[0], count: count)
    #expect(
      throws: RecurrentError.invalidSize(
        argument: "parameters", expected: "2 cells", actual: count)
    ) {
      try rnn(Self.input)
    }
  }

  @Test(
    "changing a copy's parameters changes the copy's results and not the original's",
    arguments: Backend.available)
  func copies(backend: Backend) throws {
    var original = layer(seed: 3)
    original.backend = backend
    // This call packs the weights, which the copy then shares.
    let before = try original(Self.input)
    var copy = original
    expectBitwiseEqual(try copy(Self.input).output, before.output, "a copy before the change")
    copy.parameters[1].weightHH[0, 0] += 1
    let changed = try copy(Self.input)
    #expect(changed.output != before.output)
    expectBitwiseEqual(try original(Self.input).output, before.output, "the original")
    copy.parameters = original.parameters
    expectBitwiseEqual(try copy(Self.input).output, before.output, "the copy, changed back")
  }

  @Test("each single parameter has an effect on the next call", arguments: Backend.available)
  func everyParameterCounts(backend: Backend) throws {
    var rnn = layer(seed: 4)
    rnn.backend = backend
    var last = try rnn(Self.input).output
    for layer in 0..<2 {
      let changes: [(inout CellParameters<Float>) -> Void] = [
        { $0.weightIH[6, 0] += 0.5 }, { $0.weightHH[6, 6] += 0.5 },
        { $0.biasIH?.scalars[6] += 0.5 }, { $0.biasHH?.scalars[6] += 0.5 }, { $0.biasIH = nil },
        { $0.biasHH = nil },
      ]
      for (number, change) in changes.enumerated() {
        change(&rnn.parameters[layer])
        let next = try rnn(Self.input).output
        #expect(next != last, "change \(number) of layer \(layer)")
        last = next
      }
    }
  }
}

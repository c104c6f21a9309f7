import RecurrentTestSupport
import Testing

@testable import Recurrent

@Suite struct RNNTests {
  @Test("100 features to 20, one layer: ten steps of three rows", arguments: [1, 4])
  func slides(layerCount: Int) throws {
    let rnn = RNN<Float>(inputSize: 100, hiddenSize: 20, layerCount: layerCount)
    let x = Tensor<Float>.normal([10, 3, 100])
    let (output, finalState) = try rnn(x, .zeros([layerCount, 3, 20]))
    #expect(output.shape == [10, 3, 20])
    #expect(finalState.shape == [layerCount, 3, 20])
    // The last layer's final state is the last step's output.
    expectBitwiseEqual(finalState[layerCount - 1], output[9], "last step")
    #expect(output.scalars.allSatisfy { $0.magnitude <= 1 })
    #expect(output.scalars.contains { $0.magnitude > 0.1 })
  }

  @Test("each layer has PyTorch's parameters in PyTorch's shapes", arguments: [1, 2])
  func parameterShapes(layerCount: Int) {
    let rnn = RNN<Float>(inputSize: 100, hiddenSize: 10, layerCount: layerCount)
    #expect(rnn.parameters.count == layerCount)
    for (layer, cell) in rnn.parameters.enumerated() {
      #expect(cell.weightIH.shape == [10, layer == 0 ? 100 : 10])
      #expect(cell.weightHH.shape == [10, 10])
      #expect(cell.biasIH?.shape == [10])
      #expect(cell.biasHH?.shape == [10])
    }
    #expect(
      ParameterName.allCases.map(\.rawValue)
        == ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr", "weight_unit"])
  }

  @Test("a layer without bias has none, and the properties are what was asked for")
  func properties() {
    let rnn = RNN<Double>(
      inputSize: 3, hiddenSize: 5, layerCount: 2, nonlinearity: .relu, bias: false, batchFirst: true)
    #expect(rnn.parameters.allSatisfy { $0.biasIH == nil && $0.biasHH == nil })
    #expect((rnn.inputSize, rnn.hiddenSize, rnn.layerCount) == (3, 5, 2))
    #expect(rnn.nonlinearity == .relu && !rnn.hasBias && rnn.batchFirst)
  }

  @Test("a layer prints as PyTorch prints it")
  func description() {
    let layers = [
      RNN<Float>(inputSize: 100, hiddenSize: 20),
      RNN<Float>(inputSize: 100, hiddenSize: 20, layerCount: 4),
      RNN<Float>(
        inputSize: 100, hiddenSize: 20, layerCount: 2, nonlinearity: .relu, bias: false,
        batchFirst: true),
    ]
    #expect(
      layers.map(\.description) == [
        "RNN(100, 20)", "RNN(100, 20, num_layers=4)",
        "RNN(100, 20, num_layers=2, nonlinearity=relu, bias=False, batch_first=True)",
      ])
  }

  @Test(
    "an empty batch gives empty results of the right shapes", arguments: Backend.available, [false, true])
  func emptyBatch(backend: Backend, batchFirst: Bool) throws {
    var rnn = RNN<Float>(inputSize: 4, hiddenSize: 5, layerCount: 2, batchFirst: batchFirst)
    rnn.backend = backend
    let (output, finalState) = try rnn(.zeros(batchFirst ? [0, 6, 4] : [6, 0, 4]))
    #expect(output.shape == (batchFirst ? [0, 6, 5] : [6, 0, 5]))
    #expect(finalState.shape == [2, 0, 5])
  }

  @Test(
    "a sequence without steps throws",
    arguments: [
      ([0, 3, 4], false), ([3, 0, 4], true), ([0, 4], false), ([0, 4], true), ([0, 0, 4], false),
    ])
  func emptySequence(dimensions: [Int], batchFirst: Bool) {
    let rnn = RNN<Float>(inputSize: 4, hiddenSize: 5, batchFirst: batchFirst)
    #expect(throws: RecurrentError.emptySequence(argument: "input")) {
      try rnn(.zeros(Shape(dimensions)))
    }
  }

  @Test(
    "an input of another shape throws what was expected and what came",
    arguments: [[4], [6, 3, 5], [6, 5], [2, 6, 3, 4], []], [false, true])
  func inputShape(dimensions: [Int], batchFirst: Bool) {
    let rnn = RNN<Float>(inputSize: 4, hiddenSize: 5, batchFirst: batchFirst)
    let error = #expect(throws: RecurrentError.self) { try rnn(.zeros(Shape(dimensions))) }
    let expected = "[\(batchFirst ? "B, T" : "T, B"), 4] or [T, 4]"
    #expect(
      error
        == .shapeMismatch(argument: "input", expected: expected, actual: Shape(dimensions)))
    #expect(error?.description == "input: expected \(expected), got the shape \(Shape(dimensions))")
  }

  @Test(
    "a state of another shape throws what was expected and what came",
    arguments: [[2, 3, 4], [1, 3, 5], [2, 5], [3, 2, 5], [2, 3, 5, 1]])
  func stateShape(dimensions: [Int]) {
    let rnn = RNN<Float>(inputSize: 4, hiddenSize: 5, layerCount: 2)
    #expect(
      throws: RecurrentError.shapeMismatch(
        argument: "initialState", expected: "[2, 3, 5]", actual: Shape(dimensions))
    ) {
      try rnn(.zeros([6, 3, 4]), .zeros(Shape(dimensions)))
    }
  }

  @Test("the state of a batch-first layer is not batch-first, that of an unbatched one has no batch")
  func stateOrder() throws {
    let rnn = RNN<Float>(inputSize: 4, hiddenSize: 5, layerCount: 2, batchFirst: true)
    #expect(try rnn(.zeros([3, 6, 4]), .zeros([2, 3, 5])).finalState.shape == [2, 3, 5])
    #expect(try rnn(.zeros([6, 4]), .zeros([2, 5])).output.shape == [6, 5])
    #expect(throws: RecurrentError.self) { try rnn(.zeros([3, 6, 4]), .zeros([3, 2, 5])) }
    #expect(throws: RecurrentError.self) { try rnn(.zeros([6, 4]), .zeros([2, 1, 5])) }
  }

  static let greatest = Int(Int32.max)

  @Test(
    "a size out of range makes no layer that traps, and each call throws the argument",
    arguments: [
      (0, 5, 1, "inputSize", 0), (-1, 5, 1, "inputSize", -1), (4, 0, 1, "hiddenSize", 0),
      (4, -7, 1, "hiddenSize", -7), (4, 5, 0, "layerCount", 0), (4, 5, -2, "layerCount", -2),
      (Int.max, 5, 1, "inputSize", Int.max), (4, Int.max, 1, "hiddenSize", Int.max),
      (4, 5, Int.max, "layerCount", Int.max), (Int.min, 5, 1, "inputSize", Int.min),
      (greatest + 1, 1, 1, "inputSize", greatest + 1), (1, greatest, 1, "hiddenSize", greatest),
      (greatest, greatest, greatest, "hiddenSize", greatest),
    ])
  func sizes(inputSize: Int, hiddenSize: Int, layerCount: Int, argument: String, actual: Int) {
    let rnn = RNN<Float>(inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount)
    #expect(rnn.parameters.isEmpty)
    #expect(!rnn.description.isEmpty)
    let error = #expect(throws: RecurrentError.self) { try rnn(.zeros([2, 3, 4])) }
    guard case .invalidSize(let name, let expected, let got) = error else {
      Issue.record("got \(String(describing: error))")
      return
    }
    #expect(name == argument)
    #expect(got == actual)
    #expect(error?.description == "\(argument): expected \(expected), got \(actual)")
  }

  @Test("a thread count out of range throws", arguments: [0, -1, 1025, Int.max])
  func threadCount(count: Int) {
    var rnn = RNN<Float>(inputSize: 4, hiddenSize: 5)
    rnn.threadCount = count
    #expect(
      throws: RecurrentError.invalidSize(
        argument: "threadCount", expected: "1 to 1024", actual: count)
    ) {
      try rnn(.zeros([2, 3, 4]))
    }
  }
}

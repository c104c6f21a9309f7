import RecurrentTestSupport
import Testing

@testable import Recurrent

/// What a user writes.
private struct Forecaster: Parameterized {
  var rnn: RNN<Float>
  var head: Linear<Float>

  init(layerCount: Int = 2) {
    var generator = SeededGenerator(seed: 1)
    rnn = RNN(inputSize: 3, hiddenSize: 4, layerCount: layerCount, using: &generator)
    head = Linear(inputSize: 4, outputSize: 2, using: &generator)
  }

  mutating func forEachParameter(_ body: (String, inout Tensor<Float>) throws -> Void) rethrows {
    try rnn.forEachParameter(under: "rnn", body)
    try head.forEachParameter(under: "head", body)
  }
}

@Suite struct ParameterizedTests {
  private struct Refusal: Error {}

  @Test("a struct of layers has PyTorch's names, in the order of its members")
  func names() {
    let model = Forecaster()
    #expect(
      model.stateDictionary.keys == [
        "rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0", "rnn.bias_hh_l0",
        "rnn.weight_ih_l1", "rnn.weight_hh_l1", "rnn.bias_ih_l1", "rnn.bias_hh_l1",
        "head.weight", "head.bias",
      ])
    #expect(model.parameterCount == (12 + 16 + 8) + (16 + 16 + 8) + 10)
  }

  @Test("the layers' own names are PyTorch's")
  func layerNames() {
    #expect(
      RNNCell<Float>(inputSize: 3, hiddenSize: 4).stateDictionary.keys
        == ["weight_ih", "weight_hh", "bias_ih", "bias_hh"])
    #expect(Linear<Float>(inputSize: 3, outputSize: 4).stateDictionary.keys == ["weight", "bias"])
    #expect(
      Linear<Float>(inputSize: 3, outputSize: 4, bias: false).stateDictionary.keys == ["weight"])
  }

  @Test("arrays and optionals of layers name their members by index, or not at all")
  func containers() {
    let layers = [3, 5].map { Linear<Double>(inputSize: $0, outputSize: 2) }
    #expect(layers.stateDictionary.keys == ["0.weight", "0.bias", "1.weight", "1.bias"])
    var optional: Linear<Double>? = layers[0]
    #expect(optional.stateDictionary == layers[0].stateDictionary)
    optional = nil
    #expect(optional.stateDictionary.isEmpty && optional.parameterCount == 0)
  }

  @Test("a state dictionary that is loaded gives the model whose it was")
  func loading() throws {
    var generator = SeededGenerator(seed: 2)
    let input = Tensor<Float>.uniform([5, 2, 3], in: -1...1, using: &generator)
    let source = Forecaster()
    var model = Forecaster()
    model.forEachParameter { _, tensor in tensor = .zeros(tensor.shape) }
    #expect(model.stateDictionary != source.stateDictionary)
    _ = try model.rnn(input)
    try model.load(source.stateDictionary)
    #expect(model.stateDictionary == source.stateDictionary)
    let outputs = try (model.head(model.rnn(input).output), source.head(source.rnn(input).output))
    expectBitwiseEqual(outputs.0, outputs.1, "the loaded model")
  }

  @Test("loading names all that is wrong in one error, and changes nothing")
  func strictLoading() {
    var model = Forecaster()
    let before = model.stateDictionary
    var dictionary = before
    dictionary["head.bias"] = nil
    dictionary["rnn.weight_hh_l1"] = .zeros([3, 4])
    dictionary["tail.weight"] = .zeros([1])
    let error = #expect(throws: RecurrentError.self) { try model.load(dictionary) }
    guard case .stateDictionaryMismatch(let mismatch) = error else {
      Issue.record("got \(String(describing: error))")
      return
    }
    #expect(mismatch.missing == ["head.bias"])
    #expect(mismatch.unexpected == ["tail.weight"])
    #expect(mismatch.misshapen.map(\.key) == ["rnn.weight_hh_l1"])
    #expect(model.stateDictionary == before)
  }

  @Test("two parameters of one name are refused")
  func repeatedName() {
    struct Twins: Parameterized {
      var a = Linear<Float>(inputSize: 2, outputSize: 2, bias: false)
      var b = Linear<Float>(inputSize: 2, outputSize: 2, bias: false)
      mutating func forEachParameter(_ body: (String, inout Tensor<Float>) throws -> Void) rethrows {
        try a.forEachParameter(under: "twin", body)
        try b.forEachParameter(under: "twin", body)
      }
    }
    var twins = Twins()
    #expect(
      throws: RecurrentError.invalidValue(
        argument: "forEachParameter", expected: "a name of its own for every parameter",
        actual: "\"twin.weight\" for two")
    ) { try twins.load(["twin.weight": .zeros([2, 2])]) }
  }

  @Test("a changed parameter takes effect in the next call")
  func packedWeights() throws {
    var model = Forecaster(layerCount: 1)
    let input = Tensor<Float>(repeating: 0.5, shape: [2, 1, 3])
    _ = try model.head(model.rnn(input).output)
    model.forEachParameter { _, tensor in tensor = .zeros(tensor.shape) }
    let (output, _) = try model.rnn(input)
    expectBitwiseEqual(output, .zeros([2, 1, 4]), "a layer of zeros")
    expectBitwiseEqual(try model.head(output), .zeros([2, 1, 2]), "a head of zeros")
  }

  @Test("parameters are changed in their own memory")
  func noCopies() {
    var model = Forecaster()
    func addresses() -> [UnsafePointer<Float>?] {
      var result: [UnsafePointer<Float>?] = []
      model.forEachParameter { _, tensor in
        tensor.scalars[0] += 1
        tensor.scalars.withUnsafeBufferPointer { result.append($0.baseAddress) }
      }
      return result
    }
    #expect(addresses() == addresses())
  }

  @Test("what a visitor throws comes out, and the parameters stay whole")
  func rethrown() {
    var model = Forecaster()
    let before = model.stateDictionary
    for name in before.keys {
      #expect(throws: Refusal.self) {
        try model.forEachParameter { other, _ in if other == name { throw Refusal() } }
      }
    }
    #expect(model.stateDictionary == before)
  }

  @Test("gradients of layers and cells get the names of their parameters")
  func gradients() {
    let rnn = RNN<Double>(inputSize: 2, hiddenSize: 3, layerCount: 2)
    #expect(StateDictionary(layers: rnn.parameters) == rnn.stateDictionary)
    let cell = RNNCell<Double>(inputSize: 2, hiddenSize: 3, bias: false)
    #expect(cell.parameters.stateDictionary == cell.stateDictionary)
    let linear = Linear<Double>(inputSize: 2, outputSize: 3)
    #expect(linear.parameters.stateDictionary == linear.stateDictionary)
    let nested = StateDictionary(nesting: [
      "rnn": StateDictionary(layers: rnn.parameters), "head": linear.parameters.stateDictionary,
    ])
    #expect(nested.keys.count == 10 && nested["head.bias"] == linear.parameters.bias)
    #expect(nested.nested(under: "rnn") == rnn.stateDictionary)
    #expect(nested.nested(under: "rn").isEmpty)
  }
}

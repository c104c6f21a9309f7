import Recurrent
import Testing

@Suite struct LayerStateDictionaryTests {
  @Test("one layer and two have the slides' names and shapes", arguments: 1...2)
  func slides(layerCount: Int) {
    let rnn = RNN<Float>(inputSize: 100, hiddenSize: 10, layerCount: layerCount)
    let lower: [(String, Shape)] = [
      ("weight_ih_l0", [10, 100]), ("weight_hh_l0", [10, 10]), ("bias_ih_l0", [10]),
      ("bias_hh_l0", [10]),
    ]
    let upper: [(String, Shape)] = [
      ("weight_ih_l1", [10, 10]), ("weight_hh_l1", [10, 10]), ("bias_ih_l1", [10]),
      ("bias_hh_l1", [10]),
    ]
    let expected = layerCount == 1 ? lower : lower + upper
    #expect(rnn.stateDictionary.keys == expected.map(\.0))
    #expect(rnn.stateDictionary.map(\.value.shape) == expected.map(\.1))
  }

  @Test("a state dictionary makes the same layer again, and the same cell", arguments: [true, false])
  func roundTrip(bias: Bool) throws {
    let rnn = RNN<Float>(inputSize: 3, hiddenSize: 4, layerCount: 3, nonlinearity: .relu, bias: bias)
    let copy = try RNN(stateDictionary: rnn.stateDictionary, nonlinearity: .relu)
    #expect(copy.parameters == rnn.parameters && copy.description == rnn.description)
    var other = RNN<Float>(inputSize: 3, hiddenSize: 4, layerCount: 3, bias: bias)
    try other.load(rnn.stateDictionary)
    #expect(other.parameters == rnn.parameters)
    let cell = RNNCell<Float>(inputSize: 3, hiddenSize: 4, bias: bias)
    #expect(cell.stateDictionary.keys.count == (bias ? 4 : 2))
    let copiedCell = try RNNCell(stateDictionary: cell.stateDictionary)
    #expect(copiedCell.parameters == cell.parameters)
  }

  @Test("loading names all that is wrong in one error, and changes nothing")
  func strict() throws {
    var rnn = RNN<Float>(inputSize: 3, hiddenSize: 4, layerCount: 2)
    let before = rnn.parameters
    var dictionary = rnn.stateDictionary
    dictionary["weight_hh_l0"] = nil
    dictionary["bias_ih_l1"] = nil
    dictionary["weight_ih_l1"] = .zeros([4, 3])
    dictionary["bias_hh_l1"] = .zeros([5])
    dictionary["weight_ih_l2"] = .zeros([4, 4])
    dictionary["readout.weight"] = .zeros([1, 4])
    let error = #expect(throws: RecurrentError.self) { try rnn.load(dictionary) }
    guard case .stateDictionaryMismatch(let mismatch) = error else {
      Issue.record("got \(String(describing: error))")
      return
    }
    #expect(mismatch.missing == ["weight_hh_l0", "bias_ih_l1"])
    #expect(mismatch.unexpected == ["weight_ih_l2", "readout.weight"])
    #expect(mismatch.misshapen.map(\.key) == ["weight_ih_l1", "bias_hh_l1"])
    #expect(mismatch.misshapen.map(\.expected) == [[4, 4], [4]])
    #expect(mismatch.misshapen.map(\.actual) == [[4, 3], [5]])
    for key in ["weight_hh_l0", "bias_ih_l1", "weight_ih_l2", "readout.weight", "weight_ih_l1", "[4, 3]"] {
      #expect(error?.description.contains(key) == true)
    }
    #expect(rnn.parameters == before)
  }

  @Test("what is no plain layer is refused with what it is")
  func otherKinds() {
    let cases: [(StateDictionary<Float>, String)] = [
      (["weight_ih_l0": .zeros([16, 3]), "weight_hh_l0": .zeros([16, 4])], "LSTM"),
      (["weight_ih_l0": .zeros([12, 3]), "weight_hh_l0": .zeros([12, 4])], "GRU"),
      (
        [
          "weight_ih_l0": .zeros([4, 3]), "weight_hh_l0": .zeros([4, 4]),
          "weight_ih_l0_reverse": .zeros([4, 3]),
        ], "weight_hh_l0_reverse"
      ),
      (["weight_ih": .zeros([4, 3]), "weight_hh": .zeros([4, 4])], "a cell"),
      (["weight_ih_l0": .zeros([4, 3])], "weight_hh_l0"),
      (["weight_ih_l0": .zeros([4]), "weight_hh_l0": .zeros([4, 4])], "[H, I]"),
      (["weight_ih_l0": .zeros([0, 3]), "weight_hh_l0": .zeros([0, 0])], "hiddenSize"),
      ([:], "weight_ih_l0"),
    ]
    for (dictionary, word) in cases {
      let error = #expect(throws: RecurrentError.self) { try RNN(stateDictionary: dictionary) }
      #expect(error?.description.contains(word) == true, "\(String(describing: error)) has no \(word)")
    }
    let layer = RNN<Float>(inputSize: 3, hiddenSize: 4)
    #expect(throws: RecurrentError.self) { try RNNCell(stateDictionary: layer.stateDictionary) }
  }
}

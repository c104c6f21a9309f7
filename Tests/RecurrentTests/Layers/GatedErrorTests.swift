import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Bad input of LSTM, GRU and their cells is an error that names what was expected and what came.
@Suite struct GatedErrorTests {
  private let lstm = LSTM<Float>(inputSize: 3, hiddenSize: 5, layerCount: 2)
  private let gru = GRU<Float>(inputSize: 3, hiddenSize: 5, layerCount: 2)
  private let x = Tensor<Float>.zeros([4, 2, 3])

  private func mismatch(_ argument: String, _ expected: String, _ actual: Shape) -> RecurrentError {
    .shapeMismatch(argument: argument, expected: expected, actual: actual)
  }

  @Test("sequences of another shape, and without steps")
  func sequences() {
    let error = mismatch("input", "[T, B, 3] or [T, 3]", [4, 2, 7])
    #expect(throws: error) { try lstm(.zeros([4, 2, 7])) }
    #expect(throws: error) { try gru(.zeros([4, 2, 7])) }
    #expect(throws: RecurrentError.emptySequence(argument: "input")) { try lstm(.zeros([0, 2, 3])) }
    #expect(throws: RecurrentError.emptySequence(argument: "input")) { try gru(.zeros([0, 2, 3])) }
  }

  @Test("either state of an LSTM, and a GRU's, of another shape")
  func states() {
    let (good, bad) = (Tensor<Float>.zeros([2, 2, 5]), Tensor<Float>.zeros([1, 2, 5]))
    #expect(throws: mismatch("initialState.hidden", "[2, 2, 5]", [1, 2, 5])) {
      try lstm(x, LSTMState(hidden: bad, cell: good))
    }
    #expect(throws: mismatch("initialState.cell", "[2, 2, 5]", [1, 2, 5])) {
      try lstm.valueWithPullback(at: x, from: LSTMState(hidden: good, cell: bad))
    }
    #expect(throws: mismatch("initialState", "[2, 2, 5]", [1, 2, 5])) { try gru(x, bad) }
  }

  @Test("gradients of another shape")
  func gradients() throws {
    let (good, bad) = (Tensor<Float>.zeros([2, 2, 5]), Tensor<Float>.zeros([2, 2, 4]))
    let ofLSTM = try lstm.valueWithPullback(at: x).pullback
    #expect(throws: mismatch("outputGradient", "[4, 2, 5]", [2, 2, 5])) { try ofLSTM(good) }
    #expect(throws: mismatch("finalStateGradient.cell", "[2, 2, 5]", [2, 2, 4])) {
      try ofLSTM(nil, finalStateGradient: LSTMState(hidden: good, cell: bad))
    }
    let ofGRU = try gru.valueWithPullback(at: x).pullback
    #expect(throws: mismatch("finalStateGradient", "[2, 2, 5]", [2, 2, 4])) {
      try ofGRU(nil, finalStateGradient: bad)
    }
  }

  @Test("inputs, states and gradients of cells of another shape")
  func cells() throws {
    let (a, b) = (
      LSTMCell<Float>(inputSize: 3, hiddenSize: 5), GRUCell<Float>(inputSize: 3, hiddenSize: 5)
    )
    let (good, bad) = (Tensor<Float>.zeros([2, 5]), Tensor<Float>.zeros([2, 4]))
    let input = Tensor<Float>.zeros([2, 3])
    #expect(throws: mismatch("input", "[B, 3] or [3]", [2, 4])) { try a(bad) }
    #expect(throws: mismatch("input", "[B, 3] or [3]", [2, 4])) { try b(bad) }
    #expect(throws: mismatch("state.cell", "[2, 5]", [2, 4])) {
      try a(input, LSTMState(hidden: good, cell: bad))
    }
    #expect(throws: mismatch("state", "[2, 5]", [2, 4])) { try b(input, bad) }
    #expect(throws: mismatch("stateGradient.hidden", "[2, 5]", [2, 4])) {
      try a.valueWithPullback(at: input).pullback(LSTMState(hidden: bad, cell: good))
    }
    #expect(throws: mismatch("stateGradient", "[2, 5]", [2, 4])) {
      try b.valueWithPullback(at: input).pullback(bad)
    }
  }

  @Test("sizes and parameters out of range")
  func sizes() {
    let error = RecurrentError.invalidSize(argument: "hiddenSize", expected: "1 to 2147483647", actual: 0)
    #expect(throws: error) { try LSTM<Float>(inputSize: 3, hiddenSize: 0, forgetBias: 1)(x) }
    #expect(throws: error) { try GRUCell<Float>(inputSize: 3, hiddenSize: 0)(.zeros([3])) }
    var changed = lstm
    changed.parameters[1].weightHH = .zeros([5, 5])
    #expect(throws: mismatch("parameters[1].weight_hh", "[20, 5]", [5, 5])) { try changed(x) }
    #expect(
      throws: RecurrentError.invalidSize(argument: "checkpointInterval", expected: "at least 1", actual: 0)
    ) {
      try gru.valueWithPullback(at: x, checkpointInterval: 0)
    }
  }
}

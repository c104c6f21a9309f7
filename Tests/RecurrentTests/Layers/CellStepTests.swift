import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Steps of cells in place, against their calls.
@Suite struct CellStepTests {
  /// A cell of any kind, as its call and as its step in place.
  private struct Subject<Scalar: TensorScalar> {
    let name: String
    let call: (Tensor<Scalar>, LSTMState<Scalar>) throws -> LSTMState<Scalar>
    let step: (Tensor<Scalar>, inout LSTMState<Scalar>) throws -> Void

    static func all(inputSize: Int, hiddenSize: Int, on backend: Backend, threadCount: Int? = nil)
      -> [Subject]
    {
      var generator = SeededGenerator(seed: 3)
      var rnn = RNNCell<Scalar>(
        inputSize: inputSize, hiddenSize: hiddenSize, nonlinearity: .relu, using: &generator)
      var lstm = LSTMCell<Scalar>(inputSize: inputSize, hiddenSize: hiddenSize, using: &generator)
      var gru = GRUCell<Scalar>(inputSize: inputSize, hiddenSize: hiddenSize, using: &generator)
      (rnn.backend, lstm.backend, gru.backend) = (backend, backend, backend)
      (rnn.threadCount, lstm.threadCount, gru.threadCount) = (threadCount, threadCount, threadCount)
      return [
        Subject(name: "RNN") { [rnn] in
          LSTMState(hidden: try rnn($0, $1.hidden), cell: $1.cell)
        } step: { [rnn] in
          try rnn.step($0, updating: &$1.hidden)
        },
        Subject(name: "LSTM") { [lstm] in
          try lstm($0, $1)
        } step: { [lstm] in
          try lstm.step($0, updating: &$1)
        },
        Subject(name: "GRU") { [gru] in
          LSTMState(hidden: try gru($0, $1.hidden), cell: $1.cell)
        } step: { [gru] in
          try gru.step($0, updating: &$1.hidden)
        },
      ]
    }
  }

  private func check<Scalar: TensorScalar>(
    rows: Int?, inputSize: Int, hiddenSize: Int, on backend: Backend, threadCount: Int? = nil, _: Scalar.Type
  ) throws {
    let shape = { (features: Int) -> Shape in rows.map { [$0, features] } ?? [features] }
    let subjects = Subject<Scalar>.all(
      inputSize: inputSize, hiddenSize: hiddenSize, on: backend, threadCount: threadCount)
    for subject in subjects {
      var generator = SeededGenerator(seed: 4)
      let start = LSTMState(
        hidden: Tensor<Scalar>.uniform(shape(hiddenSize), in: -1...1, using: &generator),
        cell: Tensor<Scalar>.uniform(shape(hiddenSize), in: -1...1, using: &generator))
      var (called, stepped) = (start, start)
      for step in 0..<5 {
        let x = Tensor<Scalar>.normal(shape(inputSize), using: &generator)
        called = try subject.call(x, called)
        try subject.step(x, &stepped)
        let context = "\(subject.name) on \(backend), \(shape(hiddenSize)), step \(step)"
        expectBitwiseEqual(stepped.hidden, called.hidden, context)
        expectBitwiseEqual(stepped.cell, called.cell, context)
      }
      if rows != 0 { #expect(stepped.hidden != start.hidden, "\(subject.name)") }
    }
  }

  @Test(
    "a step in place gives the bits of a call, also in rows that vectors do not divide",
    arguments: Backend.available, [nil, 0, 1, 3, 17])
  func bits(backend: Backend, rows: Int?) throws {
    for (inputSize, hiddenSize) in [(1, 1), (5, 16), (9, 37), (3, 130)] {
      try check(rows: rows, inputSize: inputSize, hiddenSize: hiddenSize, on: backend, Float.self)
      try check(rows: rows, inputSize: inputSize, hiddenSize: hiddenSize, on: backend, Double.self)
    }
  }

  @Test("a step in place of a large batch may use threads, and gives the same bits")
  func threads() throws {
    try check(rows: 128, inputSize: 96, hiddenSize: 128, on: .swift, threadCount: 2, Float.self)
  }

  @Test(
    "a copy of a state that was made before a step in place keeps its values", arguments: Backend.available)
  func copies(backend: Backend) throws {
    for subject in Subject<Float>.all(inputSize: 3, hiddenSize: 8, on: backend) {
      let zeros = Tensor<Float>.zeros([2, 8])
      var state = LSTMState(hidden: zeros, cell: zeros)
      try subject.step(Tensor(repeating: 1, shape: [2, 3]), &state)
      #expect(zeros.scalars.allSatisfy { $0 == 0 }, "\(subject.name)")
      #expect(state.hidden != zeros, "\(subject.name)")
    }
  }

  @Test("a state may be the input too", arguments: Backend.available)
  func stateAsInput(backend: Backend) throws {
    for subject in Subject<Float>.all(inputSize: 8, hiddenSize: 8, on: backend) {
      let h = Tensor<Float>.uniform([2, 8], in: -1...1)
      let start = LSTMState(hidden: h, cell: h)
      var state = start
      try subject.step(state.hidden, &state)
      let expected = try subject.call(h, start)
      expectBitwiseEqual(state.hidden, expected.hidden, subject.name)
      expectBitwiseEqual(state.cell, expected.cell, subject.name)
    }
  }

  @Test("a step in place that throws leaves the state as it was")
  func errors() throws {
    let good = Tensor<Float>(repeating: 0.5, shape: [2, 8])
    for subject in Subject<Float>.all(inputSize: 3, hiddenSize: 8, on: .swift) {
      var state = LSTMState(hidden: good, cell: good)
      let before = state
      #expect(
        throws: RecurrentError.shapeMismatch(argument: "input", expected: "[B, 3] or [3]", actual: [2, 4])
      ) { try subject.step(.zeros([2, 4]), &state) }
      #expect(throws: RecurrentError.self) { try subject.step(.zeros([3, 3]), &state) }
      #expect(throws: RecurrentError.self) { try subject.step(.zeros([3]), &state) }
      #expect(state == before, "\(subject.name)")
    }
    var state = LSTMState(hidden: good, cell: .zeros([2, 7]))
    let before = state
    #expect(
      throws: RecurrentError.shapeMismatch(argument: "state.cell", expected: "[2, 8]", actual: [2, 7])
    ) { try LSTMCell<Float>(inputSize: 3, hiddenSize: 8).step(.zeros([2, 3]), updating: &state) }
    #expect(state == before)
  }
}

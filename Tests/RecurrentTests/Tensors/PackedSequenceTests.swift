import RecurrentTestSupport
import Testing

@testable import Recurrent

@Suite struct PackedSequenceTests {
  /// Sequences whose scalars say where they stand: 100·sequence + 10·step + feature.
  private func sequences(_ lengths: [Int], features: Int = 2) -> [Tensor<Float>] {
    lengths.enumerated().map { index, length in
      Tensor(
        unchecked: (0..<length).flatMap { step in
          (0..<features).map { Float(100 * index + 10 * step + $0) }
        }, shape: [length, features])
    }
  }

  @Test("the rows of each step stand together, the longest sequence first, as in PyTorch's documentation")
  func order() throws {
    let packed = try PackedSequence(sequences([2, 3, 0, 1], features: 1))
    #expect(packed.batchSizes == [3, 2, 1])
    #expect(packed.sortedIndices == [1, 0, 3, 2])
    #expect(packed.lengths == [2, 3, 0, 1])
    #expect(packed.data.scalars == [100, 0, 300, 110, 10, 120])
  }

  @Test("sequences come back as they were given", arguments: [[5], [1, 1, 1], [0, 4, 2, 4, 0, 1], [0, 0]])
  func roundTrip(lengths: [Int]) throws {
    let given = sequences(lengths)
    let packed = try PackedSequence(given)
    #expect(packed.sequences == given)
    for batchFirst in [false, true] {
      let padded = try packed.padded(with: -1, totalLength: 6, batchFirst: batchFirst)
      #expect(padded.shape == (batchFirst ? [lengths.count, 6, 2] : [6, lengths.count, 2]))
      let again = try PackedSequence(padded: padded, lengths: lengths, batchFirst: batchFirst)
      #expect(again == packed)
      #expect(padded.scalars.count { $0 == -1 } == 2 * (6 * lengths.count - lengths.reduce(0, +)))
    }
  }

  @Test("padding reaches to the longest sequence by itself")
  func padding() throws {
    let padded = try PackedSequence(sequences([1, 3], features: 1)).padded()
    #expect(padded == Tensor(unchecked: [0, 100, 0, 110, 0, 120], shape: [3, 2, 1]))
  }

  @Test("what does not fit is an error that says what was expected")
  func errors() throws {
    #expect(throws: RecurrentError.emptySequence(argument: "sequences")) {
      try PackedSequence<Float>([])
    }
    #expect(
      throws: RecurrentError.shapeMismatch(argument: "sequences[1]", expected: "[T, 2]", actual: [3, 3])
    ) {
      try PackedSequence<Float>([.zeros([1, 2]), .zeros([3, 3])])
    }
    #expect(
      throws: RecurrentError.shapeMismatch(argument: "sequences[0]", expected: "[T, F]", actual: [3])
    ) {
      try PackedSequence<Float>([.zeros([3])])
    }
    let padded = Tensor<Float>.zeros([4, 2, 3])
    #expect(
      throws: RecurrentError.invalidSize(
        argument: "lengths", expected: "one for each of 2 sequences", actual: 3)
    ) {
      try PackedSequence(padded: padded, lengths: [1, 2, 3])
    }
    for length in [-1, 5] {
      #expect(
        throws: RecurrentError.invalidSize(argument: "lengths[1]", expected: "0 to 4", actual: length)
      ) {
        try PackedSequence(padded: padded, lengths: [1, length])
      }
    }
    #expect(throws: RecurrentError.self) {
      try PackedSequence<Float>(padded: .zeros([4, 2]), lengths: [1, 2])
    }
    let packed = try PackedSequence(sequences([2, 3]))
    #expect(throws: RecurrentError.invalidSize(argument: "totalLength", expected: "at least 3", actual: 2)) {
      try packed.padded(totalLength: 2)
    }
    #expect(throws: RecurrentError.invalidSize(argument: "totalLength", expected: "at least 3", actual: .min))
    {
      try packed.padded(totalLength: .min)
    }
    #expect(
      throws: RecurrentError.shapeMismatch(argument: "data", expected: "[5, F]", actual: [4, 2])
    ) {
      try packed.replacing(data: .zeros([4, 2]))
    }
  }

  @Test("a layer refuses sequences of other features, other states and other masks")
  func layers() throws {
    let gru = GRU<Float>(inputSize: 2, hiddenSize: 5, directions: .bidirectional)
    let packed = try PackedSequence(sequences([2, 3]))
    #expect(
      throws: RecurrentError.shapeMismatch(
        argument: "initialState", expected: "[2, 2, 5]", actual: [1, 2, 5])
    ) {
      try gru(packed, .zeros([1, 2, 5]))
    }
    #expect(
      throws: RecurrentError.shapeMismatch(argument: "input.data", expected: "[N, 2]", actual: [5, 1])
    ) {
      try gru(packed.replacing(data: .zeros([5, 1])))
    }
    let x = Tensor<Float>.zeros([4, 3, 2])
    #expect(throws: RecurrentError.shapeMismatch(argument: "resets", expected: "[4, 3]", actual: [3, 4])) {
      try gru(x, resets: .zeros([3, 4]))
    }
    #expect(throws: RecurrentError.invalidValue(argument: "resets", expected: "0 or 1", actual: "0.5")) {
      try gru(x, resets: Tensor(repeating: 0.5, shape: [4, 3]))
    }
    #expect(throws: RecurrentError.self) { try gru.valueWithPullback(at: x, checkpointInterval: 2) }
    #expect(throws: RecurrentError.self) {
      _ = try RNN<Float>(inputSize: 2, hiddenSize: 5, directions: .bidirectional).stream()
    }
    for size in [0, 5, -1] {
      let lstm = LSTM<Float>(inputSize: 2, hiddenSize: 5, projectionSize: size)
      #expect(
        throws: RecurrentError.invalidSize(
          argument: "projectionSize", expected: "1 to hiddenSize − 1, which is 4", actual: size)
      ) {
        try lstm(x)
      }
    }
  }

  @Test("sequences without any steps give their initial states", arguments: Directions.allCases)
  func nothing(directions: Directions) throws {
    let lstm = LSTM<Float>(inputSize: 2, hiddenSize: 5, layerCount: 2, directions: directions)
    var generator = SeededGenerator(seed: 1)
    let state = LSTMState<Float>(
      hidden: .uniform([2 * directions.count, 2, 5], using: &generator),
      cell: .uniform([2 * directions.count, 2, 5], using: &generator))
    let packed = try PackedSequence(sequences([0, 0]))
    let (output, finalState, pullback) = try lstm.valueWithPullback(at: packed, from: state)
    #expect(output.data.shape == [0, 5 * directions.count])
    #expect(finalState == state)
    let gradients = try pullback(nil, finalStateGradient: state)
    #expect(gradients.initialState == state)
    #expect(gradients.parameters.allSatisfy { $0.weightHH.scalars.allSatisfy { $0 == 0 } })
  }
}

import RecurrentTestSupport
import Testing

@testable import Recurrent

/// What both directions, unequal lengths and resets must have in common with plain sequences, bit
/// for bit.
@Suite struct SequenceIdentityTests {
  private typealias Layer = SequenceLayer<Float>
  private static let lengths = [4, 0, 7, 1, 7, 3]

  private func dense(_ layer: Layer, _ shape: Shape) throws -> SequenceShape {
    try layer.stack.checkedSequence(shape, batchFirst: false)
  }

  @Test(
    "both directions are two layers side by side, the second on the flipped sequence",
    arguments: SequenceLayer<Float>.Kind.allCases)
  func sideBySide(kind: SequenceLayer<Float>.Kind) throws {
    let layer = Layer(kind, inputSize: 5, hiddenSize: 18, directions: .bidirectional)
    let problem = layer.problem([6, 3, 5], rows: 3)
    let both = try layer.results(dense(layer, [6, 3, 5]), problem, Execution(backend: .swift))
    let size = layer.stack.stateSize
    for direction in 0..<2 {
      let single = Layer(kind, inputSize: 5, hiddenSize: 18).with([layer.stack.parameters[direction]])
      func ordered(_ tensor: Tensor<Float>) -> Tensor<Float> { direction == 0 ? tensor : tensor.flipped }
      func half(_ tensor: Tensor<Float>?) -> Tensor<Float>? { tensor.map { $0[direction..<(direction + 1)] } }
      let part = Layer.Problem(
        input: ordered(problem.input), hidden: half(problem.hidden), cell: half(problem.cell),
        outputGradient: problem.outputGradient.map {
          ordered($0.features((direction * size)..<((direction + 1) * size)))
        }, hiddenGradient: half(problem.hiddenGradient), cellGradient: half(problem.cellGradient))
      let alone = try single.results(dense(single, [6, 3, 5]), part, Execution(backend: .swift))
      expectBitwiseEqual(
        both.output.features((direction * size)..<((direction + 1) * size)), ordered(alone.output),
        "output of direction \(direction)")
      expectBitwiseEqual(try #require(half(both.hidden)), alone.hidden, "state of direction \(direction)")
      expectBitwiseEqual(
        try #require(half(both.initialHidden)), alone.initialHidden, "gradient of the state")
      if let cell = alone.cell { expectBitwiseEqual(try #require(half(both.cell)), cell, "cell") }
      if let cell = alone.initialCell {
        expectBitwiseEqual(try #require(half(both.initialCell)), cell, "gradient of the cell")
      }
    }
  }

  @Test(
    "each sequence of unequal lengths has the bits that it has alone, an empty one passes its state through",
    arguments: SequenceLayer<Float>.Kind.allCases, Directions.allCases)
  func alone(kind: SequenceLayer<Float>.Kind, directions: Directions) throws {
    let layer = Layer(kind, inputSize: 3, hiddenSize: 20, layerCount: 2, directions: directions)
    let all = try packed(layer)
    let whole = try layer.results(all.shape, all.problem, Execution(backend: .swift))
    let outputs = try all.sequences.replacing(data: whole.output).sequences
    let gradients = try all.sequences.replacing(data: whole.input).sequences
    let outputGradients = try all.sequences.replacing(data: #require(all.problem.outputGradient)).sequences
    for (index, sequence) in all.sequences.sequences.enumerated() {
      func row(_ tensor: Tensor<Float>?) -> Tensor<Float>? { tensor.map { $0.row(index) } }
      guard sequence.shape[0] > 0 else {
        expectBitwiseEqual(
          try #require(row(whole.hidden)), try #require(row(all.problem.hidden)), "the state passes")
        expectBitwiseEqual(
          try #require(row(whole.initialHidden)), try #require(row(all.problem.hiddenGradient)),
          "its gradient passes")
        continue
      }
      func batched(_ tensor: Tensor<Float>) throws -> Tensor<Float> {
        try tensor.reshaped(to: [tensor.shape[0], 1, tensor.shape[1]])
      }
      let problem = Layer.Problem(
        input: try batched(sequence), hidden: row(all.problem.hidden), cell: row(all.problem.cell),
        outputGradient: try batched(outputGradients[index]),
        hiddenGradient: row(all.problem.hiddenGradient), cellGradient: row(all.problem.cellGradient))
      let single = try layer.results(
        dense(layer, problem.input.shape), problem, Execution(backend: .swift))
      let part = Layer.Results(
        output: try batched(outputs[index]), hidden: try #require(row(whole.hidden)), cell: row(whole.cell),
        parameters: [:], input: try batched(gradients[index]),
        initialHidden: try #require(row(whole.initialHidden)), initialCell: row(whole.initialCell))
      expectBitwiseEqual(part, single, "sequence \(index)", withParameters: false)
    }
  }

  /// Sequences of unequal lengths, and a problem about them.
  private func packed(
    _ layer: Layer
  ) throws -> (sequences: PackedSequence<Float>, shape: SequenceShape, problem: Layer.Problem) {
    var generator = SeededGenerator(seed: 11)
    let inputs = layer.stack.inputSize
    let sequences = try PackedSequence(
      Self.lengths.map { Tensor<Float>.uniform([$0, inputs], in: -1...1, using: &generator) })
    var problem = layer.problem(sequences.data.shape, rows: Self.lengths.count)
    problem.input = sequences.data
    return (sequences, try layer.stack.checkedSequence(sequences), problem)
  }

  @Test(
    "threads, splits and chunks change no bit of sequences of unequal lengths",
    arguments: SequenceLayer<Float>.Kind.allCases, Directions.allCases)
  func plans(kind: SequenceLayer<Float>.Kind, directions: Directions) throws {
    let layer = Layer(kind, inputSize: 3, hiddenSize: 40, layerCount: 2, directions: directions)
    let all = try packed(layer)
    let dropout = TrainingNoise(probability: 0.3, key: 5)
    func execution(_ split: ForwardPlan.Split, _ threadCount: Int, chunk: Int) -> Execution {
      var execution = Execution(backend: .swift, threadCount: threadCount)
      execution.plan = ForwardPlan(stepsPerChunk: chunk, split: split, threadCount: threadCount)
      execution.backwardPlan = BackwardPlan(
        stepsPerChunk: 2, split: split == .columns ? .columns : .rows, threadCount: threadCount)
      return execution
    }
    let expected = try layer.results(all.shape, all.problem, execution(.rows, 1, chunk: 7), dropout: dropout)
    for split in [ForwardPlan.Split.rows, .columns, .layers] where kind != .normalized || split != .columns {
      // Each thread of a pipeline has a layer; the units of a custom cell are not shared out.
      for (threadCount, chunk) in [(2, 1), (3, 3), (5, 2)] where split != .layers || threadCount == 2 {
        let execution = execution(split, threadCount, chunk: chunk)
        expectBitwiseEqual(
          try layer.results(all.shape, all.problem, execution, dropout: dropout), expected,
          "\(split) on \(threadCount), chunks of \(chunk)")
        let plain = try layer.run(all.shape, all.problem, execution)
        let undropped = try layer.results(all.shape, all.problem, execution)
        expectBitwiseEqual(plain.output, undropped.output, "output without gradients")
        expectBitwiseEqual(plain.hidden, undropped.hidden, "final state without gradients")
      }
    }
    guard directions == .forward else { return }
    for interval in [2, 4] {
      expectBitwiseEqual(
        try layer.results(
          all.shape, all.problem, execution(.rows, 1, chunk: 7), dropout: dropout,
          checkpointInterval: interval),
        expected, "a checkpoint every \(interval) steps", withParameters: false)
    }
  }

  @Test(
    "a row that is reset is two sequences, in the results and in the backward pass",
    arguments: SequenceLayer<Float>.Kind.allCases, Directions.allCases)
  func resets(kind: SequenceLayer<Float>.Kind, directions: Directions) throws {
    let layer = Layer(kind, inputSize: 3, hiddenSize: 20, directions: directions)
    let shape: Shape = [7, 3, 3]
    let problem = layer.problem(shape, rows: 3)
    // Row 0 begins anew at step 3; row 1 at 1 and 3; row 2 at its first step.
    let cuts = [[3], [1, 3], [0]]
    var mask = Tensor<Float>.zeros([7, 3])
    for (row, steps) in cuts.enumerated() { for step in steps { mask[step, row] = 1 } }
    let masked = try layer.stack.checkedSequence(shape, batchFirst: false, resets: mask)
    for threadCount in [1, 2] {
      let execution = Execution(backend: .swift, threadCount: threadCount)
      let whole = try layer.results(masked, problem, execution)
      for (row, steps) in cuts.enumerated() {
        let ends = steps + [7]
        var first = 0
        for (number, end) in ends.enumerated() where end > first || number > 0 {
          defer { first = end }
          guard end > first else { continue }
          func part(_ tensor: Tensor<Float>) -> Tensor<Float> { tensor[first..<end].row(row) }
          let isFirst = first == 0 && steps.first != 0
          let isLast = end == 7
          // The forward direction starts from the initial state and ends in the final one, the
          // reverse the other way.
          func state(_ tensor: Tensor<Float>?) -> Tensor<Float>? {
            tensor.map { tensor in
              var result = tensor.row(row)
              for cell in 0..<result.shape[0] where !(cell == 0 ? isFirst : isLast) {
                result[cell] = .zeros([1, result.shape[2]])
              }
              return result
            }
          }
          func final(_ tensor: Tensor<Float>?) -> Tensor<Float>? {
            tensor.map { tensor in
              var result = tensor.row(row)
              for cell in 0..<result.shape[0] where !(cell == 0 ? isLast : first == 0) {
                result[cell] = .zeros([1, result.shape[2]])
              }
              return result
            }
          }
          let piece = Layer.Problem(
            input: part(problem.input), hidden: state(problem.hidden), cell: state(problem.cell),
            outputGradient: problem.outputGradient.map(part), hiddenGradient: final(problem.hiddenGradient),
            cellGradient: final(problem.cellGradient))
          let alone = try layer.results(
            dense(layer, piece.input.shape), piece, Execution(backend: .swift))
          expectBitwiseEqual(part(whole.output), alone.output, "row \(row), steps \(first) to \(end)")
          expectBitwiseEqual(
            part(whole.input), alone.input, "gradient of row \(row), steps \(first) to \(end)")
          if isLast {
            expectBitwiseEqual(whole.hidden.row(row)[0], alone.hidden[0], "final state of row \(row)")
          }
          if isFirst {
            expectBitwiseEqual(whole.initialHidden.row(row)[0], alone.initialHidden[0], "initial state")
          }
        }
      }
      #expect(whole.initialHidden.row(2)[0].scalars.allSatisfy { $0 == 0 })
    }
  }

  @Test("a batch-major mask and sequence give what the time-major ones do", arguments: Directions.allCases)
  func batchFirst(directions: Directions) throws {
    let timeMajor = LSTM<Float>(inputSize: 3, hiddenSize: 9, layerCount: 2, directions: directions)
    var batchMajor = LSTM<Float>(
      inputSize: 3, hiddenSize: 9, layerCount: 2, batchFirst: true, directions: directions)
    batchMajor.parameters = timeMajor.parameters
    var generator = SeededGenerator(seed: 2)
    let x = Tensor<Float>.uniform([6, 4, 3], in: -1...1, using: &generator)
    let dy = Tensor<Float>.uniform([6, 4, 9 * directions.count], in: -1...1, using: &generator)
    var mask = Tensor<Float>.zeros([6, 4])
    (mask[2, 1], mask[5, 0], mask[0, 3]) = (1, 1, 1)
    let a = try timeMajor(x, resets: mask)
    let b = try batchMajor(x.transposed(), resets: mask.transposed())
    expectBitwiseEqual(try b.output.transposed(), a.output, "output")
    expectBitwiseEqual(b.finalState.hidden, a.finalState.hidden, "state")
    let (_, _, first) = try timeMajor.valueWithPullback(at: x, resets: mask)
    let (_, _, second) = try batchMajor.valueWithPullback(at: x.transposed(), resets: mask.transposed())
    expectBitwiseEqual(
      try second(dy.transposed()).input.transposed(), try first(dy).input, "gradient of the input")
  }

  @Test("what both directions of a layer take is dropped by one mask of their features")
  func dropout() throws {
    let layer = Layer(.gru, inputSize: 3, hiddenSize: 10, layerCount: 2, directions: .bidirectional)
    let lower = Layer(.gru, inputSize: 3, hiddenSize: 10, directions: .bidirectional)
      .with(Array(layer.stack.parameters[..<2]))
    let upper = Layer(.gru, inputSize: 20, hiddenSize: 10, directions: .bidirectional)
      .with(Array(layer.stack.parameters[2...]))
    let dropout = TrainingNoise(probability: 0.4, key: 9)
    let execution = Execution(backend: .swift)
    var problem = layer.problem([5, 2, 3], rows: 2)
    (problem.hidden, problem.hiddenGradient) = (nil, nil)
    let whole = try layer.results(dense(layer, [5, 2, 3]), problem, execution, dropout: dropout)
    let first = try lower.run(dense(lower, [5, 2, 3]), problem, execution)
    let mask = dropout.mask(intoLayer: 1)
    let above = Layer.Problem(
      input: mask.applied(to: first.output), outputGradient: problem.outputGradient)
    let second = try upper.results(dense(upper, [5, 2, 20]), above, execution)
    expectBitwiseEqual(whole.output, second.output, "output")
    let below = Layer.Problem(input: problem.input, outputGradient: mask.applied(to: second.input))
    let back = try lower.results(dense(lower, [5, 2, 3]), below, execution)
    expectBitwiseEqual(whole.input, back.input, "gradient of the input")
    #expect(mask.applied(to: first.output) != first.output)
  }
}

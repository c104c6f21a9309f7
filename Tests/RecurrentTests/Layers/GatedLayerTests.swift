import RecurrentTestSupport
import Testing

@testable import Recurrent

/// LSTM and GRU against their definitions and PyTorch, and what all their results must have in
/// common.
@Suite struct GatedLayerTests {
  struct Sizes: Sendable {
    var layers: Int
    var steps: Int
    var rows: Int
    var inputs: Int
    var hidden: Int
  }

  /// Sizes around the widths of vectors, tiles and blocks of units, with as many steps as leave the
  /// bounds meaningful.
  static let sizes = [
    Sizes(layers: 1, steps: 3, rows: 1, inputs: 1, hidden: 1),
    Sizes(layers: 1, steps: 2, rows: 3, inputs: 5, hidden: 8),
    Sizes(layers: 2, steps: 2, rows: 2, inputs: 3, hidden: 4),
    Sizes(layers: 1, steps: 2, rows: 7, inputs: 4, hidden: 17),
    Sizes(layers: 1, steps: 4, rows: 2, inputs: 16, hidden: 7),
    Sizes(layers: 1, steps: 2, rows: 3, inputs: 2, hidden: 12),
    Sizes(layers: 1, steps: 1, rows: 2, inputs: 3, hidden: 27),
    Sizes(layers: 1, steps: 1, rows: 13, inputs: 3, hidden: 33),
  ]

  @Test(
    "results and gradients are within the bounds of the definition", arguments: ["lstm", "gru"], sizes)
  func definition(kind: String, sizes: Sizes) throws {
    try checkDefinition(kind, sizes, Float.self)
    try checkDefinition(kind, sizes, Double.self)
  }

  private func checkDefinition<Scalar: TensorScalar>(
    _ kind: String, _ sizes: Sizes, _: Scalar.Type
  ) throws {
    let kind = try #require(ReferenceGates<Scalar>.Kind(rawValue: kind))
    let layer = GatedLayer<Scalar>.make(
      kind, inputSize: sizes.inputs, hiddenSize: sizes.hidden, layerCount: sizes.layers)
    let problem = GatedLayer<Scalar>.Problem(layer, steps: sizes.steps, rows: sizes.rows, seed: 7)
    for backend in Backend.available {
      for instructions in InstructionSet.available {
        let execution = Execution(backend: backend, instructions: instructions)
        try expectWithinBounds(
          layer.results(problem, execution), layer, problem, steps: sizes.steps, rows: sizes.rows,
          "\(kind) \(sizes) on \(backend) \(instructions)")
      }
    }
  }

  /// Expects results within the bounds of the definition, of time-major problems.
  private func expectWithinBounds<Scalar: TensorScalar>(
    _ actual: GatedLayer<Scalar>.Results, _ layer: GatedLayer<Scalar>,
    _ problem: GatedLayer<Scalar>.Problem, steps: Int, rows: Int, _ context: String
  ) throws {
    func doubles(_ tensor: Tensor<Scalar>?) -> [Double]? { tensor?.scalars.map { Double($0) } }
    let reference = ReferenceGates(
      layer.kind, layer.parameters, input: doubles(problem.input) ?? [], steps: steps, rows: rows,
      hidden: doubles(problem.hidden), cell: doubles(problem.cell))
    let gradients = reference.gradients(
      outputGradient: doubles(problem.outputGradient), hiddenGradient: doubles(problem.finalHiddenGradient),
      cellGradient: layer.kind == .lstm ? doubles(problem.finalCellGradient) : nil)
    func check(_ tensor: Tensor<Scalar>?, _ expected: [TrackedNumber<Scalar>], _ name: String) {
      guard let tensor else { return }
      expectClose(
        tensor, expected.map(\.value), bound: expected.map(\.error), "\(name): \(context)")
    }
    check(actual.output, reference.output, "output")
    check(actual.hidden, reference.finalHidden, "final state")
    check(actual.cell, reference.finalCell, "final cell")
    check(actual.inputGradient, gradients.input, "input")
    check(actual.hiddenGradient, gradients.hidden, "initial state")
    check(actual.cellGradient, gradients.cell, "initial cell")
    for (index, cell) in actual.parameterGradients.enumerated() {
      check(cell.weightIH, gradients.cells[index].weightIH, "weight_ih_l\(index)")
      check(cell.weightHH, gradients.cells[index].weightHH, "weight_hh_l\(index)")
      check(cell.biasIH, gradients.cells[index].biasIH, "bias_ih_l\(index)")
      check(cell.biasHH, gradients.cells[index].biasHH, "bias_hh_l\(index)")
    }
  }

  private func large(_ kind: String) throws -> (GatedLayer<Float>, GatedLayer<Float>.Problem) {
    let kind = try #require(ReferenceGates<Float>.Kind(rawValue: kind))
    let layer = GatedLayer<Float>.make(kind, inputSize: 9, hiddenSize: 70, layerCount: 3)
    return (layer, GatedLayer<Float>.Problem(layer, steps: 11, rows: 5, seed: 3))
  }

  @Test("threads, splits, chunks and dropout's plans change no bit", arguments: ["lstm", "gru"])
  func plans(kind: String) throws {
    let (layer, problem) = try large(kind)
    let dropout = TrainingNoise(probability: 0.3, key: 5)
    func results(_ split: ForwardPlan.Split, _ threadCount: Int, chunk: Int, dropout: TrainingNoise?) throws
      -> GatedLayer<Float>.Results
    {
      var execution = Execution(backend: .swift, threadCount: threadCount)
      execution.plan = ForwardPlan(stepsPerChunk: chunk, split: split, threadCount: threadCount)
      execution.backwardPlan = BackwardPlan(
        stepsPerChunk: 4, split: split == .columns ? .columns : .rows, threadCount: threadCount)
      return try layer.results(problem, execution, dropout: dropout)
    }
    for dropout in [nil, dropout] {
      let expected = try results(.rows, 1, chunk: 11, dropout: dropout)
      for split in [ForwardPlan.Split.rows, .columns, .layers] {
        for threadCount in [2, 3] {
          for chunk in [1, 4] {
            expectBitwiseEqual(
              try results(split, threadCount, chunk: chunk, dropout: dropout), expected,
              "\(kind) \(split) on \(threadCount), chunks of \(chunk)")
          }
        }
      }
    }
  }

  @Test("the call without gradients has the same bits, in every plan", arguments: ["lstm", "gru"])
  func inference(kind: String) throws {
    let (layer, problem) = try large(kind)
    let expected = try layer.results(problem, Execution(backend: .swift))
    for split in [ForwardPlan.Split.rows, .columns, .layers] {
      for chunk in [1, 4, 11] {
        var execution = Execution(backend: .swift, threadCount: 2)
        execution.plan = ForwardPlan(stepsPerChunk: chunk, split: split, threadCount: 2)
        let actual = try layer.run(problem, execution)
        expectBitwiseEqual(actual.output, expected.output, "output")
        expectBitwiseEqual(actual.hidden, expected.hidden, "final state")
        if let a = actual.cell, let b = expected.cell { expectBitwiseEqual(a, b, "final cell") }
      }
    }
  }

  @Test("a checkpoint at every chunk changes no bit", arguments: ["lstm", "gru"], [4, 8])
  func checkpoints(kind: String, interval: Int) throws {
    let (layer, problem) = try large(kind)
    var execution = Execution(backend: .swift)
    execution.backwardPlan = BackwardPlan(stepsPerChunk: 4)
    expectBitwiseEqual(
      try layer.results(problem, execution, checkpointInterval: interval),
      try layer.results(problem, execution), "every \(interval)th")
  }

  @Test(
    "a row of a batch has the bits that it has alone, and AVX2 those of AVX-512", arguments: ["lstm", "gru"])
  func rowsAlone(kind: String) throws {
    let (layer, problem) = try large(kind)
    let whole = try layer.run(problem, Execution(backend: .swift))
    for row in 0..<5 {
      func alone(_ tensor: Tensor<Float>?) -> Tensor<Float>? {
        tensor.map { tensor in
          Tensor(
            unchecked: (0..<tensor.shape[0]).flatMap { tensor[$0][row].scalars },
            shape: [tensor.shape[0], 1, tensor.shape[2]])
        }
      }
      let single = GatedLayer<Float>.Problem(
        input: try #require(alone(problem.input)), hidden: alone(problem.hidden), cell: alone(problem.cell))
      let result = try layer.run(single, Execution(backend: .swift))
      expectBitwiseEqual(result.output, try #require(alone(whole.output)), "row \(row)")
      expectBitwiseEqual(result.hidden, try #require(alone(whole.hidden)), "final state of row \(row)")
    }
    let results = try InstructionSet.available.filter(\.hasFusedMultiplyAdd).map {
      try layer.results(problem, Execution(backend: .swift, instructions: $0))
    }
    for other in results.dropFirst() { expectBitwiseEqual(other, results[0], "widths") }
  }

  @Test(
    "no state is a state of zeros, and a sequence is its parts one after the other",
    arguments: ["lstm", "gru"])
  func states(kind: String) throws {
    var (layer, problem) = try large(kind)
    let execution = Execution(backend: .swift)
    let shape = try #require(problem.hidden).shape
    (problem.hidden, problem.cell) = (nil, nil)
    let without = try layer.run(problem, execution)
    (problem.hidden, problem.cell) = (.zeros(shape), .zeros(shape))
    let zeros = try layer.run(problem, execution)
    expectBitwiseEqual(without.output, zeros.output, "zeros")
    func part(_ steps: Range<Int>) -> Tensor<Float> {
      Tensor(
        unchecked: steps.flatMap { problem.input[$0].scalars }, shape: [steps.count, 5, 9])
    }
    let first = try layer.run(.init(input: part(0..<4), hidden: nil, cell: nil), execution)
    let second = try layer.run(
      .init(input: part(4..<11), hidden: first.hidden, cell: first.cell), execution)
    #expect(first.output.scalars + second.output.scalars == zeros.output.scalars)
    expectBitwiseEqual(second.hidden, zeros.hidden, "final state")
    // A layer that nobody needs a state of drops nothing of its own parameters.
    layer.parameters[0].biasIH?.scalars[0] += 1
    #expect(try layer.run(problem, execution).output != zeros.output)
  }
}

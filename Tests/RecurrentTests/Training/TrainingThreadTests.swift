import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Heads, optimizers and clipping on any number of threads.
@Suite struct TrainingThreadTests {
  /// One thread, and several that are given parts however small.
  private static func executions(_ instructions: InstructionSet = .widest) -> [Execution] {
    [1, 2, 3, 16].map { threadCount in
      var execution = Execution(backend: .swift, instructions: instructions, threadCount: threadCount)
      execution.forcesThreads = true
      return execution
    }
  }

  @Test("outputs and gradients of a linear layer have the same bits on any number of threads")
  func linear() throws {
    var generator = SeededGenerator(seed: 30)
    // Blocks of rows, of columns and of the depth, with rests; more rows or more columns.
    let sizes = [(1, 700, 513), (211, 333, 30), (130, 30, 600), (1100, 65, 17), (40, 700, 300)]
    for (rows, inputSize, outputSize) in sizes {
      try checkLinear(rows, inputSize, outputSize, Float.self, &generator)
      try checkLinear(rows, inputSize, outputSize, Double.self, &generator)
    }
  }

  private func checkLinear<Scalar: TensorScalar>(
    _ rows: Int, _ inputSize: Int, _ outputSize: Int, _: Scalar.Type, _ generator: inout SeededGenerator
  ) throws {
    let layer = Linear<Scalar>(inputSize: inputSize, outputSize: outputSize, using: &generator)
    let input = Tensor<Scalar>.uniform([rows, inputSize], in: -1...1, using: &generator)
    let outputGradient = Tensor<Scalar>.uniform([rows, outputSize], in: -1...1, using: &generator)
    for instructions in InstructionSet.available {
      var first: (output: Tensor<Scalar>, gradients: LinearGradients<Scalar>)?
      for execution in Self.executions(instructions) {
        // Weights that nobody has packed.
        var fresh = layer
        fresh.parameters = layer.parameters
        let (output, pullback) = try fresh.valueWithPullback(at: input, execution: execution)
        let gradients = try pullback(outputGradient)
        let expected = first ?? (output, gradients)
        first = expected
        let context = "\(rows) rows of \(layer), \(execution.threadCount) threads, \(instructions)"
        expectBitwiseEqual(output, expected.output, context)
        expectBitwiseEqual(gradients.input, expected.gradients.input, context)
        expectBitwiseEqual(gradients.parameters.weight, expected.gradients.parameters.weight, context)
        expectBitwiseEqual(
          try #require(gradients.parameters.bias), try #require(expected.gradients.parameters.bias), context)
      }
    }
  }

  @Test("a layer honours its number of threads, and refuses one that is none")
  func threadCount() throws {
    var layer = Linear<Float>(inputSize: 3, outputSize: 2)
    layer.threadCount = 2
    #expect(try layer(.zeros([4, 3])).shape == [4, 2])
    layer.threadCount = 0
    #expect(
      throws: RecurrentError.invalidSize(argument: "threadCount", expected: "1 to 1024", actual: 0)
    ) { try layer(.zeros([4, 3])) }
  }

  @Test("optimizers take the same steps on any number of threads")
  func optimizers() throws {
    try checkSteps { execution in
      var optimizer = SGD<Float>(learningRate: 0.1, momentum: 0.9, nesterov: true)
      optimizer.memory.execution = execution
      return optimizer
    }
    try checkSteps { execution in
      var optimizer = Adam<Float>()
      optimizer.memory.execution = execution
      return optimizer
    }
    try checkSteps { execution in
      var optimizer = RMSprop<Float>(momentum: 0.9, centered: true)
      optimizer.memory.execution = execution
      return optimizer
    }
  }

  private func checkSteps<Rule: Optimizer<Float>>(_ make: (Execution) -> Rule) throws {
    var first: (parameters: StateDictionary<Float>, state: StateDictionary<Float>)?
    for execution in Self.executions() {
      var generator = SeededGenerator(seed: 31)
      var model = Linear<Float>(inputSize: 71, outputSize: 19, using: &generator)
      var optimizer = make(execution)
      for _ in 0..<3 {
        let gradients = model.stateDictionary.map { key, tensor in
          (key, Tensor<Float>.uniform(tensor.shape, in: -1...1, using: &generator))
        }
        try optimizer.update(&model, with: StateDictionary(gradients))
      }
      let expected = first ?? (model.stateDictionary, optimizer.state)
      first = expected
      #expect(model.stateDictionary == expected.parameters, "\(Rule.self), \(execution.threadCount) threads")
      #expect(optimizer.state == expected.state, "\(Rule.self), \(execution.threadCount) threads")
    }
  }

  @Test("norms have the same bits on any number of threads")
  func norms() {
    var generator = SeededGenerator(seed: 32)
    let gradients: StateDictionary<Float> = [
      "a": .normal([37, 1000], using: &generator), "b": .normal([5], using: &generator), "c": .zeros([0]),
    ]
    let norms = Self.executions().map { gradients.norm($0) }
    #expect(norms.allSatisfy { haveSameBits($0, norms[0]) })
    // Sums of squares in Double, of which the norm is the rounded root.
    let squares = gradients.flatMap(\.value.scalars).reduce(0) { $0 + Double($1) * Double($1) }
    let bound = Tolerance.sumBound(termCount: 40_000, magnitude: squares.squareRoot(), Double.self)
    let rounding = Tolerance.unitRoundoff(Float.self) * squares.squareRoot()
    expectClose(Tensor(norms[0]), [squares.squareRoot()], bound: [bound + rounding], "norm")
  }
}

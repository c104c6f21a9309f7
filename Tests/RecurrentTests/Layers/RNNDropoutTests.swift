import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Dropout between stacked layers.
@Suite struct RNNDropoutTests {
  private let layers = 3
  private let dropout = TrainingNoise(probability: 0.4, key: 99)

  private func problem<Scalar: TensorScalar>(_: Scalar.Type, hiddenSize: Int = 37) -> GradientProblem<Scalar>
  {
    var descriptor = ProblemDescriptor(seed: 30)
    descriptor.layerCount = layers
    (descriptor.steps, descriptor.batch) = (11, 5)
    (descriptor.inputSize, descriptor.hiddenSize) = (6, hiddenSize)
    descriptor.hasState = true
    return GradientProblem(descriptor)
  }

  private struct Result<Scalar: TensorScalar> {
    var output: Tensor<Scalar>
    var finalState: Tensor<Scalar>
    var gradients: RNNGradients<Scalar>
  }

  private func result<Scalar: TensorScalar>(
    _ problem: GradientProblem<Scalar>, _ execution: Execution, checkpointInterval: Int? = nil
  ) throws -> Result<Scalar> {
    let call = try problem.layer.valueWithPullback(
      at: problem.input, from: problem.state, noise: dropout, checkpointInterval: checkpointInterval,
      execution: execution)
    return Result(
      output: call.output, finalState: call.finalState,
      gradients: try call.pullback(
        problem.outputGradient, finalStateGradient: problem.finalStateGradient))
  }

  private func expectEqual<Scalar: TensorScalar>(
    _ actual: Result<Scalar>, _ expected: Result<Scalar>, _ context: String
  ) {
    expectBitwiseEqual(actual.output, expected.output, "output: \(context)")
    expectBitwiseEqual(actual.finalState, expected.finalState, "final state: \(context)")
    expectBitwiseEqual(actual.gradients, expected.gradients, context)
  }

  @Test("a stack with dropout is single layers with masks between them, forward and backward")
  func composition() throws {
    try composition(Float.self)
    try composition(Double.self)
  }

  private func composition<Scalar: TensorScalar>(_: Scalar.Type) throws {
    let problem = problem(Scalar.self)
    let execution = Execution(backend: .swift)
    let actual = try result(problem, execution)
    let states = try #require(problem.state)
    var x = problem.input
    var pullbacks: [RNNPullback<Scalar>] = []
    for layer in 0..<layers {
      if layer > 0 { x = dropout.mask(intoLayer: layer).applied(to: x) }
      var single = RNN<Scalar>(inputSize: x.shape[2], hiddenSize: problem.layer.hiddenSize)
      single.parameters = [problem.layer.parameters[layer]]
      let state = Tensor(unchecked: states[layer].scalars, shape: [1, 5, problem.layer.hiddenSize])
      let call = try single.valueWithPullback(at: x, from: state, execution: execution)
      x = call.output
      pullbacks.append(call.pullback)
      expectBitwiseEqual(
        Tensor(unchecked: call.finalState.scalars, shape: actual.finalState[layer].shape),
        actual.finalState[layer], "final state of layer \(layer)")
    }
    expectBitwiseEqual(actual.output, x, "output")
    var gradient = problem.outputGradient
    for layer in (0..<layers).reversed() {
      let final = problem.finalStateGradient.map {
        Tensor(unchecked: $0[layer].scalars, shape: [1, 5, problem.layer.hiddenSize])
      }
      let gradients = try pullbacks[layer](gradient, finalStateGradient: final)
      let expected = actual.gradients.parameters[layer]
      expectBitwiseEqual(expected.weightIH, gradients.parameters[0].weightIH, "weight_ih_l\(layer)")
      expectBitwiseEqual(expected.weightHH, gradients.parameters[0].weightHH, "weight_hh_l\(layer)")
      gradient = layer > 0 ? dropout.mask(intoLayer: layer).applied(to: gradients.input) : gradients.input
    }
    expectBitwiseEqual(actual.gradients.input, try #require(gradient), "input")
  }

  @Test("neither threads, the split, chunks nor checkpoints change what is dropped")
  func plans() throws {
    let problem = problem(Float.self, hiddenSize: 130)
    func execution(_ split: ForwardPlan.Split, _ threadCount: Int, chunk: Int) -> Execution {
      var execution = Execution(backend: .swift, threadCount: threadCount)
      execution.plan = ForwardPlan(stepsPerChunk: chunk, split: split, threadCount: threadCount)
      execution.backwardPlan = BackwardPlan(
        stepsPerChunk: 4, split: split == .columns ? .columns : .rows, threadCount: threadCount)
      return execution
    }
    let expected = try result(problem, execution(.rows, 1, chunk: 11))
    for split in [ForwardPlan.Split.rows, .columns, .layers] {
      for threadCount in [1, 2, 3] {
        for chunk in [1, 4, 11] {
          expectEqual(
            try result(problem, execution(split, threadCount, chunk: chunk)), expected,
            "\(split) on \(threadCount), chunks of \(chunk)")
        }
      }
    }
    // Where a segment is a whole number of chunks, the sums have the same order.
    for interval in [4, 8] {
      expectEqual(
        try result(problem, execution(.rows, 2, chunk: 4), checkpointInterval: interval), expected,
        "checkpoints at every \(interval)th step")
    }
  }

  @Test("the backends drop the same", arguments: Backend.available)
  func backends(backend: Backend) throws {
    let problem = problem(Double.self)
    let (a, b) = (
      try result(problem, Execution(backend: .swift)), try result(problem, Execution(backend: backend))
    )
    let bound = Tolerance.sumBound(termCount: 11 * 3 * 50, magnitude: 50, Double.self)
    #expect(try a.output.greatestDifference(from: b.output) <= bound)
    #expect(try a.gradients.input.greatestDifference(from: b.gradients.input) <= bound)
  }

  @Test("the call with a generator drops, batch-first too, and goes on with the generator")
  func generator() throws {
    var layerGenerator = SeededGenerator(seed: 5)
    let timeMajor = RNN<Float>(
      inputSize: 3, hiddenSize: 8, layerCount: 2, dropout: 0.5, using: &layerGenerator)
    var batchMajor = RNN<Float>(
      inputSize: 3, hiddenSize: 8, layerCount: 2, batchFirst: true, dropout: 0.5)
    batchMajor.parameters = timeMajor.parameters
    let x = Tensor<Float>.normal([7, 4, 3], using: &layerGenerator)
    var a = SeededGenerator(seed: 1)
    var b = SeededGenerator(seed: 1)
    let first = try timeMajor.valueWithPullback(at: x, using: &a).output
    let same = try batchMajor.valueWithPullback(at: x.transposed(), using: &b).output
    expectBitwiseEqual(try same.transposed(), first, "batch-first")
    #expect(a == b && a != SeededGenerator(seed: 1))
    #expect(try timeMajor.valueWithPullback(at: x, using: &a).output != first)
    let plain = try timeMajor(x).output
    #expect(plain != first)
    expectBitwiseEqual(try timeMajor.valueWithPullback(at: x).output, plain, "without a generator")
  }

  @Test("a dropout of 0 drops nothing, and one of 1 leaves the layers above nothing")
  func extremes() throws {
    var generator = SeededGenerator(seed: 5)
    var rnn = RNN<Float>(inputSize: 3, hiddenSize: 8, layerCount: 2, dropout: 0, using: &generator)
    let x = Tensor<Float>.normal([7, 4, 3], using: &generator)
    expectBitwiseEqual(
      try rnn.valueWithPullback(at: x, using: &generator).output, try rnn(x).output, "0")
    let parameters = rnn.parameters
    rnn = RNN(inputSize: 3, hiddenSize: 8, layerCount: 2, dropout: 1)
    rnn.parameters = parameters
    var above = RNN<Float>(inputSize: 8, hiddenSize: 8)
    above.parameters = [parameters[1]]
    let dropped = try rnn.valueWithPullback(at: x, using: &generator)
    expectBitwiseEqual(dropped.output, try above(.zeros([7, 4, 8])).output, "1")
    let gradients = try dropped.pullback(Tensor(repeating: 1, shape: dropped.output.shape))
    #expect(gradients.parameters[0].weightIH.scalars.allSatisfy { $0 == 0 })
    #expect(gradients.parameters[1].weightIH.scalars.allSatisfy { $0 == 0 })
    #expect(gradients.parameters[1].weightHH.scalars.contains { $0 != 0 })
  }

  @Test("a dropout out of range is an error of the call that drops", arguments: [-0.1, 1.1, .nan])
  func range(dropout: Double) throws {
    let rnn = RNN<Float>(inputSize: 3, hiddenSize: 8, layerCount: 2, dropout: dropout)
    var generator = SeededGenerator(seed: 5)
    #expect(
      throws: RecurrentError.invalidValue(
        argument: "dropout", expected: "0 to 1", actual: "\(dropout)")
    ) { try rnn.valueWithPullback(at: .zeros([2, 1, 3]), using: &generator) }
    #expect(generator == SeededGenerator(seed: 5))
    #expect(try rnn(.zeros([2, 1, 3])).output.shape == [2, 1, 8])
  }

  @Test("a layer with dropout prints it as PyTorch does")
  func description() {
    let rnn = RNN<Float>(inputSize: 3, hiddenSize: 8, layerCount: 2, dropout: 0.25)
    #expect(rnn.description == "RNN(3, 8, num_layers=2, dropout=0.25)")
  }
}

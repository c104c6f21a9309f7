import RecurrentTestSupport
import Testing

@testable import Recurrent

/// What gradients must have in common, whatever they are.
@Suite struct RNNGradientIdentityTests {
  private func problem<Scalar: TensorScalar>(
    _: Scalar.Type, steps: Int = 23, rows: Int = 5, hiddenSize: Int = 130, layers: Int = 3
  ) -> GradientProblem<Scalar> {
    var descriptor = ProblemDescriptor(seed: 30)
    descriptor.layerCount = layers
    (descriptor.steps, descriptor.batch) = (steps, rows)
    (descriptor.inputSize, descriptor.hiddenSize) = (20, hiddenSize)
    descriptor.hasState = true
    return GradientProblem(descriptor)
  }

  @Test(
    "threads and the split change no bit of a gradient",
    arguments: [BackwardPlan.Split.rows, .columns], [2, 3, 5])
  func plans(split: BackwardPlan.Split, threadCount: Int) throws {
    try plans(split, threadCount, Float.self)
    try plans(split, threadCount, Double.self)
  }

  private func plans<Scalar: TensorScalar>(
    _ split: BackwardPlan.Split, _ threadCount: Int, _: Scalar.Type
  ) throws {
    let problem = problem(Scalar.self)
    for stepsPerChunk in [1, 7, 23] {
      var alone = Execution(backend: .swift)
      alone.backwardPlan = BackwardPlan(stepsPerChunk: stepsPerChunk)
      var shared = Execution(backend: .swift, threadCount: threadCount)
      shared.backwardPlan = BackwardPlan(
        stepsPerChunk: stepsPerChunk, split: split, threadCount: threadCount)
      expectBitwiseEqual(
        try problem.gradients(shared), try problem.gradients(alone),
        "\(split) on \(threadCount) threads, chunks of \(stepsPerChunk)")
    }
  }

  @Test("the plan's chunks depend on the shape alone")
  func chunks() {
    for rows in [1, 3, 64, 1000] {
      let shape = ForwardShape(
        steps: 1000, rows: rows, inputSize: 512, hiddenSize: 512, layerCount: 2, scalarSize: 4)
      let chunks = [1, 2, 8].map {
        BackwardPlan(shape, backend: .swift, panelWidth: 16, threadCount: $0, nanosecondsPerBarrier: { 100 })
          .stepsPerChunk
      }
      #expect(Set(chunks).count == 1 && chunks[0] >= 1)
    }
  }

  @Test("AVX2 and AVX-512 agree in every bit of a gradient")
  func widths() throws {
    let problem = problem(Float.self, steps: 9)
    let gradients = try InstructionSet.available.filter(\.hasFusedMultiplyAdd)
      .map { try problem.gradients(Execution(backend: .swift, instructions: $0)) }
    for other in gradients.dropFirst() { expectBitwiseEqual(other, gradients[0], "widths") }
  }

  @Test(
    "a checkpoint at every chunk changes no bit, and the results are those of the call",
    arguments: [1, 4, 8, 50])
  func checkpoints(interval: Int) throws {
    let problem = problem(Float.self, hiddenSize: 33)
    var execution = Execution(backend: .swift)
    // Where a segment is a whole number of chunks, the sums have the same order.
    execution.backwardPlan = BackwardPlan(stepsPerChunk: min(interval, 4))
    expectBitwiseEqual(
      try problem.gradients(execution, checkpointInterval: interval), try problem.gradients(execution),
      "every \(interval)th")
    let result = try problem.layer.valueWithPullback(
      at: problem.input, from: problem.state, checkpointInterval: interval, execution: execution)
    let expected = try problem.layer.run(problem.input, from: problem.state, execution: execution)
    expectBitwiseEqual(result.output, expected.output, "output")
    expectBitwiseEqual(result.finalState, expected.finalState, "final state")
  }

  @Test("windows that hand the state on, and its gradient back, give the gradient of the whole")
  func windows() throws {
    let whole = problem(Double.self, steps: 12, rows: 3, hiddenSize: 9, layers: 2)
    let reference = whole.reference()
    let (_, state, first) = try whole.layer.valueWithPullback(at: whole.input[..<5], from: whole.state)
    let (_, _, second) = try whole.layer.valueWithPullback(at: whole.input[5...], from: state)
    let outputGradient = try #require(whole.outputGradient)
    let late = try second(outputGradient[5...], finalStateGradient: whole.finalStateGradient)
    let early = try first(outputGradient[..<5], finalStateGradient: late.initialState)
    expectClose(
      early.initialState, reference.initialState.values, bound: reference.initialState.bounds, "state")
    for (layer, cell) in reference.cells.enumerated() {
      var sum = early.parameters[layer].weightHH
      for index in sum.scalars.indices {
        sum.scalars[index] += late.parameters[layer].weightHH.scalars[index]
      }
      expectClose(sum, cell.weightHH.values, bound: cell.weightHH.bounds, "weight_hh_l\(layer)")
    }
  }

  @Test("no gradient of a result is a gradient of zeros")
  func missing() throws {
    let problem = problem(Float.self, steps: 4, rows: 2, hiddenSize: 7)
    let (output, finalState, pullback) = try problem.layer.valueWithPullback(at: problem.input)
    let zeros = try pullback(.zeros(output.shape), finalStateGradient: .zeros(finalState.shape))
    expectBitwiseEqual(try pullback(nil), zeros, "nil")
    #expect(zeros.input.scalars.allSatisfy { $0 == 0 })
  }

  @Test("batch-first, unbatched and empty batches have gradients of their shapes")
  func shapes() throws {
    var rnn = RNN<Float>(inputSize: 3, hiddenSize: 5, layerCount: 2, batchFirst: true)
    rnn.backend = .swift
    let x = Tensor<Float>.normal([4, 6, 3])
    let (output, _, pullback) = try rnn.valueWithPullback(at: x)
    let gradients = try pullback(output)
    var timeMajor = RNN<Float>(inputSize: 3, hiddenSize: 5, layerCount: 2)
    timeMajor.backend = .swift
    timeMajor.parameters = rnn.parameters
    let expected = try timeMajor.valueWithPullback(at: x.transposed())
    expectBitwiseEqual(output, try expected.output.transposed(), "output")
    let other = try expected.pullback(expected.output)
    expectBitwiseEqual(gradients.input, try other.input.transposed(), "input")
    #expect(gradients.parameters == other.parameters)

    let row = try timeMajor.valueWithPullback(at: x[0])
    let unbatched = try row.pullback(row.output)
    #expect(unbatched.input.shape == [6, 3] && unbatched.initialState.shape == [2, 5])
    let empty = try rnn.valueWithPullback(at: .zeros([0, 6, 3]))
    let nothing = try empty.pullback(empty.output, finalStateGradient: empty.finalState)
    #expect(nothing.input.shape == [0, 6, 3] && nothing.initialState.shape == [2, 0, 5])
    #expect(nothing.parameters[0].weightIH == .zeros([5, 3]))
  }

  @Test("a layer without biases has no gradient of biases, and other shapes are errors")
  func errors() throws {
    let rnn = RNN<Float>(inputSize: 3, hiddenSize: 5, bias: false)
    let (output, _, pullback) = try rnn.valueWithPullback(at: .zeros([4, 2, 3]))
    #expect(try pullback(output).parameters[0].biasIH == nil)
    #expect(
      throws: RecurrentError.shapeMismatch(
        argument: "outputGradient", expected: "[4, 2, 5]", actual: [4, 5])
    ) { try pullback(.zeros([4, 5])) }
    #expect(
      throws: RecurrentError.shapeMismatch(
        argument: "finalStateGradient", expected: "[1, 2, 5]", actual: [2, 5])
    ) { try pullback(output, finalStateGradient: .zeros([2, 5])) }
    #expect(
      throws: RecurrentError.invalidSize(
        argument: "checkpointInterval", expected: "at least 1", actual: 0)
    ) { try rnn.valueWithPullback(at: .zeros([4, 2, 3]), checkpointInterval: 0) }
    #expect(throws: RecurrentError.emptySequence(argument: "input")) {
      try rnn.valueWithPullback(at: .zeros([0, 2, 3]))
    }
  }

  @Test("a cell's gradient is that of a layer of one step", arguments: Backend.available)
  func cell(backend: Backend) throws {
    var rnn = RNN<Double>(inputSize: 3, hiddenSize: 5)
    rnn.backend = backend
    var cell = RNNCell<Double>(inputSize: 3, hiddenSize: 5)
    cell.backend = backend
    cell.parameters = rnn.parameters[0]
    let x = Tensor<Double>.normal([1, 4, 3])
    let h = Tensor<Double>.uniform([1, 4, 5], in: -1...1)
    let layer = try rnn.valueWithPullback(at: x, from: h)
    let expected = try layer.pullback(layer.output)
    let (state, pullback) = try cell.valueWithPullback(at: x[0], from: h[0])
    let actual = try pullback(state)
    expectBitwiseEqual(state, layer.output[0], "state")
    #expect(actual.parameters == expected.parameters[0])
    #expect(actual.input == expected.input[0] && actual.state == expected.initialState[0])
    #expect(throws: RecurrentError.self) { try pullback(.zeros([5])) }
    let row = try cell.valueWithPullback(at: x[0][0])
    #expect(try row.pullback(row.state).state.shape == [5])
  }
}

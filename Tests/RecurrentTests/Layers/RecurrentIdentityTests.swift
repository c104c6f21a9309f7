import RecurrentTestSupport
import Testing

@testable import Recurrent

/// What must hold for any layer; on the Swift backend, in every bit.
@Suite struct RecurrentIdentityTests {
  /// A layer of awkward sizes with an input [11, 7, 13].
  private func example(
    nonlinearity: Nonlinearity = .tanh, layerCount: Int = 3, batchFirst: Bool = false
  ) -> (rnn: RNN<Float>, x: Tensor<Float>, h0: Tensor<Float>) {
    var generator = SeededGenerator(seed: 31)
    var rnn = RNN<Float>(
      inputSize: 13, hiddenSize: 37, layerCount: layerCount, nonlinearity: nonlinearity,
      batchFirst: batchFirst, using: &generator)
    rnn.backend = .swift
    let x = Tensor<Float>.normal(batchFirst ? [7, 11, 13] : [11, 7, 13], using: &generator)
    return (rnn, x, .uniform([layerCount, 7, 37], in: -1...1, using: &generator))
  }

  @Test("no state is a state of zeros", arguments: Backend.available)
  func zeroState(backend: Backend) throws {
    var (rnn, x, _) = example()
    rnn.backend = backend
    let without = try rnn(x)
    let with = try rnn(x, .zeros([3, 7, 37]))
    expectBitwiseEqual(without.output, with.output, "output")
    expectBitwiseEqual(without.finalState, with.finalState, "final state")
    let cell = RNNCell<Float>(inputSize: 13, hiddenSize: 5)
    expectBitwiseEqual(try cell(x[0]), try cell(x[0], .zeros([7, 5])), "cell")
  }

  @Test("a sequence is its first part and then its second", arguments: 1...10)
  func parts(split: Int) throws {
    let (rnn, x, h0) = example()
    let whole = try rnn(x, h0)
    let first = try rnn(x[..<split], h0)
    let second = try rnn(x[split...], first.finalState)
    expectBitwiseEqual(whole.output[..<split], first.output, "first part")
    expectBitwiseEqual(whole.output[split...], second.output, "second part")
    expectBitwiseEqual(whole.finalState, second.finalState, "final state")
  }

  @Test("stacked layers are single layers, one on the output of the other")
  func stack() throws {
    let (rnn, x, h0) = example()
    let whole = try rnn(x, h0)
    var below = x
    for layer in 0..<3 {
      var single = RNN<Float>(inputSize: layer == 0 ? 13 : 37, hiddenSize: 37)
      single.backend = .swift
      single.parameters = [rnn.parameters[layer]]
      let result = try single(below, h0[layer..<(layer + 1)])
      expectBitwiseEqual(result.finalState, whole.finalState[layer..<(layer + 1)], "state \(layer)")
      below = result.output
    }
    expectBitwiseEqual(below, whole.output, "output")
  }

  @Test("a layer is its cells called in a loop", arguments: Nonlinearity.allCases)
  func loop(nonlinearity: Nonlinearity) throws {
    let (rnn, x, h0) = example(nonlinearity: nonlinearity)
    let whole = try rnn(x, h0)
    let cells = rnn.parameters.map { parameters in
      var cell = RNNCell<Float>(
        inputSize: parameters.weightIH.shape[1], hiddenSize: 37, nonlinearity: nonlinearity)
      cell.backend = .swift
      cell.parameters = parameters
      return cell
    }
    var states = Array(h0)
    for (step, xt) in x.enumerated() {
      var below = xt
      for layer in cells.indices {
        states[layer] = try cells[layer](below, states[layer])
        below = states[layer]
      }
      expectBitwiseEqual(below, whole.output[step], "step \(step)")
    }
    expectBitwiseEqual(try Tensor.stack(states), whole.finalState, "final state")
  }

  @Test("each row of a batch has the bits that it has alone", arguments: InstructionSet.available)
  func rows(instructions: InstructionSet) throws {
    let execution = Execution(backend: .swift, instructions: instructions)
    let (rnn, _, _) = example()
    for rows in [1, 2, 3, 5, 6, 7, 13, 33] {
      var generator = SeededGenerator(seed: UInt64(rows))
      let x = Tensor<Float>.normal([9, rows, 13], using: &generator)
      let h0 = Tensor<Float>.uniform([3, rows, 37], in: -1...1, using: &generator)
      let whole = try rnn.run(x, from: h0, execution: execution)
      let (byRow, state) = (try x.transposed(), try h0.transposed())
      let output = try whole.output.transposed()
      let finalState = try whole.finalState.transposed()
      for row in 0..<rows {
        // Alone, and unbatched.
        let alone = try rnn.run(byRow[row], from: state[row], execution: execution)
        expectBitwiseEqual(alone.output, output[row], "row \(row) of \(rows)")
        expectBitwiseEqual(alone.finalState, finalState[row], "state of row \(row) of \(rows)")
      }
    }
  }

  @Test(
    "neither threads nor the split nor the size of chunks change a bit",
    arguments: [ForwardPlan.Split.rows, .columns, .layers], [1, 2, 3, 5])
  func plans(split: ForwardPlan.Split, threadCount: Int) throws {
    try plans(split, threadCount, batchFirst: false, Float.self)
    try plans(split, threadCount, batchFirst: true, Double.self)
  }

  private func plans<Scalar: TensorScalar>(
    _ split: ForwardPlan.Split, _ threadCount: Int, batchFirst: Bool, _: Scalar.Type
  ) throws {
    var generator = SeededGenerator(seed: 5)
    // The hidden features are five panels and a part of one, on the widest vectors.
    let rnn = RNN<Scalar>(
      inputSize: 20, hiddenSize: 330, layerCount: 5, batchFirst: batchFirst, using: &generator)
    let x = Tensor<Scalar>.normal([batchFirst ? 5 : 23, batchFirst ? 23 : 5, 20], using: &generator)
    let h0 = Tensor<Scalar>.uniform([5, 5, 330], in: -1...1, using: &generator)
    let expected = try rnn.run(x, from: h0, execution: Execution(backend: .swift))
    for stepsPerChunk in [1, 2, 7, 23] {
      var execution = Execution(backend: .swift, threadCount: threadCount)
      execution.plan = ForwardPlan(
        stepsPerChunk: stepsPerChunk, split: split, threadCount: threadCount)
      let actual = try rnn.run(x, from: h0, execution: execution)
      let context = "\(split) on \(threadCount) threads, chunks of \(stepsPerChunk)"
      expectBitwiseEqual(actual.output, expected.output, "output, \(context)")
      expectBitwiseEqual(actual.finalState, expected.finalState, "final state, \(context)")
    }
  }

  @Test("AVX2 and AVX-512 agree in every bit, in Float and Double")
  func widths() throws {
    let sets = InstructionSet.available.filter(\.hasFusedMultiplyAdd)
    try widths(sets, Float.self)
    try widths(sets, Double.self)
  }

  private func widths<Scalar: TensorScalar>(_ sets: [InstructionSet], _: Scalar.Type) throws {
    for hiddenSize in [1, 7, 16, 20, 33, 64, 100] {
      var generator = SeededGenerator(seed: UInt64(hiddenSize))
      let rnn = RNN<Scalar>(
        inputSize: 5, hiddenSize: hiddenSize, layerCount: 2, using: &generator)
      let x = Tensor<Scalar>.normal([50, 7, 5], using: &generator)
      let outputs = try sets.map {
        try rnn.run(x, from: nil, execution: Execution(backend: .swift, instructions: $0)).output
      }
      for output in outputs.dropFirst() {
        expectBitwiseEqual(output, outputs[0], "H \(hiddenSize) \(Scalar.self)")
      }
    }
  }

  @Test("batch-first is time-major with the axes exchanged", arguments: Backend.available)
  func batchFirst(backend: Backend) throws {
    var (rnn, long, h0) = example(layerCount: 1, batchFirst: true)
    rnn.backend = backend
    // Few steps, for which the bound of a whole pass is tight.
    let x = try long.transposed()[..<4].transposed()
    var timeMajor = RNN<Float>(inputSize: 13, hiddenSize: 37)
    timeMajor.backend = backend
    timeMajor.parameters = rnn.parameters
    let result = try rnn(x, h0)
    let expected = try timeMajor(x.transposed(), h0)
    if backend == .swift {
      expectBitwiseEqual(try result.output.transposed(), expected.output, "output")
      expectBitwiseEqual(result.finalState, expected.finalState, "final state")
    } else {
      let problem = Expectation(
        rnn.parameters, nonlinearity: .tanh,
        input: try x.transposed().scalars.map { Double($0) }, steps: 4, rows: 7,
        initialState: h0.scalars.map { Double($0) }, Float.self)
      expectClose(
        try result.output.transposed(), problem.output, bound: problem.bound.output, "output")
    }
  }

  @Test("chunks change no bit: a long sequence is its steps, one call each")
  func chunks() throws {
    var generator = SeededGenerator(seed: 6)
    var rnn = RNN<Float>(inputSize: 64, hiddenSize: 64, layerCount: 2, using: &generator)
    rnn.backend = .swift
    let x = Tensor<Float>.normal([300, 8, 64], using: &generator)
    let plan = ForwardPlan(
      ForwardShape(
        steps: 300, rows: 8, inputSize: 64, hiddenSize: 64, layerCount: 2, scalarSize: 4),
      backend: .swift, panelWidth: 16, threadCount: 1, nanosecondsPerBarrier: { 100 })
    #expect(plan.stepsPerChunk < 150)
    let whole = try rnn(x)
    var state = Tensor<Float>.zeros([2, 8, 64])
    for step in 0..<300 {
      let result = try rnn(x[step..<(step + 1)], state)
      state = result.finalState
      expectBitwiseEqual(result.output[0], whole.output[step], "step \(step)")
    }
    expectBitwiseEqual(state, whole.finalState, "final state")
  }

  @Test("many tasks on one layer get the same bits")
  func tasks() async throws {
    let (rnn, x, h0) = example()
    let expected = try rnn(x, h0).output
    // A layer whose weights nobody has packed yet.
    var fresh = RNN<Float>(inputSize: 13, hiddenSize: 37, layerCount: 3)
    fresh.parameters = rnn.parameters
    fresh.threadCount = 4
    fresh.backend = .swift
    let shared = fresh
    try await withThrowingTaskGroup(of: Tensor<Float>.self) { group in
      for _ in 0..<16 { group.addTask { try shared(x, h0).output } }
      for try await output in group { expectBitwiseEqual(output, expected, "task") }
    }
  }
}

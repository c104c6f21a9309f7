import Foundation
import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Many tasks at once. The suite proves results here, and under ThreadSanitizer
/// (`make test-thread`) that nobody reads what another thread writes.
@Suite struct ConcurrencyTests {
  /// Four for each processor.
  private static let taskCount = 4 * ProcessInfo.processInfo.activeProcessorCount

  private static let steps = 8
  /// One for each thread at least.
  private static let layerCount = 4

  /// Stacked layers with enough of everything to be shared out by rows, columns or layers, and an
  /// input [8, 4, 13].
  private func example(seed: UInt64) -> (rnn: RNN<Float>, x: Tensor<Float>) {
    var generator = SeededGenerator(seed: seed)
    // The hidden features are several panels of every instruction set.
    var rnn = RNN<Float>(inputSize: 13, hiddenSize: 140, layerCount: Self.layerCount, using: &generator)
    rnn.backend = .swift
    return (rnn, .normal([Self.steps, 4, 13], using: &generator))
  }

  /// The same layer, whose weights nobody has packed yet.
  private func fresh(_ rnn: RNN<Float>) -> RNN<Float> {
    var copy = rnn
    copy.parameters = rnn.parameters
    return copy
  }

  /// Calls `body` in as many tasks, which begin together, with numbers from 0 on.
  private func inTasks(_ body: @escaping @Sendable (Int) async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<Self.taskCount { group.addTask { try await body(number) } }
      try await group.waitForAll()
    }
  }

  @Test("many tasks on a layer that nobody has called yet get the bits of one alone", arguments: [1, 2, 4])
  func calls(threadCount: Int) async throws {
    for seed in 0..<2 as Range<UInt64> {
      let (rnn, x) = example(seed: seed)
      let expected = try rnn.run(x, from: nil, execution: Execution(backend: .swift))
      let shared = fresh(rnn)
      try await inTasks { number in
        var execution = Execution(backend: .swift, threadCount: threadCount)
        let split = [ForwardPlan.Split.rows, .columns, .layers][number % 3]
        execution.plan = ForwardPlan(stepsPerChunk: 3, split: split, threadCount: threadCount)
        for _ in 0..<2 {
          let actual = try shared.run(x, from: nil, execution: execution)
          expectBitwiseEqual(actual.output, expected.output, "output, \(split)")
          expectBitwiseEqual(actual.finalState, expected.finalState, "final state, \(split)")
        }
      }
    }
  }

  @Test("calls that choose their threads themselves get the bits of one alone", arguments: [1, 2, 4])
  func choices(threadCount: Int) async throws {
    var generator = SeededGenerator(seed: 9)
    var rnn = RNN<Float>(inputSize: 64, hiddenSize: 256, using: &generator)
    rnn.backend = .swift
    rnn.threadCount = 1
    let inputs = [1, 16].map { Tensor<Float>.normal([20, $0, 64], using: &generator) }
    let expected = try inputs.map { try rnn($0).output }
    var shared = fresh(rnn)
    shared.threadCount = threadCount
    let layer = shared
    try await inTasks { number in
      let choice = number % inputs.count
      expectBitwiseEqual(try layer(inputs[choice]).output, expected[choice], "input \(choice)")
    }
  }

  @Test(
    "many tasks carry gradients back through one layer, with the bits of one alone", arguments: [1, 2, 4])
  func gradients(threadCount: Int) async throws {
    let (rnn, x) = example(seed: 4)
    let alone = try rnn.valueWithPullback(at: x, execution: Execution(backend: .swift))
    let expected = try alone.pullback(alone.output)
    let shared = fresh(rnn)
    try await inTasks { number in
      // Half of them call the one pullback of all.
      var pullback = alone.pullback
      if number % 2 == 0 {
        let execution = Execution(backend: .swift, threadCount: threadCount)
        pullback = try shared.valueWithPullback(at: x, execution: execution).pullback
      }
      expectBitwiseEqual(try pullback(alone.output), expected, "task \(number)")
    }
  }

  /// A stream that tasks hand on to each other. It has no lock: whoever has it has waited for the
  /// one before.
  private final class Baton: @unchecked Sendable {
    private var stream: RNNStream<Float>

    init(_ stream: consuming RNNStream<Float>) { self.stream = stream }

    func step(_ input: Tensor<Float>) throws -> Tensor<Float> { try stream.step(input) }
  }

  @Test("streams of one layer, handed from task to task at every step, give the bits of the whole sequence")
  func streams() async throws {
    let (rnn, x) = example(seed: 5)
    let expected = try rnn(x).output
    let shared = fresh(rnn)
    try await inTasks { number in
      let baton = Baton(try shared.stream(batchSize: 4))
      for step in 0..<Self.steps {
        let output = try await Task.detached { try baton.step(x[step]) }.value
        expectBitwiseEqual(output, expected[step], "step \(step) of stream \(number)")
      }
    }
  }

  @Test("copies of a layer that are changed while others run change nobody else's bits")
  func copies() async throws {
    let (rnn, x) = example(seed: 6)
    let expected = try rnn(x).output
    var changed = rnn
    changed.changeRecurrentWeights()
    let expectedOfChanged = try changed(x).output
    let shared = fresh(rnn)
    try await inTasks { number in
      for _ in 0..<2 {
        var copy = shared
        copy.threadCount = 1 + number % 3
        expectBitwiseEqual(try copy(x).output, expected, "task \(number)")
        copy.changeRecurrentWeights()
        expectBitwiseEqual(try copy(x).output, expectedOfChanged, "task \(number), changed")
      }
    }
  }
}

extension RNN<Float> {
  /// Changes one weight of every layer.
  fileprivate mutating func changeRecurrentWeights() {
    for layer in 0..<layerCount { parameters[layer].weightHH[0, 0] += 1 }
  }
}

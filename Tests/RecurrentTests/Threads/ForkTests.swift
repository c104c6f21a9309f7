import ForkedProcess
import RecurrentTestSupport
import Testing

@testable import Recurrent

/// A call on two threads that insists on both, and its result in the process that runs.
private struct ThreadedCall {
  let layer = RNN<Float>(inputSize: 8, hiddenSize: 64)
  let input: Tensor<Float>
  var expected: Tensor<Float>?

  init() throws {
    var generator = SeededGenerator(seed: 3)
    input = .normal([40, 6, 8], using: &generator)
    expected = try run()
  }

  func run() throws -> Tensor<Float> {
    var execution = Execution(backend: .swift, threadCount: 2)
    execution.plan = ForwardPlan(stepsPerChunk: 4, split: .columns, threadCount: 2)
    return try layer.run(input, from: nil, execution: execution).output
  }

  /// Whether a child of this process, and a child of that, get the same.
  func holdsInChildren(_ generations: Int) -> Bool {
    var call = (call: self, generations: generations)
    return withUnsafeMutablePointer(to: &call) { call in
      holds_in_child(
        { raw in
          guard let call = raw?.assumingMemoryBound(to: (call: ThreadedCall, generations: Int).self).pointee,
            let output = try? call.call.run(), output == call.call.expected
          else { return false }
          return call.generations == 1 || call.call.holdsInChildren(call.generations - 1)
        }, call, 60)
    }
  }
}

@Suite struct ForkTests {
  @Test("a child of a process whose threads are running can call, and so can its own child")
  func children() async {
    await #expect(processExitsWith: .success) {
      let call = try ThreadedCall()
      // The workers of the parent are awake, or asleep, when the child is made.
      for _ in 0..<3 { #expect(call.holdsInChildren(2)) }
      #expect(try call.run() == call.expected)
    }
  }
}

import Benchmark
import BenchmarkSupport
import Foundation
import Recurrent

/// Forward passes of one layer, from streaming to large batches, and of states that are subnormal
/// numbers; and training.
let benchmarks: @Sendable () -> Void = {
  for shape in LayerShape.grid {
    for contender in Contender.all { pass(shape, contender, threads: 1) }
  }
  if ProcessInfo.processInfo.activeProcessorCount > 1 {
    for shape in LayerShape.gridOnTwoThreads {
      for contender in Contender.all { pass(shape, contender, threads: 2) }
    }
  }
  for states in StateKind.allCases {
    for contender in Contender.all { pass(of: states, contender) }
  }
  trainingBenchmarks()
  raggedBenchmarks()
}

/// A forward pass of one layer with tanh.
private func pass(_ shape: LayerShape, _ contender: Contender, threads: Int) {
  time(
    "A forward pass of \(shape) on \(contender), \(counted(threads, "thread"))",
    operations: shape.operations
  ) {
    var (rnn, x) = shape.example()
    rnn.threadCount = threads
    return try checked(rnn, x, nil, contender)
  }
}

/// A forward pass of a layer whose states are of a kind.
private func pass(of states: StateKind, _ contender: Contender) {
  time(
    "\(states.title) of \(StateKind.shape) on \(contender), 1 thread",
    operations: StateKind.shape.operations
  ) {
    var (rnn, x, initialState) = try states.example()
    rnn.threadCount = 1
    let share = try rnn(x, initialState).output.shareOfSubnormals
    guard states.shareOfSubnormals.contains(share) else {
      throw WrongResult("a share of \(share) of the states is subnormal")
    }
    return try checked(rnn, x, initialState, contender)
  }
}

/// Calls of a layer on a backend, once its output has been checked.
private func checked(
  _ rnn: RNN<Float>, _ x: Tensor<Float>, _ initialState: Tensor<Float>?, _ contender: Contender
) throws -> (_ calls: Int) throws -> Void {
  var rnn = rnn
  rnn.backend = contender.backend
  try contender.use(threads: rnn.threadCount ?? 1)
  try check(rnn(x, initialState).output, of: rnn, x, from: initialState)
  let layer = rnn
  return { calls in
    for _ in 0..<calls { blackHole(try layer(x, initialState)) }
  }
}

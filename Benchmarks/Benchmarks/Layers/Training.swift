import Benchmark
import BenchmarkSupport
import Foundation
import Recurrent

/// Forward and backward passes of one layer, with all gradients of the sum of its outputs.
func trainingBenchmarks() {
  let processors = ProcessInfo.processInfo.activeProcessorCount
  for threads in [1, 2] where threads <= processors {
    for shape in LayerShape.trainingGrid {
      for contender in Contender.all { trainingPass(shape, contender, threads: threads) }
    }
  }
}

private func trainingPass(_ shape: LayerShape, _ contender: Contender, threads: Int) {
  time(
    "Forward and backward of \(shape) on \(contender), \(counted(threads, "thread"))",
    operations: shape.trainingOperations
  ) {
    var (rnn, x) = shape.example()
    rnn.threadCount = threads
    rnn.backend = contender.backend
    try contender.use(threads: threads)
    try check(rnn(x).output, of: rnn, x)
    try check(gradientsOfSum(of: rnn, x), of: rnn, x)
    let layer = rnn
    return { calls in
      for _ in 0..<calls { blackHole(try gradientsOfSum(of: layer, x)) }
    }
  }
}

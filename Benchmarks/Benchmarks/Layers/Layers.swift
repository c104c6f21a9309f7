import Benchmark
import Recurrent

/// One forward call of one layer, on every backend, over shapes from streaming to large batches.
let benchmarks: @Sendable () -> Void = {
  // T, B, I, H.
  let shapes = [
    (10, 3, 100, 20), (100, 1, 64, 64), (100, 1, 256, 256), (1000, 1, 1, 32), (100, 8, 64, 64),
    (100, 16, 128, 128), (100, 32, 256, 256), (50, 64, 512, 512),
  ]
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock], warmupIterations: 5, maxDuration: .seconds(1), maxIterations: 10_000)
  for (steps, rows, inputSize, hiddenSize) in shapes {
    for backend in Backend.available {
      Benchmark("T \(steps), B \(rows), I \(inputSize), H \(hiddenSize), \(backend.rawValue)") { benchmark in
        var generator = SeededGenerator(seed: 20)
        var rnn = RNN<Float>(inputSize: inputSize, hiddenSize: hiddenSize, using: &generator)
        let x = Tensor<Float>.normal([steps, rows, inputSize], using: &generator)
        rnn.threadCount = 1
        rnn.backend = .swift
        let expected = try rnn(x).output
        rnn.backend = backend
        // Nothing is timed whose result is wrong; a wrong product is off by far more.
        let difference = try rnn(x).output.greatestDifference(from: expected)
        guard difference < 1e-3 else {
          benchmark.error("differs by \(difference)")
          return
        }
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(try rnn(x)) }
        benchmark.stopMeasurement()
      }
    }
  }
}

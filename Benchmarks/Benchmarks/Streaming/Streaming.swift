import Benchmark
import BenchmarkSupport
import Recurrent

/// One step at a time for one row, as signals arrive, and for the sessions of a pool beside a stream
/// of 64 rows: the time of a step, and how far the times of single steps spread.
let benchmarks: @Sendable () -> Void = {
  timeSteps("Reading the clock, and nothing else", operations: 0) { NoStep() }
  for size in [16, 64, 128, 256] {
    let operations = 4 * Double(size * size)
    for contender in Contender.all {
      let of = "of B 1, I \(size), H \(size) on \(contender), 1 thread"
      timeSteps("RNNStream.step \(of)", operations: operations) { try rnnStep(size, contender) }
      timeSteps("RNNCell call \(of)", operations: operations) { try CellCall(size, contender) }
      timeSteps("RNNCell.step \(of)", operations: operations) { try CellStep(size, contender) }
      timeSteps("LSTMStream.step \(of)", operations: 4 * operations) { try lstmStep(size, contender) }
      timeSteps("GRUStream.step \(of)", operations: 3 * operations) { try gruStep(size, contender) }
    }
  }
  timeSessions()
}

/// Steps of a stream of 64 rows, and of as many and of 1000 sessions of a pool.
private func timeSessions() {
  let (inputSize, hiddenSize) = (64, 128)
  for contender in Contender.all {
    let of = "LSTM, I \(inputSize), H \(hiddenSize) on \(contender)"
    let operations = Double(2 * 4 * hiddenSize * (inputSize + hiddenSize))
    timeSteps("RecurrentStream.step of B 64, \(of), 1 thread", operations: 64 * operations) {
      try denseStep(inputSize, hiddenSize, contender)
    }
    for threads in contender.backend == .swift ? [1, 2] : [1] {
      for sessions in [64, 1000] {
        timeSteps(
          "RecurrentStreamPool.step of \(sessions) sessions, \(of), \(counted(threads, "thread"))",
          operations: Double(sessions) * operations
        ) {
          try PoolStep(inputSize, hiddenSize, contender, sessions: sessions, threads: threads)
        }
      }
    }
  }
}

/// Registers a benchmark of what `make` returns: of steps in a row, and of many steps one by one.
private func timeSteps<Subject: Step & ~Copyable>(
  _ title: String, operations: Double, make: @escaping @Sendable () throws -> Subject
) {
  Benchmark(
    title, configuration: timing(operations: operations, metrics: [.wallClock] + StepTimes.metrics),
    closure: { (benchmark, steps: Repetition<Subject>) in
      let count = benchmark.scaledIterations.count
      benchmark.startMeasurement()
      try steps.perform(count)
      benchmark.stopMeasurement()
      try steps.times(StepTimes.count(operations: operations)).report(to: benchmark)
    }, setup: { try Repetition(make()) })
}

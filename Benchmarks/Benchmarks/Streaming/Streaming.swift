import Benchmark
import BenchmarkSupport
import Recurrent

/// One step at a time for one row, as signals arrive: the time of a step, and how far the times of
/// single steps spread.
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
}

/// Registers a benchmark of what `make` returns: of a thousand steps in a row, and of many steps
/// one by one.
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
      try steps.times().report(to: benchmark)
    }, setup: { try Repetition(make()) })
}

import Benchmark

/// Registers a benchmark of what `setUp` returns, which performs a call so many times. `setUp` runs
/// once, and throws where a call gives something wrong, so that it is not timed.
public func time(
  _ title: String, operations: Double, setUp: @escaping @Sendable () throws -> (_ calls: Int) throws -> Void
) {
  Benchmark(
    title, configuration: timing(operations: operations),
    closure: { (benchmark, perform: (Int) throws -> Void) in
      let calls = benchmark.scaledIterations.count
      benchmark.startMeasurement()
      try perform(calls)
      benchmark.stopMeasurement()
    }, setup: setUp)
}

/// How a call is timed that takes about so many floating-point operations: what lasts less than
/// some 50 µs, a thousand at a time, since reading the clock takes as long as a small product.
public func timing(
  operations: Double, metrics: [BenchmarkMetric] = [.wallClock]
) -> Benchmark.Configuration {
  // The harness prints whole numbers.
  let units: BenchmarkTimeUnits = operations < 2e8 ? .nanoseconds : .microseconds
  return Benchmark.Configuration(
    metrics: metrics, timeUnits: units, warmupIterations: 2,
    scalingFactor: operations < 2e6 ? .kilo : .one,
    maxDuration: .milliseconds(500), maxIterations: 10_000)
}

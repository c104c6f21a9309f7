import Benchmark

/// Steps in a row, and steps one by one.
final class Repetition<Subject: Step & ~Copyable> {
  private var subject: Subject

  init(_ subject: consuming Subject) { self.subject = subject }

  /// Performs steps in a row.
  func perform(_ count: Int) throws {
    try Self.perform(count, &subject)
  }

  /// Times so many steps one by one, with one reading of the clock for each.
  func times(_ count: Int) throws -> StepTimes {
    try Self.times(count, &subject)
  }

  // The subject is handed over once, so that no step pays for looking it up.

  private static func perform(_ count: Int, _ subject: inout Subject) throws {
    for _ in 0..<count { try subject.perform() }
  }

  private static func times(_ count: Int, _ subject: inout Subject) throws -> StepTimes {
    let clock = ContinuousClock()
    var durations = [Duration](repeating: .zero, count: count)
    var before = clock.now
    for index in durations.indices {
      try subject.perform()
      let now = clock.now
      durations[index] = now - before
      before = now
    }
    return StepTimes(durations)
  }
}

/// The times of single steps, in nanoseconds, and how far they spread.
struct StepTimes {
  /// The steps that are timed one by one, where each has so many floating-point operations: of long
  /// ones no more than the percentiles need.
  static func count(operations: Double) -> Int { operations < 2e6 ? 10_000 : 1000 }

  private let sorted: [Int]

  init(_ durations: [Duration]) {
    sorted = durations.map { Int($0 / .nanoseconds(1)) }.sorted()
  }

  /// What the benchmark prints, for each round of steps.
  static let metrics = [p50, p99, p999, spread]

  private static let p50 = metric("Single steps: p50 (ns)")
  private static let p99 = metric("Single steps: p99 (ns)")
  private static let p999 = metric("Single steps: p99.9 (ns)")
  private static let spread = metric("Single steps: p99.9 / p50 (%)")

  private static func metric(_ name: String) -> BenchmarkMetric {
    .custom(name, useScalingFactor: false)
  }

  /// The least time that so many thousandths of the steps do not exceed.
  private func percentile(thousandths: Int) -> Int {
    sorted[min(sorted.count - 1, sorted.count * thousandths / 1000)]
  }

  /// Hands over the figures of one round.
  func report(to benchmark: Benchmark) {
    let (median, worst) = (percentile(thousandths: 500), percentile(thousandths: 999))
    benchmark.measurement(Self.p50, median)
    benchmark.measurement(Self.p99, percentile(thousandths: 990))
    benchmark.measurement(Self.p999, worst)
    benchmark.measurement(Self.spread, 100 * worst / max(1, median))
  }
}

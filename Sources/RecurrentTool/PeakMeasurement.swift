import Recurrent

/// The most that this processor's multiply-adds can do.
enum PeakMeasurement {
  /// Floating-point operations per second of one thread in `Float`: multiply-adds in registers, by
  /// the widest vectors that the processor has; the best of several tries.
  static var operationsPerSecond: Double {
    (0..<12).map { _ in operationsPerSecond(rounds: 1_000_000) }.max() ?? 0
  }

  /// What it does right now, in a try of a few tenths of a millisecond.
  static var currentOperationsPerSecond: Double { operationsPerSecond(rounds: 10_000) }

  private static func operationsPerSecond(rounds: Int) -> Double {
    let clock = ContinuousClock()
    var operations = 0
    let widest = InstructionSet.available.last
    let elapsed = clock.measure { operations = widest?.performMultiplyAdds(rounds: rounds) ?? 0 }
    return Double(operations) / elapsed.seconds
  }
}

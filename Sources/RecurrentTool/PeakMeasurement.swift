import Recurrent

/// The most that this processor's multiply-adds can do.
enum PeakMeasurement {
  /// Floating-point operations per second of one thread in `Float`: multiply-adds in registers, by the widest vectors
  /// that the processor has; the best of several tries.
  static var operationsPerSecond: Double {
    let rounds = 1_000_000
    let clock = ContinuousClock()
    let widest = InstructionSet.available.last
    var best = 0.0
    for _ in 0..<12 {
      var operations = 0
      let elapsed = clock.measure { operations = widest?.performMultiplyAdds(rounds: rounds) ?? 0 }
      best = max(best, Double(operations) / elapsed.seconds)
    }
    return best
  }
}

import Recurrent

extension Tolerance {
  /// The roundings of an operation that `TrackedNumber` allows for: see there.
  public static let roundingsPerOperation = 4.0

  /// The step of central differences: the cube root of u balances the two errors below.
  public static let differenceStep = 0x1p-17

  /// The error of a central difference (f(x + h) − f(x − h)) / 2h in `Double`.
  ///
  /// By Taylor's theorem, the difference is off by at most h²/6·max|f‴|; both values are off by
  /// what they have lost in their sums, `valueError` each.
  public static func centralDifference(valueError: Double, thirdDerivative: Double) -> Double {
    slack * (valueError / differenceStep + differenceStep * differenceStep / 6 * thirdDerivative)
  }

  /// The same for a loss of so many terms of magnitude up to 1, each the output of a small network
  /// in `Double`.
  ///
  /// Each value has lost some 16 roundings; tanh‴ is at most 2, and what the weights of a small
  /// layer, below 1, and the paths through time make of it at most 4 times as much.
  public static func centralDifference(terms: Int) -> Double {
    let lost = gamma(16 * terms, unitRoundoff: unitRoundoff(Double.self))
    return centralDifference(valueError: lost * Double(terms), thirdDerivative: 8 * Double(terms))
  }

  /// The error of a learning rate that the other side computes from the one of the epoch before.
  ///
  /// Each of the epochs multiplies by a factor of at most eight roundings, one of which may be that
  /// of a divisor whose sum has cancelled down to `leastDivisor` ≤ 1.
  public static func recursiveRate(_ initial: Double, epochs: Int, leastDivisor: Double = 1) -> Double {
    slack * initial * gamma(8 * (epochs + 1), unitRoundoff: unitRoundoff(Double.self)) / leastDivisor
  }

  /// How far the share of hits among independent trials may lie from their probability: six
  /// standard deviations, which one in 5·10⁸ runs exceeds. The seeds are fixed: a test passes
  /// always or never.
  public static func share(probability: Double, trials: Int) -> Double {
    6 * (probability * (1 - probability) / Double(trials)).squareRoot()
  }
}

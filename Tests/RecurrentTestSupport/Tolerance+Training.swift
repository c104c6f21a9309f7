import Recurrent

extension Tolerance {
  /// The roundings of an operation that `TrackedNumber` allows for: see there.
  public static let roundingsPerOperation = 4.0

  /// The step of central differences: the cube root of u balances the two errors below.
  public static let differenceStep = 0x1p-17

  /// The error of a central difference (f(x + h) − f(x − h)) / 2h in `Double`.
  ///
  /// By Taylor's theorem, the difference is off by at most h²/6·max|f‴|; both values are off by what they have lost
  /// in their sums, `valueError` each.
  public static func centralDifference(valueError: Double, thirdDerivative: Double) -> Double {
    slack * (valueError / differenceStep + differenceStep * differenceStep / 6 * thirdDerivative)
  }

  /// The same for a loss of so many terms of magnitude up to 1, each the output of a small network in `Double`.
  ///
  /// Each value has lost some 16 roundings; tanh‴ is at most 2, and what the weights of a small layer, below 1, and the
  /// paths through time make of it at most 4 times as much.
  public static func centralDifference(terms: Int) -> Double {
    let lost = gamma(16 * terms, unitRoundoff: unitRoundoff(Double.self))
    return centralDifference(valueError: lost * Double(terms), thirdDerivative: 8 * Double(terms))
  }
}

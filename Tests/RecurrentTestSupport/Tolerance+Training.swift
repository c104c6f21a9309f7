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
}

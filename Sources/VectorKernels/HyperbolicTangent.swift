extension Lanes {
  /// tanh(x), lane by lane.
  ///
  ///     tanh |x| = m / (m + 2),   m = e^(2|x|) − 1 = 2ⁿ q + (2ⁿ − 1)
  ///
  /// where ``exponential(_:times:)`` gives 2ⁿ and q. The error is below 2.7 units in the last place,
  /// with fused multiply-add and without: over all `Float` values, and over millions of `Double` values.
  ///
  /// The function is odd in every bit, and |result| ≤ 1. ±0 and all subnormal numbers give themselves,
  /// NaN gives NaN. From about 12.5 ln 2 (`Float`) or 27 ln 2 (`Double`) on, the result is exactly 1.
  @inlinable @inline(__always)
  public static func hyperbolicTangent(_ x: Vector) -> Vector {
    // Any limit beyond saturation will do that keeps 2ⁿ finite.
    let bounded = minimum(magnitude(x), broadcast(20))
    let (power, rest) = exponential(add(bounded, bounded), times: 1)
    // Where 2ⁿ is 1, adding 2ⁿ − 1 is exact: no cancellation for small x. Where it is large, the
    // rounding of m cancels in the quotient.
    let m = multiplyAdd(power, rest, subtract(power, broadcast(1)))
    // At twice the number from which on the odd integers are missing, m + 2 is a tie, and rounds to
    // either side as m grows; the results would leave 1 again. At the limit itself it rounds to m.
    let saturation = Scalar(1 << (Scalar.significandBitCount + 2))
    let limited = minimum(m, broadcast(saturation))
    return copySign(divide(limited, add(limited, broadcast(2))), from: x)
  }
}

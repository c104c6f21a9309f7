extension Lanes {
  /// The logistic function 1 / (1 + e^−x), lane by lane.
  ///
  ///     1 / (1 + e)  where x ≥ 0,   e / (1 + e)  where x < 0,   e = e^−|x| = 2ⁿ + 2ⁿ q
  ///
  /// where ``exponential(_:times:)`` gives 2ⁿ and q. The error is below 2.5 units in the last
  /// place, with fused multiply-add and without: over all `Float` values, and over millions of
  /// `Double` values. That holds for subnormal results too; their unit is the least subnormal
  /// number.
  ///
  /// The result lies between 0 and 1; it is exactly 0.5 at ±0, 1 at ∞, 0 at −∞, and NaN for NaN.
  @inlinable @inline(__always)
  public static func sigmoid(_ x: Vector) -> Vector {
    // Numerator and denominator carry a factor of 2⁶⁴. It keeps e a normal number down to the last
    // x whose result is not 0, so that subnormal results are rounded once only, by the division.
    let one: Scalar = 0x1p64
    let bounded = minimum(magnitude(x), broadcast(-exponentialUnderflow))
    let (power, rest) = exponential(copySign(bounded, from: broadcast(-1)), times: one)
    // A product, not a shift of 1 + q: the NaN of `rest` must survive, whatever `power` is there.
    let e = multiplyAdd(power, rest, power)
    let numerator = select(where: x, isLessThan: broadcast(0), e, else: broadcast(one))
    return divide(numerator, add(e, broadcast(one)))
  }
}

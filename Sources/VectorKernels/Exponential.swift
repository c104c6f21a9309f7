// e^z for the logistic function, without its last addition: 1 + q is rounded with what follows.
//
//     z = n ln 2 + r,   |r| ≤ ln 2 / 2,   e^z = 2ⁿ (1 + q(r)),   q(r) = r + r² P(r) ≈ eʳ − 1
//
// - n: adding 1.5 · 2^(significand bits) to z / ln 2 rounds it to an integer that stands in the low
//   bits of the sum, from where it is added to an exponent.
// - r: ln 2 is a sum of two numbers, of which the high one is short enough that its product with
//   n is exact. So r is accurate on processors without fused multiply-add too.
// - q: kept apart from the 1, so that both are rounded once.
// - P: evaluated in r² over pairs of terms. That takes no more operations than term by term and has
//   half the latency, which is what limits narrow vectors: a processor overlaps only a few
//   iterations.
//
// All constants come from derive_coefficients.py: P minimizes the greatest relative error of q; one
// degree less would cost several units in the last place, one more would gain a fraction of one.
//
// NaN gives a NaN `rest`, beside a meaningless `power`.

extension Lanes where Scalar == Float {
  /// e^-104 is less than half the least subnormal number.
  @inlinable @inline(__always)
  public static var exponentialUnderflow: Float { -104 }

  /// `factor` · e^z = `power` · (1 + `rest`) for −104 ≤ z ≤ 88, if power and factor are normal
  /// numbers.
  ///
  /// The relative error of `rest` is below 2^-25.7, not counting rounding.
  @inlinable @inline(__always)
  public static func exponential(
    _ z: Vector, times factor: Float
  ) -> (power: Vector, rest: Vector) {
    let shift = broadcast(0x1.8p23)
    let shifted = multiplyAdd(z, broadcast(0x1.715476p+0), shift)
    let n = subtract(shifted, shift)
    var r = multiplyAdd(n, broadcast(-0x1.62e4p-1), z)
    r = multiplyAdd(n, broadcast(-0x1.7f7d1cp-20), r)
    let square = multiply(r, r)
    let low = multiplyAdd(r, broadcast(0x1.5554b0p-3), broadcast(0x1.fffffep-2))
    var p = multiplyAdd(r, broadcast(0x1.1227f4p-7), broadcast(0x1.555674p-5))
    p = multiplyAdd(square, broadcast(0x1.6bebf8p-10), p)
    p = multiplyAdd(p, square, low)
    let q = multiplyAdd(p, square, r)
    return (scale(broadcast(factor), byPowerIn: shifted), q)
  }
}

extension Lanes where Scalar == Double {
  /// e^-746 is less than half the least subnormal number.
  @inlinable @inline(__always)
  public static var exponentialUnderflow: Double { -746 }

  /// `factor` · e^z = `power` · (1 + `rest`) for −746 ≤ z ≤ 709, if power and factor are normal
  /// numbers.
  ///
  /// The relative error of `rest` is below 2^-54.8, not counting rounding.
  @inlinable @inline(__always)
  public static func exponential(
    _ z: Vector, times factor: Double
  ) -> (power: Vector, rest: Vector) {
    let shift = broadcast(0x1.8p52)
    let shifted = multiplyAdd(z, broadcast(0x1.71547652b82fep+0), shift)
    let n = subtract(shifted, shift)
    var r = multiplyAdd(n, broadcast(-0x1.62e42fefa38p-1), z)
    r = multiplyAdd(n, broadcast(-0x1.ef35793c7673p-45), r)
    let square = multiply(r, r)
    var p = multiplyAdd(r, broadcast(0x1.ae6ba9f52992dp-26), broadcast(0x1.28a23494b313ap-22))
    let p6 = multiplyAdd(r, broadcast(0x1.71de884d6aa5ep-19), broadcast(0x1.a019a71e808p-16))
    let p4 = multiplyAdd(r, broadcast(0x1.a01a0174da68cp-13), broadcast(0x1.6c16c17ef4de6p-10))
    let p2 = multiplyAdd(r, broadcast(0x1.111111111909p-7), broadcast(0x1.555555555225dp-5))
    let p0 = multiplyAdd(r, broadcast(0x1.5555555555539p-3), broadcast(0x1.0000000000005p-1))
    p = multiplyAdd(p, square, p6)
    p = multiplyAdd(p, square, p4)
    p = multiplyAdd(p, square, p2)
    p = multiplyAdd(p, square, p0)
    let q = multiplyAdd(p, square, r)
    return (scale(broadcast(factor), byPowerIn: shifted), q)
  }
}

// tanh by one rational function and one division.
//
// Goals, in order:
// 1. Within 4 units in the last place everywhere; odd, never beyond ±1, exactly ±1 from some |x| on; ±0, subnormal
//    numbers and NaN kept.
// 2. Few operations in a short chain: a step of a small layer waits for it.
//
// With y = |x| and t ≈ tanh(y/2) = a/b, a = y/2·(1 + y²P(y²)), b = 1 + y²Q(y²), the double angle
// gives
//
//     tanh y = 2t / (1 + t²) = 2ab / (2ab + (b − a)²)
//
// - All terms are positive: nothing cancels, and the quotient cannot exceed 1. At the limit of y, b
//   − a has vanished beside the product, and it is exactly 1.
// - A relative error d of t moves the result by d / cosh y only, so few coefficients are enough,
//   and the rounding of a and b is damped where y is large.
// - The leading terms are exact: what y² vanishes beside returns as it is.
//
// The coefficients come from derive_hyperbolic_tangent.py: P and Q minimize the greatest error of
// the result.
//
// Rejected:
// | alternative                                  | why not                                                          |
// | -------------------------------------------- | ---------------------------------------------------------------- |
// | (e^2y − 1) / (e^2y + 1), e by a polynomial   | 24 operations and twice the latency for as many correct bits     |
// | y·P(y²)/Q(y²) for tanh itself                | rounding of P and Q counts in full, and exceeds 1                |
// | y²Q, y³ and d + 2 without waiting for P, Q   | a chain that is 6 cycles of 25 shorter, with three operations    |
// | and d                                        | more on the same units: no step is faster, batches 1 to 3 %      |
// |                                              | slower                                                           |

extension Lanes {
  /// tanh(x), lane by lane.
  ///
  /// The function is odd in every bit, and |result| ≤ 1. ±0 and all subnormal numbers give
  /// themselves, NaN gives NaN. From 9.0109 (`Float`) or 19.06 (`Double`) on, the result is exactly
  /// 1; below, where tanh is within a unit in the last place of 1, it is 1 or the number before.
  /// The error is below 3.8 units in the last place, with fused multiply-add and without, over all
  /// `Float` values.
  @inlinable @inline(__always)
  public static func hyperbolicTangent(_ x: Vector) -> Vector {
    let y = minimum(magnitude(x), broadcast(hyperbolicTangentLimit))
    let square = multiply(y, y)
    let (p, q) = hyperbolicTangentFactors(square)
    let twoA = multiplyAdd(y, multiply(square, p), y)
    let excess = multiply(square, q)
    let product = multiplyAdd(twoA, excess, twoA)
    // (b − a)² = (1 + d)² with d = b − 1 − a, which is small where y is.
    let d = multiplyAdd(twoA, broadcast(-0.5), excess)
    let rest = multiplyAdd(d, add(d, broadcast(2)), broadcast(1))
    return divide(copySign(product, from: x), add(product, rest))
  }
}

extension Lanes where Scalar == Float {
  /// A number from which on tanh rounds to 1.
  @inlinable @inline(__always)
  public static var hyperbolicTangentLimit: Float { 9.0109 }

  /// P and Q at y².
  @inlinable @inline(__always)
  public static func hyperbolicTangentFactors(_ square: Vector) -> (p: Vector, q: Vector) {
    let p = multiplyAdd(square, broadcast(0x1.df95e6p-14), broadcast(0x1.e7e162p-6))
    let q = multiplyAdd(square, broadcast(0x1.4a6934p-20), broadcast(0x1.3c66aep-10))
    return (p, multiplyAdd(square, q, broadcast(0x1.cf4da4p-4)))
  }
}

extension Lanes where Scalar == Double {
  /// A number from which on tanh rounds to 1.
  @inlinable @inline(__always)
  public static var hyperbolicTangentLimit: Double { 19.06 }

  /// P and Q at y².
  @inlinable @inline(__always)
  public static func hyperbolicTangentFactors(_ square: Vector) -> (p: Vector, q: Vector) {
    let fourth = multiply(square, square)
    var p = multiplyAdd(square, broadcast(0x1.7f4e2fdbf8510p-56), broadcast(0x1.cc4b6e8a8d48fp-42))
    let p2 = multiplyAdd(square, broadcast(0x1.37085edbdb9b4p-30), broadcast(0x1.083b77f59a062p-20))
    let p0 = multiplyAdd(square, broadcast(0x1.4f53e24ba666bp-12), broadcast(0x1.2aec7e39c3f5fp-5))
    p = multiplyAdd(multiplyAdd(p, fourth, p2), fourth, p0)
    var q = multiplyAdd(square, broadcast(0x1.2e728422cee7bp-49), broadcast(0x1.bfddc12d50da3p-37))
    let q2 = multiplyAdd(square, broadcast(0x1.459f1b6cd09f1p-26), broadcast(0x1.504bcd8013ef5p-17))
    let q0 = multiplyAdd(square, broadcast(0x1.026fc3e06eb6ap-9), broadcast(0x1.eacb947237504p-4))
    q = multiplyAdd(multiplyAdd(q, fourth, q2), fourth, q0)
    return (p, q)
  }
}

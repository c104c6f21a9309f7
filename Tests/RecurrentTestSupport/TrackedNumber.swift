import Foundation
import Recurrent

// Running error analysis (N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd
// edition, § 3.3): a number carries a bound of how far the same number, computed by somebody else
// in `Scalar`, may lie from it.
//
// For operands a ± α and b ± β, and ρ for the rounding of the operation itself:
//
//     a + b: α + β + ρ        a · b: |a|β + |b|α + αβ + ρ        a / b: (α + |a/b|β) / (|b| − β) + ρ
//     √a:    min(α / √a, √α) + ρ
//     exp a: exp(a)·(exp(α) − 1) + ρ        log a: α / (a − α) + ρ
//     Σ aᵢbᵢ: Σ (|aᵢ|βᵢ + |bᵢ|αᵢ + αᵢβᵢ) + `Tolerance.sumBound`, in any order of the additions
//     tanh a: `Tolerance.activationBound`
//
// ρ = k·u·|result|, with the magnitude that the result may have. k =
// `Tolerance.roundingsPerOperation` where one rounding would do: implementations may write an
// equation in another form, such as a + w·(b − a) for (1 − w)·a + w·b, and the reference itself is
// rounded in `Double`. The product a·b that underflows adds the least number.

/// A number in `Double`, and how far the same number computed in `Scalar` may lie from it.
public struct TrackedNumber<Scalar: TensorScalar>: Sendable {
  /// The number.
  public var value: Double
  /// The bound of the error.
  public var error: Double

  /// A number that both have exactly.
  public init(_ value: Double) {
    self.init(value, error: 0)
  }

  /// A number that is known to a bound.
  public init(_ value: Double, error: Double) {
    self.value = value
    self.error = error
  }

  /// A number that is rounded, as a hyperparameter when it becomes a `Scalar`.
  public init(rounding value: Double) {
    self.init(value, operands: 0)
  }

  /// The result of an operation that inherits an error from its operands.
  private init(_ value: Double, operands error: Double) {
    let unit = Tolerance.roundingsPerOperation * Tolerance.unitRoundoff(Scalar.self)
    self.value = value
    self.error =
      Tolerance.slack
      * (error + unit * (value.magnitude + error)
        + Tolerance.roundingsPerOperation * Double(Scalar.leastNonzeroMagnitude))
  }

  public static func + (a: Self, b: Self) -> Self {
    Self(a.value + b.value, operands: a.error + b.error)
  }

  public static func - (a: Self, b: Self) -> Self {
    Self(a.value - b.value, operands: a.error + b.error)
  }

  public static func * (a: Self, b: Self) -> Self {
    Self(
      a.value * b.value,
      operands: a.value.magnitude * b.error + b.value.magnitude * a.error + a.error * b.error)
  }

  public static func / (a: Self, b: Self) -> Self {
    let quotient = a.value / b.value
    let room = b.value.magnitude - b.error
    return Self(
      quotient,
      operands: room > 0 ? (a.error + quotient.magnitude * b.error) / room : .infinity)
  }

  /// The square root; of what may be negative by rounding, that of 0.
  public func squareRoot() -> Self {
    let root = max(0, value).squareRoot()
    return Self(root, operands: error == 0 ? 0 : min(error / root, error.squareRoot()))
  }

  /// The exponential.
  public func exponential() -> Self {
    Self(exp(value), operands: exp(value) * expm1(error))
  }

  /// The natural logarithm.
  public func logarithm() -> Self {
    Self(log(value), operands: value > error ? error / (value - error) : .infinity)
  }

  /// The hyperbolic tangent.
  public func hyperbolicTangent() -> Self {
    Self(
      tanh(value), error: Tolerance.activationBound(.tanh, at: value, error: error, Scalar.self))
  }

  /// The sum of products of pairs, in whatever order the other side adds them.
  public static func sum(ofProducts pairs: [(Self, Self)]) -> Self {
    var (value, inherited, magnitude) = (0.0, 0.0, 0.0)
    for (a, b) in pairs {
      value += a.value * b.value
      inherited +=
        a.value.magnitude * b.error + b.value.magnitude * a.error + a.error * b.error
      magnitude += (a.value.magnitude + a.error) * (b.value.magnitude + b.error)
    }
    // The sum may begin at a number that is there already.
    let rounding = Tolerance.sumBound(termCount: pairs.count + 1, magnitude: magnitude, Scalar.self)
    return Self(value, error: Tolerance.slack * inherited + rounding)
  }

  /// The number after a conversion to another type.
  public func converted<Other: TensorScalar>(to _: Other.Type) -> TrackedNumber<Other> {
    let rounded = TrackedNumber<Other>(rounding: value)
    return TrackedNumber<Other>(value, error: error + rounded.error)
  }
}

import Recurrent

// 5. Least squares by Householder QR are backward stable: the computed X solves (A + E)·X ≈ B + F with ‖E‖ ≤ c·‖A‖_F
//    and ‖F‖ ≤ c·‖B‖_F (Higham, 2nd edition, theorem 20.3), c being that of an orthonormal factor.
// 6. A state that leaks, (1 − a)·h + a·t, is off by (1 − a)·e_h + a·e_t, two rounded products, a rounded difference
//    1 − a and a rounded sum: 4 roundings of numbers whose magnitudes add up to at most |h| + |t|.

extension Tolerance {
  /// ‖Aᵀ(B − A·X)‖_F for a computed least-squares solution X, 0 for the exact one.
  ///
  /// The normal equations of the perturbed problem give −Eᵀ·R − Aᵀ·(F − E·X) to first order.
  public static func leastSquaresGradient(
    rows: Int, columns: Int, matrixNorm: Double, rightNorm: Double, solutionNorm: Double,
    residualNorm: Double
  ) -> Double {
    let share = orthonormality(rows: rows, columns: columns)
    return share * matrixNorm * (residualNorm + rightNorm + matrixNorm * solutionNorm)
  }

  /// ‖X − X̂‖_F for a computed solution X̂ of a problem with a known condition number κ.
  ///
  /// Golub and Van Loan, § 5.3.7: κ·(‖F‖ + ‖E‖·‖X‖)/‖A‖ + κ²·‖E‖·‖R‖/‖A‖², the smallest singular
  /// value being ‖A‖/κ.
  public static func leastSquaresSolution(
    rows: Int, columns: Int, condition: Double, matrixNorm: Double, rightNorm: Double, solutionNorm: Double,
    residualNorm: Double
  ) -> Double {
    let share = orthonormality(rows: rows, columns: columns)
    return share
      * (condition * (rightNorm / matrixNorm + solutionNorm) + condition * condition * residualNorm
        / matrixNorm)
  }

  /// The error of (1 − rate)·previous + rate·activation.
  public static func leakBound<Scalar: TensorScalar>(
    previous: Double, previousError: Double, activation: Double, activationError: Double, rate: Double,
    _: Scalar.Type
  ) -> Double {
    let magnitude = previous.magnitude + previousError + activation.magnitude + activationError
    let rounding =
      gamma(4, unitRoundoff: unitRoundoff(Scalar.self)) + gamma(4, unitRoundoff: unitRoundoff(Double.self))
    let least = 4 * Double(Scalar.leastNonzeroMagnitude)
    return slack * ((1 - rate) * previousError + rate * activationError + rounding * magnitude + least)
  }
}

/// What forecasts must reach: no rounding bounds, but what networks of these sizes were seen to
/// reach, with a margin.
extension Tolerance {
  /// The error of 250 steps of a sine of amplitude 1 that 50 units continue.
  public static let forecastOfSine = 1e-3
  /// NRMSE84 of 150 units that have seen 1300 steps.
  public static let forecastOfMackeyGlass = 0.03
}

import Foundation
import Recurrent

// How far a result may lie from the reference: derived, not tuned. All constants of the tests are
// here.
//
// Notation: u is the unit roundoff (2⁻²⁴ for Float, 2⁻⁵³ for Double), η the least subnormal number,
// γ_k = k·u / (1 − k·u) (N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd
// edition, lemma 3.1), e the vector of absolute errors, |·| element by element.
//
// 1. One sum. a = b_ih + b_hh + W x + U h has k = I + H + 2 terms. In any order of the additions, with products
//    that are rounded or fused, each term takes part in at most k roundings. So, for the exact x and h,
//
//        |computed a − a| ≤ γ_k (|b_ih| + |b_hh| + |W||x| + |U||h|) + k·η
//
//    where k·η is for products that underflow. The computed x and h are off by e_x and e_h, which moves the exact
//    sum by at most |W| e_x + |U| e_h and magnitudes by as much.
// 2. The nonlinearity. ReLU is exact and moves by no more than its argument; from a negative one, by no more than
//    the argument rises above 0. By the mean value theorem, tanh moves by at most δ·max tanh', the maximum
//    over [a − δ, a + δ]: tanh' = 1 − tanh² falls with |a|,
//    so that it is 1 − tanh²(max(0, |a| − δ)) ≤ 1. To this come 4 ulp, the documented error of the kernels;
//    an ulp of a result r is at most 2u|r|, or η.
// 3. Time and layers. e_h of a step is the e_h that the next step starts from and the e_x of the layer above.
//    At the start both are 0: tests begin with numbers that Float has.
// 4. The reference has the same errors with the u of Double, which 1 and 2 count beside the ones of the scalar.
//
// 5. Gradients. The chain rule is sums of products of numbers that are themselves off by errors: with |a − â| ≤ e_a and
//    |b − b̂| ≤ e_b, a product is off by |a| e_b + |b| e_a + e_a e_b and one rounding, a sum of k of them by the sum of
//    that and γ_k times the magnitudes. The derivative 1 − h² is off by 2|h| e_h + e_h² and 3 roundings of numbers up
//    to 1; that of ReLU by nothing, or by 1 where the sum is so near to 0 that the computed one may have the other sign.
//
// This is rigorous: a correct implementation never exceeds it, whatever the order of its sums. The
// bound is itself computed in Double; `slack` covers its rounding. It grows with ‖U‖ at every step,
// so it is loose for long sequences of large layers. `expectClose` refuses a bound that would prove
// nothing.

/// Constants and error bounds of the tests.
public enum Tolerance {
  /// The documented error of tanh and sigmoid, in units in the last place.
  public static let activationUnits = 4.0
  /// The error of the C library's tanh in Double, in units in the last place, with a wide margin.
  public static let referenceUnits = 4.0
  /// A bound above this share of max(1, |expected|) proves nothing.
  public static let vacuous = 0.05
  /// Whether a bound proves nothing about a number.
  public static func isVacuous(_ bound: Double, for expected: Double) -> Bool {
    // NaN is no bound.
    !(bound <= vacuous * max(1, expected.magnitude))
  }

  /// Covers the rounding of the bound itself.
  static let slack = 1 + 0x1p-30

  /// u: half of the distance between 1 and the next number.
  public static func unitRoundoff<Scalar: TensorScalar>(_: Scalar.Type) -> Double {
    Double(Scalar.ulpOfOne) / 2
  }

  /// γ_k of Higham's lemma 3.1.
  public static func gamma(_ count: Int, unitRoundoff: Double) -> Double {
    Double(count) * unitRoundoff / (1 - Double(count) * unitRoundoff)
  }

  /// The error of a sum of `termCount` products against the same in Double, for Σ |terms| =
  /// `magnitude`.
  public static func sumBound<Scalar: TensorScalar>(
    termCount: Int, magnitude: Double, _: Scalar.Type
  ) -> Double {
    let factor =
      gamma(termCount, unitRoundoff: unitRoundoff(Scalar.self))
      + gamma(termCount, unitRoundoff: unitRoundoff(Double.self))
    return slack * (factor * magnitude + Double(termCount) * Double(Scalar.leastNonzeroMagnitude))
  }

  /// The error of a nonlinearity at the exact argument `sum`, the computed one being off by
  /// `error`.
  public static func activationBound<Scalar: TensorScalar>(
    _ nonlinearity: Nonlinearity, at sum: Double, error: Double, _: Scalar.Type
  ) -> Double {
    guard nonlinearity == .tanh else { return sum < 0 ? max(0, error + sum) : error }
    let nearest = tanh(max(0, sum.magnitude - error))
    // 1 − tanh² rounds to 0 far out, where the true derivative is a little more.
    let moved = error * min(1, 1 - nearest * nearest + 4 * unitRoundoff(Double.self))
    let result = min(1, tanh(sum.magnitude) + moved)
    let units =
      activationUnits * unitRoundoff(Scalar.self) + referenceUnits * unitRoundoff(Double.self)
    let least = (activationUnits + referenceUnits) * Double(Scalar.leastNonzeroMagnitude)
    return slack * (moved + 2 * units * result + least)
  }

  /// The error of the logistic function where the computed argument is off by `error`: its
  /// derivative is at most 1/4 and its results at most 1.
  public static func sigmoidBound<Scalar: TensorScalar>(error: Double, _: Scalar.Type) -> Double {
    let units =
      activationUnits * unitRoundoff(Scalar.self) + referenceUnits * unitRoundoff(Double.self)
    return slack * (error / 4 + 2 * units)
  }

  /// Error bounds for a whole pass.
  public struct PassBound: Sendable {
    /// For the last layer's outputs, [T, B, H].
    public var output: [Double]
    /// For every layer's final state, [L, B, H].
    public var finalState: [Double]
    /// For every layer's states before each step and after the last, [T + 1, B, H].
    public var states: [[Double]] = []
    /// For the sums that each layer's nonlinearity is applied to, [T, B, H].
    public var sums: [[Double]] = []
  }

  /// The bound for each output and final state of a network, from its parameters and what the
  /// reference went through.
  public static func bound<Scalar: TensorScalar>(
    for reference: ReferenceRNN, _ histories: [ReferenceHistory], input: [Double], steps: Int,
    rows: Int, _: Scalar.Type
  ) -> PassBound {
    var layerInput = input
    var inputErrors = [Double](repeating: 0, count: input.count)
    var bound = PassBound(output: [], finalState: [])
    for (cell, history) in zip(reference.cells, histories) {
      let (inputSize, hiddenSize) = (cell.inputSize, cell.hiddenSize)
      let stateCount = rows * hiddenSize
      var stateErrors = [Double](repeating: 0, count: stateCount)
      var sumErrors: [Double] = []
      for step in 0..<steps {
        for row in 0..<rows {
          for unit in 0..<hiddenSize {
            var magnitude = cell.biasIH[unit].magnitude + cell.biasHH[unit].magnitude
            var inherited = 0.0
            for feature in 0..<inputSize {
              let weight = cell.weightIH[unit * inputSize + feature].magnitude
              let position = (step * rows + row) * inputSize + feature
              magnitude += weight * layerInput[position].magnitude
              inherited += weight * inputErrors[position]
            }
            for other in 0..<hiddenSize {
              let weight = cell.weightHH[unit * hiddenSize + other].magnitude
              let position = (step * rows + row) * hiddenSize + other
              magnitude += weight * history.states[position].magnitude
              inherited += weight * stateErrors[position]
            }
            let error =
              slack * inherited
              + sumBound(
                termCount: inputSize + hiddenSize + 2, magnitude: magnitude + inherited, Scalar.self)
            sumErrors.append(error)
            let sum = history.sums[step * stateCount + row * hiddenSize + unit]
            stateErrors.append(
              activationBound(reference.nonlinearity, at: sum, error: error, Scalar.self))
          }
        }
      }
      layerInput = Array(history.states.dropFirst(stateCount))
      inputErrors = Array(stateErrors.dropFirst(stateCount))
      bound.finalState += stateErrors.suffix(stateCount)
      bound.states.append(stateErrors)
      bound.sums.append(sumErrors)
    }
    bound.output = inputErrors
    return bound
  }
}

extension Tolerance {
  /// ‖QᵀQ − I‖_F of a QR factorization, and the like: 4·rows·√columns·u.
  ///
  /// Higham (2nd edition), theorem 19.4: ‖ΔQ‖_F ≤ √columns·γ̃, where γ̃ holds one term rows·u for
  /// each of the reflections. Their errors have varying signs, so that the sum grows with √columns
  /// at most, not with columns. The sums of the test itself add as much.
  public static func orthonormality(rows: Int, columns: Int) -> Double {
    4 * Double(rows) * Double(columns).squareRoot() * unitRoundoff(Double.self)
  }

  /// The backward error ‖E‖_F that the QR iteration may make: 4·order·u·‖A‖_F.
  ///
  /// Golub and Van Loan, § 7.5.6: the computed eigenvalues are exact for A + E, ‖E‖₂ ≈ u·‖A‖₂. Each
  /// of about 2.5·order steps adds errors of a few u·‖A‖_F with varying signs; order·u bounds their
  /// sum.
  public static func eigenvalueBackwardError(order: Int, norm: Double) -> Double {
    4 * Double(order) * unitRoundoff(Double.self) * norm
  }
}

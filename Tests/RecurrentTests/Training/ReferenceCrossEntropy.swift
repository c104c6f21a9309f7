import Foundation
import Recurrent
import RecurrentTestSupport

/// The cross-entropy by its definition in Double, and how close a computation in `Scalar` must come.
///
/// With u the unit roundoff, a term t_j = e^(x_j − m) is off by at most (|x_j − m| + 8)·u of itself,
/// as documented: the difference is rounded once, which the exponential multiplies, and the
/// exponential takes the rest. The others' sum O = Σ_{j≠c} t_j is made of blocks, each element of
/// which is added in one of the lanes: 1024 / lanes additions and log₂ of the lanes. The class's own
/// term, S = t_c + O and what follows are computed in Double. So, with δ the error of O:
///
/// - log S and log S/t_c are off by at most δ / (S − δ),
/// - p_j = t_j / S is off by (error of t_j) / S + p_j·δ / (S − δ) and the roundings of the factor,
///   the product, the scale and the sum with its offset,
/// - Σ_j w_j (m − x_j), all of whose terms are positive, by three roundings of each and those of
///   the sum.
struct ReferenceCrossEntropy<Scalar: TensorScalar> {
  private(set) var value = 0.0
  private(set) var valueBound = 0.0
  private(set) var gradient: [Double] = []
  private(set) var gradientBounds: [Double] = []

  private let unit = Tolerance.unitRoundoff(Scalar.self)
  private let least = Double(Scalar.leastNonzeroMagnitude)
  private let double = Tolerance.unitRoundoff(Double.self)

  private var roundingsOfSum: Int { Scalar.self == Float.self ? 1024 / 32 + 5 : 1024 / 16 + 4 }

  /// Whether the other side computes softmax − 1, which loses digits that the rest keeps.
  private let subtracts: Bool

  init(
    _ loss: SoftmaxCrossEntropy, logits: Tensor<Scalar>, classes: [Int], subtracts: Bool = false
  ) {
    self.subtracts = subtracts
    let count = logits.shape[logits.shape.rank - 1]
    let weights = loss.weights ?? Array(repeating: 1, count: count)
    let counted = classes.filter { $0 != loss.ignoreIndex }
    let divisor = counted.reduce(0) { $0 + weights[$1] }
    var (total, bound) = (0.0, 0.0)
    for (row, label) in classes.enumerated() {
      guard label != loss.ignoreIndex else {
        gradient += Array(repeating: 0, count: count)
        gradientBounds += Array(repeating: 0, count: count)
        continue
      }
      let x = logits.scalars[(row * count)..<((row + 1) * count)].map { Double($0) }
      let (own, error) = add(x, label, weights, loss.labelSmoothing, divisor)
      total += own
      bound += error
    }
    value = total / divisor
    // The rows are added in Double, and the mean is rounded.
    let sum = Tolerance.gamma(classes.count + 8, unitRoundoff: double) * total.magnitude
    valueBound = (bound + sum) / divisor + unit * value.magnitude + least
  }

  private mutating func add(
    _ x: [Double], _ label: Int, _ weights: [Double], _ smoothing: Double, _ divisor: Double
  ) -> (loss: Double, error: Double) {
    let greatest = x.max() ?? 0
    let terms = x.map { exp($0 - greatest) }
    // Those that vanish are written as zero.
    let termErrors = zip(x, terms).map { x, term in
      term == 0 ? least : term * ((greatest - x) + 8) * unit + least
    }
    let others = terms.indices.filter { $0 != label }.reduce(0) { $0 + terms[$1] }
    let roundings = Tolerance.gamma(roundingsOfSum, unitRoundoff: unit)
    let error =
      terms.indices.filter { $0 != label }.reduce(0) { $0 + termErrors[$1] } * (1 + roundings)
      + others * (roundings + Tolerance.gamma(x.count, unitRoundoff: double))
    let sum = terms[label] + others
    let relative = error / max(sum - error, .leastNormalMagnitude)
    let common = smoothing / Double(x.count)
    let weight = (1 - smoothing) * weights[label]
    let weightSum = weights.reduce(0, +)

    let isCertain = terms[label] > others
    let ownLoss = isCertain ? log1p(others / terms[label]) : log(sum) + (greatest - x[label])
    let distances = zip(x, weights).reduce(0) { $0 + $1.1 * (greatest - $1.0) }
    let distanceError =
      smoothing == 0
      ? 0
      : distances * (3 * unit + roundings + Tolerance.gamma(x.count, unitRoundoff: double))
        + Double(x.count) * least
    let smoothed = smoothing == 0 ? 0 : common * (weightSum * log(sum) + distances)
    let magnitude = weight * ownLoss + smoothed
    // What is computed in Double keeps its digits where the class is all but certain.
    let absolute = isCertain && smoothing == 0 && !subtracts ? 0 : 16 * double
    let lossError =
      weight * relative + common * (weightSum * relative + distanceError) + 16 * double * magnitude
      + absolute

    let aim = weight + common * weightSum
    for (index, term) in terms.enumerated() {
      let offset = -common * weights[index] / divisor
      if index == label {
        let complement = isCertain ? others / sum : 1 - term / sum
        let slope = (common * (weightSum - weights[label]) - aim * complement) / divisor
        gradient.append(slope)
        gradientBounds.append(
          aim / divisor * relative + (unit + 16 * double) * slope.magnitude + least
            + absolute * (aim + common * weightSum) / divisor)
      } else {
        let own = aim * term / sum / divisor
        gradient.append(own + offset)
        gradientBounds.append(
          aim / divisor * (termErrors[index] / sum + term / sum * relative) + 8 * unit * own
            + 4 * unit * offset.magnitude + 4 * least * (1 + aim / divisor))
      }
    }
    return (magnitude, lossError)
  }
}

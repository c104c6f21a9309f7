#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// The numbers of one update of ``Adam`` or ``AdamW``, in the parameters' type.
///
/// What does not depend on an element is computed in `Double`: 1 − βᵗ loses most of its digits in
/// `Float`.
struct AdamEquation<Scalar: TensorScalar> {
  /// What is remembered of each parameter: m and v.
  static var kinds: [String] { ["exp_avg", "exp_avg_sq"] }

  private let keptAverage, newAverage, keptSquare, newSquare: Scalar
  /// √(1 − β₂ᵗ)
  private let rootCorrection: Scalar
  /// γ / (1 − β₁ᵗ)
  private let stepSize: Scalar
  private let epsilon, decay: Scalar
  /// 1 − γ·λ, by which parameters shrink beside the step.
  private let remainder: Scalar

  init(
    learningRate: Double, beta1: Double, beta2: Double, epsilon: Double, decay: Double,
    shrinkage: Double, step: Int
  ) throws(RecurrentError) {
    try Hyperparameter.require("learningRate", learningRate, atLeast: 0)
    try Hyperparameter.require("beta1", beta1, in: 0..<1)
    try Hyperparameter.require("beta2", beta2, in: 0..<1)
    try Hyperparameter.require("epsilon", epsilon, atLeast: 0)
    try Hyperparameter.require("weightDecay", decay + shrinkage, atLeast: 0)
    (keptAverage, newAverage) = (Scalar(beta1), Scalar(1 - beta1))
    (keptSquare, newSquare) = (Scalar(beta2), Scalar(1 - beta2))
    rootCorrection = Scalar((1 - pow(beta2, Double(step))).squareRoot())
    stepSize = Scalar(learningRate / (1 - pow(beta1, Double(step))))
    self.epsilon = Scalar(epsilon)
    self.decay = Scalar(decay)
    remainder = Scalar(1 - learningRate * shrinkage)
  }
}

extension AdamEquation: UpdateEquation {
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func advance(_ update: ParameterUpdate<Scalar>, _ elements: Range<Int>) {
    let (parameter, gradient) = (update.parameter, update.gradient)
    let (averages, squares) = (update.memory(0), update.memory(1))
    for index in elements {
      let slope = gradient[index] + decay * parameter[index]
      let average = keptAverage * averages[index] + newAverage * slope
      let square = keptSquare * squares[index] + newSquare * slope * slope
      (averages[index], squares[index]) = (average, square)
      let divisor = square.squareRoot() / rootCorrection + epsilon
      parameter[index] = remainder * parameter[index] - stepSize * (average / divisor)
    }
  }
}

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

  fileprivate let keptAverage, newAverage, keptSquare, newSquare: Scalar
  /// √(1 − β₂ᵗ)
  fileprivate let rootCorrection: Scalar
  /// γ / (1 − β₁ᵗ)
  fileprivate let stepSize: Scalar
  fileprivate let epsilon, decay: Scalar
  /// 1 − γ·λ, by which parameters shrink beside the step.
  fileprivate let remainder: Scalar

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

/// Changes one parameter by a step of Adam.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func advance<Scalar: TensorScalar>(
  _ update: ParameterUpdate<Scalar>, _ equation: AdamEquation<Scalar>
) {
  let (parameter, gradient) = (update.parameter, update.gradient)
  let (averages, squares) = (update.memory(0), update.memory(1))
  for index in 0..<update.count {
    let slope = gradient[index] + equation.decay * parameter[index]
    averages[index] = equation.keptAverage * averages[index] + equation.newAverage * slope
    squares[index] = equation.keptSquare * squares[index] + equation.newSquare * slope * slope
    let divisor = squares[index].squareRoot() / equation.rootCorrection + equation.epsilon
    parameter[index] =
      equation.remainder * parameter[index] - equation.stepSize * (averages[index] / divisor)
  }
}

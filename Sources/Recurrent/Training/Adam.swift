/// Adam: steps along a moving average of the gradients, divided by the root of a moving average of
/// their squares.
///
/// For each parameter p with gradient g, in the update number t:
///
///     g ← g + λ·p
///     m ← β₁·m + (1 − β₁)·g
///     v ← β₂·v + (1 − β₂)·g²
///     p ← p − γ / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
///
/// ### Source
/// D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015. Equations and
/// defaults are those of PyTorch's `optim.Adam`.
public struct Adam<Scalar: TensorScalar>: Optimizer {
  /// γ, the length of steps.
  public var learningRate: Double
  /// β₁: how much of the average of gradients an update keeps.
  public let beta1: Double
  /// β₂: how much of the average of squares an update keeps.
  public let beta2: Double
  /// ε, which keeps the divisor from zero.
  public let epsilon: Double
  /// λ: how strongly parameters are pulled to zero, as a part of the gradient.
  public let weightDecay: Double

  var memory = OptimizerMemory<Scalar>(kinds: AdamEquation<Scalar>.kinds)

  /// Creates the optimizer.
  ///
  /// An initializer does not throw; a hyperparameter out of range makes every update throw.
  ///
  /// - Parameters:
  ///   - learningRate: γ, the length of steps; 0 or more.
  ///   - beta1: β₁; at least 0 and less than 1.
  ///   - beta2: β₂; at least 0 and less than 1.
  ///   - epsilon: ε; 0 or more.
  ///   - weightDecay: λ; 0 or more.
  public init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public var stepCount: Int { memory.stepCount }
  public var state: StateDictionary<Scalar> { memory.stateDictionary }

  public mutating func restore(
    _ state: StateDictionary<Scalar>, stepCount: Int, for model: some Parameterized<Scalar>
  ) throws(RecurrentError) {
    try memory.restore(state, stepCount: stepCount, for: model)
  }

  public mutating func update<Model: Parameterized<Scalar>>(
    _ model: inout Model, with gradients: StateDictionary<Scalar>
  ) throws(RecurrentError) {
    let equation = try AdamEquation<Scalar>(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, decay: weightDecay,
      shrinkage: 0, step: stepCount + 1)
    try memory.update(&model, with: gradients, by: equation)
  }
}

/// Adam with a weight decay of its own, which does not pass through the averages.
///
/// For each parameter p with gradient g, in the update number t:
///
///     p ← p · (1 − γ·λ)
///     m ← β₁·m + (1 − β₁)·g
///     v ← β₂·v + (1 − β₂)·g²
///     p ← p − γ / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
///
/// ### Source
/// I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019. Equations and
/// defaults are those of PyTorch's `optim.AdamW`.
public struct AdamW<Scalar: TensorScalar>: Optimizer {
  /// γ, the length of steps.
  public var learningRate: Double
  /// β₁: how much of the average of gradients an update keeps.
  public let beta1: Double
  /// β₂: how much of the average of squares an update keeps.
  public let beta2: Double
  /// ε, which keeps the divisor from zero.
  public let epsilon: Double
  /// λ: how strongly parameters are pulled to zero, beside the gradient.
  public let weightDecay: Double

  var memory = OptimizerMemory<Scalar>(kinds: AdamEquation<Scalar>.kinds)

  /// Creates the optimizer.
  ///
  /// An initializer does not throw; a hyperparameter out of range makes every update throw.
  ///
  /// - Parameters:
  ///   - learningRate: γ, the length of steps; 0 or more.
  ///   - beta1: β₁; at least 0 and less than 1.
  ///   - beta2: β₂; at least 0 and less than 1.
  ///   - epsilon: ε; 0 or more.
  ///   - weightDecay: λ; 0 or more.
  public init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 1e-2
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public var stepCount: Int { memory.stepCount }
  public var state: StateDictionary<Scalar> { memory.stateDictionary }

  public mutating func restore(
    _ state: StateDictionary<Scalar>, stepCount: Int, for model: some Parameterized<Scalar>
  ) throws(RecurrentError) {
    try memory.restore(state, stepCount: stepCount, for: model)
  }

  public mutating func update<Model: Parameterized<Scalar>>(
    _ model: inout Model, with gradients: StateDictionary<Scalar>
  ) throws(RecurrentError) {
    let equation = try AdamEquation<Scalar>(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, decay: 0,
      shrinkage: weightDecay, step: stepCount + 1)
    try memory.update(&model, with: gradients, by: equation)
  }
}

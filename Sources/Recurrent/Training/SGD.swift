/// Stochastic gradient descent, with momentum and Nesterov's variant of it.
///
/// For each parameter p with gradient g, momentum µ, dampening τ, weight decay λ and learning rate
/// γ:
///
///     g ← g + λ·p
///     b ← µ·b + (1 − τ)·g         (b ← g in the first update)
///     p ← p − γ·b                 (p − γ·(g + µ·b) with Nesterov)
///
/// Without momentum, p ← p − γ·g.
///
/// ### Source
/// I. Sutskever, J. Martens, G. Dahl, G. Hinton, "On the importance of initialization and momentum
/// in deep learning", ICML
/// 2013. Equations and defaults are those of PyTorch's `optim.SGD`.
public struct SGD<Scalar: TensorScalar>: Optimizer {
  /// γ, the length of steps.
  public var learningRate: Double
  /// µ: how much of the last step the next one keeps.
  public let momentum: Double
  /// τ: how much of a new gradient is left out of the momentum.
  public let dampening: Double
  /// λ: how strongly parameters are pulled to zero.
  public let weightDecay: Double
  /// Whether steps look ahead by Nesterov's rule.
  public let nesterov: Bool

  var memory: OptimizerMemory<Scalar>

  /// Creates the optimizer.
  ///
  /// An initializer does not throw; a hyperparameter out of range makes every update throw.
  ///
  /// - Parameters:
  ///   - learningRate: γ, the length of steps; 0 or more.
  ///   - momentum: µ; 0 or more.
  ///   - dampening: τ; finite.
  ///   - weightDecay: λ; 0 or more.
  ///   - nesterov: Whether steps look ahead; it needs momentum and no dampening.
  public init(
    learningRate: Double = 1e-3, momentum: Double = 0, dampening: Double = 0, weightDecay: Double = 0,
    nesterov: Bool = false
  ) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.dampening = dampening
    self.weightDecay = weightDecay
    self.nesterov = nesterov
    memory = OptimizerMemory(kinds: momentum == 0 ? [] : ["momentum_buffer"])
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
    try validate()
    try memory.update(&model, with: gradients, by: Descent(self, isFirst: stepCount == 0))
  }

  private func validate() throws(RecurrentError) {
    try Hyperparameter.require("learningRate", learningRate, atLeast: 0)
    try Hyperparameter.require("momentum", momentum, atLeast: 0)
    try Hyperparameter.require("dampening", dampening, atLeast: -.greatestFiniteMagnitude)
    try Hyperparameter.require("weightDecay", weightDecay, atLeast: 0)
    guard !nesterov || momentum > 0 && dampening == 0 else {
      throw .invalidValue(
        argument: "nesterov", expected: "momentum and no dampening",
        actual: "a momentum of \(momentum) and a dampening of \(dampening)")
    }
  }
}

/// The numbers of one update, in the parameters' type.
private struct Descent<Scalar: TensorScalar>: UpdateEquation {
  let rate, momentum, share, decay: Scalar
  let hasMomentum, nesterov: Bool

  init(_ optimizer: SGD<Scalar>, isFirst: Bool) {
    rate = Scalar(optimizer.learningRate)
    momentum = Scalar(optimizer.momentum)
    // The first gradient enters the empty momentum whole.
    share = isFirst ? 1 : Scalar(1 - optimizer.dampening)
    decay = Scalar(optimizer.weightDecay)
    hasMomentum = optimizer.momentum != 0
    nesterov = optimizer.nesterov
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func advance(_ update: ParameterUpdate<Scalar>, _ elements: Range<Int>) {
    let (parameter, gradient) = (update.parameter, update.gradient)
    guard hasMomentum else {
      for index in elements {
        parameter[index] -= rate * (gradient[index] + decay * parameter[index])
      }
      return
    }
    let buffer = update.memory(0)
    for index in elements {
      let slope = gradient[index] + decay * parameter[index]
      let kept = momentum * buffer[index] + share * slope
      buffer[index] = kept
      parameter[index] -= rate * (nesterov ? slope + momentum * kept : kept)
    }
  }
}

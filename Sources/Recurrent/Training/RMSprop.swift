/// RMSprop: steps along the gradient, divided by the root of a moving average of its squares.
///
/// For each parameter p with gradient g, smoothing α, momentum µ, weight decay λ and learning rate
/// γ:
///
///     g ← g + λ·p
///     v ← α·v + (1 − α)·g²
///     a ← α·a + (1 − α)·g         (centred: √(v − a²) takes the place of √v)
///     b ← µ·b + g / (√v + ε)
///     p ← p − γ·b
///
/// Where rounding makes v − a² negative, it counts as 0.
///
/// ### Source
/// T. Tieleman, G. Hinton, "Lecture 6.5, rmsprop", Neural Networks for Machine Learning (2012);
/// centred: A. Graves, "Generating sequences with recurrent neural networks", arXiv 1308.0850.
/// Equations and defaults are those of PyTorch's `optim.RMSprop`.
public struct RMSprop<Scalar: TensorScalar>: Optimizer {
  /// γ, the length of steps.
  public var learningRate: Double
  /// α: how much of the averages an update keeps.
  public let alpha: Double
  /// ε, which keeps the divisor from zero.
  public let epsilon: Double
  /// λ: how strongly parameters are pulled to zero.
  public let weightDecay: Double
  /// µ: how much of the last step the next one keeps.
  public let momentum: Double
  /// Whether the gradient's variance takes the place of its square.
  public let centered: Bool

  var memory: OptimizerMemory<Scalar>

  /// Creates the optimizer.
  ///
  /// An initializer does not throw; a hyperparameter out of range makes every update throw.
  ///
  /// - Parameters:
  ///   - learningRate: γ, the length of steps; 0 or more.
  ///   - alpha: α; at least 0 and less than 1.
  ///   - epsilon: ε; 0 or more.
  ///   - weightDecay: λ; 0 or more.
  ///   - momentum: µ; 0 or more.
  ///   - centered: Whether the gradient's variance takes the place of its square.
  public init(
    learningRate: Double = 1e-2, alpha: Double = 0.99, epsilon: Double = 1e-8, weightDecay: Double = 0,
    momentum: Double = 0, centered: Bool = false
  ) {
    self.learningRate = learningRate
    self.alpha = alpha
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.momentum = momentum
    self.centered = centered
    memory = OptimizerMemory(
      kinds: ["square_avg"] + (momentum == 0 ? [] : ["momentum_buffer"])
        + (centered ? ["grad_avg"] : []))
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
    try Hyperparameter.require("learningRate", learningRate, atLeast: 0)
    try Hyperparameter.require("alpha", alpha, in: 0..<1)
    try Hyperparameter.require("epsilon", epsilon, atLeast: 0)
    try Hyperparameter.require("weightDecay", weightDecay, atLeast: 0)
    try Hyperparameter.require("momentum", momentum, atLeast: 0)
    try memory.update(&model, with: gradients, by: Propagation(self))
  }
}

/// The numbers of one update, in the parameters' type.
private struct Propagation<Scalar: TensorScalar>: UpdateEquation {
  let rate, kept, new, epsilon, decay, momentum: Scalar
  let hasMomentum, centered: Bool

  init(_ optimizer: RMSprop<Scalar>) {
    rate = Scalar(optimizer.learningRate)
    (kept, new) = (Scalar(optimizer.alpha), Scalar(1 - optimizer.alpha))
    epsilon = Scalar(optimizer.epsilon)
    decay = Scalar(optimizer.weightDecay)
    momentum = Scalar(optimizer.momentum)
    hasMomentum = optimizer.momentum != 0
    centered = optimizer.centered
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func advance(_ update: ParameterUpdate<Scalar>, _ elements: Range<Int>) {
    let (parameter, gradient) = (update.parameter, update.gradient)
    let squares = update.memory(0)
    // What an equation does not use is never touched; the squares stand in its place.
    let steps = hasMomentum ? update.memory(1) : squares
    let averages = centered ? update.memory(hasMomentum ? 2 : 1) : squares
    for index in elements {
      let slope = gradient[index] + decay * parameter[index]
      let square = kept * squares[index] + new * slope * slope
      squares[index] = square
      var variance = square
      if centered {
        let average = kept * averages[index] + new * slope
        averages[index] = average
        variance -= average * average
        if variance < 0 { variance = 0 }
      }
      var step = slope / (variance.squareRoot() + epsilon)
      if hasMomentum {
        step += momentum * steps[index]
        steps[index] = step
      }
      parameter[index] -= rate * step
    }
  }
}

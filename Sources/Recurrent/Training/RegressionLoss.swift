/// How far predictions lie from targets, as one number, and the gradient of that number.
///
///     let loss = MeanSquaredError()
///     let (value, gradient) = try loss.valueWithGradient(of: prediction, target: y)
///
/// The losses of this package take the mean over all elements, as PyTorch's do by default.
/// Differences and sums are computed in `Double` and rounded once.
public protocol RegressionLoss: Sendable {
  /// The loss.
  ///
  /// - Parameters:
  ///   - prediction: What a model gave, in any shape.
  ///   - target: What it should have given, in the same shape.
  /// - Returns: The loss.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` if shapes differ,
  ///   ``RecurrentError/emptySequence(argument:)`` if there is no element.
  func value<Scalar: TensorScalar>(
    of prediction: Tensor<Scalar>, target: Tensor<Scalar>
  ) throws(RecurrentError) -> Scalar

  /// The loss and its gradient.
  ///
  /// - Parameters:
  ///   - prediction: What a model gave, in any shape.
  ///   - target: What it should have given, in the same shape.
  /// - Returns: The loss, and its gradient with respect to the prediction, in the prediction's
  ///   shape.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` if shapes differ,
  ///   ``RecurrentError/emptySequence(argument:)`` if there is no element.
  func valueWithGradient<Scalar: TensorScalar>(
    of prediction: Tensor<Scalar>, target: Tensor<Scalar>
  ) throws(RecurrentError) -> (value: Scalar, gradient: Tensor<Scalar>)
}

/// The mean of (p − t)².
///
/// ### Source
/// The definition is that of PyTorch's `nn.MSELoss`.
public struct MeanSquaredError: RegressionLoss, Equatable {
  /// Creates the loss.
  public init() {}

  public func value<Scalar: TensorScalar>(
    of prediction: Tensor<Scalar>, target: Tensor<Scalar>
  ) throws(RecurrentError) -> Scalar {
    try mean(of: .squared, prediction, target)
  }

  public func valueWithGradient<Scalar: TensorScalar>(
    of prediction: Tensor<Scalar>, target: Tensor<Scalar>
  ) throws(RecurrentError) -> (value: Scalar, gradient: Tensor<Scalar>) {
    try meanWithGradient(of: .squared, prediction, target)
  }
}

/// The mean of |p − t|; the gradient of an element without a difference is 0.
///
/// ### Source
/// The definition is that of PyTorch's `nn.L1Loss`.
public struct MeanAbsoluteError: RegressionLoss, Equatable {
  /// Creates the loss.
  public init() {}

  public func value<Scalar: TensorScalar>(
    of prediction: Tensor<Scalar>, target: Tensor<Scalar>
  ) throws(RecurrentError) -> Scalar {
    try mean(of: .absolute, prediction, target)
  }

  public func valueWithGradient<Scalar: TensorScalar>(
    of prediction: Tensor<Scalar>, target: Tensor<Scalar>
  ) throws(RecurrentError) -> (value: Scalar, gradient: Tensor<Scalar>) {
    try meanWithGradient(of: .absolute, prediction, target)
  }
}

/// The mean of d²/2 for small differences, |d| ≤ δ, and of δ·(|d| − δ/2) for others: outliers pull
/// with a bounded force.
///
/// ### Source
/// P. J. Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35
/// (1964). The definition is that of PyTorch's `nn.HuberLoss`.
public struct HuberLoss: RegressionLoss, Equatable {
  /// δ, the difference from which on the loss is linear.
  public let delta: Double

  /// Creates the loss.
  ///
  /// - Parameter delta: δ, the difference from which on the loss is linear. Where it is not
  ///   positive, every use of the loss throws
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)``.
  public init(delta: Double = 1) {
    self.delta = delta
  }

  public func value<Scalar: TensorScalar>(
    of prediction: Tensor<Scalar>, target: Tensor<Scalar>
  ) throws(RecurrentError) -> Scalar {
    try mean(of: checkedDistance(), prediction, target)
  }

  public func valueWithGradient<Scalar: TensorScalar>(
    of prediction: Tensor<Scalar>, target: Tensor<Scalar>
  ) throws(RecurrentError) -> (value: Scalar, gradient: Tensor<Scalar>) {
    try meanWithGradient(of: checkedDistance(), prediction, target)
  }

  private func checkedDistance() throws(RecurrentError) -> Distance {
    guard delta > 0 else {
      throw .invalidValue(argument: "delta", expected: "a positive number", actual: "\(delta)")
    }
    return .huber(delta)
  }
}

/// A function of a difference d, and right beside it its derivative.
private enum Distance {
  case squared
  case absolute
  case huber(Double)

  @inline(__always)
  func callAsFunction(_ d: Double) -> Double {
    switch self {
    case .squared: d * d
    case .absolute: d.magnitude
    case .huber(let delta):
      d.magnitude <= delta ? d * d / 2 : delta * (d.magnitude - delta / 2)
    }
  }

  /// NaN stays NaN.
  @inline(__always)
  func derivative(_ d: Double) -> Double {
    switch self {
    case .squared: 2 * d
    case .absolute: d > 0 ? 1 : d < 0 ? -1 : d
    case .huber(let delta): d > delta ? delta : d < -delta ? -delta : d
    }
  }
}

private func mean<Scalar: TensorScalar>(
  of distance: Distance, _ prediction: Tensor<Scalar>, _ target: Tensor<Scalar>
) throws(RecurrentError) -> Scalar {
  try requireComparable(prediction, target)
  return Scalar(sum(of: distance, prediction.scalars, target.scalars) / Double(prediction.scalars.count))
}

private func meanWithGradient<Scalar: TensorScalar>(
  of distance: Distance, _ prediction: Tensor<Scalar>, _ target: Tensor<Scalar>
) throws(RecurrentError) -> (value: Scalar, gradient: Tensor<Scalar>) {
  let value = try mean(of: distance, prediction, target)
  let gradient = derivatives(of: distance, prediction.scalars, target.scalars)
  return (value, Tensor(unchecked: gradient, shape: prediction.shape))
}

private func requireComparable<Scalar: TensorScalar>(
  _ prediction: Tensor<Scalar>, _ target: Tensor<Scalar>
) throws(RecurrentError) {
  try target.require(prediction.shape, "target")
  guard !prediction.scalars.isEmpty else { throw .emptySequence(argument: "prediction") }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func sum<Scalar: TensorScalar>(
  of distance: Distance, _ prediction: [Scalar], _ target: [Scalar]
) -> Double {
  var sum = 0.0
  for index in prediction.indices {
    sum += distance(Double(prediction[index]) - Double(target[index]))
  }
  return sum
}

/// The derivative of the mean with respect to every prediction.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func derivatives<Scalar: TensorScalar>(
  of distance: Distance, _ prediction: [Scalar], _ target: [Scalar]
) -> [Scalar] {
  let count = Double(prediction.count)
  return prediction.indices.map { index in
    Scalar(distance.derivative(Double(prediction[index]) - Double(target[index])) / count)
  }
}

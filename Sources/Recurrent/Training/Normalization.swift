/// An affine map of each feature, to numbers that a network learns well from, and back.
///
///     x′ = (x − offset) / scale
///
///     let normalization = try Normalization(standardizing: series[..<trainingSteps])
///     let windows = try SeriesWindows(normalization(series), inputLength: 24, horizon: 12)
///     …
///     let forecast = try normalization.inverted(prediction)
///
/// Take the numbers from the part of a series that is trained on: those of the rest are not known
/// when one forecasts. They belong to the model, and are saved with it by ``stateDictionary``.
///
/// Shapes: F features; `…` any axes.
public struct Normalization<Scalar: TensorScalar>: Sendable, Equatable {
  /// What is subtracted of each feature, `[F]`.
  public let offset: Tensor<Scalar>
  /// What each feature is then divided by, `[F]`; nowhere 0.
  public let scale: Tensor<Scalar>

  /// Creates the map of given numbers.
  ///
  /// - Parameters:
  ///   - offset: What is subtracted of each feature, `[F]`; finite.
  ///   - scale: What each feature is then divided by, `[F]`; finite and not 0.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` if these are not two
  ///   vectors of one length, ``RecurrentError/invalidValue(argument:expected:actual:)`` for a
  ///   number out of range.
  public init(offset: Tensor<Scalar>, scale: Tensor<Scalar>) throws(RecurrentError) {
    guard offset.shape.rank == 1 else {
      throw .shapeMismatch(argument: "offset", expected: "[F]", actual: offset.shape)
    }
    guard scale.shape == offset.shape else {
      throw .shapeMismatch(argument: "scale", expected: offset.shape.description, actual: scale.shape)
    }
    if let number = offset.scalars.first(where: { !$0.isFinite }) {
      throw .invalidValue(argument: "offset", expected: "finite numbers", actual: "\(number)")
    }
    if let number = scale.scalars.first(where: { !$0.isFinite || $0 == 0 }) {
      throw .invalidValue(
        argument: "scale", expected: "finite numbers other than 0", actual: "\(number)")
    }
    self.offset = offset
    self.scale = scale
  }

  /// The map to mean 0 and standard deviation 1 (that of the population, σ² = mean of (x − mean)²).
  ///
  /// A feature that is constant is only moved to 0.
  ///
  /// - Parameter samples: Numbers `[…, F]`, at least one of each feature; finite.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for a tensor of fewer
  ///   than two axes, ``RecurrentError/emptySequence(argument:)`` if there is no number,
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` if one is not finite.
  /// - Complexity: O(elements).
  public init(standardizing samples: Tensor<Scalar>) throws(RecurrentError) {
    let columns = try Self.columns(of: samples)
    var (offsets, scales): ([Scalar], [Scalar]) = ([], [])
    for column in columns {
      let count = Double(column.count)
      let mean = column.reduce(0, +) / count
      let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
      offsets.append(Scalar(mean))
      // The mean of equal numbers is rounded: their variance is not exactly 0.
      let isConstant = column.allSatisfy { $0 == column[0] }
      scales.append(Self.divisor(isConstant ? 0 : variance.squareRoot()))
    }
    try self.init(offset: Tensor(offsets), scale: Tensor(scales))
  }

  /// The map of the least number to 0 and the greatest to 1.
  ///
  /// A feature that is constant is only moved to 0.
  ///
  /// - Parameter samples: Numbers `[…, F]`, at least one of each feature; finite.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for a tensor of fewer
  ///   than two axes, ``RecurrentError/emptySequence(argument:)`` if there is no number,
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` if one is not finite.
  /// - Complexity: O(elements).
  public init(rescaling samples: Tensor<Scalar>) throws(RecurrentError) {
    var (offsets, scales): ([Scalar], [Scalar]) = ([], [])
    for column in try Self.columns(of: samples) {
      let least = column.min() ?? 0
      offsets.append(Scalar(least))
      scales.append(Self.divisor((column.max() ?? 0) - least))
    }
    try self.init(offset: Tensor(offsets), scale: Tensor(scales))
  }

  /// F, the features.
  public var featureCount: Int { offset.shape[0] }

  /// Maps numbers.
  ///
  /// - Parameter input: x, `[…, F]`.
  /// - Returns: x′ in the same shape.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another last axis.
  /// - Complexity: O(elements).
  public func callAsFunction(_ input: Tensor<Scalar>) throws(RecurrentError) -> Tensor<Scalar> {
    try requireFeatures(of: input)
    return Tensor(unchecked: mapped(input.scalars), shape: input.shape)
  }

  /// Maps numbers back.
  ///
  /// - Parameter output: x′, `[…, F]`.
  /// - Returns: x = x′ · scale + offset in the same shape.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another last axis.
  /// - Complexity: O(elements).
  public func inverted(_ output: Tensor<Scalar>) throws(RecurrentError) -> Tensor<Scalar> {
    try requireFeatures(of: output)
    return Tensor(unchecked: mappedBack(output.scalars), shape: output.shape)
  }

  /// The map of some of the features: that of targets, where these do not have all features.
  ///
  /// - Parameter features: The features, by their place.
  /// - Returns: A map of as many features.
  /// - Throws: ``RecurrentError/invalidSize(argument:expected:actual:)`` for a feature out of
  ///   range.
  public func selecting(_ features: [Int]) throws(RecurrentError) -> Normalization {
    try Normalization(offset: offset.selecting(features), scale: scale.selecting(features))
  }

  private func requireFeatures(of tensor: Tensor<Scalar>) throws(RecurrentError) {
    guard tensor.shape.dimensions.last == featureCount else {
      throw .shapeMismatch(argument: "input", expected: "[…, \(featureCount)]", actual: tensor.shape)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func mapped(_ scalars: [Scalar]) -> [Scalar] {
    let (offsets, scales, count) = (offset.scalars, scale.scalars, featureCount)
    return scalars.indices.map { (scalars[$0] - offsets[$0 % count]) / scales[$0 % count] }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func mappedBack(_ scalars: [Scalar]) -> [Scalar] {
    let (offsets, scales, count) = (offset.scalars, scale.scalars, featureCount)
    return scalars.indices.map { scalars[$0] * scales[$0 % count] + offsets[$0 % count] }
  }

  /// What divides a feature of this spread; it is not 0 in `Scalar` either.
  private static func divisor(_ spread: Double) -> Scalar {
    let divisor = Scalar(spread)
    return divisor == 0 ? 1 : divisor
  }

  /// The numbers of each feature.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private static func columns(of samples: Tensor<Scalar>) throws(RecurrentError) -> [[Double]] {
    guard samples.shape.rank >= 2, let features = samples.shape.dimensions.last else {
      throw .shapeMismatch(argument: "samples", expected: "[…, F]", actual: samples.shape)
    }
    guard !samples.scalars.isEmpty else { throw .emptySequence(argument: "samples") }
    if let index = samples.scalars.firstIndex(where: { !$0.isFinite }) {
      throw .invalidValue(
        argument: "samples", expected: "finite numbers",
        actual: "\(samples.scalars[index]) in row \(index / features)")
    }
    return (0..<features).map { feature in
      stride(from: feature, to: samples.scalars.count, by: features).map {
        Double(samples.scalars[$0])
      }
    }
  }
}

extension Normalization {
  /// The numbers under the names `offset` and `scale`, to be saved beside the model's parameters.
  public var stateDictionary: StateDictionary<Scalar> { ["offset": offset, "scale": scale] }

  /// Creates the map that was saved.
  ///
  /// - Parameter stateDictionary: Exactly `offset` and `scale`.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` for other names, and what
  ///   ``init(offset:scale:)`` throws.
  public init(stateDictionary: StateDictionary<Scalar>) throws(RecurrentError) {
    let none = Tensor<Scalar>.zeros([0])
    var loading = StrictLoading(stateDictionary)
    let tensors = ["offset", "scale"].map { key in
      loading.tensor(key, shape: stateDictionary[key]?.shape ?? none.shape) ?? none
    }
    try loading.finish()
    try self.init(offset: tensors[0], scale: tensors[1])
  }
}

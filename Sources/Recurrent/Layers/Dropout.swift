/// Leaves out elements at random while a network is trained, so that it does not lean on any of
/// them.
///
///     let dropout = Dropout(probability: 0.2)
///     let y = try dropout(x, using: &generator)     // training: a fifth of the elements are 0, the others x / 0.8
///
/// A network that is trained already does without the layer: the expectation of y is x. So there is
/// no mode to set: the call takes a generator and drops, or there is no call.
///
/// Each call takes one number of the generator, and element i is dropped by a hash of this number
/// and i. The elements that are dropped thus depend on the generator's seed, the number of calls
/// before, and i: not on threads or on how elements are grouped into axes.
///
/// ### Source
/// N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR
/// 15 (2014), in the inverted form of PyTorch's `nn.Dropout`; the hash is ``SeededGenerator``'s,
/// whose state is a counter.
public struct Dropout: Sendable, Equatable {
  /// The probability that an element is dropped.
  public let probability: Double

  /// Creates the layer.
  ///
  /// - Parameter probability: The probability that an element is dropped, 0 to 1. Where it is out
  ///   of range, every call throws ``RecurrentError/invalidValue(argument:expected:actual:)``.
  public init(probability: Double = 0.5) {
    self.probability = probability
  }

  /// Drops elements.
  ///
  /// - Parameters:
  ///   - input: x, of any shape.
  ///   - generator: The source of randomness, of which one number is taken.
  /// - Returns: y, in the same shape: 0 where an element is dropped, else x / (1 − probability).
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for a probability out of
  ///   range.
  /// - Complexity: O(elements).
  public func callAsFunction<Scalar: TensorScalar, Generator: RandomNumberGenerator>(
    _ input: Tensor<Scalar>, using generator: inout Generator
  ) throws(RecurrentError) -> Tensor<Scalar> {
    try valueWithPullback(at: input, using: &generator).output
  }

  /// Drops elements, and keeps what is needed to carry a gradient back.
  ///
  /// - Parameters:
  ///   - input: x, of any shape.
  ///   - generator: The source of randomness, of which one number is taken.
  /// - Returns: `output`, y, in the same shape, and `pullback`, which drops the same elements of a
  ///   gradient.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for a probability out of
  ///   range.
  /// - Complexity: O(elements). The pullback keeps one number, no mask.
  public func valueWithPullback<Scalar: TensorScalar, Generator: RandomNumberGenerator>(
    at input: Tensor<Scalar>, using generator: inout Generator
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, pullback: Pullback) {
    guard (0...1).contains(probability) else {
      throw .invalidValue(argument: "probability", expected: "0 to 1", actual: "\(probability)")
    }
    let mask = DropoutMask(probability: probability, key: generator.next())
    return (mask.applied(to: input), Pullback(mask: mask, shape: input.shape))
  }

  /// Carries the gradient of a loss back through one call of the layer.
  public struct Pullback: Sendable {
    fileprivate let mask: DropoutMask
    fileprivate let shape: Shape

    /// The gradient with respect to the input.
    ///
    /// - Parameter outputGradient: The gradient with respect to the output, in its shape.
    /// - Returns: The gradient with respect to the input: 0 where an element was dropped, else dy /
    ///   (1 − probability).
    /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape than
    ///   the output's.
    public func callAsFunction<Scalar: TensorScalar>(
      _ outputGradient: Tensor<Scalar>
    ) throws(RecurrentError) -> Tensor<Scalar> {
      try outputGradient.require(shape, "outputGradient")
      return mask.applied(to: outputGradient)
    }
  }
}

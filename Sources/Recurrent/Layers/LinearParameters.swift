/// The parameters of a ``Linear`` layer, under PyTorch's names and shapes, or their gradients.
public struct LinearParameters<Scalar: TensorScalar>: Sendable, Equatable {
  /// The weights W: `weight`, shape `[O, I]`.
  public var weight: Tensor<Scalar>
  /// The bias b: `bias`, shape `[O]`; `nil` in a layer without bias.
  public var bias: Tensor<Scalar>?

  /// Creates the parameters of a layer.
  ///
  /// - Parameters:
  ///   - weight: The weights, `[O, I]`.
  ///   - bias: The bias, `[O]`, or `nil`.
  public init(weight: Tensor<Scalar>, bias: Tensor<Scalar>? = nil) {
    self.weight = weight
    self.bias = bias
  }

  /// The parameters under PyTorch's names, `weight` and `bias`.
  ///
  /// It turns the gradients of a layer to what an optimizer takes.
  public var stateDictionary: StateDictionary<Scalar> {
    var result: StateDictionary<Scalar> = ["weight": weight]
    result["bias"] = bias
    return result
  }

  /// Visits the parameters under PyTorch's names.
  mutating func forEach(_ body: (String, inout Tensor<Scalar>) throws -> Void) rethrows {
    try body("weight", &weight)
    if var bias {
      self.bias = nil
      defer { self.bias = bias }
      try body("bias", &bias)
    }
  }

  /// Checks that the parameters have the shapes of a layer: they are open to assignment.
  func validate(inputSize: Int, outputSize: Int) throws(RecurrentError) {
    guard weight.shape == [outputSize, inputSize] else {
      throw .shapeMismatch(
        argument: "parameters.weight", expected: "[\(outputSize), \(inputSize)]",
        actual: weight.shape)
    }
    if let bias, bias.shape != [outputSize] {
      throw .shapeMismatch(
        argument: "parameters.bias", expected: "[\(outputSize)]", actual: bias.shape)
    }
  }
}

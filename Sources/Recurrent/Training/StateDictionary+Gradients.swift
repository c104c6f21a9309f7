/// Gradients of a model are a state dictionary with the names and shapes of its parameters.
extension StateDictionary {
  /// Puts dictionaries together, each under a prefix and a point: the gradients of a model from
  /// those of its members.
  ///
  ///     let gradients = StateDictionary(nesting: ["rnn": rnnGradients, "head": headGradients])
  ///
  /// - Parameter members: Dictionaries by prefix, in their order.
  public init(nesting members: KeyValuePairs<String, StateDictionary>) {
    self.init()
    for (prefix, member) in members {
      for (key, value) in member { self["\(prefix).\(key)"] = value }
      omit(as: member) { "\(prefix).\($0)" }
    }
  }

  /// The tensors whose names begin with a prefix and a point, under the rest of their names.
  ///
  /// - Parameter prefix: The name of a member; compared byte by byte.
  /// - Returns: The member's tensors in their order; none if no name begins so.
  /// - Complexity: O(count).
  public func nested(under prefix: String) -> StateDictionary {
    var result = StateDictionary()
    for (key, value) in self {
      if let rest = key.rest(after: "\(prefix).") { result[rest] = value }
    }
    result.omit(as: self) { $0.rest(after: "\(prefix).") }
    return result
  }

  /// Adds another dictionary, tensor by tensor: the gradients of one batch to those of another.
  ///
  /// - Parameter other: A dictionary with the same names and shapes, in any order.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` if names or shapes differ; the
  ///   dictionary is then unchanged.
  /// - Complexity: O(scalars).
  public mutating func add(_ other: StateDictionary) throws(RecurrentError) {
    let addends = try other.matching(self)
    for (key, addend) in zip(keys, addends) { self[key]?.add(addend) }
  }

  /// Multiplies all tensors by a number.
  ///
  /// - Parameter factor: The number.
  /// - Complexity: O(scalars).
  public mutating func scale(by factor: Scalar) {
    for key in keys { self[key]?.scale(by: factor) }
  }

  /// The norm of all scalars together: the square root of the sum of their squares, summed in
  /// `Double`.
  ///
  /// - Complexity: O(scalars).
  public var norm: Scalar {
    Scalar(reduce(0.0) { $0 + $1.value.sumOfSquares }.squareRoot())
  }

  /// Scales all tensors down together so that their norm does not exceed a limit.
  ///
  ///     g ← g · min(1, limit / (‖g‖ + 10⁻⁶))
  ///
  /// Gradients through time grow without bound where a recurrent matrix stretches; the limit keeps
  /// a step's direction and bounds its length. Where a scalar is infinite or NaN, NaN is among the
  /// results, and the returned norm tells.
  ///
  /// - Parameter limit: The greatest norm; not negative.
  /// - Returns: The norm before.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for a negative limit or
  ///   NaN.
  /// - Complexity: O(scalars).
  ///
  /// ### Source
  /// R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks",
  /// ICML 2013. The formula is that of PyTorch's `clip_grad_norm_`.
  @discardableResult
  public mutating func clip(toNorm limit: Scalar) throws(RecurrentError) -> Scalar {
    try requireLimit(limit)
    let norm = norm
    let factor = limit / (norm + 1e-6)
    // Written so that NaN is a factor too.
    if !(factor >= 1) { scale(by: factor) }
    return norm
  }

  /// Moves every scalar into ±limit. NaN stays.
  ///
  /// - Parameter limit: The greatest magnitude; not negative.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for a negative limit or
  ///   NaN.
  /// - Complexity: O(scalars).
  ///
  /// ### Source
  /// The formula is that of PyTorch's `clip_grad_value_`.
  public mutating func clip(toValue limit: Scalar) throws(RecurrentError) {
    try requireLimit(limit)
    for key in keys { self[key]?.clamp(to: limit) }
  }

  private func requireLimit(_ limit: Scalar) throws(RecurrentError) {
    guard limit >= 0 else {
      throw .invalidValue(
        argument: "limit", expected: "a number that is not negative", actual: "\(limit)")
    }
  }

  /// The tensors in the order of another dictionary, which has the same names and shapes.
  private func matching(_ other: StateDictionary) throws(RecurrentError) -> [Tensor<Scalar>] {
    var loading = StrictLoading(self)
    let tensors = other.compactMap { loading.tensor($0.key, shape: $0.value.shape) }
    try loading.finish()
    return tensors
  }
}

extension Tensor {
  fileprivate mutating func add(_ other: Tensor) { addScalars(&scalars, other.scalars) }

  fileprivate mutating func scale(by factor: Scalar) { scaleScalars(&scalars, factor) }
  fileprivate mutating func clamp(to limit: Scalar) { clampScalars(&scalars, limit) }
  fileprivate var sumOfSquares: Double { squaredNorm(scalars) }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func addScalars<Scalar: TensorScalar>(_ target: inout [Scalar], _ addend: [Scalar]) {
  for index in target.indices { target[index] += addend[index] }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func scaleScalars<Scalar: TensorScalar>(_ target: inout [Scalar], _ factor: Scalar) {
  for index in target.indices { target[index] *= factor }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func clampScalars<Scalar: TensorScalar>(_ target: inout [Scalar], _ limit: Scalar) {
  for index in target.indices {
    if target[index] > limit { target[index] = limit }
    if target[index] < -limit { target[index] = -limit }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func squaredNorm<Scalar: TensorScalar>(_ scalars: [Scalar]) -> Double {
  var sum = 0.0
  for scalar in scalars {
    let value = Double(scalar)
    sum += value * value
  }
  return sum
}

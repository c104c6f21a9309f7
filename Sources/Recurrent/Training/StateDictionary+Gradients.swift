/// Gradients of a model are a state dictionary with the names and shapes of its parameters.
extension StateDictionary {
  /// Puts dictionaries together, each under a prefix and a point: the gradients of a model from
  /// those of its members.
  ///
  ///     let gradients = StateDictionary(nesting: ["rnn": rnnGradients, "head": headGradients])
  ///
  /// - Parameter members: Dictionaries by prefix, in their order.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
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
    let execution = Execution.ofGradients
    var next = 0
    forEachTensor { tensor in
      addends[next].scalars.withUnsafeBufferPointer { addend in
        guard let addend = addend.baseAddress else { return }
        tensor.forEachBlock(execution) { GradientLoop.add(addend + $1.lowerBound, to: $0, $1.count) }
      }
      next += 1
    }
  }

  /// Multiplies all tensors by a number.
  ///
  /// - Parameter factor: The number.
  /// - Complexity: O(scalars).
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public mutating func scale(by factor: Scalar) {
    let execution = Execution.ofGradients
    forEachTensor { tensor in
      tensor.forEachBlock(execution) { GradientLoop.scale($0, $1.count, by: factor) }
    }
  }

  /// The norm of all scalars together: the square root of the sum of their squares, summed in
  /// `Double`.
  ///
  /// Squares are added in blocks of 4096 scalars, each in 8 lanes, and blocks in their order: the
  /// bits do not depend on the threads.
  ///
  /// - Complexity: O(scalars).
  public var norm: Scalar { norm(.ofGradients) }

  /// The norm by an execution that tests name.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func norm(_ execution: Execution) -> Scalar {
    var sum = 0.0
    for (_, tensor) in self { sum += tensor.sumOfSquares(execution) }
    return Scalar(sum.squareRoot())
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
    let execution = Execution.ofGradients
    forEachTensor { tensor in
      tensor.forEachBlock(execution) { GradientLoop.clamp($0, $1.count, to: limit) }
    }
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

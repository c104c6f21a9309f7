extension Tensor {
  /// Whether every element is within a tolerance of the other tensor's.
  ///
  /// Two elements a and b agree where |a − b| ≤ absoluteTolerance + relativeTolerance · |b|, or
  /// where both are the same infinity. NaN agrees with nothing.
  ///
  /// - Parameters:
  ///   - other: The tensor to compare with; of another shape, it is never equal.
  ///   - absoluteTolerance: The greatest difference near zero.
  ///   - relativeTolerance: The greatest difference in relation to the other element.
  /// - Returns: Whether shapes are equal and all elements agree.
  public func isApproximatelyEqual(
    to other: Tensor, absoluteTolerance: Scalar = 0, relativeTolerance: Scalar = 1e-5
  ) -> Bool {
    guard shape == other.shape else { return false }
    return zip(scalars, other.scalars).allSatisfy { a, b in
      let difference = (a - b).magnitude
      // An infinite b has an infinite tolerance, which must not let everything pass.
      return a == b
        || difference.isFinite && difference <= absoluteTolerance + relativeTolerance * b.magnitude
    }
  }

  /// The greatest |a − b| over all pairs of elements; NaN where any difference is NaN.
  ///
  /// - Parameter other: A tensor of the same shape.
  /// - Returns: The greatest difference; 0 for tensors without elements.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` if shapes differ.
  public func greatestDifference(from other: Tensor) throws(RecurrentError) -> Scalar {
    try other.require(shape, "other")
    var greatest: Scalar = 0
    for (a, b) in zip(scalars, other.scalars) where a != b {
      let difference = (a - b).magnitude
      if difference.isNaN { return difference }
      greatest = Swift.max(greatest, difference)
    }
    return greatest
  }

  /// Throws unless the tensor, the argument of that name, has a shape.
  @inline(__always)
  func require(_ shape: Shape, _ argument: String) throws(RecurrentError) {
    guard self.shape == shape else {
      throw .shapeMismatch(argument: argument, expected: shape.description, actual: self.shape)
    }
  }
}

extension Tensor {
  /// The spectral radius of a square matrix: the greatest magnitude of its eigenvalues.
  ///
  /// - Parameter backend: Who computes the eigenvalues; where it is not `.swift`, LAPACK does if it
  ///   is linked.
  /// - Returns: max |λ|; 0 for an empty matrix.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` if the tensor is no
  ///   square matrix, ``RecurrentError/invalidValue(argument:expected:actual:)`` if an element is
  ///   not finite or the iteration does not converge.
  /// - Complexity: About 10·n³ operations.
  public func spectralRadius(backend: Backend = .automatic) throws(RecurrentError) -> Scalar {
    guard shape.rank == 2, shape[0] == shape[1] else {
      throw .shapeMismatch(argument: "spectralRadius", expected: "[n, n]", actual: shape)
    }
    let matrix = Tensor<Double>(self).scalars
    guard let values = Factorizations(backend).eigenvalues(matrix, order: shape[0]) else {
      throw .invalidValue(
        argument: "spectralRadius", expected: "a finite matrix whose eigenvalues can be found",
        actual: matrix.allSatisfy(\.isFinite) ? "one that cannot" : "one with NaN or infinity")
    }
    return values.map { Scalar(magnitude($0.real, $0.imaginary)) }.reduce(0) { Swift.max($0, $1) }
  }

  /// A square matrix scaled so that the greatest magnitude of its eigenvalues is a given one.
  ///
  /// - Parameters:
  ///   - radius: The wanted spectral radius; not negative.
  ///   - backend: Who computes the eigenvalues; where it is not `.swift`, LAPACK does if it is
  ///     linked.
  /// - Returns: The matrix times radius / spectral radius.
  /// - Throws: What ``spectralRadius(backend:)`` throws, and
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for a radius that is negative or
  ///   not finite, or a matrix whose spectral radius is 0.
  public func scaled(
    toSpectralRadius radius: Scalar, backend: Backend = .automatic
  ) throws(RecurrentError) -> Tensor {
    guard radius.isFinite, radius >= 0 else {
      throw .invalidValue(
        argument: "radius", expected: "a finite number that is not negative", actual: "\(radius)")
    }
    let own = try spectralRadius(backend: backend)
    guard own > 0 else {
      throw .invalidValue(
        argument: "scaled(toSpectralRadius:)", expected: "a matrix with an eigenvalue other than 0",
        actual: "a spectral radius of 0")
    }
    let factor = Double(radius) / Double(own)
    return Tensor(unchecked: scalars.map { Scalar(Double($0) * factor) }, shape: shape)
  }
}

/// √(a² + b²) without overflow or underflow in between.
private func magnitude(_ a: Double, _ b: Double) -> Double {
  let (large, small) = (max(a.magnitude, b.magnitude), min(a.magnitude, b.magnitude))
  guard large > 0 else { return 0 }
  let ratio = small / large
  return large * (1 + ratio * ratio).squareRoot()
}

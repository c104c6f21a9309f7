/// How a parameter gets its first values.
public enum Initializer: Sendable, Equatable {
  /// All zeros.
  case zero
  /// Independent numbers, uniform in ±bound.
  case uniform(bound: Double)
  /// Independent normal numbers around zero.
  case normal(standardDeviation: Double)
  /// `scale` on the diagonal and zeros elsewhere; of a matrix that is not square, the leading
  /// part. With ReLU and zero biases it lets a state persist (Le, Jaitly and Hinton 2015).
  case identity(scale: Double = 1)
  /// `gain` times a random matrix with orthonormal rows or columns, whichever are fewer: the factor
  /// Q of a normal matrix, by LAPACK's QR or this package's own (Saxe, McClelland and Ganguli
  /// 2013).
  case orthogonal(gain: Double = 1)

  /// A tensor with values of this kind.
  ///
  /// - Parameters:
  ///   - shape: The tensor's shape; a matrix for ``identity(scale:)`` and ``orthogonal(gain:)``.
  ///   - backend: Who factorizes; where it is not `.swift`, LAPACK does if it is linked.
  ///   - generator: The source of randomness.
  /// - Returns: A tensor of that shape.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` if a matrix is needed,
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for a number that is not finite,
  ///   in the tensor's type either, or a negative bound or deviation,
  ///   ``RecurrentError/memoryUnavailable(argument:byteCount:)`` if there is no memory for the
  ///   tensor.
  public func tensor<Scalar: TensorScalar, Generator: RandomNumberGenerator>(
    _ shape: Shape, backend: Backend = .automatic, using generator: inout Generator
  ) throws(RecurrentError) -> Tensor<Scalar> {
    try Memory.require(shape.dimensions, size: MemoryLayout<Scalar>.size + workingSize, for: "shape")
    func checked(
      _ value: Double, _ argument: String, least: Double = -.infinity
    ) throws(RecurrentError) -> Double {
      guard Scalar(value).isFinite, value >= least else {
        let range = least == 0 ? " that is not negative" : ""
        throw .invalidValue(
          argument: argument, expected: "a number\(range) that is finite in \(Scalar.name)",
          actual: "\(value)")
      }
      return value
    }
    switch self {
    case .zero:
      return .zeros(shape)
    case .uniform(let bound):
      let bound = try checked(bound, "bound", least: 0)
      return .uniform(shape, in: Scalar(-bound)...Scalar(bound), using: &generator)
    case .normal(let deviation):
      let deviation = try checked(deviation, "standardDeviation", least: 0)
      return .normal(shape, standardDeviation: Scalar(deviation), using: &generator)
    case .identity(let scale):
      let scale = try checked(scale, "scale")
      let (rows, columns) = try matrixSizes(shape)
      var result = Tensor<Scalar>.zeros(shape)
      for index in 0..<min(rows, columns) { result[index, index] = Scalar(scale) }
      return result
    case .orthogonal(let gain):
      let gain = try checked(gain, "gain")
      let (rows, columns) = try matrixSizes(shape)
      // Q has as many orthonormal columns as the shorter side; a wide matrix is the transpose of a
      // tall one.
      let (tall, wide) = (max(rows, columns), min(rows, columns))
      let normal = Tensor<Double>.normal([tall, wide], using: &generator)
      let factor = Factorizations(backend).orthonormalFactor(normal.scalars, tall, wide)
      let result = Tensor<Scalar>(
        Tensor<Double>(unchecked: factor.map { $0 * gain }, shape: [tall, wide]))
      return rows >= columns ? result : try result.transposed()
    }
  }

  /// The bytes that are in use for each element beside the result: a factorization has the matrix
  /// and its factors in `Double`.
  private var workingSize: Int {
    if case .orthogonal = self { 3 * MemoryLayout<Double>.size } else { 0 }
  }

  private func matrixSizes(_ shape: Shape) throws(RecurrentError) -> (rows: Int, columns: Int) {
    guard shape.rank == 2 else {
      throw .shapeMismatch(argument: "shape", expected: "[rows, columns]", actual: shape)
    }
    return (shape[0], shape[1])
  }
}

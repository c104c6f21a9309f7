/// A number type that tensors and layers are made of: `Float` or `Double`.
///
/// No other type conforms: the requirement names, for each of the two, the kernels and the routines
/// of BLAS. They work on whole buffers, so that generic code never runs for each element.
public protocol TensorScalar: BinaryFloatingPoint, SIMDScalar, Codable, Sendable {
  /// The buffer operations of this type.
  static var _operations: _ScalarOperations<Self> { get }
}

extension Float: TensorScalar {
  /// The buffer operations of `Float`.
  public static let _operations = _ScalarOperations<Float>(
    kernels: { $0.kernels.float }, cells: { $0.kernels.floatCells }, narrow: { $0.kernels.narrow },
    openBLAS: OpenBLASRoutines.float)
}

extension Double: TensorScalar {
  /// The buffer operations of `Double`.
  public static let _operations = _ScalarOperations<Double>(
    kernels: { $0.kernels.double }, cells: { $0.kernels.doubleCells }, narrow: { _ in nil },
    openBLAS: OpenBLASRoutines.double)
}

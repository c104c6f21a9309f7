internal import VectorKernels

/// How the weights of a layer or cell stand in the memory that its products read.
///
/// One sequence at a time waits for its weights: where they do not fit the caches, half the bytes
/// take half the time. See ``RecurrentModule/converted(to:)``.
public enum WeightFormat: String, Sendable, CaseIterable, Codable {
  /// The numbers as they are.
  case float
  /// The upper 16 bits of a `Float`, rounded to nearest: its range, and 8 bits of precision.
  case bfloat16
  /// Whole numbers from −127 to 127 of 8 bits, with a scale for each row of a matrix: each output
  /// channel of each gate. The scale is the greatest magnitude of the row divided by 127, cut to 17
  /// bits, so that every number is a `Float`, and a row that is rounded rounds to itself. Rows of
  /// magnitudes below 10⁻²⁸ become zeros.
  case int8
}

extension NarrowTable {
  /// The kernels of a format; `nil` for numbers as they are.
  @inline(__always)
  func kernels(of format: WeightFormat) -> NarrowKernels<Scalar>? {
    switch format {
    case .float: nil
    case .bfloat16: bfloat16
    case .int8: int8
    }
  }
}

internal import VectorKernels

/// The function that a plain recurrent cell applies to its sums.
public enum Nonlinearity: String, Sendable, CaseIterable {
  /// tanh(a), between −1 and 1.
  case tanh
  /// max(a, 0); NaN stays NaN.
  case relu

  /// The kernel's function.
  var activation: Activation {
    switch self {
    case .tanh: .hyperbolicTangent
    case .relu: .rectifier
    }
  }
}

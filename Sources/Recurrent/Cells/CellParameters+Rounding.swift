internal import VectorKernels

extension CellParameters {
  /// The parameters with weights that are rounded to numbers of a format. What a cell adds to its
  /// sums or holds for each unit stays as it is.
  func rounded(to format: WeightFormat) -> CellParameters {
    guard let kernels = Scalar._operations.narrow(.widest)?.kernels(of: format) else { return self }
    var rounded = self
    rounded.forEach { name, tensor in
      guard name.isMatrix, tensor.shape.rank == 2 else { return }
      let (rows, depth) = (tensor.shape[0], tensor.shape[1])
      tensor.scalars.withUnsafeMutableBufferPointer {
        if let weights = $0.baseAddress { kernels.round(weights, rows, depth) }
      }
    }
    return rounded
  }
}

extension ParameterName {
  /// Whether products read it.
  var isMatrix: Bool {
    switch self {
    case .weightIH, .weightHH, .weightHR: true
    case .biasIH, .biasHH, .weightUnit: false
    }
  }
}

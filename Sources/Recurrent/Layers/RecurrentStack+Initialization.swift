extension RNN {
  /// Scales W_hh of every layer to a spectral radius: at 1, small states neither fade nor grow.
  ///
  /// - Parameter radius: The wanted spectral radius; not negative.
  /// - Throws: What ``Tensor/scaled(toSpectralRadius:backend:)`` throws; nothing has changed then.
  public mutating func scaleRecurrentWeights(
    toSpectralRadius radius: Scalar
  ) throws(RecurrentError) {
    try stack.scaleRecurrentWeights(toSpectralRadius: radius, backend: backend)
  }
}

extension RNNCell {
  /// Scales W_hh to a spectral radius: at 1, small states neither fade nor grow.
  ///
  /// - Parameter radius: The wanted spectral radius; not negative.
  /// - Throws: What ``Tensor/scaled(toSpectralRadius:backend:)`` throws; nothing has changed then.
  public mutating func scaleRecurrentWeights(
    toSpectralRadius radius: Scalar
  ) throws(RecurrentError) {
    try stack.scaleRecurrentWeights(toSpectralRadius: radius, backend: backend)
  }
}

extension RecurrentStack {
  /// Fills every parameter uniformly from ±1/√H, PyTorch's default.
  mutating func initializeUniformly<Generator: RandomNumberGenerator>(
    using generator: inout Generator
  ) {
    guard !parameters.isEmpty else { return }
    let bound = 1 / Double(hiddenSize).squareRoot()
    for layer in parameters.indices {
      parameters[layer].forEach { _, tensor in
        tensor = .uniform(tensor.shape, in: Scalar(-bound)...Scalar(bound), using: &generator)
      }
    }
  }

  mutating func initialize<Generator: RandomNumberGenerator>(
    _ name: ParameterName, with initializer: Initializer, backend: Backend,
    using generator: inout Generator
  ) throws(RecurrentError) {
    try validateSizes()
    var initialized = parameters
    for layer in initialized.indices {
      try initialized[layer].forEach { (other, tensor) throws(RecurrentError) in
        guard other == name else { return }
        // Each gate has a matrix of its own.
        var sizes = sizes(ofCell: layer)
        sizes.gateCount = 1
        let shape = name.shape(in: sizes)
        var scalars: [Scalar] = []
        for _ in 0..<([.weightHR, .weightUnit].contains(name) ? 1 : kind.gateCount) {
          scalars += try initializer.tensor(shape, backend: backend, using: &generator).scalars
        }
        tensor = Tensor(unchecked: scalars, shape: tensor.shape)
      }
    }
    parameters = initialized
  }

  mutating func scaleRecurrentWeights(
    toSpectralRadius radius: Scalar, backend: Backend
  ) throws(RecurrentError) {
    try validateSizes()
    var scaled = parameters
    for layer in scaled.indices {
      scaled[layer].weightHH = try scaled[layer].weightHH
        .scaled(toSpectralRadius: radius, backend: backend)
    }
    parameters = scaled
  }
}

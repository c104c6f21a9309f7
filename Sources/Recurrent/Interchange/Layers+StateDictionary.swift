extension RNN {
  /// The parameters under PyTorch's names, in PyTorch's order: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`,
  /// `bias_hh_l0`, `weight_ih_l1`, …
  public var stateDictionary: StateDictionary<Scalar> {
    stack.stateDictionary { name, layer in "\(name.rawValue)_l\(layer)" }
  }

  /// Takes all parameters from a state dictionary.
  ///
  /// - Parameter stateDictionary: Exactly the layer's names and shapes.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` with all missing, unexpected and misshapen names; the layer
  ///   is then unchanged.
  public mutating func load(_ stateDictionary: StateDictionary<Scalar>) throws(RecurrentError) {
    try stack.load(stateDictionary) { name, layer in "\(name.rawValue)_l\(layer)" }
  }

  /// Creates a layer from a state dictionary; its names and shapes tell the sizes, the layers and the bias.
  ///
  /// - Parameters:
  ///   - stateDictionary: PyTorch's names and shapes.
  ///   - nonlinearity: tanh or ReLU, which a state dictionary does not tell.
  ///   - batchFirst: Whether sequences are `[B, T, …]`.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for the parameters of another kind of layer,
  ///   ``RecurrentError/stateDictionaryMismatch(_:)`` if names or shapes do not fit together.
  public init(
    stateDictionary: StateDictionary<Scalar>, nonlinearity: Nonlinearity = .tanh,
    batchFirst: Bool = false
  ) throws(RecurrentError) {
    let architecture = try Architecture(of: stateDictionary.map { ($0.key, $0.value.shape) })
    guard case .layer = architecture.kind else {
      throw .invalidValue(
        argument: "stateDictionary", expected: "the parameters of a layer, weight_ih_l0 and so on",
        actual: "those of \(architecture.kind.rawValue)")
    }
    stack = RecurrentStack(
      inputSize: architecture.inputSize, hiddenSize: architecture.hiddenSize,
      layerCount: architecture.layerCount, nonlinearity: nonlinearity, bias: architecture.hasBias)
    self.batchFirst = batchFirst
    try stack.validateSizes()
    try load(stateDictionary)
  }
}

extension RNNCell {
  /// The parameters under PyTorch's names: `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`.
  public var stateDictionary: StateDictionary<Scalar> {
    stack.stateDictionary { name, _ in name.rawValue }
  }

  /// Takes all parameters from a state dictionary.
  ///
  /// - Parameter stateDictionary: Exactly the cell's names and shapes.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` with all missing, unexpected and misshapen names; the cell
  ///   is then unchanged.
  public mutating func load(_ stateDictionary: StateDictionary<Scalar>) throws(RecurrentError) {
    try stack.load(stateDictionary) { name, _ in name.rawValue }
  }

  /// Creates a cell from a state dictionary; its names and shapes tell the sizes and the bias.
  ///
  /// - Parameters:
  ///   - stateDictionary: PyTorch's names and shapes.
  ///   - nonlinearity: tanh or ReLU, which a state dictionary does not tell.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for the parameters of another kind of layer,
  ///   ``RecurrentError/stateDictionaryMismatch(_:)`` if names or shapes do not fit together.
  public init(
    stateDictionary: StateDictionary<Scalar>, nonlinearity: Nonlinearity = .tanh
  ) throws(RecurrentError) {
    let architecture = try Architecture(of: stateDictionary.map { ($0.key, $0.value.shape) })
    guard case .cell = architecture.kind else {
      throw .invalidValue(
        argument: "stateDictionary", expected: "the parameters of a cell, weight_ih and so on",
        actual: "those of \(architecture.kind.rawValue)")
    }
    stack = RecurrentStack(
      inputSize: architecture.inputSize, hiddenSize: architecture.hiddenSize, layerCount: 1,
      nonlinearity: nonlinearity, bias: architecture.hasBias)
    try stack.validateSizes()
    try load(stateDictionary)
  }
}

extension RecurrentStack {
  func stateDictionary(_ key: (ParameterName, Int) -> String) -> StateDictionary<Scalar> {
    var result = StateDictionary<Scalar>()
    for layer in parameters.indices {
      var cell = parameters[layer]
      cell.forEach { name, tensor in result[key(name, layer)] = tensor }
    }
    return result
  }

  mutating func load(
    _ stateDictionary: StateDictionary<Scalar>, _ key: (ParameterName, Int) -> String
  ) throws(RecurrentError) {
    try validateSizes()
    var loaded = parameters
    var mismatch = StateDictionaryMismatch()
    var known = StateDictionary<Scalar>()
    for layer in loaded.indices {
      loaded[layer].forEach { name, tensor in
        let key = key(name, layer)
        let expected = name.shape(inputSize: features(intoLayer: layer), hiddenSize: hiddenSize)
        known[key] = Tensor(0)
        guard let value = stateDictionary[key] else {
          mismatch.missing.append(key)
          return
        }
        guard value.shape == expected else {
          mismatch.misshapen.append(
            StateDictionaryMismatch.Misshapen(key: key, expected: expected, actual: value.shape))
          return
        }
        tensor = value
      }
    }
    mismatch.unexpected = stateDictionary.keys.filter { known[$0] == nil }
    guard mismatch == StateDictionaryMismatch() else { throw .stateDictionaryMismatch(mismatch) }
    parameters = loaded
  }
}

// Parameters of the cells with gates under PyTorch's names.

extension LSTM: Parameterized {
  /// Visits the parameters under PyTorch's names, in PyTorch's order: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, …
  public mutating func forEachParameter(
    _ body: (String, inout Tensor<Scalar>) throws -> Void
  ) rethrows {
    try stack.forEachParameter(.layers(directions), body)
  }

  /// Takes all parameters from a state dictionary.
  ///
  /// - Parameter stateDictionary: Exactly the layer's names and shapes.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` with all missing, unexpected and misshapen names; the layer
  ///   is then unchanged.
  public mutating func load(_ stateDictionary: StateDictionary<Scalar>) throws(RecurrentError) {
    try stack.load(stateDictionary, .layers(directions))
  }

  /// Creates a layer from a state dictionary; its names and shapes tell the rest.
  ///
  /// - Parameters:
  ///   - stateDictionary: PyTorch's names and shapes.
  ///   - batchFirst: Whether sequences are `[B, T, …]`.
  ///   - dropout: The probability with which elements between the layers are dropped in training.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for the parameters of something else,
  ///   ``RecurrentError/stateDictionaryMismatch(_:)`` if names or shapes do not fit together, and what `load(_:)` throws.
  public init(
    stateDictionary: StateDictionary<Scalar>, batchFirst: Bool = false, dropout: Double = 0
  ) throws(RecurrentError) {
    stack = try RecurrentStack(loading: stateDictionary, into: .layer, of: .lstm)
    self.batchFirst = batchFirst
    stack.regularization.dropout = dropout
  }
}

extension GRU: Parameterized {
  /// Visits the parameters under PyTorch's names, in PyTorch's order: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, …
  public mutating func forEachParameter(
    _ body: (String, inout Tensor<Scalar>) throws -> Void
  ) rethrows {
    try stack.forEachParameter(.layers(directions), body)
  }

  /// Takes all parameters from a state dictionary.
  ///
  /// - Parameter stateDictionary: Exactly the layer's names and shapes.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` with all missing, unexpected and misshapen names; the layer
  ///   is then unchanged.
  public mutating func load(_ stateDictionary: StateDictionary<Scalar>) throws(RecurrentError) {
    try stack.load(stateDictionary, .layers(directions))
  }

  /// Creates a layer from a state dictionary; its names and shapes tell the rest.
  ///
  /// - Parameters:
  ///   - stateDictionary: PyTorch's names and shapes.
  ///   - batchFirst: Whether sequences are `[B, T, …]`.
  ///   - dropout: The probability with which elements between the layers are dropped in training.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for the parameters of something else,
  ///   ``RecurrentError/stateDictionaryMismatch(_:)`` if names or shapes do not fit together, and what `load(_:)` throws.
  public init(
    stateDictionary: StateDictionary<Scalar>, batchFirst: Bool = false, dropout: Double = 0
  ) throws(RecurrentError) {
    stack = try RecurrentStack(loading: stateDictionary, into: .layer, of: .gru)
    self.batchFirst = batchFirst
    stack.regularization.dropout = dropout
  }
}

extension LSTMCell: Parameterized {
  /// Visits the parameters under PyTorch's names, in PyTorch's order: `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`
  public mutating func forEachParameter(
    _ body: (String, inout Tensor<Scalar>) throws -> Void
  ) rethrows {
    try stack.forEachParameter(.cell, body)
  }

  /// Takes all parameters from a state dictionary.
  ///
  /// - Parameter stateDictionary: Exactly the cell's names and shapes.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` with all missing, unexpected and misshapen names; the cell
  ///   is then unchanged.
  public mutating func load(_ stateDictionary: StateDictionary<Scalar>) throws(RecurrentError) {
    try stack.load(stateDictionary, .cell)
  }

  /// Creates a cell from a state dictionary; its names and shapes tell the rest.
  ///
  /// - Parameter stateDictionary: PyTorch's names and shapes.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for the parameters of something else,
  ///   ``RecurrentError/stateDictionaryMismatch(_:)`` if names or shapes do not fit together, and what `load(_:)` throws.
  public init(
    stateDictionary: StateDictionary<Scalar>
  ) throws(RecurrentError) {
    stack = try RecurrentStack(loading: stateDictionary, into: .cell, of: .lstm)
  }
}

extension GRUCell: Parameterized {
  /// Visits the parameters under PyTorch's names, in PyTorch's order: `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`
  public mutating func forEachParameter(
    _ body: (String, inout Tensor<Scalar>) throws -> Void
  ) rethrows {
    try stack.forEachParameter(.cell, body)
  }

  /// Takes all parameters from a state dictionary.
  ///
  /// - Parameter stateDictionary: Exactly the cell's names and shapes.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` with all missing, unexpected and misshapen names; the cell
  ///   is then unchanged.
  public mutating func load(_ stateDictionary: StateDictionary<Scalar>) throws(RecurrentError) {
    try stack.load(stateDictionary, .cell)
  }

  /// Creates a cell from a state dictionary; its names and shapes tell the rest.
  ///
  /// - Parameter stateDictionary: PyTorch's names and shapes.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for the parameters of something else,
  ///   ``RecurrentError/stateDictionaryMismatch(_:)`` if names or shapes do not fit together, and what `load(_:)` throws.
  public init(
    stateDictionary: StateDictionary<Scalar>
  ) throws(RecurrentError) {
    stack = try RecurrentStack(loading: stateDictionary, into: .cell, of: .gru)
  }
}

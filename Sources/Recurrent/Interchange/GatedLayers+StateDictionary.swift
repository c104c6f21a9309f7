// Parameters of the cells with gates under PyTorch's names.

extension LSTM: Parameterized {
  /// Visits the parameters under PyTorch's names, in PyTorch's order: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, …
  public mutating func forEachParameter(
    _ body: (String, inout Tensor<Scalar>) throws -> Void
  ) rethrows {
    try stack.forEachParameter(PyTorchParameterNames.layer, body)
  }

  /// Takes all parameters from a state dictionary.
  ///
  /// - Parameter stateDictionary: Exactly the layer's names and shapes.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` with all missing, unexpected and misshapen names; the layer
  ///   is then unchanged.
  public mutating func load(_ stateDictionary: StateDictionary<Scalar>) throws(RecurrentError) {
    try stack.load(stateDictionary, PyTorchParameterNames.layer)
  }

  /// Creates a layer from a state dictionary; its names and shapes tell the rest.
  ///
  /// - Parameters:
  ///   - stateDictionary: PyTorch's names and shapes.
  ///   - batchFirst: Whether sequences are `[B, T, …]`.
  ///   - dropout: The probability with which elements between the layers are dropped in training.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for the parameters of something else,
  ///   ``RecurrentError/stateDictionaryMismatch(_:)`` if names or shapes do not fit together.
  public init(
    stateDictionary: StateDictionary<Scalar>, batchFirst: Bool = false, dropout: Double = 0
  ) throws(RecurrentError) {
    let architecture = try Architecture(of: stateDictionary.map { ($0.key, $0.value.shape) })
    try architecture.require(.layer, of: .lstm)
    stack = RecurrentStack(
      .lstm, inputSize: architecture.inputSize, hiddenSize: architecture.hiddenSize,
      layerCount: architecture.layerCount, bias: architecture.hasBias)
    self.batchFirst = batchFirst
    self.dropout = dropout
    try stack.validateSizes()
    try load(stateDictionary)
  }

  /// Gives one kind of parameter new values, in every layer; each gate's matrix is one of its own.
  ///
  /// - Parameters:
  ///   - name: The parameter; a bias of a layer without bias is left out.
  ///   - initializer: The values.
  ///   - generator: The source of randomness.
  /// - Throws: What ``Initializer/tensor(_:backend:using:)`` throws; the layer is then unchanged.
  public mutating func initialize<Generator: RandomNumberGenerator>(
    _ name: ParameterName, with initializer: Initializer, using generator: inout Generator
  ) throws(RecurrentError) {
    try stack.initialize(name, with: initializer, backend: backend, using: &generator)
  }
}

extension GRU: Parameterized {
  /// Visits the parameters under PyTorch's names, in PyTorch's order: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, …
  public mutating func forEachParameter(
    _ body: (String, inout Tensor<Scalar>) throws -> Void
  ) rethrows {
    try stack.forEachParameter(PyTorchParameterNames.layer, body)
  }

  /// Takes all parameters from a state dictionary.
  ///
  /// - Parameter stateDictionary: Exactly the layer's names and shapes.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` with all missing, unexpected and misshapen names; the layer
  ///   is then unchanged.
  public mutating func load(_ stateDictionary: StateDictionary<Scalar>) throws(RecurrentError) {
    try stack.load(stateDictionary, PyTorchParameterNames.layer)
  }

  /// Creates a layer from a state dictionary; its names and shapes tell the rest.
  ///
  /// - Parameters:
  ///   - stateDictionary: PyTorch's names and shapes.
  ///   - batchFirst: Whether sequences are `[B, T, …]`.
  ///   - dropout: The probability with which elements between the layers are dropped in training.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for the parameters of something else,
  ///   ``RecurrentError/stateDictionaryMismatch(_:)`` if names or shapes do not fit together.
  public init(
    stateDictionary: StateDictionary<Scalar>, batchFirst: Bool = false, dropout: Double = 0
  ) throws(RecurrentError) {
    let architecture = try Architecture(of: stateDictionary.map { ($0.key, $0.value.shape) })
    try architecture.require(.layer, of: .gru)
    stack = RecurrentStack(
      .gru, inputSize: architecture.inputSize, hiddenSize: architecture.hiddenSize,
      layerCount: architecture.layerCount, bias: architecture.hasBias)
    self.batchFirst = batchFirst
    self.dropout = dropout
    try stack.validateSizes()
    try load(stateDictionary)
  }

  /// Gives one kind of parameter new values, in every layer; each gate's matrix is one of its own.
  ///
  /// - Parameters:
  ///   - name: The parameter; a bias of a layer without bias is left out.
  ///   - initializer: The values.
  ///   - generator: The source of randomness.
  /// - Throws: What ``Initializer/tensor(_:backend:using:)`` throws; the layer is then unchanged.
  public mutating func initialize<Generator: RandomNumberGenerator>(
    _ name: ParameterName, with initializer: Initializer, using generator: inout Generator
  ) throws(RecurrentError) {
    try stack.initialize(name, with: initializer, backend: backend, using: &generator)
  }
}

extension LSTMCell: Parameterized {
  /// Visits the parameters under PyTorch's names, in PyTorch's order: `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`
  public mutating func forEachParameter(
    _ body: (String, inout Tensor<Scalar>) throws -> Void
  ) rethrows {
    try stack.forEachParameter(PyTorchParameterNames.cell, body)
  }

  /// Takes all parameters from a state dictionary.
  ///
  /// - Parameter stateDictionary: Exactly the cell's names and shapes.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` with all missing, unexpected and misshapen names; the cell
  ///   is then unchanged.
  public mutating func load(_ stateDictionary: StateDictionary<Scalar>) throws(RecurrentError) {
    try stack.load(stateDictionary, PyTorchParameterNames.cell)
  }

  /// Creates a cell from a state dictionary; its names and shapes tell the rest.
  ///
  /// - Parameter stateDictionary: PyTorch's names and shapes.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for the parameters of something else,
  ///   ``RecurrentError/stateDictionaryMismatch(_:)`` if names or shapes do not fit together.
  public init(
    stateDictionary: StateDictionary<Scalar>
  ) throws(RecurrentError) {
    let architecture = try Architecture(of: stateDictionary.map { ($0.key, $0.value.shape) })
    try architecture.require(.cell, of: .lstm)
    stack = RecurrentStack(
      .lstm, inputSize: architecture.inputSize, hiddenSize: architecture.hiddenSize,
      layerCount: 1, bias: architecture.hasBias)
    try stack.validateSizes()
    try load(stateDictionary)
  }

  /// Gives one kind of parameter new values; each gate's matrix is one of its own.
  ///
  /// - Parameters:
  ///   - name: The parameter; a bias of a cell without bias is left out.
  ///   - initializer: The values.
  ///   - generator: The source of randomness.
  /// - Throws: What ``Initializer/tensor(_:backend:using:)`` throws; the cell is then unchanged.
  public mutating func initialize<Generator: RandomNumberGenerator>(
    _ name: ParameterName, with initializer: Initializer, using generator: inout Generator
  ) throws(RecurrentError) {
    try stack.initialize(name, with: initializer, backend: backend, using: &generator)
  }
}

extension GRUCell: Parameterized {
  /// Visits the parameters under PyTorch's names, in PyTorch's order: `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`
  public mutating func forEachParameter(
    _ body: (String, inout Tensor<Scalar>) throws -> Void
  ) rethrows {
    try stack.forEachParameter(PyTorchParameterNames.cell, body)
  }

  /// Takes all parameters from a state dictionary.
  ///
  /// - Parameter stateDictionary: Exactly the cell's names and shapes.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` with all missing, unexpected and misshapen names; the cell
  ///   is then unchanged.
  public mutating func load(_ stateDictionary: StateDictionary<Scalar>) throws(RecurrentError) {
    try stack.load(stateDictionary, PyTorchParameterNames.cell)
  }

  /// Creates a cell from a state dictionary; its names and shapes tell the rest.
  ///
  /// - Parameter stateDictionary: PyTorch's names and shapes.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for the parameters of something else,
  ///   ``RecurrentError/stateDictionaryMismatch(_:)`` if names or shapes do not fit together.
  public init(
    stateDictionary: StateDictionary<Scalar>
  ) throws(RecurrentError) {
    let architecture = try Architecture(of: stateDictionary.map { ($0.key, $0.value.shape) })
    try architecture.require(.cell, of: .gru)
    stack = RecurrentStack(
      .gru, inputSize: architecture.inputSize, hiddenSize: architecture.hiddenSize,
      layerCount: 1, bias: architecture.hasBias)
    try stack.validateSizes()
    try load(stateDictionary)
  }

  /// Gives one kind of parameter new values; each gate's matrix is one of its own.
  ///
  /// - Parameters:
  ///   - name: The parameter; a bias of a cell without bias is left out.
  ///   - initializer: The values.
  ///   - generator: The source of randomness.
  /// - Throws: What ``Initializer/tensor(_:backend:using:)`` throws; the cell is then unchanged.
  public mutating func initialize<Generator: RandomNumberGenerator>(
    _ name: ParameterName, with initializer: Initializer, using generator: inout Generator
  ) throws(RecurrentError) {
    try stack.initialize(name, with: initializer, backend: backend, using: &generator)
  }
}

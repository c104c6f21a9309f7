extension StateDictionary {
  /// The gradients of an ``RNN``, or anything else in the form of its parameters, under the names
  /// of its parameters.
  ///
  /// - Parameters:
  ///   - layers: The parameters of every cell: layer by layer, and in both directions the forward
  ///     one first.
  ///   - directions: The directions in which the layer reads.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public init(layers: [CellParameters<Scalar>], directions: Directions = .forward) {
    self.init()
    let names = PyTorchParameterNames.layers(directions)
    for (cell, parameters) in layers.enumerated() {
      parameters.forEachValue { name, tensor in self[names.key(name, cell)] = tensor }
    }
  }
}

extension CellParameters {
  /// The parameters under the names that they have in an ``RNNCell``: `weight_ih`, `weight_hh`,
  /// `bias_ih`, `bias_hh`.
  ///
  /// It turns the gradients of a cell to what an optimizer takes.
  public var stateDictionary: StateDictionary<Scalar> {
    var result = StateDictionary<Scalar>()
    forEachValue { name, tensor in result[PyTorchParameterNames.cell.key(name, 0)] = tensor }
    return result
  }

  /// Calls `body` with every parameter's name and tensor, in PyTorch's order.
  fileprivate func forEachValue(_ body: (ParameterName, Tensor<Scalar>) -> Void) {
    var copy = self
    copy.forEach { name, tensor in body(name, tensor) }
  }
}

/// PyTorch's names of the parameters of a stack's cells, or of a cell alone.
enum PyTorchParameterNames {
  case layers(Directions)
  case cell

  /// The name of a parameter of the cell of a number, which counts the directions of the first
  /// layer, then of the second.
  func key(_ name: ParameterName, _ cell: Int) -> String {
    switch self {
    case .layers(let directions):
      "\(name.rawValue)_l\(cell / directions.count)\(cell % directions.count == 0 ? "" : "_reverse")"
    case .cell: name.rawValue
    }
  }
}

extension RecurrentStack {
  /// Creates a stack from a state dictionary, whose names and shapes tell the sizes, the layers and
  /// the bias.
  init(
    loading stateDictionary: StateDictionary<Scalar>, into form: Architecture.Kind, of kind: CellKind
  ) throws(RecurrentError) {
    for key in Architecture.tellingKeys {
      if let omission = stateDictionary.omission(of: key) { throw omission }
    }
    let architecture = try Architecture(of: stateDictionary.map { ($0.key, $0.value.shape) })
    try architecture.require(form, of: kind)
    self.init(
      kind, inputSize: architecture.inputSize, hiddenSize: architecture.hiddenSize,
      projectionSize: architecture.projectionSize, layerCount: architecture.layerCount,
      directions: architecture.directions, bias: architecture.hasBias)
    try load(stateDictionary, form == .layer ? .layers(directions) : .cell)
  }

  mutating func forEachParameter(
    _ names: PyTorchParameterNames, _ body: (String, inout Tensor<Scalar>) throws -> Void
  ) rethrows {
    // One access to the property, so that packed weights are dropped once.
    func visit(_ cells: inout [CellParameters<Scalar>]) throws {
      for cell in cells.indices {
        try cells[cell].forEach { name, tensor in try body(names.key(name, cell), &tensor) }
      }
    }
    try visit(&parameters)
  }

  mutating func load(
    _ stateDictionary: StateDictionary<Scalar>, _ names: PyTorchParameterNames
  ) throws(RecurrentError) {
    try validateSizes()
    var loaded = parameters
    var loading = StrictLoading(stateDictionary, formsWeights: true)
    for cell in loaded.indices {
      loaded[cell].forEach { name, tensor in
        let expected = name.shape(in: sizes(ofCell: cell))
        if let value = loading.tensor(names.key(name, cell), shape: expected) { tensor = value }
      }
    }
    try loading.finish()
    parameters = loaded
  }
}

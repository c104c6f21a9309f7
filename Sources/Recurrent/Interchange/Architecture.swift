/// What the names and shapes of a state dictionary tell of the layer that they came from.
package struct Architecture: Equatable, Sendable {
  /// What the parameters belong to.
  package enum Kind: String, Sendable {
    /// `weight_ih_l0`, …
    case layer = "a layer"
    /// `weight_ih`, …
    case cell = "a cell"
  }

  package var kind: Kind
  package var inputSize: Int
  package var hiddenSize: Int
  package var layerCount: Int
  package var hasBias: Bool

  /// Reads names and shapes; names that belong to none of a layer's parameters are left to the strict loading.
  ///
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` without input weights or recurrent weights,
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for a layer that is not plain and one-directional,
  ///   ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for weights that are no matrices.
  package init(of entries: [(key: String, shape: Shape)]) throws(RecurrentError) {
    let shapes = Dictionary(entries.map { ($0.key, $0.shape) }, uniquingKeysWith: { $1 })
    kind = shapes["weight_ih"] != nil || shapes["weight_hh"] != nil ? .cell : .layer
    let suffix = kind == .cell ? "" : "_l0"
    guard let input = shapes["weight_ih" + suffix], let recurrent = shapes["weight_hh" + suffix]
    else {
      let names = ["weight_ih" + suffix, "weight_hh" + suffix]
      throw .stateDictionaryMismatch(
        StateDictionaryMismatch(
          missing: names.filter { shapes[$0] == nil },
          unexpected: entries.map(\.key).filter { !names.contains($0) }))
    }
    guard input.rank == 2 else {
      throw .shapeMismatch(argument: "weight_ih" + suffix, expected: "[H, I]", actual: input)
    }
    guard recurrent.rank == 2 else {
      throw .shapeMismatch(argument: "weight_hh" + suffix, expected: "[H, H]", actual: recurrent)
    }
    if shapes["weight_ih_l0_reverse"] != nil {
      throw .invalidValue(
        argument: "weight_ih_l0_reverse", expected: "a layer of one direction",
        actual: "a bidirectional one")
    }
    if shapes["weight_hr" + suffix] != nil {
      throw .invalidValue(
        argument: "weight_hr" + suffix, expected: "a plain recurrent layer",
        actual: "an LSTM with projection")
    }
    inputSize = input[1]
    hiddenSize = recurrent[1]
    let gates = ["an LSTM's": 4, "a GRU's": 3].first { $0.value * recurrent[1] == recurrent[0] }
    if let gates, hiddenSize > 0 {
      throw .invalidValue(
        argument: "weight_hh" + suffix,
        expected: "the weights [H, H] of a plain recurrent layer",
        actual: "\(recurrent), \(gates.key) weights of \(gates.value) gates")
    }
    var layers = 1
    while shapes["weight_ih_l\(layers)"] != nil || shapes["weight_hh_l\(layers)"] != nil {
      layers += 1
    }
    layerCount = kind == .cell ? 1 : layers
    hasBias = shapes["bias_ih" + suffix] != nil || shapes["bias_hh" + suffix] != nil
  }
}

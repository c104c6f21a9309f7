/// What the names and shapes of a state dictionary tell of the layer that they came from.
package struct Architecture: Equatable, Sendable {
  /// What the parameters belong to.
  package enum Kind: String, Sendable {
    /// `weight_ih_l0`, …
    case layer = "a layer"
    /// `weight_ih`, …
    case cell = "a cell"
  }

  /// The cells, told by the rows of the recurrent weights: H, 3·H or 4·H.
  package enum Cell: String, CaseIterable, Sendable {
    case rnn, lstm, gru

    /// G: the blocks of H rows in the weights.
    package var gateCount: Int {
      switch self {
      case .rnn: 1
      case .lstm: CellKind.lstm.gateCount
      case .gru: CellKind.gru.gateCount
      }
    }

    /// `nil` for cells whose weights tell nothing.
    fileprivate init?(_ kind: CellKind) {
      guard kind.customSizes == nil, let cell = Self.allCases.first(where: { $0.gateCount == kind.gateCount })
      else { return nil }
      self = cell
    }

    /// What errors call a layer of them.
    fileprivate var title: String {
      self == .rnn ? "a plain recurrent layer" : self == .lstm ? "an LSTM" : "a GRU"
    }
  }

  package var kind: Kind
  package var cell: Cell
  package var inputSize: Int
  package var hiddenSize: Int
  package var layerCount: Int
  package var directions: Directions
  /// P, in an LSTM with a projection.
  package var projectionSize: Int?
  package var hasBias: Bool

  /// The names of the weights whose shapes tell the rest.
  static let tellingKeys = ["weight_ih_l0", "weight_hh_l0", "weight_ih", "weight_hh"]

  /// Reads names and shapes; of a weight under weight normalization or another reparametrization,
  /// those of the part that has the weight's shape. Names that belong to none of a layer's
  /// parameters are left to the strict loading.
  ///
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` without input weights or recurrent
  ///   weights, ``RecurrentError/invalidValue(argument:expected:actual:)`` for a cell alone with a
  ///   projection, ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for weights that are
  ///   no matrices, or no cell's.
  package init(of entries: [(key: String, shape: Shape)]) throws(RecurrentError) {
    var shapes = Dictionary(entries.map { ($0.key, $0.shape) }, uniquingKeysWith: { $1 })
    let names = Set(shapes.keys)
    for (key, shape) in shapes {
      guard let weight = WeightParts.weightKey(ofDirection: key, among: names), !names.contains(weight) else {
        continue
      }
      shapes[weight] = shape
    }
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
    directions = shapes["weight_ih_l0_reverse"] != nil ? .bidirectional : .forward
    inputSize = input[1]
    let (rows, columns) = (recurrent[0], recurrent[1])
    if let projection = shapes["weight_hr" + suffix] {
      guard kind == .layer else {
        throw .invalidValue(
          argument: "weight_hr", expected: "a cell without projection", actual: "one with a projection")
      }
      guard projection.rank == 2 else {
        throw .shapeMismatch(argument: "weight_hr" + suffix, expected: "[P, H]", actual: projection)
      }
      projectionSize = projection[0]
      hiddenSize = projection[1]
    } else {
      projectionSize = nil
      hiddenSize = columns
    }
    if projectionSize != nil {
      cell = .lstm
    } else if let fitting = Cell.allCases.first(where: {
      // Sizes beside a size of 0 may be any.
      columns.multipliedReportingOverflow(by: $0.gateCount) == (rows, false)
    }) {
      cell = fitting
    } else {
      throw .shapeMismatch(
        argument: "weight_hh" + suffix,
        expected: "[H, H] in a plain recurrent layer, [3·H, H] in a GRU or [4·H, H] in an LSTM",
        actual: recurrent)
    }
    var layers = 1
    while shapes["weight_ih_l\(layers)"] != nil || shapes["weight_hh_l\(layers)"] != nil {
      layers += 1
    }
    layerCount = kind == .cell ? 1 : layers
    hasBias = shapes["bias_ih" + suffix] != nil || shapes["bias_hh" + suffix] != nil
  }

  /// Checks that the parameters are those of such a layer or cell.
  ///
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` where they are not.
  func require(_ kind: Kind, of cell: CellKind) throws(RecurrentError) {
    let cell = Cell(cell)
    guard kind == self.kind else {
      throw .invalidValue(
        argument: "stateDictionary",
        expected: kind == .layer
          ? "the parameters of a layer, weight_ih_l0 and so on"
          : "the parameters of a cell, weight_ih and so on",
        actual: "those of \(self.kind.rawValue)")
    }
    guard cell == self.cell else {
      throw .invalidValue(
        argument: "weight_hh" + (kind == .cell ? "" : "_l0"),
        expected: cell.map { "the weights \($0.weights) of \($0.title)" } ?? "those of a custom cell",
        actual: "the weights \(self.cell.weights) of \(self.cell.title), H = \(hiddenSize)")
    }
  }
}

extension Architecture.Cell {
  /// The shape of its recurrent weights.
  fileprivate var weights: String { gateCount == 1 ? "[H, H]" : "[\(gateCount)·H, H]" }
}

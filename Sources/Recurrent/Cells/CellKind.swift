internal import CellKernels
internal import VectorKernels

/// What a layer's cells compute.
enum CellKind: Sendable, Equatable {
  case plain(Nonlinearity)
  /// One whose formula is compiled for every instruction set.
  case gated(GatedCell)
  /// One that a user has written.
  case custom(CustomCellSizes)

  static var lstm: CellKind { .gated(GatedCell(LSTMFormula.self)) }
  static var gru: CellKind { .gated(GatedCell(GRUFormula.self)) }

  /// G: the blocks of H rows in the weights.
  var gateCount: Int {
    switch self {
    case .plain: 1
    case .gated(let cell): cell.gateCount
    case .custom(let sizes): sizes.gateCount
    }
  }

  /// Whether a formula follows the products that is more than an activation, which the hidden
  /// projection applies itself.
  var hasFormula: Bool {
    if case .plain = self { false } else { true }
  }

  /// What a custom cell has beyond gates; nothing in other cells.
  var customSizes: CustomCellSizes? {
    if case .custom(let sizes) = self { sizes } else { nil }
  }

  /// The function that bounds what a cell hands on: of a plain cell the one that it was given, of
  /// the others tanh.
  var nonlinearity: Nonlinearity {
    switch self {
    case .plain(let nonlinearity): nonlinearity
    case .gated, .custom: .tanh
    }
  }

  /// What the hidden projection applies.
  var activation: Activation {
    switch self {
    case .plain(let nonlinearity): nonlinearity.activation
    case .gated, .custom: .identity
    }
  }

  /// Whether a second state flows from step to step.
  var carriesMemory: Bool {
    switch self {
    case .plain: false
    case .gated(let cell): cell.carriesCellState
    case .custom(let sizes): sizes.carriesMemory
    }
  }

  /// What errors call h and the cell state, after the name of the state that has them.
  var stateNames: (hidden: String, cellState: String) {
    switch self {
    case .plain: ("", "")
    case .gated(let cell): cell.carriesCellState ? (".hidden", ".cell") : ("", "")
    case .custom: (".hidden", ".memory")
    }
  }

  /// Whether the formula takes the hidden projection separate from the input projection, each with
  /// its own bias.
  var separatesHiddenProjection: Bool {
    switch self {
    case .plain: false
    case .gated(let cell): cell.separatesHiddenProjection
    case .custom: true
    }
  }
}

/// How much a custom cell takes and keeps.
struct CustomCellSizes: Sendable, Equatable {
  var gateCount: Int
  var carriesMemory: Bool
  /// K: the parameters of a unit beside its weights and biases.
  var unitParameterCount: Int
  /// The vectors of H that a step keeps for the backward pass, beside its gates, its memory and its
  /// output.
  var keptVectorCount: Int
}

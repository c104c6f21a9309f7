internal import CellKernels
internal import VectorKernels

/// What a layer's cells compute.
enum CellKind: Sendable, Equatable {
  case plain(Nonlinearity)
  case lstm
  case gru

  /// G: the blocks of H rows in the weights.
  var gateCount: Int { gated?.gateCount ?? 1 }

  /// The formula that follows the products; `nil` where it is a mere activation, which the recurrent product applies itself.
  var gated: GatedCell? {
    switch self {
    case .plain: nil
    case .lstm: .lstm
    case .gru: .gru
    }
  }

  /// The function that bounds what a cell hands on: of a plain cell the one that it was given, of the others tanh.
  var nonlinearity: Nonlinearity {
    switch self {
    case .plain(let nonlinearity): nonlinearity
    case .lstm, .gru: .tanh
    }
  }

  /// What the recurrent product applies.
  var activation: Activation {
    switch self {
    case .plain(let nonlinearity): nonlinearity.activation
    case .lstm, .gru: .identity
    }
  }

  /// Whether a second state flows from step to step.
  var carriesMemory: Bool { self == .lstm }

  /// Whether the formula takes the sums of the state apart from those of the input, each with its own bias.
  var takesSumsApart: Bool { self == .gru }
}

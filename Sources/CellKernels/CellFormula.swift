import VectorKernels

/// The element-wise formula of a cell with gates, and its derivative: all that a cell computes beside its products.
///
/// The units of a cell do not see each other here; a formula is written for a vector of them.
public protocol CellFormula {
  /// G: the sums that a unit takes.
  static var gateCount: Int { get }

  /// Computes the values of the gates, the memory and the output.
  static func forward<L: Lanes>(_ unit: inout CellUnit<L>)

  /// Computes the gradients of all that ``forward(_:)`` has read, from what it has read and written.
  static func backward<L: Lanes>(_ unit: inout CellUnitGradient<L>)
}

/// A vector of units in one step.
public struct CellUnit<L: Lanes> {
  /// The sums of the gates, of the input and, where they are not apart, of the state; afterwards the gates' values.
  public var gates = InlineArray<4, L.Vector>(repeating: L.broadcast(0))
  /// The sums of the state, where they are apart.
  public var recurrentSums = InlineArray<4, L.Vector>(repeating: L.broadcast(0))
  /// h, the output of the step before.
  public var state = L.broadcast(0)
  /// What the cell has kept in the step before; afterwards what it keeps in this one.
  public var memory = L.broadcast(0)
  /// h'.
  public var output = L.broadcast(0)

  @inlinable @inline(__always) init() {}
}

/// A vector of units in one step on the way back.
public struct CellUnitGradient<L: Lanes> {
  /// The gates' values.
  public var gates = InlineArray<4, L.Vector>(repeating: L.broadcast(0))
  /// h, the output of the step before.
  public var state = L.broadcast(0)
  /// What the cell had kept in the step before, and what it kept in this one.
  public var memoryBefore = L.broadcast(0)
  public var memory = L.broadcast(0)
  /// ∂h'.
  public var outputGradient = L.broadcast(0)
  /// That of the memory of this step; afterwards that of the step before.
  public var memoryGradient = L.broadcast(0)
  /// Afterwards those of the sums of the gates, and of the sums of the state where they are apart.
  public var sumGradients = InlineArray<4, L.Vector>(repeating: L.broadcast(0))
  public var recurrentSumGradients = InlineArray<4, L.Vector>(repeating: L.broadcast(0))
  /// Afterwards the part of ∂h that does not pass through the sums.
  public var stateGradient = L.broadcast(0)

  @inlinable @inline(__always) init() {}
}

/// The cells that have gates.
public enum GatedCell: Sendable {
  case lstm
  case gru

  /// G: the sums that a unit takes.
  @inlinable
  public var gateCount: Int {
    switch self {
    case .lstm: LSTMFormula.gateCount
    case .gru: GRUFormula.gateCount
    }
  }
}

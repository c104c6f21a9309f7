import VectorKernels

/// The element-wise formula of a cell with gates, and its derivative: all that a cell computes
/// beside its products.
///
/// The units of a cell do not see each other here; a formula is written for a vector of them.
///
/// A new cell is a formula in a file of its own and a line in ``CellTable/init(lanes:)``.
public protocol CellFormula: SendableMetatype {
  /// What the cell is called: its identity among the cells of a table.
  static var name: StaticString { get }

  /// G: the pre-activations that a unit takes.
  static var gateCount: Int { get }

  /// Whether a cell state flows from step to step beside h.
  static var carriesCellState: Bool { get }

  /// Whether the formula takes the hidden projection separate from the input projection, each with
  /// its own bias.
  static var separatesHiddenProjection: Bool { get }

  /// Computes the values of the gates, the cell state and the output.
  static func forward<L: Lanes>(_ unit: inout CellUnit<L>)

  /// Computes the gradients of all that ``forward(_:)`` has read, from what it has read and
  /// written.
  static func backward<L: Lanes>(_ unit: inout CellUnitGradient<L>)
}

/// A vector of units in one step.
public struct CellUnit<L: Lanes> {
  /// The pre-activations of the gates, of the input and, where they are not apart, of the state;
  /// afterwards the gates' values.
  public var gates: InlineArray<4, L.Vector>
  /// The hidden projection, where they are apart.
  public var hiddenProjection: InlineArray<4, L.Vector>
  /// h, the output of the step before.
  public var state: L.Vector
  /// The cell state before the step; afterwards the one after it.
  public var cellState: L.Vector
  /// h'.
  public var output: L.Vector

  // Values of properties where they are declared would not be inlined.
  @inlinable @inline(__always)
  init() {
    let zero = L.broadcast(0)
    gates = InlineArray(repeating: zero)
    hiddenProjection = InlineArray(repeating: zero)
    state = zero
    cellState = zero
    output = zero
  }
}

/// A vector of units in one step on the backward pass.
public struct CellUnitGradient<L: Lanes> {
  /// The gates' values.
  public var gates: InlineArray<4, L.Vector>
  /// h, the output of the step before.
  public var state: L.Vector
  /// The cell state before the step, and the one after it.
  public var cellStateBefore: L.Vector
  public var cellState: L.Vector
  /// ∂h'.
  public var outputGradient: L.Vector
  /// That of the cell state after the step; afterwards that of the one before.
  public var cellStateGradient: L.Vector
  /// Afterwards those of the pre-activations of the gates, and of the hidden projection where they
  /// are apart.
  public var preActivationGradients: InlineArray<4, L.Vector>
  public var hiddenProjectionGradients: InlineArray<4, L.Vector>
  /// Afterwards the part of ∂h that does not pass through the pre-activations.
  public var stateGradient: L.Vector

  @inlinable @inline(__always)
  init() {
    let zero = L.broadcast(0)
    gates = InlineArray(repeating: zero)
    state = zero
    cellStateBefore = zero
    cellState = zero
    outputGradient = zero
    cellStateGradient = zero
    preActivationGradients = InlineArray(repeating: zero)
    hiddenProjectionGradients = InlineArray(repeating: zero)
    stateGradient = zero
  }
}

/// A cell with gates: what its formula says of itself, without the formula's type.
public struct GatedCell: Sendable, Equatable {
  /// See ``CellFormula/name``.
  public let name: StaticString
  /// G: the pre-activations that a unit takes.
  public let gateCount: Int
  /// Whether a cell state flows from step to step beside h.
  public let carriesCellState: Bool
  /// Whether the hidden projection is separate from the input projection.
  public let separatesHiddenProjection: Bool

  @inlinable @inline(__always)
  public init<Formula: CellFormula>(_: Formula.Type) {
    name = Formula.name
    gateCount = Formula.gateCount
    carriesCellState = Formula.carriesCellState
    separatesHiddenProjection = Formula.separatesHiddenProjection
  }

  /// Whether both are the same cell.
  public static func == (one: GatedCell, other: GatedCell) -> Bool {
    one.name.withUTF8Buffer { name in other.name.withUTF8Buffer { name.elementsEqual($0) } }
  }
}

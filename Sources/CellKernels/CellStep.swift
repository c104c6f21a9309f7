import VectorKernels

// One step of a cell with gates, after its products.
//
// The pre-activations of the gates stand in blocks of units, see UnitBlocks; states and cell states
// are plain rows [rows, units].

/// Rows that somebody else owns, at a constant distance.
public struct UnitRows<Scalar> {
  public var base: UnsafeMutablePointer<Scalar>
  public var stride: Int

  @inlinable
  public init(_ base: UnsafeMutablePointer<Scalar>, stride: Int) {
    self.base = base
    self.stride = stride
  }

  /// The beginning of a row.
  @inlinable @inline(__always)
  func row(_ index: Int) -> UnsafeMutablePointer<Scalar> { base + index &* stride }
}

/// One step forward.
public struct CellStep<Scalar> {
  public var rows: Int
  /// H, or some of its units, from the first of a block on.
  public var units: Int
  /// The pre-activations of the gates; afterwards their values.
  public var gates: UnitRows<Scalar>
  /// The hidden projection, laid out as the gates, for cells that separate it.
  public var hiddenProjection: UnitRows<Scalar>?
  /// h.
  public var state: UnitRows<Scalar>
  /// The cell state before the step and after it; both may be the same memory.
  public var cellStateBefore: UnitRows<Scalar>
  public var cellState: UnitRows<Scalar>
  /// h'.
  public var output: UnitRows<Scalar>

  @inlinable
  public init(
    rows: Int, units: Int, gates: UnitRows<Scalar>, hiddenProjection: UnitRows<Scalar>?,
    state: UnitRows<Scalar>, cellStateBefore: UnitRows<Scalar>, cellState: UnitRows<Scalar>,
    output: UnitRows<Scalar>
  ) {
    self.rows = rows
    self.units = units
    self.gates = gates
    self.hiddenProjection = hiddenProjection
    self.state = state
    self.cellStateBefore = cellStateBefore
    self.cellState = cellState
    self.output = output
  }
}

/// One step back.
public struct CellStepGradient<Scalar> {
  public var rows: Int
  public var units: Int
  /// The values of the gates.
  public var gates: UnitRows<Scalar>
  /// h.
  public var state: UnitRows<Scalar>
  public var cellStateBefore: UnitRows<Scalar>
  public var cellState: UnitRows<Scalar>
  /// The part of ∂h' that does not come from the step after.
  public var outputGradient: UnitRows<Scalar>
  /// That of the cell state after the step; afterwards that of the one before.
  public var cellStateGradient: UnitRows<Scalar>
  /// Where the gradients of the pre-activations go, laid out as the gates.
  public var preActivationGradients: UnitRows<Scalar>
  /// Where those of the hidden projection go, for cells that separate it.
  public var hiddenProjectionGradients: UnitRows<Scalar>?
  /// The part of ∂h' that comes from the step after; afterwards the part of ∂h that does not pass
  /// through the pre-activations.
  public var stateGradient: UnitRows<Scalar>

  @inlinable
  public init(
    rows: Int, units: Int, gates: UnitRows<Scalar>, state: UnitRows<Scalar>,
    cellStateBefore: UnitRows<Scalar>, cellState: UnitRows<Scalar>, outputGradient: UnitRows<Scalar>,
    cellStateGradient: UnitRows<Scalar>, preActivationGradients: UnitRows<Scalar>,
    hiddenProjectionGradients: UnitRows<Scalar>?, stateGradient: UnitRows<Scalar>
  ) {
    self.rows = rows
    self.units = units
    self.gates = gates
    self.state = state
    self.cellStateBefore = cellStateBefore
    self.cellState = cellState
    self.outputGradient = outputGradient
    self.cellStateGradient = cellStateGradient
    self.preActivationGradients = preActivationGradients
    self.hiddenProjectionGradients = hiddenProjectionGradients
    self.stateGradient = stateGradient
  }
}

// Whole vectors in a loop of their own, so that nothing in it depends on the number of units.

/// Computes a step of a cell.
@inlinable @inline(__always)
public func stepForward<Formula: CellFormula, L: Lanes>(
  _: Formula.Type, _ step: CellStep<L.Scalar>, lanes: L.Type
) {
  for row in 0..<step.rows {
    let row = CellRow<L>(step, row: row)
    var first = 0
    while first &+ L.count <= step.units {
      row.step(Formula.self, from: first, count: L.count)
      first &+= L.count
    }
    if first < L.places(of: step.units) { row.stepRest(Formula.self, from: first) }
  }
}

/// Carries gradients back through a step of a cell.
@inlinable @inline(__always)
public func stepBackward<Formula: CellFormula, L: Lanes>(
  _: Formula.Type, _ step: CellStepGradient<L.Scalar>, lanes: L.Type
) {
  for row in 0..<step.rows {
    let row = CellRowGradient<L>(step, row: row)
    var first = 0
    while first &+ L.count <= step.units {
      row.step(Formula.self, from: first, count: L.count)
      first &+= L.count
    }
    if first < L.places(of: step.units) { row.stepRest(Formula.self, from: first) }
  }
}

internal import CellKernels
internal import VectorKernels

/// One step of a cell with gates, once its input projection is done: where it finds what it reads,
/// and where what it writes goes.
///
/// Each view has the rows of the step; of a view of several steps, the first counts.
struct GatedStep<Scalar: TensorScalar> {
  let rows: Int
  /// The units that are computed.
  let units: Range<Int>
  /// The features of the state that are computed where it is a projection.
  let states: Range<Int>
  /// The weights of the state that the units have.
  let recurrent: PreparedColumns<Scalar>
  /// The input projection, from the first of the units on; afterwards the values of the gates.
  let gates: SequenceView<Scalar>
  /// Where the hidden projection goes, from the first of the units on, where they are apart.
  let hiddenProjection: SequenceView<Scalar>
  /// h of the step before.
  let previous: SequenceView<Scalar>
  /// What the step before has kept, which may stand where this one's goes.
  let cellStateBefore: SequenceView<Scalar>
  /// What this step keeps.
  let cellState: SequenceView<Scalar>
  /// What the formula gives; h' where there is no projection.
  let output: SequenceView<Scalar>
  /// h'.
  let next: SequenceView<Scalar>
  /// What a custom cell keeps beside.
  let beside: SequenceView<Scalar>
  /// Room for the cell states before, `[rows, H]`, where cell states that are carried keep their
  /// value.
  let oldCellState: SequenceView<Scalar>
  /// Whether the products read their weights from the end.
  let startsAtEnd: Bool
}

extension PreparedStack {
  /// Runs one step of a cell, or a worker's part of it; `barrier` returns when all who share the cell
  /// have called it. States keep their value where there is a zoneout.
  @inline(__always)
  func run(
    _ step: GatedStep<Scalar>, of cell: PreparedCell<Scalar>, by formula: StepFormula<Scalar>,
    _ zoneout: ZoneoutStep?, barrier: () -> Void
  ) {
    let (rows, units) = (step.rows, step.units)
    let separatesHiddenProjection = separatesHiddenProjection
    engine.multiply(
      rows: rows, step.previous.firstStep, by: step.recurrent,
      from: separatesHiddenProjection ? .prepared : .accumulated,
      into: (separatesHiddenProjection ? step.hiddenProjection : step.gates).firstStep,
      then: .identity, startsAtEnd: step.startsAtEnd)
    if zoneout != nil, kind.carriesMemory {
      step.oldCellState.copyFirstStep(from: step.cellStateBefore, rows: rows, features: units)
    }
    formula.forward(
      CellStep(
        rows: rows, units: units.count, gates: step.gates.unitRows(from: 0),
        hiddenProjection: separatesHiddenProjection ? step.hiddenProjection.unitRows(from: 0) : nil,
        // A formula that reads the state has no projection.
        state: (cell.projection == nil ? step.previous : step.output).unitRows(from: units.lowerBound),
        cellStateBefore: step.cellStateBefore.unitRows(from: units.lowerBound),
        cellState: step.cellState.unitRows(from: units.lowerBound),
        output: step.output.unitRows(from: units.lowerBound)),
      CustomStep(unitParameters: cell.unitParameters, kept: step.beside.unitRows(from: 0)))
    if let zoneout {
      if kind.carriesMemory {
        zoneout.mixCellState(step.oldCellState, into: step.cellState, rows: rows, units)
      }
      if cell.projection == nil { zoneout.mixState(step.previous, into: step.next, rows: rows, units) }
    }
    barrier()
    guard let projection = cell.projection else { return }
    engine.multiply(
      rows: rows, step.output.firstStep, by: projection.columns(step.states), from: .prepared,
      into: step.next.from(feature: step.states.lowerBound).firstStep, then: .identity,
      startsAtEnd: step.startsAtEnd)
    zoneout?.mixState(step.previous, into: step.next, rows: rows, step.states)
    barrier()
  }
}

extension SequenceView {
  /// The rows of the first step, from a unit on.
  @inline(__always)
  func unitRows(from unit: Int) -> UnitRows<Scalar> {
    UnitRows(base + unit, stride: rowStride)
  }
}

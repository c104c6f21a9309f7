internal import CellKernels
internal import VectorKernels

/// One step of a cell with gates: where it finds what it reads, and where what it writes goes.
///
/// Each view has the rows of the step; of a view of several steps, the first counts.
struct GatedStep<Scalar: TensorScalar> {
  let rows: Int
  /// The units that are computed.
  let units: Range<Int>
  /// The features of the state that are computed where it is a projection.
  let states: Range<Int>
  /// x, and the weights of the input that the units have; `nil` where the input projection is done.
  let input: (x: MatrixRows<Scalar>, weights: PreparedColumns<Scalar>)?
  /// The weights of the state that the units have.
  let recurrent: PreparedColumns<Scalar>
  /// The input projection, from the first of the units on; afterwards the values of the gates, where
  /// somebody asks for them.
  let gates: SequenceView<Scalar>
  /// Whether somebody does.
  let savesGates: Bool
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
    _ step: GatedStep<Scalar>, ofCell cell: Int, _ zoneout: ZoneoutStep?, barrier: () -> Void
  ) {
    // Cells and the formula are read part by part: to copy one counts references to all of it.
    let hasProjection = cells[cell].projection != nil
    let (rows, units) = (step.rows, step.units)
    if zoneout != nil, kind.carriesMemory {
      step.oldCellState.copyFirstStep(from: step.cellStateBefore, rows: rows, features: units)
    }
    if rows == 1, let fused = formula?.fused {
      withUnsafePointer(to: step.fused(hasProjection: hasProjection)) { fused($0) }
    } else {
      computeUnits(of: step, cell)
    }
    if let zoneout {
      if kind.carriesMemory {
        zoneout.mixCellState(step.oldCellState, into: step.cellState, rows: rows, units)
      }
      if !hasProjection { zoneout.mixState(step.previous, into: step.next, rows: rows, units) }
    }
    barrier()
    guard let projection = cells[cell].projection else { return }
    engine.multiply(
      rows: rows, step.output.firstStep, by: projection.columns(step.states), from: .prepared,
      into: step.next.from(feature: step.states.lowerBound).firstStep, then: .identity,
      startsAtEnd: step.startsAtEnd)
    zoneout?.mixState(step.previous, into: step.next, rows: rows, step.states)
    barrier()
  }
}

extension PreparedStack {
  /// The products of a step and what the formula makes of them, one after the other.
  @inline(__always)
  private func computeUnits(of step: GatedStep<Scalar>, _ cell: Int) {
    guard let formula else { preconditionFailure("a cell without a formula") }
    let (rows, units) = (step.rows, step.units)
    let separatesHiddenProjection = separatesHiddenProjection
    if let (x, weights) = step.input {
      engine.multiply(
        rows: rows, x, by: weights, from: .prepared, into: step.gates.firstStep, then: .identity)
    }
    engine.multiply(
      rows: rows, step.previous.firstStep, by: step.recurrent,
      from: separatesHiddenProjection ? .prepared : .accumulated,
      into: (separatesHiddenProjection ? step.hiddenProjection : step.gates).firstStep,
      then: .identity, startsAtEnd: step.startsAtEnd)
    formula.forward(
      CellStep(
        rows: rows, units: units.count, gates: step.gates.unitRows(from: 0),
        hiddenProjection: separatesHiddenProjection ? step.hiddenProjection.unitRows(from: 0) : nil,
        // A formula that reads the state has no projection.
        state: (cells[cell].projection == nil ? step.previous : step.output).unitRows(from: units.lowerBound),
        cellStateBefore: step.cellStateBefore.unitRows(from: units.lowerBound),
        cellState: step.cellState.unitRows(from: units.lowerBound),
        output: step.output.unitRows(from: units.lowerBound)),
      CustomStep(unitParameters: cells[cell].unitParameters, kept: step.beside.unitRows(from: 0)))
  }
}

extension GatedStep {
  /// The same step of its first row, for the kernel that computes its products too.
  @inline(__always)
  func fused(hasProjection: Bool) -> FusedStep<Scalar> {
    FusedStep(
      weights: FusedStep.Weights(
        units: units.count, input: input?.weights, recurrent: recurrent,
        start: input?.weights.start ?? UnsafePointer(gates.base)),
      input: input?.x.base ?? previous.base, previous: previous.base,
      // A formula that reads the state has no projection.
      state: hasProjection ? output.base : previous.base + units.lowerBound,
      cellStateBefore: cellStateBefore.base + units.lowerBound,
      cellState: cellState.base + units.lowerBound, output: output.base + units.lowerBound,
      gates: savesGates ? gates.base : nil, startsAtEnd: startsAtEnd)
  }
}

extension FusedStep.Weights {
  /// Those of some units; without those of the input, where the input projection is done.
  @inline(__always)
  init(
    units: Int, input: PreparedColumns<Scalar>?, recurrent: PreparedColumns<Scalar>,
    start: UnsafePointer<Scalar>
  ) {
    self.init(
      units: units, start: start, inputPanels: input?.elements ?? recurrent.elements,
      inputDepth: input?.depth ?? 0, recurrentPanels: recurrent.elements, recurrentDepth: recurrent.depth,
      accumulators: recurrent.accumulators, hiddenStart: recurrent.start)
  }
}

extension SequenceView {
  /// The rows of the first step, from a unit on.
  @inline(__always)
  func unitRows(from unit: Int) -> UnitRows<Scalar> {
    UnitRows(base + unit, stride: rowStride)
  }
}

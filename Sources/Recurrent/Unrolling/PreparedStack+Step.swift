internal import CellKernels
internal import VectorKernels

// One step of one layer on the calling thread.

extension PreparedStack {
  /// One step of one layer: h' of B rows from x, h and the cell state, which becomes the new one.
  /// Neither x nor h overlaps h'. States keep their value in expectation, where there is a zoneout.
  @inline(__always)
  func step(
    layer: Int, rows: Int, _ input: MatrixRows<Scalar>, _ previous: MatrixRows<Scalar>,
    cellState: UnsafeMutablePointer<Scalar>, into next: MatrixRows<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>, zoneout: ZoneoutPass?, startsAtEnd: Bool
  ) {
    if rows == 1, zoneout == nil, let fused {
      let step = FusedStep(
        weights: fusedWeights[layer], input: input.base, previous: previous.base, state: previous.base,
        cellStateBefore: cellState, cellState: cellState, output: next.base, gates: nil,
        startsAtEnd: startsAtEnd)
      return withUnsafePointer(to: step) { fused($0) }
    }
    // The formula is not bound to a name here: that would count references to it in a step of plain
    // cells.
    guard formula == nil else {
      return stepWithFormula(
        layer: layer, rows: rows, input, previous, cellState: cellState, into: next, scratch: scratch,
        zoneout: zoneout, startsAtEnd: startsAtEnd)
    }
    engine.multiply(
      rows: rows, input, by: cells[layer].input.allColumns, and: previous,
      by: cells[layer].recurrent.allColumns, into: next, then: activation)
  }

  /// The scalars of scratch that a step with a formula needs.
  func stepScratchSize(rows: Int, hasZoneout: Bool) -> Int {
    let oldCellStateWidth = hasZoneout ? layout.hiddenSize : 0
    return formula == nil
      ? 0 : rows * (preActivationWidth + savedWidth + unprojectedWidth + oldCellStateWidth)
  }

  /// The sums that a step takes of a row, those of the state apart where the formula wants them so.
  private var preActivationWidth: Int { (separatesHiddenProjection ? 2 : 1) * layout.width }

  /// What a row has before its projection.
  private var unprojectedWidth: Int { cells[0].projection == nil ? 0 : layout.hiddenSize }

  /// The same for cells with a formula.
  @inline(never)
  private func stepWithFormula(
    layer: Int, rows: Int, _ input: MatrixRows<Scalar>,
    _ previous: MatrixRows<Scalar>, cellState: UnsafeMutablePointer<Scalar>, into next: MatrixRows<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>, zoneout: ZoneoutPass?, startsAtEnd: Bool
  ) {
    let (width, hiddenSize) = (layout.width, layout.hiddenSize)
    func view(_ base: UnsafeMutablePointer<Scalar>, _ features: Int) -> SequenceView<Scalar> {
      SequenceView(base: base, stepStride: 0, rowStride: features)
    }
    let preActivations = view(scratch, width)
    let beside = scratch + rows * preActivationWidth
    let unprojected = beside + rows * savedWidth
    let oldCellState = unprojected + rows * unprojectedWidth
    let next = view(next.base, next.layout.rowStride)
    let cellState = view(cellState, hiddenSize)
    run(
      GatedStep(
        rows: rows, units: 0..<hiddenSize, states: 0..<next.rowStride,
        input: (input, cells[layer].input.allColumns), recurrent: cells[layer].recurrent.allColumns,
        gates: preActivations, savesGates: false, hiddenProjection: view(scratch + rows * width, width),
        previous: view(previous.base, previous.layout.rowStride), cellStateBefore: cellState,
        cellState: cellState,
        output: cells[layer].projection == nil ? next : view(unprojected, hiddenSize), next: next,
        beside: view(beside, savedWidth),
        oldCellState: view(oldCellState, hiddenSize), startsAtEnd: startsAtEnd),
      ofCell: layer, zoneout.map { ZoneoutStep($0, cell: layer, packedRow: 0) }, barrier: {})
  }
}

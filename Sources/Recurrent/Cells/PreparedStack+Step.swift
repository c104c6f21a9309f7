internal import CellKernels
internal import VectorKernels

// One step of one layer on the calling thread.

extension PreparedStack {
  /// One step of one layer: h' of B rows from x, h and `memory`, which becomes the new one. Neither x nor h overlaps h'.
  @inline(__always)
  func step(
    layer: Int, rows: Int, _ input: MatrixRows<Scalar>, _ previous: MatrixRows<Scalar>,
    memory: UnsafeMutablePointer<Scalar>, into next: MatrixRows<Scalar>, scratch: UnsafeMutablePointer<Scalar>
  ) {
    // The formula is not bound to a name here: that would count references to it in a step of plain cells.
    guard formula == nil else {
      return stepWithFormula(
        layer: layer, rows: rows, input, previous, memory: memory, into: next, scratch: scratch)
    }
    engine.multiply(
      rows: rows, input, by: cells[layer].input.allColumns, and: previous,
      by: cells[layer].recurrent.allColumns, into: next, then: kind.activation)
  }

  /// The scalars of scratch that a step with a formula needs.
  func stepScratchSize(rows: Int) -> Int {
    formula == nil ? 0 : rows * (sumsWidth + unprojectedWidth + keptWidth)
  }

  /// The sums that a step takes of a row, those of the state apart where the formula wants them so.
  private var sumsWidth: Int { (kind.takesSumsApart ? 2 : 1) * layout.width }

  /// What a row has before its projection.
  private var unprojectedWidth: Int { cells[0].projection == nil ? 0 : layout.hiddenSize }

  /// The scalars that a custom cell keeps of a row for the way back.
  var keptWidth: Int { (kind.customSizes?.keptVectorCount ?? 0) * layout.hiddenSize }

  /// The same for cells with a formula.
  @inline(never)
  private func stepWithFormula(
    layer: Int, rows: Int, _ input: MatrixRows<Scalar>,
    _ previous: MatrixRows<Scalar>, memory: UnsafeMutablePointer<Scalar>, into next: MatrixRows<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    guard let formula else { preconditionFailure("a cell without a formula") }
    let cell = cells[layer]
    let (width, hiddenSize) = (layout.width, layout.hiddenSize)
    let sums = MatrixRows(base: scratch, layout: RowLayout(rowStride: width))
    let apart = MatrixRows(base: scratch + rows * width, layout: RowLayout(rowStride: width))
    let unprojected = MatrixRows(
      base: scratch + rows * sumsWidth, layout: RowLayout(rowStride: hiddenSize))
    let kept = UnitRows(scratch + rows * (sumsWidth + unprojectedWidth), stride: keptWidth)
    let output = cell.projection == nil ? next : unprojected
    engine.multiply(
      rows: rows, input, by: cell.input.allColumns, from: .prepared, into: sums, then: .identity)
    engine.multiply(
      rows: rows, previous, by: cell.recurrent.allColumns,
      from: kind.takesSumsApart ? .prepared : .accumulated, into: kind.takesSumsApart ? apart : sums,
      then: .identity)
    let memory = UnitRows(memory, stride: hiddenSize)
    formula.forward(
      CellStep(
        rows: rows, units: hiddenSize, gates: UnitRows(sums),
        recurrentSums: kind.takesSumsApart ? UnitRows(apart) : nil,
        // A formula that reads the state has no projection.
        state: UnitRows(cell.projection == nil ? previous : output),
        memoryBefore: memory, memory: memory, output: UnitRows(output)),
      CustomStep(unitParameters: cell.unitParameters, kept: kept))
    if let projection = cell.projection {
      engine.multiply(
        rows: rows, output, by: projection.allColumns, from: .prepared, into: next, then: .identity)
    }
  }
}

extension UnitRows {
  /// Rows at one constant stride.
  fileprivate init(_ rows: MatrixRows<Scalar>) {
    self.init(rows.base, stride: rows.layout.rowStride)
  }
}

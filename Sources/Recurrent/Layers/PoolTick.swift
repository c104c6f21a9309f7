internal import VectorKernels

/// One step of some sessions of a pool, whose states are gathered into blocks of rows.
struct PoolTick<Scalar: TensorScalar> {
  let stack: PreparedStack<Scalar>
  /// How states keep their value, in expectation; `nil` where they do not.
  let zoneout: ZoneoutPass?
  let layout: SessionLayout
  let slabs: UnsafeBufferPointer<UnsafeMutablePointer<Scalar>>
  let sessions: UnsafePointer<RecurrentSession>
  /// `[n, I]`.
  let inputs: UnsafePointer<Scalar>
  /// `[n, P]`.
  let outputs: UnsafeMutablePointer<Scalar>

  /// The most rows of a block, a whole number of register tiles.
  static var mostRows: Int { 48 }
  /// The rows of a register tile of most instruction sets.
  private static var rowsPerTile: Int { 6 }

  /// The scalars that a worker needs: of a block's rows h, the cell state, two layers' outputs, and
  /// what the step takes.
  static func scratchSize(_ stack: PreparedStack<Scalar>, hasZoneout: Bool) -> Int {
    mostRows * rowSize(stack) + stack.stepScratchSize(rows: mostRows, hasZoneout: hasZoneout)
  }

  private static func rowSize(_ stack: PreparedStack<Scalar>) -> Int {
    3 * stack.sizes.stateSize + stack.sizes.hiddenSize
  }

  /// Steps some of the sessions, in blocks of about equal size.
  ///
  /// - Parameters:
  ///   - rows: Which of them.
  ///   - scratch: The worker's memory, zeros before its first tick.
  func run(_ rows: Range<Int>, scratch: UnsafeMutablePointer<Scalar>) {
    guard !rows.isEmpty else { return }
    let blockCount = (rows.count + Self.mostRows - 1) / Self.mostRows
    let tileCount = (rows.count + Self.rowsPerTile * blockCount - 1) / (Self.rowsPerTile * blockCount)
    let size = tileCount * Self.rowsPerTile
    // Back and forth, so that a cache keeps the weights that are read first.
    var startsAtEnd = false
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: size) {
      step(start..<min(start + size, rows.upperBound), scratch, startsAtEnd: startsAtEnd)
      startsAtEnd.toggle()
    }
  }

  /// Runs all layers for one block of sessions.
  private func step(_ block: Range<Int>, _ scratch: UnsafeMutablePointer<Scalar>, startsAtEnd: Bool) {
    let sizes = stack.sizes
    let (rows, size) = (block.count, sizes.stateSize)
    let cellStates = scratch + Self.mostRows * size
    let between = cellStates + Self.mostRows * sizes.hiddenSize
    let hidden = MatrixRows(base: scratch, rowStride: size)
    // What is only read has the same kind of view as what is written.
    var source = MatrixRows(
      base: UnsafeMutablePointer(mutating: inputs + block.lowerBound * sizes.inputSize),
      rowStride: sizes.inputSize)
    for layer in 0..<sizes.layerCount {
      let target = MatrixRows(
        base: layer == sizes.layerCount - 1
          ? outputs + block.lowerBound * size : between + layer % 2 * Self.mostRows * size,
        rowStride: size)
      let (hiddenStart, cellStart) = (layout.hidden(ofLayer: layer), layout.cellState(ofLayer: layer))
      for row in 0..<rows {
        let state = state(block.lowerBound + row)
        (scratch + row * size).update(from: state + hiddenStart, count: size)
        (cellStates + row * layout.cellStateSize).update(from: state + cellStart, count: layout.cellStateSize)
      }
      stack.step(
        layer: layer, rows: rows, source, hidden, cellState: cellStates, into: target,
        scratch: between + 2 * Self.mostRows * size, zoneout: zoneout, startsAtEnd: startsAtEnd)
      for row in 0..<rows {
        let state = state(block.lowerBound + row)
        (state + hiddenStart).update(from: target.base + row * size, count: size)
        (state + cellStart).update(from: cellStates + row * layout.cellStateSize, count: layout.cellStateSize)
      }
      source = target
    }
  }

  /// Where the state of one of the sessions is.
  @inline(__always)
  private func state(_ index: Int) -> UnsafeMutablePointer<Scalar> {
    SessionStates.state(ofSlot: sessions[index].slot, slabs, layout)
  }
}

internal import VectorKernels

// Products with one large matrix, by many threads.
//
// A matrix is cut into blocks that stay in the second-level cache while many rows use them, and whose panels stay in the
// first-level cache: deep sums are made in parts. A part goes on from what the one before has left in C, so that the
// order of the additions, and with it every bit, is that of a matrix in one piece.

/// A matrix B [columns, depth] prepared in blocks.
struct BlockedMatrix<Scalar: TensorScalar>: Sendable {
  let engine: MatrixEngine<Scalar>
  let columns: Int
  let depth: Int
  private let columnsPerBlock: Int
  private let depthPerBlock: Int
  /// The parts of the depth of the first columns, then those of the next.
  private let blocks: [PreparedMatrix<Scalar>]

  /// Panels of the AVX2 and NEON kernels, 16 `Float`s wide, then take 20 KiB of the first-level
  /// cache.
  private static var mostDepth: Int { 320 }
  /// Whole panels of every instruction set; with the depth, 320 KiB of `Float`s.
  private static var mostColumns: Int { 256 }
  /// Tiles of every height that an instruction set has, without a rest.
  private static var rowsPerBlock: Int { 96 }
  private static var rowsPerTile: Int { 12 }

  /// Prepares B, whose element (column j, depth k) stands at
  /// `matrix[j·columnStride + k·depthStride]`, for an engine, and the start of the rows.
  init(
    _ matrix: [Scalar], columns: Int, depth: Int, columnStride: Int, depthStride: Int,
    start: [Scalar]? = nil, _ engine: MatrixEngine<Scalar>, _ execution: Execution
  ) {
    self.engine = engine
    self.columns = columns
    self.depth = depth
    // OpenBLAS has blocks and threads of its own.
    let isWhole = engine.openBLAS != nil
    let parts = isWhole ? 1 : (depth + Self.mostDepth - 1) / Self.mostDepth
    let (columnsPerBlock, depthPerBlock) = (
      isWhole ? columns : min(columns, Self.mostColumns), (depth + parts - 1) / parts
    )
    (self.columnsPerBlock, self.depthPerBlock) = (columnsPerBlock, depthPerBlock)
    func block(_ index: Int) -> PreparedMatrix<Scalar> {
      let (column, k) = (index / parts * columnsPerBlock, index % parts * depthPerBlock)
      return matrix.withUnsafeBufferPointer { matrix in
        (start ?? []).withUnsafeBufferPointer { starts in
          guard let base = matrix.baseAddress else { preconditionFailure("an empty matrix") }
          return engine.prepare(
            base + (column * columnStride + k * depthStride), columns: min(columnsPerBlock, columns - column),
            depth: min(depthPerBlock, depth - k), columnStride: columnStride, depthStride: depthStride,
            start: start == nil || k > 0 ? nil : starts.baseAddress.map { $0 + column })
        }
      }
    }
    let count = (columns + columnsPerBlock - 1) / columnsPerBlock * parts
    guard count > 1 else {
      blocks = [block(0)]
      return
    }
    var prepared = [PreparedMatrix<Scalar>?](repeating: nil, count: count)
    prepared.withUnsafeMutableBufferPointer { prepared in
      guard let prepared = prepared.baseAddress else { return }
      execution.forEachPart(of: count, nanoseconds: Double(columns * depth)) { part in
        for index in part { prepared[index] = block(index) }
      }
    }
    blocks = prepared.compactMap(\.self)
  }

  /// C = start + A·Bᵀ for A [rows, depth].
  func product(_ a: [Scalar], rows: Int, _ execution: Execution) -> [Scalar] {
    let count = rows * columns
    if count * MemoryLayout<Scalar>.size >= ResultMemory.leastByteCount { ResultMemory.isKept }
    return [Scalar](count: count) { target in
      a.withUnsafeBufferPointer { a in
        guard let a = a.baseAddress else { return }
        product(a, rows: rows, into: target, execution)
      }
    }
  }

  /// C = start + A·Bᵀ for contiguous A [rows, depth] and C [rows, columns].
  private func product(
    _ a: UnsafePointer<Scalar>, rows: Int, into c: UnsafeMutablePointer<Scalar>, _ execution: Execution
  ) {
    let columnBlocks = (columns + columnsPerBlock - 1) / columnsPerBlock
    guard engine.openBLAS == nil else { return multiply(a, 0..<rows, 0..<columnBlocks, into: c) }
    let rate = ProcessorCosts.bytesOfOperationsPerNanosecond / Double(MemoryLayout<Scalar>.size)
    let nanoseconds = 2 * Double(rows) * Double(columns) * Double(depth) / rate
    let tiles = (rows + Self.rowsPerTile - 1) / Self.rowsPerTile
    if tiles >= columnBlocks {
      execution.forEachPart(of: tiles, nanoseconds: nanoseconds) { part in
        let rows = part.lowerBound * Self.rowsPerTile..<min(rows, part.upperBound * Self.rowsPerTile)
        multiply(a, rows, 0..<columnBlocks, into: c)
      }
    } else {
      execution.forEachPart(of: columnBlocks, nanoseconds: nanoseconds) { part in
        multiply(a, 0..<rows, part, into: c)
      }
    }
  }

  /// The product of some rows with some blocks of columns.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func multiply(
    _ a: UnsafePointer<Scalar>, _ rows: Range<Int>, _ columnBlocks: Range<Int>,
    into c: UnsafeMutablePointer<Scalar>
  ) {
    // A is only read; one kind of view serves inputs and outputs.
    let a = UnsafeMutablePointer(mutating: a)
    let parts = (depth + depthPerBlock - 1) / depthPerBlock
    let rowsPerBlock = engine.openBLAS == nil ? Self.rowsPerBlock : rows.count
    for column in columnBlocks {
      var row = rows.lowerBound
      while row < rows.upperBound {
        let count = min(rowsPerBlock, rows.upperBound - row)
        for part in 0..<parts {
          engine.multiply(
            rows: count, MatrixRows(base: a + (row * depth + part * depthPerBlock), rowStride: depth),
            by: blocks[column * parts + part].allColumns, from: part == 0 ? .prepared : .accumulated,
            into: MatrixRows(base: c + (row * columns + column * columnsPerBlock), rowStride: columns),
            then: .identity)
        }
        row += count
      }
    }
  }
}

internal import VectorKernels

/// C = Aᵀ·B for contiguous A [depth, rows], B [depth, columns] and C [rows, columns]: the gradient
/// of weights, a sum over many rows of a batch.
///
/// Each element is a sum over the depth in its order, whatever is shared among threads: each has
/// some rows of C, or some columns where there are more of them.
struct TransposedProduct<Scalar: TensorScalar> {
  let engine: MatrixEngine<Scalar>
  /// A.
  let a: UnsafePointer<Scalar>
  let rows: Int
  /// B.
  let b: UnsafePointer<Scalar>
  let columns: Int
  let depth: Int
  /// C; it need not be initialized.
  let c: UnsafeMutablePointer<Scalar>
  /// The sums of A's rows, `[rows]`; `nil` for none.
  let rowSums: UnsafeMutablePointer<Scalar>?

  /// The depth that is packed at once, so that a block of Aᵀ stays in the second-level cache.
  private static var depthPerChunk: Int { SummationOrder.transposedRowsPerChunk }
  /// The depth that B is packed for; a block of C stays in the cache as long.
  private static var depthPerPass: Int { 4 * depthPerChunk }
  /// The columns of B that are packed at once.
  private static var columnsPerBlock: Int { 512 }
  /// The rows of C that are computed at once, whole panels of every instruction set.
  private static var rowsPerBlock: Int { 192 }

  /// Computes C, and the sums of A's rows.
  func run(_ execution: Execution) {
    guard engine.openBLAS == nil else { return runWhole() }
    let rate = ProcessorCosts.bytesOfOperationsPerNanosecond / Double(MemoryLayout<Scalar>.size)
    let nanoseconds = 2 * Double(rows) * Double(columns) * Double(depth) / rate
    let width = engine.panelWidth
    let larger = max(rows, columns)
    execution.forEachPart(of: (larger + width - 1) / width, nanoseconds: nanoseconds) { panels in
      let part = panels.lowerBound * width..<min(larger, panels.upperBound * width)
      if rows >= columns { compute(part, 0..<columns) } else { compute(0..<rows, part) }
    }
  }

  /// OpenBLAS has blocks and threads of its own.
  private func runWhole() {
    c.fillWithZeros(count: rows * columns)
    // Sizes are checked to fit BLAS's 32-bit integers where a layer validates its input.
    engine.openBLAS?.multiplyTransposed(
      Int32(rows), Int32(columns), Int32(depth), a, Int32(rows), b, Int32(columns), c, Int32(columns))
    addToRowSums(0..<rows, 0..<depth)
  }

  /// Adds some of the depth to the sums of some of A's rows.
  @inline(__always)
  private func addToRowSums(_ range: Range<Int>, _ depths: Range<Int>) {
    guard let rowSums else { return }
    if depths.lowerBound == 0 { (rowSums + range.lowerBound).fillWithZeros(count: range.count) }
    engine.addRows(
      of: a + (depths.lowerBound * rows + range.lowerBound), rows: depths.count, columns: range.count,
      rowStride: rows, to: rowSums + range.lowerBound)
  }

  /// A part of C, whose rows and columns begin panels.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func compute(_ rows: Range<Int>, _ columns: Range<Int>) {
    let (chunk, pass) = (min(depth, Self.depthPerChunk), min(depth, Self.depthPerPass))
    let columnsPerBlock = min(columns.count, Self.columnsPerBlock)
    let rowsPerBlock = min(rows.count, Self.rowsPerBlock)
    let paddedColumns = engine.transposedSize(rows: columnsPerBlock, depth: 1)
    let packedB = Scratch<Scalar>(count: paddedColumns * pass)
    let packedA = Scratch<Scalar>(count: engine.transposedSize(rows: rowsPerBlock, depth: chunk))
    let zeros = Scratch<Scalar>(count: paddedColumns)
    zeros.base.fillWithZeros(count: paddedColumns)
    for column in stride(from: columns.lowerBound, to: columns.upperBound, by: columnsPerBlock) {
      let columnCount = min(columnsPerBlock, columns.upperBound - column)
      for start in stride(from: 0, to: depth, by: pass) {
        let end = min(depth, start + pass)
        for k in stride(from: start, to: end, by: chunk) {
          pack(
            b + column, rowLength: self.columns, columns: columnCount, depths: k..<min(end, k + chunk),
            into: packedB.base + (k - start) * paddedColumns)
        }
        for row in stride(from: rows.lowerBound, to: rows.upperBound, by: rowsPerBlock) {
          let rowCount = min(rowsPerBlock, rows.upperBound - row)
          for k in stride(from: start, to: end, by: chunk) {
            let depths = k..<min(end, k + chunk)
            pack(a + row, rowLength: self.rows, columns: rowCount, depths: depths, into: packedA.base)
            // While they are in the cache; by those who have the first columns.
            if column == 0 { addToRowSums(row..<(row + rowCount), depths) }
            multiply(
              packedA.base, rowCount, packedB.base + (k - start) * paddedColumns, columnCount,
              depth: depths.count, from: k == 0 ? zeros.base : nil,
              into: c + (row * self.columns + column))
          }
        }
      }
    }
  }

  /// Packs some columns of a matrix for some of its rows.
  @inline(__always)
  private func pack(
    _ matrix: UnsafePointer<Scalar>, rowLength: Int, columns: Int, depths: Range<Int>,
    into target: UnsafeMutablePointer<Scalar>
  ) {
    engine.kernels.pack(
      PackingSource(
        base: matrix + depths.lowerBound * rowLength, columns: columns, depth: depths.count, columnStride: 1,
        depthStride: rowLength),
      target)
  }

  /// C = start + Aᵀ·B, or C += Aᵀ·B, for packed A and B.
  @inline(__always)
  private func multiply(
    _ a: UnsafePointer<Scalar>, _ rows: Int, _ b: UnsafePointer<Scalar>, _ columns: Int, depth: Int,
    from start: UnsafePointer<Scalar>?, into c: UnsafeMutablePointer<Scalar>
  ) {
    let panel = engine.panelWidth
    var product = Product(
      rows: rows, columns: columns, depth: depth, a: a,
      aLayout: RowLayout(rowStride: 1, rowsPerBlock: panel, blockStride: panel * depth), panels: b,
      start: start, c: c, cLayout: RowLayout(rowStride: self.columns), activation: .identity)
    product.aDepthStride = panel
    engine.kernels.multiply(product)
  }
}

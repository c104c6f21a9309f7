internal import VectorKernels

// Products with a transposed matrix at their left: gradients of weights, which are sums over many
// rows.

extension MatrixEngine {
  /// The scalars that ``packTransposed(_:rows:depth:columns:into:)`` writes for so many rows.
  func transposedSize(rows: Int, depth: Int) -> Int {
    (rows + panelWidth - 1) / panelWidth * panelWidth * depth
  }

  /// Packs some columns of a contiguous A [depth, rows], which are rows of Aᵀ, for products with Aᵀ
  /// at their left; they begin at a multiple of the panels' width.
  @inline(__always)
  func packTransposed(
    _ a: UnsafePointer<Scalar>, rows: Int, depth: Int, columns: Range<Int>,
    into target: UnsafeMutablePointer<Scalar>
  ) {
    guard openBLAS == nil, !columns.isEmpty else { return }
    kernels.pack(
      PackingSource(
        base: a + columns.lowerBound, columns: columns.count, depth: depth, columnStride: 1,
        depthStride: rows),
      target + columns.lowerBound * depth)
  }

  /// One factor of a product with a transposed matrix.
  struct TransposedRows {
    /// A [depth, rows], contiguous.
    let plain: UnsafePointer<Scalar>
    /// The same, as ``packTransposed(_:rows:depth:columns:into:)`` lays it out.
    let packed: UnsafePointer<Scalar>
    let rows: Int
    let depth: Int
  }

  /// C += AᵀB from a depth of A on, for some columns of B [depth, width], whose rows stand
  /// `rowStride` apart, and of contiguous C [rows, width].
  ///
  /// `scratch` takes depth · (columns rounded up to whole panels) scalars; the columns begin at a
  /// multiple of the panels' width.
  @inline(__always)
  func accumulate(
    _ a: TransposedRows, depths: Range<Int>, transposedBy b: UnsafePointer<Scalar>, rowStride: Int,
    width: Int, columns: Range<Int>, into c: UnsafeMutablePointer<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    guard !depths.isEmpty, !columns.isEmpty else { return }
    let (b, c) = (b + columns.lowerBound, c + columns.lowerBound)
    if let openBLAS {
      // Sizes are checked to fit BLAS's 32-bit integers where a layer validates its input.
      openBLAS.multiplyTransposed(
        Int32(a.rows), Int32(columns.count), Int32(depths.count), a.plain + depths.lowerBound * a.rows,
        Int32(a.rows), b, Int32(rowStride), c, Int32(width))
    } else {
      kernels.pack(
        PackingSource(
          base: b, columns: columns.count, depth: depths.count, columnStride: 1, depthStride: rowStride),
        scratch)
      let panel = panelWidth
      var product = Product(
        rows: a.rows, columns: columns.count, depth: depths.count,
        a: a.packed + depths.lowerBound * panel,
        aLayout: RowLayout(rowStride: 1, rowsPerBlock: panel, blockStride: panel * a.depth),
        panels: UnsafePointer(scratch), start: nil,
        c: c, cLayout: RowLayout(rowStride: width), activation: .identity)
      product.aDepthStride = panel
      kernels.multiply(product)
    }
  }

  /// Adds the rows of a matrix `[rows, columns]` to `target`, each element in the order of the
  /// rows.
  @inline(__always)
  func addRows(
    of source: UnsafePointer<Scalar>, rows: Int, columns: Int, rowStride: Int,
    to target: UnsafeMutablePointer<Scalar>
  ) {
    kernels.addRows(source, rows, columns, rowStride, target)
  }
}

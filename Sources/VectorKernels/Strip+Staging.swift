// Sums that cannot go to C at once: of columns that end within a vector, and those that are added
// to what C holds while they need a place to wait for their other accumulators.

extension Strip {
  /// Whether the sums are computed in a staging buffer and moved.
  @inlinable @inline(__always)
  var isStaged: Bool {
    filled % L.count != 0 || (product.pointee.addsToC && product.pointee.accumulators.count > 1)
  }

  /// The most sums of a tile that has a place of its own for them.
  @inlinable @inline(__always)
  static var smallTile: Int { 9 }

  /// Whether a chain of such tiles waits for each of them. Then the fused projection has a loop of
  /// its own.
  @inlinable @inline(__always)
  static func isLatencyBound(rows: Int, vectors: Int) -> Bool {
    rows &* vectors <= smallTile && (rows == 1 || rows &* vectors != 8)
  }

  /// Computes all rows with a staging buffer. No tile has more sums than `tileRows` rows of a
  /// panel.
  @inlinable @inline(never)
  func multiplyStaged<let tileRows: Int, let panelVectors: Int>(
    _ shape: TileShape<tileRows, panelVectors>, after projection: inout RowCursor<L.Scalar>
  ) {
    typealias Row = InlineArray<panelVectors, L.Vector>
    var place = InlineArray<tileRows, Row>(repeating: Row(repeating: L.broadcast(0)))
    withUnsafeMutableBytes(of: &place) { bytes in
      var product = product.pointee
      product.staging = bytes.baseAddress?.assumingMemoryBound(to: L.Scalar.self)
      withUnsafeMutablePointer(to: &product) {
        Strip($0, column: column, shape).walk(shape, after: &projection)
      }
    }
  }

  /// Copies the columns that exist to whole vectors.
  @inlinable @inline(__always)
  func gather(_ row: UnsafeMutablePointer<L.Scalar>, into whole: UnsafeMutablePointer<L.Scalar>) {
    var column = 0
    while column &+ L.count <= filled {
      L.store(L.load(row + column), whole + column)
      column &+= L.count
    }
    let rest = filled &- column
    if rest > 0 { L.store(L.load(row + column, count: rest), whole + column) }
  }

  /// Copies the columns that exist from whole vectors, or adds them.
  @inlinable @inline(__always)
  func scatter(_ whole: UnsafeMutablePointer<L.Scalar>, into row: UnsafeMutablePointer<L.Scalar>) {
    var column = 0
    while column &+ L.count <= filled {
      let sum = L.load(whole + column)
      L.store(product.pointee.addsToC ? L.add(L.load(row + column), sum) : sum, row + column)
      column &+= L.count
    }
    let rest = filled &- column
    if rest > 0 {
      let sum = L.load(whole + column)
      L.store(
        product.pointee.addsToC ? L.add(L.load(row + column, count: rest), sum) : sum, row + column,
        count: rest)
    }
  }
}

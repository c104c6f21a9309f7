// Sums that cannot go to C at once: of columns that end within a vector, and those that are added to what C holds while
// they need a place to wait for their other segments.

extension Strip {
  /// Whether the sums are computed aside and moved.
  @inlinable @inline(__always)
  var isMoved: Bool {
    filled % L.count != 0 || (product.pointee.addsToC && product.pointee.segments.count > 1)
  }

  /// The most sums of a tile that has a place of its own for them.
  @inlinable @inline(__always)
  static var smallTile: Int { 9 }

  /// Whether a chain of such tiles waits for each of them. Then what precedes has a loop of its own.
  @inlinable @inline(__always)
  static func isAwaited(rows: Int, vectors: Int) -> Bool {
    rows &* vectors <= smallTile && (rows == 1 || rows &* vectors != 8)
  }

  /// Computes all rows with a place aside. No tile has more sums than `tileRows` rows of a panel.
  @inlinable @inline(never)
  func multiplyAside<let tileRows: Int, let panelVectors: Int>(
    _ shape: TileShape<tileRows, panelVectors>, after preceding: inout RowCursor<L.Scalar>
  ) {
    typealias Row = InlineArray<panelVectors, L.Vector>
    var place = InlineArray<tileRows, Row>(repeating: Row(repeating: L.broadcast(0)))
    withUnsafeMutableBytes(of: &place) { bytes in
      var product = product.pointee
      product.aside = bytes.baseAddress?.assumingMemoryBound(to: L.Scalar.self)
      withUnsafeMutablePointer(to: &product) {
        Strip($0, column: column, shape).walk(shape, after: &preceding)
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

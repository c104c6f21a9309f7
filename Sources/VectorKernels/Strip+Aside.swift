extension Strip {
  /// Computes a block elsewhere, link by link, and moves what exists of it: where its rows end within a vector, or where the sums
  /// are added to what C holds and cannot wait there for their other segments.
  @inlinable @inline(never)
  func tileAside<
    let rows: Int, let vectors: Int, let segments: Int, let tileRows: Int, let panelVectors: Int
  >(
    _ a: inout RowCursor<L.Scalar>, _ c: inout RowCursor<L.Scalar>,
    _ height: Constant<rows>, _ width: Constant<vectors>, _ atOnce: Constant<segments>,
    _ shape: TileShape<tileRows, panelVectors>
  ) {
    typealias Row = InlineArray<vectors, L.Vector>
    let length = vectors &* L.count
    var link = product.pointee
    link.links = 1
    link.addsToC = false
    var inputs = a
    var cRows = InlineArray<rows, UnsafeMutablePointer<L.Scalar>>(repeating: link.c)
    for row in 0..<rows {
      _ = a.next()
      cRows[row] = UnsafeMutablePointer(mutating: c.next())
    }
    var aside = InlineArray<rows, Row>(repeating: Row(repeating: L.broadcast(0)))
    withUnsafeMutableBytes(of: &aside) { bytes in
      guard let base = bytes.baseAddress?.assumingMemoryBound(to: L.Scalar.self) else { return }
      for _ in 0..<product.pointee.links {
        if link.start == nil {
          for row in 0..<rows { gather(cRows[row], into: base + row &* length) }
        }
        var outputs = RowCursor(base: UnsafePointer(base), layout: RowLayout(rowStride: length))
        withUnsafePointer(to: link) {
          Strip(product: $0, column: column, filled: length, panel: panel)
            .tile(&inputs, &outputs, height, width, atOnce, shape)
        }
        for row in 0..<rows {
          scatter(base + row &* length, into: cRows[row])
          cRows[row] += link.linkStride
        }
        // A chain has one tile, so that its rows are all of C's.
        inputs = RowCursor(base: UnsafePointer(link.c), layout: link.cLayout)
        link.advance()
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

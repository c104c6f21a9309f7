import CVectorMath

/// Some columns, through all rows.
@usableFromInline
struct Strip<L: Lanes> {
  /// Where the product stands: a tile takes a copy of the strip, which has to be small.
  @usableFromInline let product: UnsafeMutablePointer<Product<L.Scalar>>
  /// The first of its columns, which begins a panel.
  @usableFromInline let column: Int
  /// How many of the strip's columns exist.
  @usableFromInline let filled: Int
  /// Its first panel.
  @usableFromInline let panel: UnsafePointer<L.Scalar>

  @inlinable @inline(__always)
  init<let tileRows: Int, let panelVectors: Int>(
    _ product: UnsafeMutablePointer<Product<L.Scalar>>, column: Int,
    _ shape: TileShape<tileRows, panelVectors>
  ) {
    self.product = product
    self.column = column
    filled = min(shape.vectors &* L.count, product.pointee.columns &- column)
    panel = product.pointee.panels + product.pointee.depth &* column
  }

  /// Computes all rows, which go on from those of the fused projection.
  @inlinable @inline(__always)
  func multiply<let tileRows: Int, let panelVectors: Int>(
    _ shape: TileShape<tileRows, panelVectors>, after projection: inout RowCursor<L.Scalar>
  ) {
    if isStaged && shape.rows &* ((filled &+ L.count &- 1) / L.count) > Self.smallTile {
      multiplyStaged(shape, after: &projection)
    } else {
      walk(shape, after: &projection)
    }
  }

  /// Walks over the rows in tiles of nearly equal height.
  @inlinable @inline(__always)
  func walk<let tileRows: Int, let panelVectors: Int>(
    _ shape: TileShape<tileRows, panelVectors>, after projection: inout RowCursor<L.Scalar>
  ) {
    var a = RowCursor(base: product.pointee.a, layout: product.pointee.aLayout)
    var c = RowCursor(base: UnsafePointer(product.pointee.c) + column, layout: product.pointee.cLayout)
    if product.pointee.rows == 1 { return tile(&a, &c, &projection, Constant<1>(), shape) }
    var left = product.pointee.rows
    var tiles = (left &+ tileRows &- 1) / tileRows
    while tiles > 0 {
      let height = (left &+ tiles &- 1) / tiles
      switch height {
      case 1: tile(&a, &c, &projection, Constant<1>(), shape)
      case 2 where tileRows >= 2: tile(&a, &c, &projection, Constant<2>(), shape)
      case 3 where tileRows >= 3: tile(&a, &c, &projection, Constant<3>(), shape)
      case 4 where tileRows >= 4: tile(&a, &c, &projection, Constant<4>(), shape)
      case 5 where tileRows >= 5: tile(&a, &c, &projection, Constant<5>(), shape)
      default: tile(&a, &c, &projection, Constant<tileRows>(), shape)
      }
      left &-= height
      tiles &-= 1
    }
  }

  /// Picks the tile for the number of vectors that the strip has.
  @inlinable @inline(__always)
  func tile<let rows: Int, let tileRows: Int, let panelVectors: Int>(
    _ a: inout RowCursor<L.Scalar>, _ c: inout RowCursor<L.Scalar>, _ projection: inout RowCursor<L.Scalar>,
    _ height: Constant<rows>, _ shape: TileShape<tileRows, panelVectors>
  ) {
    // Those that whole panels and the rows leave room for. Spelled out: only conditions that the
    // compiler folds at once keep it from compiling tiles that no product takes.
    switch (filled &+ L.count &- 1) / L.count {
    case 8 where (8 &+ panelVectors &- 1) / panelVectors &* rows <= tileRows:
      tile(&a, &c, &projection, height, Constant<8>(), shape)
    case 7 where (7 &+ panelVectors &- 1) / panelVectors &* rows <= tileRows:
      tile(&a, &c, &projection, height, Constant<7>(), shape)
    case 6 where (6 &+ panelVectors &- 1) / panelVectors &* rows <= tileRows:
      tile(&a, &c, &projection, height, Constant<6>(), shape)
    case 5 where (5 &+ panelVectors &- 1) / panelVectors &* rows <= tileRows:
      tile(&a, &c, &projection, height, Constant<5>(), shape)
    case 4 where (4 &+ panelVectors &- 1) / panelVectors &* rows <= tileRows:
      tile(&a, &c, &projection, height, Constant<4>(), shape)
    case 3 where (3 &+ panelVectors &- 1) / panelVectors &* rows <= tileRows:
      tile(&a, &c, &projection, height, Constant<3>(), shape)
    case 2: tile(&a, &c, &projection, height, Constant<2>(), shape)
    default: tile(&a, &c, &projection, height, Constant<1>(), shape)
    }
  }

  /// Picks the tile for the accumulators that are computed at once.
  @inlinable @inline(__always)
  func tile<let rows: Int, let vectors: Int, let tileRows: Int, let panelVectors: Int>(
    _ a: inout RowCursor<L.Scalar>, _ c: inout RowCursor<L.Scalar>, _ projection: inout RowCursor<L.Scalar>,
    _ height: Constant<rows>, _ width: Constant<vectors>, _ shape: TileShape<tileRows, panelVectors>
  ) {
    // As many as keep the multiply-adds busy.
    if rows &* vectors <= 3 && product.pointee.accumulators.count >= 4 {
      tile(&a, &c, &projection, height, width, Constant<4>(), shape)
    } else if rows &* vectors <= 6 && product.pointee.accumulators.count >= 2 {
      tile(&a, &c, &projection, height, width, Constant<2>(), shape)
    } else {
      tile(&a, &c, &projection, height, width, Constant<1>(), shape)
    }
  }

  /// Computes a block of `rows` rows and `vectors` vectors of columns, as often as the product is
  /// chained.
  @inlinable @inline(never)
  func tile<
    let rows: Int, let vectors: Int, let accumulators: Int, let tileRows: Int, let panelVectors: Int
  >(
    _ a: inout RowCursor<L.Scalar>, _ c: inout RowCursor<L.Scalar>, _ projection: inout RowCursor<L.Scalar>,
    _ height: Constant<rows>, _ width: Constant<vectors>, _ atOnce: Constant<accumulators>,
    _ shape: TileShape<tileRows, panelVectors>
  ) {
    let aRows: InlineArray<rows, UnsafePointer<L.Scalar>> = a.next()
    let cPlaces: InlineArray<rows, UnsafePointer<L.Scalar>> = c.next()
    var cRows = InlineArray<rows, UnsafeMutablePointer<L.Scalar>>(repeating: product.pointee.c)
    for row in 0..<rows { cRows[row] = UnsafeMutablePointer(mutating: cPlaces[row]) }
    let tile = Tile<L, rows, vectors, accumulators, tileRows, panelVectors>(self)
    // Small tiles, up to `smallTile`: a literal, so that large ones are compiled without a loop of
    // their own for what is moved.
    if rows &* vectors <= 9 { return tile.iterateSmall(aRows, cRows, after: &projection) }
    // What is not read before it is written may stand in memory still, and the stores would wait
    // for it.
    if !product.pointee.startsFromC {
      for row in 0..<rows {
        for vector in 0..<vectors { prefetch_for_writing(cRows[row] + vector &* L.count) }
      }
    }
    var targets = cRows
    let staging = product.pointee.staging
    if let staging {
      for row in 0..<rows { targets[row] = staging + row &* vectors &* L.count }
      if product.pointee.startsFromC {
        for row in 0..<rows { gather(cRows[row], into: targets[row]) }
      }
    }
    tile.iterate(aRows, targets, after: &projection)
    if staging != nil {
      for row in 0..<rows { scatter(targets[row], into: cRows[row]) }
    }
  }
}

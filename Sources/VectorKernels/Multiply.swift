// C = activation(start + A·Bᵀ) on packed panels.
//
// Goals, in order:
// 1. The bits of an element depend on its row of A, its column of B and nothing else.
// 2. All accumulators of a tile stay in registers, every weight that is loaded serves all rows of the tile.
// 3. A panel is read from front to back, and stays in the second-level cache while all row tiles use it.
// 4. A chain reads its panels alternately from the first and from the last on: what a cache kept of them is used before it is lost.
// 5. Where few sums wait for each other, iteration after iteration, their accumulators are computed side by side, tanh of a short single
//    row is applied in registers, and what the sums go on from is computed there, while the iteration before is waited for.
// 6. Where tiles have many sums, what the sums of a batch go on from is not stored before: the tiles begin with it.
// 7. Lines of C that are written and not read are on their way while the sums are computed.
// 8. Weights that are too many for the second-level cache are on their way a strip ahead, a line at a time.
//
// What was tried and is slower is in Benchmarks/Results/kernel-notes.md, "Tiles and panels".

/// Multiplies rows with packed panels, as often as the product is chained, after its fused
/// projection.
@inlinable @inline(__always)
public func multiply<L: Lanes, let tileRows: Int, let panelVectors: Int>(
  _ product: Product<L.Scalar>, lanes: L.Type, tiling: Tiling<tileRows, panelVectors>
) {
  var product = product
  if let projection = product.projection, !product.fusesProjection(lanes: L.self, tiling: tiling) {
    var projection = projection.pointee
    withUnsafeMutablePointer(to: &projection) { multiplyIterations($0, lanes: L.self, tiling: tiling) }
    product.projection = nil
  }
  withUnsafeMutablePointer(to: &product) { multiplyIterations($0, lanes: L.self, tiling: tiling) }
}

/// Multiplies as often as the product is chained, and leaves the product after the last iteration
/// in its place.
@inlinable @inline(never)
func multiplyIterations<L: Lanes, let tileRows: Int, let panelVectors: Int>(
  _ place: UnsafeMutablePointer<Product<L.Scalar>>, lanes: L.Type, tiling: Tiling<tileRows, panelVectors>
) {
  let product = UnsafePointer(place)
  guard product.pointee.rows > 0, product.pointee.columns > 0 else { return }
  var projection = product.pointee.projectionRows
  let vectors = (product.pointee.columns &+ L.count &- 1) / L.count
  let shape = TileShape<tileRows, panelVectors>(
    rows: product.pointee.rows, vectors: vectors,
    weightBytes: product.pointee.depth &* product.pointee.columns &* MemoryLayout<L.Scalar>.stride,
    iterations: product.pointee.iterations)
  if vectors <= shape.vectors && product.pointee.rows <= shape.rows
    && product.pointee.staysInTile(vectors: vectors, L.self)
  {
    // One tile: the chain stays there.
    return Strip<L>(place, column: 0, shape).multiply(shape, after: &projection)
  }
  let (iterations, activation) = (product.pointee.iterations, product.pointee.activation)
  let activatesTiles =
    product.pointee.outputs == nil && product.pointee.rows == 1 && !product.pointee.addsToC
  place.pointee.iterations = 1
  if !activatesTiles { place.pointee.activation = .identity }
  let isFused = product.pointee.projection != nil
  let width = shape.vectors &* L.count
  let tiles = (product.pointee.rows &+ tileRows &- 1) / tileRows
  for _ in 0..<iterations {
    let projectionOfIteration = projection
    product.pointee.forEachStrip(ofWidth: width) { column in
      if isFused { projection = projectionOfIteration }
      place.pointee.planPrefetch(of: column, width: width, tiles: tiles)
      Strip<L>(place, column: column, shape).multiply(shape, after: &projection)
    }
    if !activatesTiles && !activation.isIdentity { activate(activation, product.pointee, lanes: L.self) }
    place.pointee.advance()
  }
}

extension Product {
  /// Whether a chain of one tile is computed within it: not if something follows each iteration,
  /// nor if large iterations are staged.
  @inlinable @inline(__always)
  func staysInTile<L: Lanes>(vectors: Int, _: L.Type) -> Bool {
    outputs == nil && !addsToC && (columns % L.count == 0 || rows &* vectors <= Strip<L>.smallTile)
  }
}

extension Product {
  /// The most bytes of weights, its own and those of the fused projection, that a chain of one tile
  /// reads in each iteration: they stay in the first-level cache, beside what else is there.
  @inlinable @inline(__always)
  static var mostBytesOfTile: Int { Processor.firstLevelBytes / 8 &* 5 }

  /// The same for a chain of several rows: they stay in the second-level cache.
  @inlinable @inline(__always)
  static var mostBytesOfRows: Int { Processor.secondLevelBytes }

  /// Whether the sums of each iteration go on in its tiles from those of the fused projection,
  /// which are never stored then. There are fewer rows at once to read the weights of the fused
  /// projection for, and so it pays where they are few.
  @inlinable @inline(__always)
  func fusesProjection<L: Lanes, let tileRows: Int, let panelVectors: Int>(
    lanes: L.Type, tiling: Tiling<tileRows, panelVectors>
  ) -> Bool {
    guard let projection, rows > 0, outputs == nil, !addsToC else { return false }
    let vectors = (columns &+ L.count &- 1) / L.count
    let bytes = (projection.pointee.depth &+ depth) &* vectors &* L.count &* MemoryLayout<L.Scalar>.stride
    let sums = rows &* vectors
    if vectors <= Tiling<tileRows, panelVectors>.vectors(besideRows: rows)
      && Strip<L>.isLatencyBound(rows: rows, vectors: vectors)
    {
      return bytes <= Self.mostBytesOfTile
        && (sums >= Processor.sumsForAnyChain || projection.pointee.depth <= Processor.longestChain)
    }
    return Tiling<tileRows, panelVectors>.isLarge && rows > 1 && bytes <= Self.mostBytesOfRows
  }
}

/// Applies the activation to all rows, or multiplies them by its derivative; rows that touch each
/// other as one.
@inlinable @inline(never)
func activate<L: Lanes>(_ activation: Activation, _ product: Product<L.Scalar>, lanes: L.Type) {
  let isContiguous =
    product.cLayout.rowStride == product.columns && product.cLayout.isUniform(rows: product.rows)
  let count = isContiguous ? product.rows &* product.columns : product.columns
  var rows = RowCursor(base: UnsafePointer(product.c), layout: product.cLayout)
  for _ in 0..<(isContiguous ? 1 : product.rows) {
    let row = UnsafeMutablePointer(mutating: rows.next())
    if let outputs = product.outputs {
      let outputs = outputs + (UnsafePointer(row) - UnsafePointer(product.c))
      scaleByDerivative(of: activation, row, outputs, count, lanes: L.self)
    } else {
      activate(activation, row, count, lanes: L.self)
    }
  }
}

/// A matrix to be packed: its element (column j, depth k) stands at
/// `base[j·columnStride + k·depthStride]`.
///
/// For C = A·Wᵀ with a row-major W [columns, depth], `columnStride` is W's row length and
/// `depthStride` is 1; for C = A·W they change places.
public struct PackingSource<Scalar> {
  public var base: UnsafePointer<Scalar>
  public var columns: Int
  public var depth: Int
  public var columnStride: Int
  public var depthStride: Int

  @inlinable
  public init(
    base: UnsafePointer<Scalar>, columns: Int, depth: Int, columnStride: Int, depthStride: Int
  ) {
    self.base = base
    self.columns = columns
    self.depth = depth
    self.columnStride = columnStride
    self.depthStride = depthStride
  }
}

/// Copies a matrix into panels.
///
/// A panel holds `panelVectors` vectors of columns in the order `[k][column]`, so that a product
/// reads it once from front to back. Columns beyond the last are zeros: `target` takes depth ·
/// (columns rounded up to whole panels).
@inlinable @inline(__always)
public func pack<L: Lanes, let tileRows: Int, let panelVectors: Int>(
  _ source: PackingSource<L.Scalar>, into target: UnsafeMutablePointer<L.Scalar>, lanes: L.Type,
  tiling: Tiling<tileRows, panelVectors>
) {
  let width = panelVectors &* L.count
  // Some depths of all panels, then the next: rows that stand pages apart are read a page after the
  // other, not a line of each.
  let depthPerRound = 16
  var depth = 0
  while depth < source.depth {
    let end = min(depth &+ depthPerRound, source.depth)
    var first = 0
    while first < source.columns {
      let filled = min(width, source.columns &- first)
      var target = target + (first &* source.depth &+ depth &* width)
      for k in depth..<end {
        let from = source.base + (first &* source.columnStride &+ k &* source.depthStride)
        if source.columnStride == 1 && filled == width {
          for vector in 0..<panelVectors {
            L.store(L.load(from + vector &* L.count), target + vector &* L.count)
          }
        } else if source.columnStride == 1 {
          target.update(from: from, count: filled)
        } else {
          for column in 0..<filled { target[column] = from[column &* source.columnStride] }
        }
        for column in filled..<width { target[column] = 0 }
        target += width
      }
      first &+= width
    }
    depth = end
  }
}

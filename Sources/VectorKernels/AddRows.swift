/// Adds the rows of a matrix [rows, columns] to `target`, each element in the order of the rows.
@inlinable @inline(__always)
public func addRows<L: Lanes>(
  _ source: UnsafePointer<L.Scalar>, rows: Int, columns: Int, rowStride: Int,
  to target: UnsafeMutablePointer<L.Scalar>, lanes: L.Type
) {
  // Four sums in registers hide the time that an addition takes.
  let block = 4 &* L.count
  var column = 0
  while column &+ block <= columns {
    var sums = InlineArray<4, L.Vector>(repeating: L.broadcast(0))
    for vector in 0..<4 { sums[vector] = L.load(target + (column &+ vector &* L.count)) }
    var place = source + column
    for _ in 0..<rows {
      for vector in 0..<4 { sums[vector] = L.add(sums[vector], L.load(place + vector &* L.count)) }
      place += rowStride
    }
    for vector in 0..<4 { L.store(sums[vector], target + (column &+ vector &* L.count)) }
    column &+= block
  }
  while column < columns {
    let count = min(L.count, columns &- column)
    var sum = count == L.count ? L.load(target + column) : L.load(target + column, count: count)
    var place = source + column
    for _ in 0..<rows {
      sum = L.add(sum, count == L.count ? L.load(place) : L.load(place, count: count))
      place += rowStride
    }
    if count == L.count {
      L.store(sum, target + column)
    } else {
      L.store(sum, target + column, count: count)
    }
    column &+= count
  }
}

/// Performs rounds of multiply-adds on as many sums as a tile has, without touching memory: what a
/// product could do at most.
///
/// - Returns: The floating-point operations of one round, and a sum of all results, so that no
///   round can be left out.
@inlinable @inline(__always)
public func multiplyAddRounds<L: Lanes, let tileRows: Int, let panelVectors: Int>(
  _ rounds: Int, lanes: L.Type, tiling _: Tiling<tileRows, panelVectors>
) -> (operationsPerRound: Int, value: L.Scalar) {
  // Below 1 and slowly moving, so that no sum overflows or becomes subnormal.
  let factor = L.broadcast(0.9999)
  let term = L.broadcast(0.0001)
  typealias Sums = InlineArray<panelVectors, L.Vector>
  var sums = InlineArray<tileRows, Sums>(repeating: Sums(repeating: L.broadcast(0.5)))
  for _ in 0..<rounds {
    for row in 0..<tileRows {
      for vector in 0..<panelVectors {
        sums[row][vector] = L.multiplyAdd(sums[row][vector], factor, term)
      }
    }
  }
  var total = L.broadcast(0)
  for row in 0..<tileRows {
    for vector in 0..<panelVectors { total = L.add(total, sums[row][vector]) }
  }
  let lanes = UnsafeMutablePointer<L.Scalar>.allocate(capacity: L.count)
  defer { lanes.deallocate() }
  L.store(total, lanes)
  return (tileRows &* panelVectors &* L.count &* 2, lanes[0])
}

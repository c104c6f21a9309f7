/// Reads a buffer again and again, each vector once in a round and from front to back, as a product
/// with one row reads packed panels: what such a product could do at most where the buffer lies.
///
/// Additions rather than multiply-adds, since an instruction set without a fused one would need two
/// instructions for each vector, and since the value is then a plain sum.
///
/// - Parameters:
///   - source: The buffer, `vectorCount` whole vectors.
///   - vectorCount: The vectors in the buffer; fastest where ``readSums`` divides it.
///   - rounds: How often the buffer is read.
///   - lanes: The vectors.
/// - Returns: `rounds` times the sum of the buffer, so that no load can be left out.
@inlinable @inline(__always)
public func readRounds<L: Lanes>(
  _ source: UnsafePointer<L.Scalar>, vectorCount: Int, rounds: Int, lanes: L.Type
) -> L.Scalar {
  var sums = InlineArray<8, L.Vector>(repeating: L.broadcast(0))
  for _ in 0..<rounds {
    var next = source
    for _ in 0..<(vectorCount / readSums) {
      for sum in 0..<readSums { sums[sum] = L.add(sums[sum], L.load(next + sum &* L.count)) }
      next += readSums &* L.count
    }
    for _ in 0..<(vectorCount % readSums) {
      sums[0] = L.add(sums[0], L.load(next))
      next += L.count
    }
  }
  for sum in 1..<readSums { sums[0] = L.add(sums[0], sums[sum]) }
  let lanes = UnsafeMutablePointer<L.Scalar>.allocate(capacity: L.count)
  defer { lanes.deallocate() }
  L.store(sums[0], lanes)
  var total: L.Scalar = 0
  for lane in 0..<L.count { total += lanes[lane] }
  return total
}

/// The independent sums of ``readRounds(_:vectorCount:rounds:lanes:)``: two additions in each
/// cycle, each of which takes up to four cycles.
@inlinable @inline(__always)
public var readSums: Int { 8 }

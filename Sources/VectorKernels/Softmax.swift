// The loops over a row of a softmax, a block of columns at a time.
//
// Goals, in order:
// 1. The bits of a sum depend on its terms alone: they are added in as many lanes as the widest vectors have, twice,
//    whatever the vectors are, and lane by lane in one order.
// 2. Terms that are all positive, in blocks of few terms a lane: a sum is off by few roundings however long the row is.
// 3. The constants of the exponential stay in registers: sums are a loop of their own over what is still in the
//    first-level cache.

/// The entry points for the rows of a softmax.
///
/// An entry is called once for a block of columns, up to ``blockSize``. Numbers stand in memory: a
/// closure that takes or returns a `Scalar` itself is not compiled for the instructions.
public struct SoftmaxKernels<Scalar>: Sendable {
  /// The most columns of a block.
  public static var blockSize: Int { 1024 }
  /// What exponentials carry so that the least of them are normal numbers.
  public static var exponentialScale: Double { 0x1p64 }

  /// Raises a limit to the largest of so many scalars. See ``raise(_:toGreatestOf:_:lanes:)``.
  public let greatest: @Sendable (UnsafePointer<Scalar>, Int, _ limit: UnsafeMutablePointer<Scalar>) -> Void
  /// Writes exponentials and their sum. See
  /// ``exponentials(_:_:below:into:excluding:sum:lanes:)``.
  public let exponentials:
    @Sendable (
      UnsafePointer<Scalar>, Int, _ limit: UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>,
      _ excluded: Int, _ sum: UnsafeMutablePointer<Scalar>
    ) -> Void
  /// Writes weighted distances and their sum. See
  /// ``distances(_:_:below:weights:into:sum:lanes:)``.
  public let distances:
    @Sendable (
      UnsafePointer<Scalar>, Int, _ limit: UnsafePointer<Scalar>, _ weights: UnsafePointer<Scalar>?,
      UnsafeMutablePointer<Scalar>, _ sum: UnsafeMutablePointer<Scalar>
    ) -> Void
  /// Scales what ``exponentials`` wrote. See ``scale(_:_:by:plus:lanes:)``.
  public let scale:
    @Sendable (
      UnsafeMutablePointer<Scalar>, Int, _ numbers: UnsafePointer<Scalar>, _ offsets: UnsafePointer<Scalar>?
    ) -> Void

  /// The kernels, specialized on lanes in the module that names them, for whose instructions they
  /// are compiled.
  @inlinable @inline(__always)
  init<L: Lanes>(lanes: L.Type) where L.Scalar == Scalar {
    greatest = { VectorKernels.raise($2, toGreatestOf: $0, $1, lanes: L.self) }
    exponentials = {
      VectorKernels.exponentials($0, $1, below: $2, into: $3, excluding: $4, sum: $5, lanes: L.self)
    }
    distances = {
      VectorKernels.distances($0, $1, below: $2, weights: $3, into: $4, sum: $5, lanes: L.self)
    }
    scale = { VectorKernels.scale($0, $1, by: $2, plus: $3, lanes: L.self) }
  }
}

/// Raises a limit to the largest of `count` scalars. If NaN is among them, the limit becomes any of
/// the others, or NaN.
@inlinable @inline(__always)
func raise<L: Lanes>(
  _ limit: UnsafeMutablePointer<L.Scalar>, toGreatestOf source: UnsafePointer<L.Scalar>, _ count: Int,
  lanes: L.Type
) {
  guard count >= L.count else {
    for index in 0..<count where !(source[index] <= limit[0]) { limit[0] = source[index] }
    return
  }
  // Four chains hide the time that a comparison takes.
  var most = InlineArray<4, L.Vector>(repeating: L.broadcast(-.infinity))
  var index = 0
  while index &+ 4 &* L.count <= count {
    for chain in 0..<4 {
      most[chain] = L.maximum(L.load(source + (index &+ chain &* L.count)), most[chain])
    }
    index &+= 4 &* L.count
  }
  while index &+ L.count <= count {
    most[0] = L.maximum(L.load(source + index), most[0])
    index &+= L.count
  }
  // Some of the last vector's scalars for the second time.
  most[1] = L.maximum(L.load(source + (count &- L.count)), most[1])
  let all = L.maximum(L.maximum(most[0], most[1]), L.maximum(most[2], most[3]))
  var scalars = InlineArray<16, L.Scalar>(repeating: 0)
  withUnsafeMutablePointer(to: &scalars) {
    let scalars = UnsafeMutableRawPointer($0).assumingMemoryBound(to: L.Scalar.self)
    L.store(all, scalars)
    for lane in 0..<L.count where !(scalars[lane] <= limit[0]) { limit[0] = scalars[lane] }
  }
}

/// Writes e^(x − `limit`), times ``SoftmaxKernels/exponentialScale``, of up to a block of scalars x that are
/// not above the limit, with 0 in the place `excluded` (−1 for none), and their sum.
///
/// The result is exactly 0 where e^(x − limit) is less than half the least subnormal number. NaN
/// stays NaN. Source and target may be the same.
@inlinable @inline(__always)
func exponentials<L: Lanes>(
  _ source: UnsafePointer<L.Scalar>, _ count: Int, below limit: UnsafePointer<L.Scalar>,
  into target: UnsafeMutablePointer<L.Scalar>, excluding excluded: Int,
  sum: UnsafeMutablePointer<L.Scalar>, lanes: L.Type
) {
  let limit = L.broadcast(limit[0])
  map(source, count, into: target, lanes: L.self) { x, _ in
    let z = L.subtract(x, limit)
    let underflow = L.broadcast(L.exponentialUnderflow)
    let (power, rest) = L.exponential(L.maximum(z, underflow), times: L.exponentialScale)
    return L.select(
      where: z, isLessThan: underflow, L.broadcast(0), else: L.multiplyAdd(power, rest, power))
  }
  if excluded >= 0 { target[excluded] = 0 }
  sum[0] = VectorKernels.sum(target, count, lanes: L.self)
}

/// Writes w·(`limit` − x) of up to a block of scalars x, which are not above the limit, and their
/// sum; each w is 1 where there are no weights.
@inlinable @inline(__always)
func distances<L: Lanes>(
  _ source: UnsafePointer<L.Scalar>, _ count: Int, below limit: UnsafePointer<L.Scalar>,
  weights: UnsafePointer<L.Scalar>?, into target: UnsafeMutablePointer<L.Scalar>,
  sum: UnsafeMutablePointer<L.Scalar>, lanes: L.Type
) {
  let limit = L.broadcast(limit[0])
  if let weights {
    map(source, count, into: target, lanes: L.self) { x, place in
      L.multiply(place.load(weights), L.subtract(limit, x))
    }
  } else {
    map(source, count, into: target, lanes: L.self) { x, _ in L.subtract(limit, x) }
  }
  sum[0] = VectorKernels.sum(target, count, lanes: L.self)
}

/// Replaces scalars x by x · factor · scale + offset. The three numbers stand in this order; where
/// there are offsets, each scalar has one of its own instead of the third.
@inlinable @inline(__always)
func scale<L: Lanes>(
  _ target: UnsafeMutablePointer<L.Scalar>, _ count: Int, by numbers: UnsafePointer<L.Scalar>,
  plus offsets: UnsafePointer<L.Scalar>?, lanes: L.Type
) {
  let (factor, scale) = (L.broadcast(numbers[0]), L.broadcast(numbers[1]))
  if let offsets {
    map(target, count, into: target, lanes: L.self) { x, place in
      L.multiplyAdd(L.multiply(x, factor), scale, place.load(offsets))
    }
  } else {
    let offset = L.broadcast(numbers[2])
    map(target, count, into: target, lanes: L.self) { x, _ in
      L.multiplyAdd(L.multiply(x, factor), scale, offset)
    }
  }
}

/// Where a vector stands in a row: what it loads from another row.
@usableFromInline
struct VectorPlace<L: Lanes> {
  @usableFromInline let index: Int
  /// The scalars of the vector that exist.
  @usableFromInline let count: Int

  @inlinable @inline(__always)
  init(index: Int, count: Int) {
    self.index = index
    self.count = count
  }

  @inlinable @inline(__always)
  func load(_ source: UnsafePointer<L.Scalar>) -> L.Vector {
    count == L.count ? L.load(source + index) : L.load(source + index, count: count)
  }
}

/// Writes a function of every scalar and its place, whole vectors first; source and target may be
/// the same.
@inlinable @inline(__always)
func map<L: Lanes>(
  _ source: UnsafePointer<L.Scalar>, _ count: Int, into target: UnsafeMutablePointer<L.Scalar>,
  lanes: L.Type, _ function: (L.Vector, VectorPlace<L>) -> L.Vector
) {
  var index = 0
  while index &+ L.count <= count {
    let place = VectorPlace<L>(index: index, count: L.count)
    L.store(function(L.load(source + index), place), target + index)
    index &+= L.count
  }
  if index < count {
    let rest = count &- index
    let place = VectorPlace<L>(index: index, count: rest)
    L.store(function(L.load(source + index, count: rest), place), target + index, count: rest)
  }
}

/// The sum of `count` scalars in ``Lanes/sumLanes`` lanes: scalar i in lane i mod lanes, and then
/// the upper half of the lanes to the lower half, until one is left.
@inlinable @inline(__always)
func sum<L: Lanes>(_ source: UnsafePointer<L.Scalar>, _ count: Int, lanes: L.Type) -> L.Scalar {
  let vectors = L.sumLanes / L.count
  var sums = InlineArray<8, L.Vector>(repeating: L.broadcast(0))
  var index = 0
  while index &+ L.sumLanes <= count {
    for vector in 0..<vectors {
      sums[vector] = L.add(sums[vector], L.load(source + (index &+ vector &* L.count)))
    }
    index &+= L.sumLanes
  }
  // With constant indices, the sums stay in registers.
  for vector in 0..<vectors {
    let first = index &+ vector &* L.count
    if first &+ L.count <= count {
      sums[vector] = L.add(sums[vector], L.load(source + first))
    } else if first < count {
      sums[vector] = L.add(sums[vector], L.load(source + first, count: count &- first))
    }
  }
  var scalars = InlineArray<32, L.Scalar>(repeating: 0)
  return withUnsafeMutablePointer(to: &scalars) {
    let scalars = UnsafeMutableRawPointer($0).assumingMemoryBound(to: L.Scalar.self)
    for vector in 0..<vectors { L.store(sums[vector], scalars + vector &* L.count) }
    var half = L.sumLanes / 2
    while half > 0 {
      for lane in 0..<half { scalars[lane] += scalars[lane &+ half] }
      half /= 2
    }
    return scalars[0]
  }
}

extension Lanes {
  /// The lanes of a sum: two of the widest vectors, 128 bytes.
  @inlinable @inline(__always)
  static var sumLanes: Int { 128 / MemoryLayout<Scalar>.stride }

  /// ``SoftmaxKernels/exponentialScale``.
  @inlinable @inline(__always)
  static var exponentialScale: Scalar { 0x1p64 }
}

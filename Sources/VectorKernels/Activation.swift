/// An element-wise function that a kernel applies to what it has computed.
public enum Activation: Sendable {
  case identity
  case rectifier
  case hyperbolicTangent
  case sigmoid

  // Comparing with `==` calls a function of another module, which a tile would do with its sums in
  // registers.

  @inlinable @inline(__always)
  var isIdentity: Bool { if case .identity = self { true } else { false } }

  @inlinable @inline(__always)
  var isHyperbolicTangent: Bool { if case .hyperbolicTangent = self { true } else { false } }
}

/// Applies `activation` in place to `count` contiguous scalars.
@inlinable @inline(__always)
public func activate<L: Lanes>(
  _ activation: Activation, _ buffer: UnsafeMutablePointer<L.Scalar>, _ count: Int, lanes: L.Type
) {
  switch activation {
  case .identity: break
  case .rectifier:
    transform(buffer, count, lanes: L.self) { L.rectifier($0) }
  case .hyperbolicTangent:
    transform(buffer, count, lanes: L.self) { L.hyperbolicTangent($0) }
  case .sigmoid:
    transform(buffer, count, lanes: L.self) { L.sigmoid($0) }
  }
}

/// The same, compiled once for all tiles.
@inlinable @inline(never)
func activateRow<L: Lanes>(
  _ activation: Activation, _ row: UnsafeMutablePointer<L.Scalar>, _ count: Int, lanes: L.Type
) {
  activate(activation, row, count, lanes: L.self)
}

extension Lanes {
  /// The larger of x and 0; NaN gives NaN.
  @inlinable @inline(__always)
  static func rectifier(_ x: Vector) -> Vector { maximum(x, broadcast(0)) }
}

/// Replaces every scalar by its image, whole vectors first.
@inlinable @inline(__always)
func transform<L: Lanes>(
  _ buffer: UnsafeMutablePointer<L.Scalar>, _ count: Int, lanes: L.Type,
  _ function: (L.Vector) -> L.Vector
) {
  var index = 0
  while index &+ L.count <= count {
    L.store(function(L.load(buffer + index)), buffer + index)
    index &+= L.count
  }
  if index < count {
    let rest = count &- index
    L.store(function(L.load(buffer + index, count: rest)), buffer + index, count: rest)
  }
}

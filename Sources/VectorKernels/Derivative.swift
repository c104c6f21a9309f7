/// Multiplies `count` contiguous scalars in place by the derivative of an activation where it had
/// these outputs.
///
/// The derivatives are functions of the output y: 1 − y² of tanh, y (1 − y) of the logistic
/// function, 1 of the rectifier where y > 0 and 0 elsewhere. A NaN among the rectifier's outputs
/// lets the scalar pass.
@inlinable @inline(__always)
public func scaleByDerivative<L: Lanes>(
  of activation: Activation, _ buffer: UnsafeMutablePointer<L.Scalar>,
  _ outputs: UnsafePointer<L.Scalar>, _ count: Int, lanes: L.Type
) {
  switch activation {
  case .identity: break
  case .rectifier:
    combine(buffer, outputs, count, lanes: L.self) {
      L.select(where: $1, isLessThan: L.broadcast(.leastNonzeroMagnitude), L.broadcast(0), else: $0)
    }
  case .hyperbolicTangent:
    combine(buffer, outputs, count, lanes: L.self) {
      L.multiply($0, L.subtract(L.broadcast(1), L.multiply($1, $1)))
    }
  case .sigmoid:
    combine(buffer, outputs, count, lanes: L.self) {
      L.multiply($0, L.multiply($1, L.subtract(L.broadcast(1), $1)))
    }
  }
}

/// Replaces every scalar by a function of itself and another buffer's, whole vectors first.
@inlinable @inline(__always)
func combine<L: Lanes>(
  _ buffer: UnsafeMutablePointer<L.Scalar>, _ others: UnsafePointer<L.Scalar>, _ count: Int,
  lanes: L.Type, _ function: (L.Vector, L.Vector) -> L.Vector
) {
  var index = 0
  while index &+ L.count <= count {
    L.store(function(L.load(buffer + index), L.load(others + index)), buffer + index)
    index &+= L.count
  }
  if index < count {
    let rest = count &- index
    let result = function(L.load(buffer + index, count: rest), L.load(others + index, count: rest))
    L.store(result, buffer + index, count: rest)
  }
}

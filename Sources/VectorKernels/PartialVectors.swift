// The first `count` lanes of a vector, 0 ≤ `count` < lanes, without touching memory beyond them.
//
// `count` is taken apart bit by bit: its highest bit decides whether the low half of the vector is
// moved whole, the other bits go to a vector of half the width that moves the rest. Every level is
// written out, as only on concrete types halves of vectors are free.

@inlinable @inline(__always)
func loadFirst(_ count: Int, _ source: UnsafePointer<Float>) -> SIMD2<Float> {
  count == 0 ? SIMD2() : SIMD2(source[0], 0)
}

@inlinable @inline(__always)
func storeFirst(
  _ count: Int, of vector: SIMD2<Float>, _ target: UnsafeMutablePointer<Float>
) {
  if count != 0 { target[0] = vector[0] }
}

@inlinable @inline(__always)
func loadFirst(_ count: Int, _ source: UnsafePointer<Float>) -> SIMD4<Float> {
  let rest: SIMD2<Float> = loadFirst(count & 1, source + (count & 2))
  if count & 2 == 0 { return SIMD4(lowHalf: rest, highHalf: SIMD2()) }
  let whole = UnsafeRawPointer(source).loadUnaligned(as: SIMD2<Float>.self)
  return SIMD4(lowHalf: whole, highHalf: rest)
}

@inlinable @inline(__always)
func storeFirst(
  _ count: Int, of vector: SIMD4<Float>, _ target: UnsafeMutablePointer<Float>
) {
  var rest = vector.lowHalf
  if count & 2 != 0 {
    UnsafeMutableRawPointer(target).storeBytes(of: rest, as: SIMD2<Float>.self)
    rest = vector.highHalf
  }
  storeFirst(count & 1, of: rest, target + (count & 2))
}

@inlinable @inline(__always)
func loadFirst(_ count: Int, _ source: UnsafePointer<Float>) -> SIMD8<Float> {
  let rest: SIMD4<Float> = loadFirst(count & 3, source + (count & 4))
  if count & 4 == 0 { return SIMD8(lowHalf: rest, highHalf: SIMD4()) }
  let whole = UnsafeRawPointer(source).loadUnaligned(as: SIMD4<Float>.self)
  return SIMD8(lowHalf: whole, highHalf: rest)
}

@inlinable @inline(__always)
func storeFirst(
  _ count: Int, of vector: SIMD8<Float>, _ target: UnsafeMutablePointer<Float>
) {
  var rest = vector.lowHalf
  if count & 4 != 0 {
    UnsafeMutableRawPointer(target).storeBytes(of: rest, as: SIMD4<Float>.self)
    rest = vector.highHalf
  }
  storeFirst(count & 3, of: rest, target + (count & 4))
}

@inlinable @inline(__always)
func loadFirst(_ count: Int, _ source: UnsafePointer<Float>) -> SIMD16<Float> {
  let rest: SIMD8<Float> = loadFirst(count & 7, source + (count & 8))
  if count & 8 == 0 { return SIMD16(lowHalf: rest, highHalf: SIMD8()) }
  let whole = UnsafeRawPointer(source).loadUnaligned(as: SIMD8<Float>.self)
  return SIMD16(lowHalf: whole, highHalf: rest)
}

@inlinable @inline(__always)
func storeFirst(
  _ count: Int, of vector: SIMD16<Float>, _ target: UnsafeMutablePointer<Float>
) {
  var rest = vector.lowHalf
  if count & 8 != 0 {
    UnsafeMutableRawPointer(target).storeBytes(of: rest, as: SIMD8<Float>.self)
    rest = vector.highHalf
  }
  storeFirst(count & 7, of: rest, target + (count & 8))
}

@inlinable @inline(__always)
func loadFirst(_ count: Int, _ source: UnsafePointer<Double>) -> SIMD2<Double> {
  count == 0 ? SIMD2() : SIMD2(source[0], 0)
}

@inlinable @inline(__always)
func storeFirst(
  _ count: Int, of vector: SIMD2<Double>, _ target: UnsafeMutablePointer<Double>
) {
  if count != 0 { target[0] = vector[0] }
}

@inlinable @inline(__always)
func loadFirst(_ count: Int, _ source: UnsafePointer<Double>) -> SIMD4<Double> {
  let rest: SIMD2<Double> = loadFirst(count & 1, source + (count & 2))
  if count & 2 == 0 { return SIMD4(lowHalf: rest, highHalf: SIMD2()) }
  let whole = UnsafeRawPointer(source).loadUnaligned(as: SIMD2<Double>.self)
  return SIMD4(lowHalf: whole, highHalf: rest)
}

@inlinable @inline(__always)
func storeFirst(
  _ count: Int, of vector: SIMD4<Double>, _ target: UnsafeMutablePointer<Double>
) {
  var rest = vector.lowHalf
  if count & 2 != 0 {
    UnsafeMutableRawPointer(target).storeBytes(of: rest, as: SIMD2<Double>.self)
    rest = vector.highHalf
  }
  storeFirst(count & 1, of: rest, target + (count & 2))
}

@inlinable @inline(__always)
func loadFirst(_ count: Int, _ source: UnsafePointer<Double>) -> SIMD8<Double> {
  let rest: SIMD4<Double> = loadFirst(count & 3, source + (count & 4))
  if count & 4 == 0 { return SIMD8(lowHalf: rest, highHalf: SIMD4()) }
  let whole = UnsafeRawPointer(source).loadUnaligned(as: SIMD4<Double>.self)
  return SIMD8(lowHalf: whole, highHalf: rest)
}

@inlinable @inline(__always)
func storeFirst(
  _ count: Int, of vector: SIMD8<Double>, _ target: UnsafeMutablePointer<Double>
) {
  var rest = vector.lowHalf
  if count & 4 != 0 {
    UnsafeMutableRawPointer(target).storeBytes(of: rest, as: SIMD4<Double>.self)
    rest = vector.highHalf
  }
  storeFirst(count & 3, of: rest, target + (count & 4))
}

extension Lanes where Scalar == Float, Vector == SIMD4<Float> {
  @inlinable @inline(__always)
  public static var count: Int { 4 }

  @inlinable @inline(__always)
  public static func load(_ source: UnsafePointer<Float>, count: Int) -> Vector { loadFirst(count, source) }

  @inlinable @inline(__always)
  public static func store(_ vector: Vector, _ target: UnsafeMutablePointer<Float>, count: Int) {
    storeFirst(count, of: vector, target)
  }
}

extension Lanes where Scalar == Float, Vector == SIMD8<Float> {
  @inlinable @inline(__always)
  public static var count: Int { 8 }

  @inlinable @inline(__always)
  public static func load(_ source: UnsafePointer<Float>, count: Int) -> Vector { loadFirst(count, source) }

  @inlinable @inline(__always)
  public static func store(_ vector: Vector, _ target: UnsafeMutablePointer<Float>, count: Int) {
    storeFirst(count, of: vector, target)
  }
}

extension Lanes where Scalar == Float, Vector == SIMD16<Float> {
  @inlinable @inline(__always)
  public static var count: Int { 16 }

  @inlinable @inline(__always)
  public static func load(_ source: UnsafePointer<Float>, count: Int) -> Vector { loadFirst(count, source) }

  @inlinable @inline(__always)
  public static func store(_ vector: Vector, _ target: UnsafeMutablePointer<Float>, count: Int) {
    storeFirst(count, of: vector, target)
  }
}

extension Lanes where Scalar == Double, Vector == SIMD2<Double> {
  @inlinable @inline(__always)
  public static var count: Int { 2 }

  @inlinable @inline(__always)
  public static func load(_ source: UnsafePointer<Double>, count: Int) -> Vector { loadFirst(count, source) }

  @inlinable @inline(__always)
  public static func store(_ vector: Vector, _ target: UnsafeMutablePointer<Double>, count: Int) {
    storeFirst(count, of: vector, target)
  }
}

extension Lanes where Scalar == Double, Vector == SIMD4<Double> {
  @inlinable @inline(__always)
  public static var count: Int { 4 }

  @inlinable @inline(__always)
  public static func load(_ source: UnsafePointer<Double>, count: Int) -> Vector { loadFirst(count, source) }

  @inlinable @inline(__always)
  public static func store(_ vector: Vector, _ target: UnsafeMutablePointer<Double>, count: Int) {
    storeFirst(count, of: vector, target)
  }
}

extension Lanes where Scalar == Double, Vector == SIMD8<Double> {
  @inlinable @inline(__always)
  public static var count: Int { 8 }

  @inlinable @inline(__always)
  public static func load(_ source: UnsafePointer<Double>, count: Int) -> Vector { loadFirst(count, source) }

  @inlinable @inline(__always)
  public static func store(_ vector: Vector, _ target: UnsafeMutablePointer<Double>, count: Int) {
    storeFirst(count, of: vector, target)
  }
}

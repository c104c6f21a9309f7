// Compile only with -mavx2 -mfma, and run only where both are present.
//
// One file, so that builds without whole-module optimization see through the vectors too and specialize the kernels.

import CVectorMath
import CellKernels
import VectorKernels

/// 16 registers: 12 sums, an input at a time, two weights.
private typealias Tiles = Tiling<6, 2>

/// The kernels compiled for AVX2 and FMA.
public enum AVX2Kernels {
  /// The entry points for `Float`.
  public static var float: KernelTable<Float> { KernelTable(lanes: FloatLanes256.self, tiling: Tiles()) }

  /// The entry points for `Double`.
  public static var double: KernelTable<Double> { KernelTable(lanes: DoubleLanes256.self, tiling: Tiles()) }

  /// What `Float` offers beside products.
  public static var floatCells: CellTable<Float> { CellTable(lanes: FloatLanes256.self) }

  /// What `Double` offers beside products.
  public static var doubleCells: CellTable<Double> { CellTable(lanes: DoubleLanes256.self) }
}

/// Eight `Float` lanes: AVX2 with fused multiply-add.
public enum FloatLanes256: Lanes {
  public typealias Scalar = Float
  public typealias Vector = SIMD8<Float>
  public typealias Bits = SIMD8<UInt32>

  @inlinable @inline(__always)
  public static var count: Int { 8 }

  @inlinable @inline(__always)
  public static func broadcast(_ value: Float) -> Vector { Vector(repeating: value) }

  @inlinable @inline(__always)
  public static func load(_ source: UnsafePointer<Float>) -> Vector {
    UnsafeRawPointer(source).loadUnaligned(as: Vector.self)
  }

  @inlinable @inline(__always)
  public static func store(_ vector: Vector, _ target: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(target).storeBytes(of: vector, as: Vector.self)
  }

  @inlinable @inline(__always)
  public static func load(_ source: UnsafePointer<Float>, count: Int) -> Vector {
    loadFirst(count, source)
  }

  @inlinable @inline(__always)
  public static func store(_ vector: Vector, _ target: UnsafeMutablePointer<Float>, count: Int) {
    storeFirst(count, of: vector, target)
  }

  @inlinable @inline(__always)
  public static func add(_ a: Vector, _ b: Vector) -> Vector { a + b }

  @inlinable @inline(__always)
  public static func subtract(_ a: Vector, _ b: Vector) -> Vector { a - b }

  @inlinable @inline(__always)
  public static func multiply(_ a: Vector, _ b: Vector) -> Vector { a * b }

  @inlinable @inline(__always)
  public static func divide(_ a: Vector, _ b: Vector) -> Vector { a / b }

  @inlinable @inline(__always)
  public static func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector {
    fused_multiply_add_float8(a, b, c)
  }

  @inlinable @inline(__always)
  public static func minimum(_ vector: Vector, _ limit: Vector) -> Vector {
    vector.replacing(with: limit, where: vector .> limit)
  }

  @inlinable @inline(__always)
  public static func maximum(_ vector: Vector, _ limit: Vector) -> Vector {
    vector.replacing(with: limit, where: vector .< limit)
  }

  @inlinable @inline(__always)
  public static func magnitude(_ vector: Vector) -> Vector {
    let mask = Bits(repeating: 0x7fff_ffff)
    return unsafeBitCast(unsafeBitCast(vector, to: Bits.self) & mask, to: Vector.self)
  }

  @inlinable @inline(__always)
  public static func copySign(_ magnitude: Vector, from sign: Vector) -> Vector {
    let mask = Bits(repeating: 0x7fff_ffff)
    let magnitude = unsafeBitCast(magnitude, to: Bits.self) & mask
    let sign = unsafeBitCast(sign, to: Bits.self) & ~mask
    return unsafeBitCast(magnitude | sign, to: Vector.self)
  }

  @inlinable @inline(__always)
  public static func select(
    where x: Vector, isLessThan limit: Vector, _ a: Vector, else b: Vector
  ) -> Vector {
    b.replacing(with: a, where: x .< limit)
  }

  @inlinable @inline(__always)
  public static func scale(_ vector: Vector, byPowerIn shifted: Vector) -> Vector {
    // All but the low bits, which hold n, leave the word at the left: n is added to the exponent.
    let exponents = unsafeBitCast(shifted, to: Bits.self) &<< Bits(repeating: 23)
    return unsafeBitCast(unsafeBitCast(vector, to: Bits.self) &+ exponents, to: Vector.self)
  }
}

/// Four `Double` lanes: AVX2 with fused multiply-add.
public enum DoubleLanes256: Lanes {
  public typealias Scalar = Double
  public typealias Vector = SIMD4<Double>
  public typealias Bits = SIMD4<UInt64>

  @inlinable @inline(__always)
  public static var count: Int { 4 }

  @inlinable @inline(__always)
  public static func broadcast(_ value: Double) -> Vector { Vector(repeating: value) }

  @inlinable @inline(__always)
  public static func load(_ source: UnsafePointer<Double>) -> Vector {
    UnsafeRawPointer(source).loadUnaligned(as: Vector.self)
  }

  @inlinable @inline(__always)
  public static func store(_ vector: Vector, _ target: UnsafeMutablePointer<Double>) {
    UnsafeMutableRawPointer(target).storeBytes(of: vector, as: Vector.self)
  }

  @inlinable @inline(__always)
  public static func load(_ source: UnsafePointer<Double>, count: Int) -> Vector {
    loadFirst(count, source)
  }

  @inlinable @inline(__always)
  public static func store(_ vector: Vector, _ target: UnsafeMutablePointer<Double>, count: Int) {
    storeFirst(count, of: vector, target)
  }

  @inlinable @inline(__always)
  public static func add(_ a: Vector, _ b: Vector) -> Vector { a + b }

  @inlinable @inline(__always)
  public static func subtract(_ a: Vector, _ b: Vector) -> Vector { a - b }

  @inlinable @inline(__always)
  public static func multiply(_ a: Vector, _ b: Vector) -> Vector { a * b }

  @inlinable @inline(__always)
  public static func divide(_ a: Vector, _ b: Vector) -> Vector { a / b }

  @inlinable @inline(__always)
  public static func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector {
    fused_multiply_add_double4(a, b, c)
  }

  @inlinable @inline(__always)
  public static func minimum(_ vector: Vector, _ limit: Vector) -> Vector {
    vector.replacing(with: limit, where: vector .> limit)
  }

  @inlinable @inline(__always)
  public static func maximum(_ vector: Vector, _ limit: Vector) -> Vector {
    vector.replacing(with: limit, where: vector .< limit)
  }

  @inlinable @inline(__always)
  public static func magnitude(_ vector: Vector) -> Vector {
    let mask = Bits(repeating: 0x7fff_ffff_ffff_ffff)
    return unsafeBitCast(unsafeBitCast(vector, to: Bits.self) & mask, to: Vector.self)
  }

  @inlinable @inline(__always)
  public static func copySign(_ magnitude: Vector, from sign: Vector) -> Vector {
    let mask = Bits(repeating: 0x7fff_ffff_ffff_ffff)
    let magnitude = unsafeBitCast(magnitude, to: Bits.self) & mask
    let sign = unsafeBitCast(sign, to: Bits.self) & ~mask
    return unsafeBitCast(magnitude | sign, to: Vector.self)
  }

  @inlinable @inline(__always)
  public static func select(
    where x: Vector, isLessThan limit: Vector, _ a: Vector, else b: Vector
  ) -> Vector {
    b.replacing(with: a, where: x .< limit)
  }

  @inlinable @inline(__always)
  public static func scale(_ vector: Vector, byPowerIn shifted: Vector) -> Vector {
    // All but the low bits, which hold n, leave the word at the left: n is added to the exponent.
    let exponents = unsafeBitCast(shifted, to: Bits.self) &<< Bits(repeating: 52)
    return unsafeBitCast(unsafeBitCast(vector, to: Bits.self) &+ exponents, to: Vector.self)
  }
}

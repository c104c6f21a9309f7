// Compile only with -mavx512f -mavx512vl -mavx512dq -mavx512bw -mfma, and run only where all are present.
//
// One file, so that builds without whole-module optimization see through the vectors too and specialize the kernels.

import CVectorMath
import CellKernels
import VectorKernels

/// 32 registers: 24 sums, 6 inputs, a weight.
private typealias Tiles = Tiling<6, 4>

/// The kernels compiled for AVX-512.
public enum AVX512Kernels {
  /// The entry points for `Float`.
  public static var float: KernelTable<Float> { KernelTable(lanes: FloatLanes512.self, tiling: Tiles()) }

  /// The entry points for `Double`.
  public static var double: KernelTable<Double> { KernelTable(lanes: DoubleLanes512.self, tiling: Tiles()) }

  /// What `Float` offers beside products.
  public static var floatCells: CellTable<Float> { CellTable(lanes: FloatLanes512.self) }

  /// What `Double` offers beside products.
  public static var doubleCells: CellTable<Double> { CellTable(lanes: DoubleLanes512.self) }
}

/// Sixteen `Float` lanes: AVX-512.
public enum FloatLanes512: Lanes {
  public typealias Scalar = Float
  public typealias Vector = SIMD16<Float>
  public typealias Bits = SIMD16<UInt32>

  @inlinable @inline(__always)
  public static var count: Int { 16 }

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
    fused_multiply_add_float16(a, b, c)
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

/// Eight `Double` lanes: AVX-512.
public enum DoubleLanes512: Lanes {
  public typealias Scalar = Double
  public typealias Vector = SIMD8<Double>
  public typealias Bits = SIMD8<UInt64>

  @inlinable @inline(__always)
  public static var count: Int { 8 }

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
    fused_multiply_add_double8(a, b, c)
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

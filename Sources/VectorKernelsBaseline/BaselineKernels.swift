// The vectors every processor of the architecture has.
//
// One file, so that builds without whole-module optimization see through the vectors too and specialize the kernels.

import CellKernels
import CVectorMath
import VectorKernels

// SSE2 has 16 registers and needs one for the product before the sum: 8 sums, 2 inputs, a weight.
// NEON has 32: 24 sums, 6 inputs, a weight.
#if arch(arm64)
  private typealias Tiles = Tiling<6, 4>
#else
  private typealias Tiles = Tiling<2, 4>
#endif

/// The kernels compiled for the baseline of the architecture: SSE2 on x86-64, NEON on arm64.
public enum BaselineKernels {
  /// The entry points for `Float`.
  public static var float: KernelTable<Float> { KernelTable(lanes: FloatLanes128.self, tiling: Tiles()) }

  /// The entry points for `Double`.
  public static var double: KernelTable<Double> { KernelTable(lanes: DoubleLanes128.self, tiling: Tiles()) }

  /// What `Float` offers beside products.
  public static var floatCells: CellTable<Float> { CellTable(lanes: FloatLanes128.self) }

  /// What `Double` offers beside products.
  public static var doubleCells: CellTable<Double> { CellTable(lanes: DoubleLanes128.self) }
}

/// Four `Float` lanes: SSE2 or NEON.
public enum FloatLanes128: Lanes {
  public typealias Scalar = Float
  public typealias Vector = SIMD4<Float>
  public typealias Bits = SIMD4<UInt32>

  @inlinable @inline(__always)
  public static var count: Int { 4 }

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
    #if arch(arm64)
      fused_multiply_add_float4(a, b, c)
    #else
      add_in_place_float4(c, a * b)  // a fused one would be a call for every lane
    #endif
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

/// Two `Double` lanes: SSE2 or NEON.
public enum DoubleLanes128: Lanes {
  public typealias Scalar = Double
  public typealias Vector = SIMD2<Double>
  public typealias Bits = SIMD2<UInt64>

  @inlinable @inline(__always)
  public static var count: Int { 2 }

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
    #if arch(arm64)
      fused_multiply_add_double2(a, b, c)
    #else
      add_in_place_double2(c, a * b)  // a fused one would be a call for every lane
    #endif
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

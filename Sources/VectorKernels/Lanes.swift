/// A scalar type, a vector width and the arithmetic of one instruction set.
///
/// Every hot loop of the package is written once, generic over `Lanes`, and compiled once for
/// each instruction set by the modules `Kernels…`. The requirements are spelled out
/// because operators on a generic `SIMD` type resolve to loops over single lanes; the functions of
/// `CVectorMath`, which the types that conform are imported with, are single instructions.
///
/// All requirements must be implemented `@inline(__always)`: a vector that crosses a call travels
/// in halves, and a copy that is emitted on its own could be linked for every processor.
public protocol Lanes: SendableMetatype {
  associatedtype Scalar: BinaryFloatingPoint & SIMDScalar & Sendable
  associatedtype Vector: BitwiseCopyable

  /// The number of scalars in a vector.
  static var count: Int { get }

  static func broadcast(_ value: Scalar) -> Vector
  static func load(_ source: UnsafePointer<Scalar>) -> Vector
  static func store(_ vector: Vector, _ target: UnsafeMutablePointer<Scalar>)
  /// Loads the first `count` scalars, 0 ≤ `count` < ``count``; the other lanes are zero.
  static func load(_ source: UnsafePointer<Scalar>, count: Int) -> Vector
  /// Stores the first `count` scalars, 0 ≤ `count` < ``count``, and writes nothing beyond them.
  static func store(_ vector: Vector, _ target: UnsafeMutablePointer<Scalar>, count: Int)

  static func add(_ a: Vector, _ b: Vector) -> Vector
  static func subtract(_ a: Vector, _ b: Vector) -> Vector
  static func multiply(_ a: Vector, _ b: Vector) -> Vector
  static func divide(_ a: Vector, _ b: Vector) -> Vector
  /// `a · b + c`: rounded once where the instruction set has a fused multiply-add, else twice.
  static func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector

  /// The smaller of each pair; where `vector` is NaN, NaN.
  static func minimum(_ vector: Vector, _ limit: Vector) -> Vector
  /// The larger of each pair; where `vector` is NaN, NaN.
  static func maximum(_ vector: Vector, _ limit: Vector) -> Vector
  /// |vector|, lane by lane; NaN stays NaN.
  static func magnitude(_ vector: Vector) -> Vector
  /// |`magnitude`| with the sign of `sign`, lane by lane.
  static func copySign(_ magnitude: Vector, from sign: Vector) -> Vector
  /// `a` where `x` < `limit`, else `b`; lanes in which `x` is NaN take `b`.
  static func select(where x: Vector, isLessThan limit: Vector, _ a: Vector, else b: Vector) -> Vector
  /// 2ⁿ · `vector` for the integer n = `shifted` − 1.5 · 2^(significand bits); exact where `vector`
  /// and the result are normal numbers, any value elsewhere. (Adding that constant to a small
  /// number rounds it to an integer, which then stands in the low bits.)
  static func scale(_ vector: Vector, byPowerIn shifted: Vector) -> Vector

  // The constants and polynomials of the activations, implemented for `Float` and `Double`.

  /// The factors P and Q of tanh at y².
  static func hyperbolicTangentFactors(_ square: Vector) -> (p: Vector, q: Vector)
  /// A number from which on tanh rounds to 1.
  static var hyperbolicTangentLimit: Scalar { get }
  /// `factor` · e^z in two parts: it is `power` · (1 + `rest`), `power` = `factor` · 2ⁿ, |`rest`| <
  /// 1/2; see Exponential.swift.
  static func exponential(_ z: Vector, times factor: Scalar) -> (power: Vector, rest: Vector)
  /// A number at which e^z rounds to zero; the least that ``exponential(_:times:)`` takes.
  static var exponentialUnderflow: Scalar { get }
}

extension Lanes {
  @inlinable @inline(__always)
  public static func load(_ source: UnsafePointer<Scalar>) -> Vector {
    UnsafeRawPointer(source).loadUnaligned(as: Vector.self)
  }

  @inlinable @inline(__always)
  public static func store(_ vector: Vector, _ target: UnsafeMutablePointer<Scalar>) {
    UnsafeMutableRawPointer(target).storeBytes(of: vector, as: Vector.self)
  }
}

extension Lanes where Vector: SIMD {
  @inlinable @inline(__always)
  public static var count: Int { Vector.scalarCount }
}

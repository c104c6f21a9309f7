/// How weights stand in fewer bits than a `Float`, some of them in a word of 32 bits.
///
/// The weights of a column have a scale; each is rounded to a number of the format, which is a
/// `Float`.
public protocol NarrowFormat: SendableMetatype {
  /// The weights in a word: 2 or 4.
  static var weightsPerWord: Int { get }

  /// The bits of a rounded weight where it stands in its word, at a place of its group.
  static func placed(_ bits: UInt32, at place: Int) -> UInt32

  /// The scale of a column of weights, from the greatest of their magnitudes, or from one that is
  /// not finite.
  static func scale(greatest magnitude: Float) -> Float

  /// The bits of a rounded weight, in the low bits of a word.
  static func encoded(_ weight: Float, scale: Float) -> UInt32

  /// The number that bits stand for.
  static func decoded(_ bits: UInt32, scale: Float) -> Float
}

/// Lanes that take weights from words.
public protocol NarrowLanes: Lanes where Scalar == Float {
  associatedtype Words: BitwiseCopyable

  /// A vector of words, at any alignment.
  static func loadWords(_ source: UnsafeRawPointer) -> Words
  static func broadcastWord(_ word: UInt32) -> Words

  /// The floats whose upper halves are the lower halves of the words.
  static func lowerFloat(of words: Words) -> Vector
  /// The floats whose upper halves are the upper halves of the words.
  static func upperFloat(of words: Words) -> Vector

  /// The lower bytes of both halves of each word, without sign, as numbers of 16 bits.
  static func lowerBytes(of words: Words) -> Words
  /// The upper bytes of both halves, signed, as numbers of 16 bits.
  static func upperBytes(of words: Words) -> Words
  /// Multiplies the halves of words, signed numbers of 16 bits, and adds both products of each word
  /// to its sum, a signed number of 32 bits.
  static func addPairProducts(_ a: Words, _ b: Words, to sums: Words) -> Words
  /// Words that are signed numbers, rounded to floats.
  static func converted(_ sums: Words) -> Vector
}

/// The upper 16 bits of a `Float`: its range, and 8 bits of precision.
public enum BFloat16Format: NarrowFormat {
  @inlinable @inline(__always)
  public static var weightsPerWord: Int { 2 }

  @inlinable @inline(__always)
  public static func placed(_ bits: UInt32, at place: Int) -> UInt32 {
    bits << UInt32(truncatingIfNeeded: 16 &* place)
  }

  @inlinable @inline(__always)
  public static func scale(greatest magnitude: Float) -> Float { 1 }

  @inlinable @inline(__always)
  public static func encoded(_ weight: Float, scale: Float) -> UInt32 {
    let bits = weight.bitPattern
    // A NaN stays one, whatever its lower bits are.
    guard !weight.isNaN else { return bits >> 16 | 0x40 }
    // To nearest, ties to even.
    return (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
  }

  @inlinable @inline(__always)
  public static func decoded(_ bits: UInt32, scale: Float) -> Float { Float(bitPattern: bits << 16) }
}

/// A whole number from −127 to 127, times its column's scale.
///
/// The scale is the greatest magnitude of the column divided by 127, cut to 17 bits: so that a
/// number of the format has 24 bits, is a `Float`, and rounds to itself with all of its column.
public enum Int8Format: NarrowFormat {
  @inlinable @inline(__always)
  public static var weightsPerWord: Int { 4 }

  /// What is added to the weights in lower bytes: a byte without sign is had by one instruction.
  @inlinable @inline(__always)
  static var offset: UInt32 { 128 }

  /// First both lower bytes of the halves, then both upper ones: those that are multiplied at once.
  @inlinable @inline(__always)
  public static func placed(_ bits: UInt32, at place: Int) -> UInt32 {
    let byte = place < 2 ? (bits &+ offset) & 0xFF : bits
    return byte << UInt32(truncatingIfNeeded: 16 &* (place & 1) &+ 8 &* (place >> 1))
  }

  /// The least scale; columns that need a smaller one are zeros. So every number of the format is a
  /// normal number.
  @inlinable @inline(__always)
  static var leastScale: Float { 0x1p-100 }

  @inlinable @inline(__always)
  public static func scale(greatest magnitude: Float) -> Float {
    guard magnitude.isFinite else { return .nan }
    let scale = Float(bitPattern: (magnitude / 127).bitPattern & ~0x7F)
    return scale < leastScale ? 0 : scale
  }

  @inlinable @inline(__always)
  public static func encoded(_ weight: Float, scale: Float) -> UInt32 {
    // Also where it is NaN.
    guard scale > 0 else { return 0 }
    // The constant rounds to a whole number, to nearest and ties to even, which then stands in the low bits.
    return (max(-127, min(127, weight / scale)) + 0x1.8p23).bitPattern & 0xFF
  }

  @inlinable @inline(__always)
  public static func decoded(_ bits: UInt32, scale: Float) -> Float {
    Float(Int8(truncatingIfNeeded: bits)) * scale
  }
}

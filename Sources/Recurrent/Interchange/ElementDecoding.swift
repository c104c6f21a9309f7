/// A number of a file that the type that it is asked for in does not have.
struct InexactElement: Error {
  /// Its place in the order of the file.
  var index: Int
  /// Its digits.
  var digits: String
}

/// Reads numbers of a file, converting each without loss.
///
/// Machines that Swift runs on are little-endian, so numbers of the same type and order are copied.
///
/// - Parameters:
///   - bytes: The numbers, at any alignment.
///   - type: Their type, one that the scalar reads.
///   - isBigEndian: Whether the first byte of a number is its greatest.
/// - Returns: The numbers in the file's order.
/// - Throws: ``InexactElement`` for the first whole number that the scalar does not have.
/// - Complexity: O(bytes).
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func decodeScalars<Scalar: TensorScalar>(
  _ bytes: UnsafeRawBufferPointer, type: ElementType, isBigEndian: Bool = false
) throws(InexactElement) -> [Scalar] {
  switch type {
  case .bool: return convert(bytes, UInt8.self, isBigEndian) { $0 == 0 ? 0 : 1 }
  case .uint8: return try decodeIntegers(bytes, UInt8.self, isBigEndian)
  case .int8: return try decodeIntegers(bytes, Int8.self, isBigEndian)
  case .uint16: return try decodeIntegers(bytes, UInt16.self, isBigEndian)
  case .int16: return try decodeIntegers(bytes, Int16.self, isBigEndian)
  case .uint32: return try decodeIntegers(bytes, UInt32.self, isBigEndian)
  case .int32: return try decodeIntegers(bytes, Int32.self, isBigEndian)
  case .uint64: return try decodeIntegers(bytes, UInt64.self, isBigEndian)
  case .int64: return try decodeIntegers(bytes, Int64.self, isBigEndian)
  case .float16: return convert(bytes, UInt16.self, isBigEndian) { Scalar(widenFloat16($0)) }
  case .bfloat16:
    return convert(bytes, UInt16.self, isBigEndian) { Scalar(Float(bitPattern: UInt32($0) << 16)) }
  case Scalar.elementType where !isBigEndian:
    return [Scalar](unsafeUninitializedCapacity: bytes.count / type.size) { target, initialized in
      UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
      initialized = bytes.count / type.size
    }
  case .float64: return convert(bytes, UInt64.self, isBigEndian) { Scalar(Double(bitPattern: $0)) }
  default: return convert(bytes, UInt32.self, isBigEndian) { Scalar(Float(bitPattern: $0)) }
  }
}

/// Converts numbers one by one.
@inline(__always)
private func convert<Bits: FixedWidthInteger, Scalar: TensorScalar>(
  _ bytes: UnsafeRawBufferPointer, _: Bits.Type, _ isBigEndian: Bool, _ scalar: (Bits) -> Scalar
) -> [Scalar] {
  let size = MemoryLayout<Bits>.size
  let count = bytes.count / size
  return [Scalar](unsafeUninitializedCapacity: count) { target, initialized in
    for index in 0..<count {
      let bits = bytes.loadUnaligned(fromByteOffset: index * size, as: Bits.self)
      target.initializeElement(at: index, to: scalar(isBigEndian ? bits.byteSwapped : bits))
    }
    initialized = count
  }
}

/// Converts whole numbers that the scalar has.
@inline(__always)
private func decodeIntegers<Source: FixedWidthInteger, Scalar: TensorScalar>(
  _ bytes: UnsafeRawBufferPointer, _: Source.Type, _ isBigEndian: Bool
) throws(InexactElement) -> [Scalar] {
  var inexact: InexactElement?
  var index = 0
  let scalars: [Scalar] = convert(bytes, Source.self, isBigEndian) { number in
    let magnitude = UInt64(number.magnitude)
    // The digits in base 2 from the first 1 to the last.
    let width = 64 - magnitude.leadingZeroBitCount - magnitude.trailingZeroBitCount
    if width > Scalar.significandBitCount + 1, inexact == nil {
      inexact = InexactElement(index: index, digits: "\(number)")
    }
    index += 1
    return Scalar(number)
  }
  if let inexact { throw inexact }
  return scalars
}

/// The number that 16 bits of IEEE 754 stand for. `Float16` does not exist on every Mac.
///
/// The fields move to their places in 32 bits; a product with a power of two, which is exact, makes
/// up for the exponent's other bias, for subnormal numbers too.
@inline(__always)
func widenFloat16(_ bits: UInt16) -> Float {
  let sign = UInt32(bits & 0x8000) << 16
  let magnitude = UInt32(bits & 0x7FFF) << 13
  let isFinite = bits & 0x7C00 != 0x7C00
  let widened =
    isFinite ? (Float(bitPattern: magnitude) * 0x1p112).bitPattern : magnitude | 0x7F80_0000
  return Float(bitPattern: sign | widened)
}

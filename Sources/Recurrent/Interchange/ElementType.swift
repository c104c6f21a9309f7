/// The number types of a safetensors file.
enum ElementType: String, Sendable {
  case bool = "BOOL"
  case uint8 = "U8"
  case int8 = "I8"
  case float8E5M2 = "F8_E5M2"
  case float8E4M3 = "F8_E4M3"
  case int16 = "I16"
  case uint16 = "U16"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int32 = "I32"
  case uint32 = "U32"
  case float32 = "F32"
  case float64 = "F64"
  case int64 = "I64"
  case uint64 = "U64"

  /// The bytes of one number.
  var size: Int {
    switch self {
    case .bool, .uint8, .int8, .float8E5M2, .float8E4M3: 1
    case .int16, .uint16, .float16, .bfloat16: 2
    case .int32, .uint32, .float32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// The bytes of a tensor, or `nil` where they cannot be counted.
  ///
  /// A size of zero does not excuse others whose product overflows: a slice would have it.
  func byteCount(of dimensions: [Int]) -> Int? {
    guard let product = Shape.elementCount(of: dimensions.filter { $0 != 0 }) else { return nil }
    let (count, overflow) = product.multipliedReportingOverflow(by: size)
    if overflow { return nil }
    return dimensions.contains(0) ? 0 : count
  }
}

extension TensorScalar {
  /// How this type is called in a safetensors file, and its type there.
  static var elementType: ElementType { MemoryLayout<Self>.size == 4 ? .float32 : .float64 }

  /// The types of a file that this one represents without loss.
  static var readableTypes: [ElementType] {
    [elementType] + (elementType == .float64 ? [.float32] : []) + [.bfloat16, .float16]
  }
}

/// Reads little-endian numbers of a file, converting each without loss.
///
/// Files and machines that Swift runs on are both little-endian, so numbers of the same type are copied.
///
/// - Parameters:
///   - bytes: The numbers, at any alignment.
///   - type: Their type, one of the scalar's readable types.
/// - Returns: The numbers in the file's order.
/// - Complexity: O(bytes).
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func decodeScalars<Scalar: TensorScalar>(
  _ bytes: UnsafeRawBufferPointer, type: ElementType
) -> [Scalar] {
  let count = bytes.count / type.size
  return [Scalar](unsafeUninitializedCapacity: count) { target, initialized in
    switch type {
    case Scalar.elementType:
      UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
    case .float16:
      for index in 0..<count {
        let bits = bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
        target.initializeElement(at: index, to: Scalar(widenFloat16(bits)))
      }
    case .bfloat16:
      for index in 0..<count {
        let bits = bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
        target.initializeElement(at: index, to: Scalar(Float(bitPattern: UInt32(bits) << 16)))
      }
    default:
      for index in 0..<count {
        let bits = bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
        target.initializeElement(at: index, to: Scalar(Float(bitPattern: bits)))
      }
    }
    initialized = count
  }
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

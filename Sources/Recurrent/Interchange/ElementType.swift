/// The number types of safetensors files, and the ones that `.npy` files share with them.
enum ElementType: String, Sendable {
  case bool = "BOOL"
  case uint8 = "U8"
  case int8 = "I8"
  case int16 = "I16"
  case uint16 = "U16"
  case int32 = "I32"
  case uint32 = "U32"
  case int64 = "I64"
  case uint64 = "U64"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case float32 = "F32"
  case float64 = "F64"
  // Types that are told apart, but not read as numbers.
  case float4 = "F4"
  case float6E2M3 = "F6_E2M3"
  case float6E3M2 = "F6_E3M2"
  case float8E5M2 = "F8_E5M2"
  case float8E4M3 = "F8_E4M3"
  case float8E8M0 = "F8_E8M0"
  case float8E4M3FNUZ = "F8_E4M3FNUZ"
  case float8E5M2FNUZ = "F8_E5M2FNUZ"
  case complex64 = "C64"

  /// The bits of one number.
  var bitCount: Int {
    switch self {
    case .float4: 4
    case .float6E2M3, .float6E3M2: 6
    case .bool, .uint8, .int8, .float8E5M2, .float8E4M3, .float8E8M0, .float8E4M3FNUZ, .float8E5M2FNUZ: 8
    case .int16, .uint16, .float16, .bfloat16: 16
    case .int32, .uint32, .float32: 32
    case .int64, .uint64, .float64, .complex64: 64
    }
  }

  /// The bytes of one number of a type that is read.
  var size: Int { bitCount / 8 }

  /// Whether its numbers are whole, truth values included.
  var isWhole: Bool {
    switch self {
    case .bool, .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64: true
    default: false
    }
  }

  /// The bytes of a tensor, or `nil` where they cannot be counted or are not whole.
  ///
  /// A size of zero does not excuse others whose product overflows: a slice would have it.
  func byteCount(of dimensions: [Int]) -> Int? {
    guard let product = Shape.elementCount(of: dimensions.filter { $0 != 0 }) else { return nil }
    // Eight numbers are whole bytes in every type.
    let (whole, overflow) = (product / 8).multipliedReportingOverflow(by: bitCount)
    let rest = product % 8 * bitCount
    guard !overflow, whole <= Int.max - rest / 8 else { return nil }
    if dimensions.contains(0) { return 0 }
    return rest % 8 == 0 ? whole + rest / 8 : nil
  }
}

extension TensorScalar {
  /// How this type is called in a safetensors file, and its type there.
  static var elementType: ElementType { MemoryLayout<Self>.size == 4 ? .float32 : .float64 }

  /// The types of a file all of whose numbers this one represents.
  static var readableTypes: [ElementType] {
    [elementType] + (elementType == .float64 ? [.float32] : []) + [.bfloat16, .float16]
  }

  /// The types of a file that are read as this one, for a message.
  static var readableTypeNames: String {
    (readableTypes.map(\.rawValue) + ["BOOL", "whole numbers"]).joined(separator: ", ")
  }

  /// How the type is called in Swift.
  static var name: String { elementType == .float32 ? "Float" : "Double" }

  /// Whether numbers of a file's type are read as this one: all of them, or, of whole numbers,
  /// those that it has.
  static func reads(_ type: ElementType) -> Bool { type.isWhole || readableTypes.contains(type) }
}

/// A number type of a .npy file that is read: kind, size and the order of its bytes.
struct NumPyNumberType: Equatable {
  /// The same type in a safetensors file.
  var element: ElementType
  /// Whether the first byte of a number is its greatest.
  var isBigEndian: Bool

  private static let elements: [String: ElementType] = [
    "b1": .bool, "i1": .int8, "u1": .uint8, "i2": .int16, "u2": .uint16, "i4": .int32, "u4": .uint32,
    "i8": .int64, "u8": .uint64, "f2": .float16, "f4": .float32, "f8": .float64,
  ]

  /// Reads NumPy's name of a type; `nil` for one that is not read.
  ///
  /// - Parameter description: The order of bytes (`<`, `>`, `=` and none for the machine's, `|` for
  ///   single bytes), the kind and the size in bytes, for example "<f4".
  init?(_ description: String) {
    let hasOrder = description.unicodeScalars.first.map { "<>=|".unicodeScalars.contains($0) } ?? false
    guard let element = NumPyNumberType.elements[String(description.dropFirst(hasOrder ? 1 : 0))] else {
      return nil
    }
    self.element = element
    // Every machine that Swift runs on is little-endian.
    isBigEndian = description.hasPrefix(">")
  }

  /// What a number type that is not read means, and what to do.
  static func explain(_ description: String) -> String {
    let kinds: [Character: String] = [
      "f": "floating-point numbers of another size; save them with x.astype(numpy.float64)",
      "c": "complex numbers; save x.real and x.imag",
      "O": "objects of Python; save an array of numbers, x.astype(numpy.float32)",
      "S": "strings; save an array of numbers", "a": "strings; save an array of numbers",
      "U": "strings; save an array of numbers",
      "V": "raw bytes, as which bfloat16 is saved too; save numbers with x.astype(numpy.float32)",
      "M": "dates; save numbers", "m": "time spans; save numbers", "i": "whole numbers of another size",
      "u": "whole numbers of another size", "b": "truth values of another size",
    ]
    let kind = description.first { $0.isLetter }.flatMap { kinds[$0] } ?? "an unknown type"
    return "'\(description)' (\(kind))"
  }
}

extension Shape {
  /// Where an element stands: its index along every axis.
  ///
  /// - Parameters:
  ///   - element: The elements before it.
  ///   - isFortranOrder: Whether the first axis varies fastest, not the last.
  /// - Returns: One index for each axis.
  func indices(ofElement element: Int, isFortranOrder: Bool = false) -> [Int] {
    var indices = [Int](repeating: 0, count: rank)
    var rest = element
    for axis in isFortranOrder ? Array(0..<rank) : (0..<rank).reversed() {
      indices[axis] = rest % self[axis]
      rest /= self[axis]
    }
    return indices
  }
}

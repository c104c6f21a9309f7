/// Reads the JSON that a safetensors header is, as strictly as the reference reader.
///
/// JSONDecoder would hide names that come twice and their order, take numbers such as `1.0` and
/// `-0` for whole ones, and canonically equivalent names for one. Members of a tensor that the
/// format does not know may hold any JSON, and a `__metadata__` of `null` counts as empty.
struct SafetensorsHeaderReader: HeaderReader {
  /// One tensor as the header states it.
  struct StatedTensor {
    var name: String
    var type: String
    var shape: [Int]
    var offsets: [Int]
  }

  /// The strings of `__metadata__` by name, in their order.
  private(set) var metadata: [(name: String, value: String)] = []
  /// The tensors in their order.
  private(set) var tensors: [StatedTensor] = []

  let source: [UInt8]
  var position = 0

  /// How deep a header may nest, as in the reference reader; the format itself needs three levels.
  private static let greatestDepth = 128

  /// Reads a header.
  ///
  /// - Parameter source: The header in UTF-8.
  /// - Throws: ``HeaderFault`` for what is no JSON or not of the format, or a name that comes twice.
  /// - Complexity: O(bytes), on average.
  init(_ source: [UInt8]) throws(HeaderFault) {
    self.source = source
    try object { (reader, name) throws(HeaderFault) in
      if name.utf8.elementsEqual(SafetensorsHeader.metadataKey.utf8) {
        try reader.readMetadata()
      } else {
        try reader.readTensor(name)
      }
    }
    try expectEnd()
  }

  private mutating func readMetadata() throws(HeaderFault) {
    if take("null") { return }
    try object { (reader, name) throws(HeaderFault) in
      reader.metadata.append((name, try reader.string()))
    }
  }

  private mutating func readTensor(_ name: String) throws(HeaderFault) {
    var type: String?
    var shape: [Int]?
    var offsets: [Int]?
    try object { (reader, member) throws(HeaderFault) in
      switch member {
      case "dtype": type = try reader.string()
      case "shape": shape = try reader.sizes()
      case "data_offsets": offsets = try reader.sizes()
      default: try reader.skipValue(depth: 3)
      }
    }
    guard let type, let shape, let offsets else {
      throw HeaderFault(
        expected: "dtype, shape and data_offsets of tensor \"\(name)\"",
        actual: "no \(type == nil ? "dtype" : shape == nil ? "shape" : "data_offsets")")
    }
    tensors.append(StatedTensor(name: name, type: type, shape: shape, offsets: offsets))
  }

  /// Reads an object; `member` reads the value of each name.
  private mutating func object(
    _ member: (inout Self, String) throws(HeaderFault) -> Void
  ) throws(HeaderFault) {
    var names: Set<ExactName> = []
    try expect("{")
    if take("}") { return }
    repeat {
      let start = position
      let name = try string()
      guard names.insert(ExactName(name)).inserted else {
        throw HeaderFault(
          expected: "every name once", actual: "\"\(name)\" a second time at byte \(start)")
      }
      try expect(":")
      try member(&self, name)
    } while take(",")
    try expect("}")
  }

  /// Reads a list; `element` reads each element.
  private mutating func list(
    _ element: (inout Self) throws(HeaderFault) -> Void
  ) throws(HeaderFault) {
    try expect("[")
    if take("]") { return }
    repeat { try element(&self) } while take(",")
    try expect("]")
  }

  private mutating func sizes() throws(HeaderFault) -> [Int] {
    var sizes: [Int] = []
    try list { (reader) throws(HeaderFault) in
      guard sizes.count < SafetensorsHeader.greatestRank else {
        throw HeaderFault(
          expected: "at most \(SafetensorsHeader.greatestRank) sizes",
          actual: "one more at byte \(reader.position)")
      }
      sizes.append(try reader.size())
    }
    return sizes
  }

  /// Passes over a value that may be anything.
  private mutating func skipValue(depth: Int) throws(HeaderFault) {
    guard depth <= Self.greatestDepth else {
      throw HeaderFault(
        expected: "JSON at most \(Self.greatestDepth) levels deep",
        actual: "one level more at byte \(position)")
    }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"):
      try object { (reader, _) throws(HeaderFault) in try reader.skipValue(depth: depth + 1) }
    case UInt8(ascii: "["):
      try list { (reader) throws(HeaderFault) in try reader.skipValue(depth: depth + 1) }
    case UInt8(ascii: "\""): _ = try string()
    default: if !(take("null") || take("true") || take("false")) { try skipNumber() }
    }
  }

  private mutating func skipNumber() throws(HeaderFault) {
    if next == UInt8(ascii: "-") { position += 1 }
    let isWhole = next == UInt8(ascii: "0")
    guard case let count = digits().count, count == 1 || count > 1 && !isWhole else {
      throw fault("a value")
    }
    if next == UInt8(ascii: ".") {
      position += 1
      guard !digits().isEmpty else { throw fault("digits") }
    }
    if let letter = next, [UInt8(ascii: "e"), UInt8(ascii: "E")].contains(letter) {
      position += 1
      if let sign = next, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(sign) { position += 1 }
      guard !digits().isEmpty else { throw fault("digits") }
    }
  }

  private mutating func string() throws(HeaderFault) -> String {
    try expect("\"")
    var text: [UInt8] = []
    while true {
      let plain = source[position...].prefix {
        $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") && $0 >= 0x20
      }
      text += plain
      position = plain.endIndex
      switch next {
      case UInt8(ascii: "\""):
        position += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        text += try escape().utf8
      default:
        throw fault("a string that is closed and has no control characters")
      }
    }
  }

  /// Reads a backslash and what it stands for with the characters behind it.
  private mutating func escape() throws(HeaderFault) -> String {
    position += 1
    let short: [UInt8: String] = [
      0x22: "\"", 0x5C: "\\", 0x2F: "/", 0x62: "\u{8}", 0x66: "\u{C}", 0x6E: "\n", 0x72: "\r", 0x74: "\t",
    ]
    if let next, let text = short[next] {
      position += 1
      return text
    }
    var units = [try codeUnit()]
    if UTF16.isLeadSurrogate(units[0]), next == UInt8(ascii: "\\") {
      position += 1
      units.append(try codeUnit())
    }
    guard let text = String(validating: units, as: UTF16.self) else { throw fault("a whole character") }
    return text
  }

  /// Reads `u` and four hexadecimal digits.
  private mutating func codeUnit() throws(HeaderFault) -> UInt16 {
    let digits = source[position...].dropFirst().prefix(4)
    guard next == UInt8(ascii: "u"), digits.count == 4,
      digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw fault("an escape of JSON") }
    position = digits.endIndex
    return unit
  }
}

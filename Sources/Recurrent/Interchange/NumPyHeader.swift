/// What the header of a .npy file says.
struct NumPyHeader: Sendable {
  /// The greatest length of a header; longer ones describe structures, which are not read.
  static let greatestLength = 1_000_000
  /// The bytes that every file begins with.
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// How NumPy calls the number type.
  var description: String
  /// Whether the first axis varies fastest.
  var isFortranOrder: Bool
  /// The sizes of the axes.
  var dimensions: [Int]
  /// Where the data begins in the file.
  var dataStart: Int

  /// Reads a header.
  ///
  /// - Parameter bytes: The whole file.
  /// - Throws: ``HeaderFault`` if it is not as the format demands.
  /// - Complexity: O(header).
  init(_ bytes: UnsafeRawBufferPointer) throws(HeaderFault) {
    guard bytes.starts(with: NumPyHeader.magic) else {
      throw HeaderFault(
        expected: "a .npy file, which begins with \\x93NUMPY",
        actual: "\(Array(bytes.prefix(NumPyHeader.magic.count)))")
    }
    guard bytes.count >= 8 else {
      throw HeaderFault(expected: "a version", actual: "a file of \(bytes.count) bytes")
    }
    guard (1...3).contains(bytes[6]), bytes[7] == 0 else {
      throw HeaderFault(
        expected: "version 1.0, 2.0 or 3.0 of the format", actual: "\(bytes[6]).\(bytes[7])")
    }
    let lengthSize = bytes[6] == 1 ? 2 : 4
    let start = 8 + lengthSize
    guard bytes.count >= start else {
      throw HeaderFault(expected: "the header's length", actual: "a file of \(bytes.count) bytes")
    }
    let length = bytes[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= NumPyHeader.greatestLength, length <= bytes.count - start else {
      throw HeaderFault(
        expected: "a header of at most \(min(NumPyHeader.greatestLength, bytes.count - start)) bytes",
        actual: "a header of \(length) bytes in a file of \(bytes.count) bytes")
    }
    var reader = DictionaryReader(Array(bytes[start..<(start + length)]))
    try reader.read()
    guard let description = reader.description, let isFortranOrder = reader.isFortranOrder,
      let dimensions = reader.dimensions
    else {
      throw HeaderFault(
        expected: "a header with the keys 'descr', 'fortran_order' and 'shape'",
        actual: "one without '\(reader.missingKey)'")
    }
    self.description = description
    self.isFortranOrder = isFortranOrder
    self.dimensions = dimensions
    dataStart = start + length
  }
}

/// Reads the dictionary that a header is: a literal of Python, of which the format uses very
/// little.
private struct DictionaryReader: HeaderReader {
  var description: String?
  var isFortranOrder: Bool?
  var dimensions: [Int]?

  let source: [UInt8]
  var position = 0

  init(_ source: [UInt8]) {
    self.source = source
  }

  var missingKey: String {
    description == nil ? "descr" : isFortranOrder == nil ? "fortran_order" : "shape"
  }

  mutating func read() throws(HeaderFault) {
    try expect("{")
    while !take("}") {
      try member()
      if !take(",") {
        try expect("}")
        break
      }
    }
    try expectEnd()
  }

  private mutating func member() throws(HeaderFault) {
    let start = position
    let key = try string()
    try expect(":")
    let isNew: Bool
    switch key {
    case "descr":
      isNew = description == nil
      description = try numberType()
    case "fortran_order":
      isNew = isFortranOrder == nil
      isFortranOrder = try boolean()
    case "shape":
      isNew = dimensions == nil
      dimensions = try tuple()
    default:
      throw HeaderFault(
        expected: "the keys 'descr', 'fortran_order' and 'shape'", actual: "'\(key)' at byte \(start)")
    }
    guard isNew else {
      throw HeaderFault(expected: "every key once", actual: "'\(key)' a second time")
    }
  }

  private mutating func numberType() throws(HeaderFault) -> String {
    if take("[") || take("(") {
      throw HeaderFault(
        expected: "an array of numbers of one type",
        actual: "one of a structured type; save its fields one by one")
    }
    return try string()
  }

  private mutating func boolean() throws(HeaderFault) -> Bool {
    if take("True") { return true }
    if take("False") { return false }
    throw fault("True or False")
  }

  private mutating func tuple() throws(HeaderFault) -> [Int] {
    var sizes: [Int] = []
    try expect("(")
    while !take(")") {
      sizes.append(try size())
      if !take(",") {
        // Without a comma, Python takes the parentheses around one number for no tuple.
        guard sizes.count > 1 else { throw fault("\",\"") }
        try expect(")")
        break
      }
    }
    return sizes
  }

  private mutating func string() throws(HeaderFault) -> String {
    skipSpace()
    guard position < source.count, [UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(source[position])
    else { throw fault("a string") }
    let quote = source[position]
    let text = source[(position + 1)...].prefix { $0 != quote }
    guard text.endIndex < source.count else { throw fault("a string that is closed") }
    // No string of a header that can be read has an escape or a character beyond ASCII.
    guard text.allSatisfy({ (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "\\") }) else {
      throw fault("a string of plain characters")
    }
    position = text.endIndex + 1
    return String(decoding: text, as: UTF8.self)
  }
}

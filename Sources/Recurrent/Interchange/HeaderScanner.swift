/// What is wrong with a header.
struct HeaderFault: Error {
  /// What should have stood there.
  var expected: String
  /// What stood there.
  var actual: String
}

/// Reads the structure of a safetensors header in one pass, before JSONDecoder reads its contents.
///
/// It finds what JSONDecoder hides: names that come twice, numbers such as `1.0` or `-0` that pass
/// for whole ones, commas that close a list. It also gives the two objects whose names come from
/// outside, the header itself and `__metadata__`, as lists of alternating names and values: as
/// objects they would lose their order, and canonically equivalent names one of their values. What
/// stands in strings and literals is left to JSONDecoder. A `__metadata__` of `null` becomes an
/// empty list, and members of a tensor that the format does not know may hold any number, as for
/// the reference reader.
struct HeaderScanner {
  /// How deep a header may nest, as in the reference reader; the format itself needs three levels.
  static let greatestDepth = 128
  /// How many elements a list or an object may have that is neither the header nor `__metadata__`.
  ///
  /// No library has tensors of so many axes, and JSONDecoder takes long for lists of millions.
  static let greatestCount = 1024

  /// An object or a list that is not closed yet.
  private struct Level {
    var isObject: Bool
    var isFlattened: Bool
    var count = 1
    var names: Set<ExactName> = []
  }

  private enum Expectation {
    case valueOrEnd, value, nameOrEnd, name, colon, commaOrEnd, nothing
  }

  private let source: [UInt8]
  private var result: [UInt8]
  private var position = 0
  private var levels: [Level] = []
  private var expectation = Expectation.value
  private var nextIsMetadata = false
  /// How many levels are open where a member of a tensor begins that the format does not know.
  private var unknownMemberDepth: Int?

  private init(_ source: [UInt8]) {
    self.source = source
    result = source
  }

  /// Checks a header and turns its objects of free names into lists.
  ///
  /// - Parameter source: The header in UTF-8.
  /// - Returns: JSON of the same length. It is valid if the header is, apart from strings and
  ///   literals.
  /// - Throws: ``HeaderFault`` for a wrong structure, a name that comes twice, or a number that is
  ///   not whole or negative.
  /// - Complexity: O(bytes), on average.
  static func flatten(_ source: [UInt8]) throws(HeaderFault) -> [UInt8] {
    var scanner = HeaderScanner(source)
    try scanner.scan()
    return scanner.result
  }

  private mutating func scan() throws(HeaderFault) {
    while position < source.count {
      switch source[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        position += 1
      case UInt8(ascii: "{"), UInt8(ascii: "["): try open()
      case UInt8(ascii: "}"), UInt8(ascii: "]"): try close()
      case UInt8(ascii: ":"): try colon()
      case UInt8(ascii: ","): try comma()
      case UInt8(ascii: "\""): try string()
      default: try literal()
      }
    }
    guard expectation == .nothing else { throw fault("JSON that is complete") }
  }

  private mutating func open() throws(HeaderFault) {
    try beginValue()
    let isObject = source[position] == UInt8(ascii: "{")
    guard isObject || !(levels.isEmpty || nextIsMetadata) else { throw fault("\"{\"") }
    guard levels.count < HeaderScanner.greatestDepth else {
      throw HeaderFault(
        expected: "JSON at most \(HeaderScanner.greatestDepth) levels deep",
        actual: "one level more at byte \(position)")
    }
    let isFlattened = levels.isEmpty || nextIsMetadata
    if isFlattened { result[position] = UInt8(ascii: "[") }
    levels.append(Level(isObject: isObject, isFlattened: isFlattened))
    nextIsMetadata = false
    expectation = isObject ? .nameOrEnd : .valueOrEnd
    position += 1
  }

  private mutating func close() throws(HeaderFault) {
    let isObject = source[position] == UInt8(ascii: "}")
    guard let level = levels.last, level.isObject == isObject,
      expectation == .commaOrEnd || expectation == (isObject ? .nameOrEnd : .valueOrEnd)
    else { throw fault(described) }
    if level.isFlattened { result[position] = UInt8(ascii: "]") }
    levels.removeLast()
    endValue()
    position += 1
  }

  private mutating func colon() throws(HeaderFault) {
    guard expectation == .colon else { throw fault(described) }
    if levels.last?.isFlattened == true { result[position] = UInt8(ascii: ",") }
    expectation = .value
    position += 1
  }

  private mutating func comma() throws(HeaderFault) {
    guard expectation == .commaOrEnd else { throw fault(described) }
    let last = levels.count - 1
    levels[last].count += 1
    guard levels[last].isFlattened || levels[last].count <= HeaderScanner.greatestCount else {
      throw HeaderFault(
        expected: "lists and objects of at most \(HeaderScanner.greatestCount) elements",
        actual: "one element more at byte \(position)")
    }
    expectation = levels[last].isObject ? .name : .value
    position += 1
  }

  private mutating func string() throws(HeaderFault) {
    let isName = expectation == .name || expectation == .nameOrEnd
    if !isName { try beginValue() }
    let start = position + 1
    var end = start
    var hasEscape = false
    while end < source.count, source[end] != UInt8(ascii: "\"") {
      // The character behind a backslash never ends the string.
      let isEscape = source[end] == UInt8(ascii: "\\")
      hasEscape = hasEscape || isEscape
      end += isEscape ? 2 : 1
    }
    guard end < source.count else { throw fault("a string that is closed") }
    if isName {
      let text = String(decoding: source[start..<end], as: UTF8.self)
      try beginMember(ExactName(hasEscape ? unescaped(text) : text))
    } else {
      endValue()
    }
    position = end + 1
  }

  /// Notes a name, which must be new.
  private mutating func beginMember(_ name: ExactName) throws(HeaderFault) {
    guard levels[levels.count - 1].names.insert(name).inserted else {
      throw HeaderFault(
        expected: "every name once", actual: "\"\(name.text)\" a second time at byte \(position)")
    }
    nextIsMetadata = levels.count == 1 && name == ExactName(SafetensorsHeader.metadataKey)
    if levels.count == 2, !levels[1].isFlattened, !SafetensorsHeader.memberNames.contains(name.text) {
      unknownMemberDepth = levels.count
    }
    expectation = .colon
  }

  private mutating func literal() throws(HeaderFault) {
    try beginValue()
    let start = position
    while position < source.count, isLiteral(source[position]) { position += 1 }
    guard position > start else { throw fault(described) }
    if nextIsMetadata {
      guard source[start..<position].elementsEqual("null".utf8) else {
        position = start
        throw fault("\"{\" or null")
      }
      result.replaceSubrange(start..<position, with: "[]  ".utf8)
      nextIsMetadata = false
    }
    let isNumber =
      unknownMemberDepth == nil && (source[start] == UInt8(ascii: "-") || isDigit(source[start]))
    guard !isNumber || source[start..<position].allSatisfy(isDigit) else {
      let text = String(decoding: source[start..<min(position, start + 40)], as: UTF8.self)
      throw HeaderFault(
        expected: "whole numbers that are not negative", actual: "\(text) at byte \(start)")
    }
    endValue()
  }

  private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// Whether a byte may belong to a number, `true`, `false` or `null`.
  private func isLiteral(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "E")].contains(byte)
  }

  private mutating func beginValue() throws(HeaderFault) {
    guard expectation == .value || expectation == .valueOrEnd else { throw fault(described) }
    guard !nextIsMetadata || [UInt8(ascii: "{"), UInt8(ascii: "n")].contains(source[position]) else {
      throw fault("\"{\" or null")
    }
  }

  private mutating func endValue() {
    if unknownMemberDepth == levels.count { unknownMemberDepth = nil }
    expectation = levels.isEmpty ? .nothing : .commaOrEnd
  }

  /// What the next byte should have been.
  private var described: String {
    switch expectation {
    case .valueOrEnd: "a value or \"]\""
    case .value: "a value"
    case .nameOrEnd: "a name or \"}\""
    case .name: "a name"
    case .colon: "\":\""
    case .commaOrEnd: levels.last?.isObject == true ? "\",\" or \"}\"" : "\",\" or \"]\""
    case .nothing: "nothing after the header's last \"}\""
    }
  }

  private func fault(_ expected: String) -> HeaderFault {
    guard position < source.count else {
      return HeaderFault(expected: expected, actual: "its end at byte \(position)")
    }
    let byte = source[position]
    let text = (0x20..<0x7F).contains(byte) ? "\"\(Character(Unicode.Scalar(byte)))\"" : "the byte \(byte)"
    return HeaderFault(expected: expected, actual: "\(text) at byte \(position)")
  }
}

/// The name that a string of JSON stands for.
///
/// Of wrong escapes, which JSONDecoder refuses later, it makes anything.
private func unescaped(_ text: String) -> String {
  var units: [UInt16] = []
  var rest = Array(text.utf16)[...]
  while let unit = rest.popFirst() {
    guard unit == 0x5C, let escape = rest.popFirst() else {
      units.append(unit)
      continue
    }
    switch escape {
    case UInt16(UInt8(ascii: "b")): units.append(0x08)
    case UInt16(UInt8(ascii: "f")): units.append(0x0C)
    case UInt16(UInt8(ascii: "n")): units.append(0x0A)
    case UInt16(UInt8(ascii: "r")): units.append(0x0D)
    case UInt16(UInt8(ascii: "t")): units.append(0x09)
    case UInt16(UInt8(ascii: "u")):
      units.append(UInt16(String(decoding: rest.prefix(4), as: UTF16.self), radix: 16) ?? 0)
      rest = rest.dropFirst(4)
    default: units.append(escape)
    }
  }
  return String(decoding: units, as: UTF16.self)
}

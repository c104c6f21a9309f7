/// What is wrong with a header.
struct HeaderFault: Error {
  /// What should have stood there.
  var expected: String
  /// What stood there.
  var actual: String
}

/// Reads the text of a header from its start to its end: what the literals of Python and JSON have
/// in common.
protocol HeaderReader {
  /// The text, in UTF-8.
  var source: [UInt8] { get }
  /// How many bytes have been read.
  var position: Int { get set }
}

extension HeaderReader {
  /// The next byte, if there is one.
  var next: UInt8? { position < source.count ? source[position] : nil }

  mutating func skipSpace() {
    while let next, [0x20, 0x09, 0x0A, 0x0D].contains(next) { position += 1 }
  }

  /// Passes over a text, and spaces before it, if it comes next.
  mutating func take(_ text: StaticString) -> Bool {
    skipSpace()
    let isNext = text.withUTF8Buffer { source[position...].starts(with: $0) }
    if isNext { position += text.utf8CodeUnitCount }
    return isNext
  }

  mutating func expect(_ text: StaticString) throws(HeaderFault) {
    guard take(text) else { throw fault("\"\(text)\"") }
  }

  /// Passes over the decimal digits that come next.
  mutating func digits() -> ArraySlice<UInt8> {
    let digits = source[position...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    position = digits.endIndex
    return digits
  }

  /// Reads a whole number that is not negative, without zeros before it.
  mutating func size() throws(HeaderFault) -> Int {
    skipSpace()
    let start = position
    let digits = digits()
    let isPlain = digits.count == 1 || digits.first != UInt8(ascii: "0")
    guard isPlain, let size = Int(String(decoding: digits, as: UTF8.self)) else {
      position = start
      throw fault("a whole number from 0 to \(Int.max)")
    }
    return size
  }

  /// Refuses what is left.
  mutating func expectEnd() throws(HeaderFault) {
    skipSpace()
    guard next == nil else { throw fault("nothing but spaces up to the header's end") }
  }

  /// What should come next, and what comes.
  func fault(_ expected: String) -> HeaderFault {
    guard next != nil else { return HeaderFault(expected: expected, actual: "the header's end") }
    let rest = source[position...].prefix(20).map { byte in
      (0x20..<0x7F).contains(byte) ? Character(Unicode.Scalar(byte)) : "?"
    }
    return HeaderFault(expected: expected, actual: "\(String(rest)) at byte \(position) of the header")
  }
}

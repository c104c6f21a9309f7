/// A name that equals another only if both have the same bytes in UTF-8.
///
/// Swift's strings are equal where they are canonically equivalent; files tell such names apart.
struct ExactName: Hashable, Sendable {
  /// The name.
  let text: String

  /// Wraps a name.
  init(_ text: String) {
    self.text = text
  }

  /// Whether the bytes are the same.
  static func == (a: ExactName, b: ExactName) -> Bool {
    guard a.text.utf8.count == b.text.utf8.count else { return false }
    var (a, b) = (a.text, b.text)
    return a.withUTF8 { a in b.withUTF8 { b in a.elementsEqual(b) } }
  }

  /// Hashes the bytes.
  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

extension String {
  /// What stands behind a prefix, which is compared byte by byte; `nil` for a string that does not
  /// begin so.
  func rest(after prefix: String) -> String? {
    guard utf8.starts(with: prefix.utf8) else { return nil }
    return String(decoding: utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
  }
}

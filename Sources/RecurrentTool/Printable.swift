import Recurrent

/// A text from outside as a terminal or a log may show it: one line, not longer than a reader wants
/// it, without characters that a terminal obeys or that change how others read.
///
/// - Parameters:
///   - text: A name, a path or a cell of a file.
///   - most: The characters that are shown.
/// - Returns: The text, with such characters as `\u{1B}`, and `…` where it was cut.
func printable(_ text: String, most: Int = 60) -> String {
  let shown = text.prefix(most)
  // A character may be any number of combining marks on a letter.
  let scalars = shown.unicodeScalars.prefix(4 * most)
  let isCut = shown.endIndex < text.endIndex || scalars.endIndex < shown.unicodeScalars.endIndex
  return scalars.escaped + (isCut ? "…" : "")
}

/// A path, whole, without characters that a terminal obeys.
func printablePath(_ path: String) -> String { printable(path, most: 4096) }

/// A text from outside between quotes, as ``printable(_:most:)`` shows it.
func quoted(_ text: String) -> String {
  let shown = printable(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))
  return shown.hasSuffix("…") && !text.hasSuffix("…") ? "\"\(shown.dropLast())\"…" : "\"\(shown)\""
}

/// A message of several lines and any length, without characters that a terminal obeys.
func printableLines(_ message: String) -> String {
  message.split(separator: "\n", omittingEmptySubsequences: false)
    .map(\.unicodeScalars.escaped).joined(separator: "\n")
}

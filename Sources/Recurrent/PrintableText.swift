extension String {
  /// The text as a message may carry it: on one line, not too long, and without a character that
  /// steers a terminal.
  ///
  /// Names, paths and whatever else comes from files passes through here on its way to a reader, in
  /// the descriptions of errors. Control characters, those that turn the direction of writing or
  /// have no width, line separators and characters without a meaning become `\n`, `\t`, `\r` or
  /// `\u{…}`; of a long text the middle is left out and its size told. A text that went through
  /// stays as it is when it goes through again.
  ///
  /// - Parameter limit: The Unicode scalars to keep; a text that has a few more stays whole.
  /// - Returns: The text, at most about `limit` scalars of it, each as itself or escaped.
  /// - Complexity: O(limit), and O(1) to O(bytes) for the size of what is left out.
  package func printable(limit: Int = 400) -> String {
    // What tells that something was left out must not be longer than what was.
    let slack = 64
    let scalars = unicodeScalars
    guard let end = scalars.index(scalars.startIndex, offsetBy: limit + slack, limitedBy: scalars.endIndex),
      end < scalars.endIndex
    else { return scalars.escaped }
    let head = scalars.prefix(limit - limit / 4)
    let tail = scalars.suffix(limit / 4)
    let omitted = utf8.distance(from: head.endIndex, to: tail.startIndex)
    return "\(head.escaped)… \(omitted) bytes …\(tail.escaped)"
  }
}

extension BidirectionalCollection<Unicode.Scalar> {
  /// The scalars, those that no terminal should get as escapes of Swift.
  package var escaped: String {
    var result = String.UnicodeScalarView()
    for scalar in self {
      switch scalar {
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\t": result.append(contentsOf: "\\t".unicodeScalars)
      case "\r": result.append(contentsOf: "\\r".unicodeScalars)
      case " "..."~": result.append(scalar)
      default:
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
          let digits = String(scalar.value, radix: 16, uppercase: true)
          result.append(contentsOf: "\\u{\(digits)}".unicodeScalars)
        default: result.append(scalar)
        }
      }
    }
    return String(result)
  }
}

extension Collection<String> {
  /// A list for a message: the first names, and how many there are beside them.
  ///
  /// - Parameter count: The names to show.
  /// - Returns: The names with commas between them, each printable and not too long.
  package func printableList(showing count: Int = 8) -> String {
    let shown = prefix(count).map { $0.printable(limit: 120) }.joined(separator: ", ")
    let rest = self.count - Swift.min(count, self.count)
    return rest > 0 ? "\(shown) and \(rest) more" : shown
  }
}

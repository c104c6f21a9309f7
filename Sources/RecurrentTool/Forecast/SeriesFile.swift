import Recurrent
import SwiftCSV

/// A CSV file of which one column is a series.
///
/// Everything that is wrong with it is reported with its line, as `path:line: expected …, got …`.
struct SeriesFile {
  private let path: String
  /// The columns' names, or their numbers from 1 on.
  private let header: [String]
  /// Whether the first line has the names.
  let hasNames: Bool
  private let rows: [(line: Int, fields: [String])]

  /// The greatest file that is read at once: 64 MiB.
  private static let greatestSize = 64 << 20

  /// Reads a file: UTF-8 with or without byte-order mark, separated by commas, semicolons or tabs,
  /// with a line of names or without.
  ///
  /// - Parameters:
  ///   - path: The file's path.
  ///   - hasNames: Whether the first line has names; `nil` to tell by what it has, as
  ///     ``NamesLine/hasNames`` does.
  /// - Throws: ``RecurrentError/fileInaccessible(path:operation:reason:)`` or
  ///   ``RecurrentError/malformedFile(path:expected:actual:)``.
  init(path: String, hasNames: Bool? = nil) throws(RecurrentError) {
    self.path = path
    var rows = try Self.rows(of: try Self.text(path: path), path: path)
    while let last = rows.last, last.fields.allSatisfy(\.isEmpty), last.fields.count == 1 {
      rows.removeLast()
    }
    guard let first = rows.first?.fields else {
      throw .malformedFile(path: path, expected: "lines of values", actual: "empty lines")
    }
    self.hasNames =
      hasNames ?? NamesLine(first, above: rows.lazy.dropFirst().map(\.fields)).hasNames
    let header = self.hasNames ? first : first.indices.map { "\($0 + 1)" }
    for (index, name) in header.enumerated() where !name.isEmpty && header[..<index].contains(name) {
      throw .malformedFile(
        path: "\(path):1", expected: "names that differ from each other", actual: "\(quoted(name)) twice")
    }
    for row in rows where row.fields.count != header.count {
      throw .malformedFile(
        path: "\(path):\(row.line)", expected: "\(header.count) fields, as in the first line",
        actual: row.fields == [""] ? "an empty line" : "\(row.fields.count)")
    }
    self.header = header
    self.rows = self.hasNames ? Array(rows.dropFirst()) : rows
  }

  /// The series in a column.
  ///
  /// - Parameters:
  ///   - column: The column's name, or its number in a file without names, or `nil` for the only
  ///     one with numbers.
  ///   - timeColumn: The name or number of the column with the times, or `nil` to count rows.
  /// - Returns: The values in the order of their lines; none where there is only a line of names.
  /// - Throws: ``RecurrentError/malformedFile(path:expected:actual:)``, with the line.
  func series(column: String?, timeColumn: String?) throws(RecurrentError) -> TimeSeries {
    let time = try timeColumn.map { (name) throws(RecurrentError) in try self.index(of: name) }
    let index: Int
    if let column { index = try self.index(of: column) } else { index = try onlyNumbers(beside: time) }
    guard index != time else {
      throw .malformedFile(
        path: "\(path):1", expected: "different columns for times and values",
        actual: "\(quoted(header[index])) for both")
    }
    let name = header[index]
    var values: [Double] = []
    for row in rows {
      let text = row.fields[index]
      guard let value = Self.number(text) else {
        throw .malformedFile(
          path: "\(path):\(row.line)", expected: "a number in the column \(quoted(name))",
          actual: text.isEmpty ? "a gap" : quoted(text))
      }
      guard value.magnitude <= 1e100 else {
        throw .malformedFile(
          path: "\(path):\(row.line)", expected: "a number up to 1e100 in the column \(quoted(name))",
          actual: quoted(text))
      }
      values.append(value)
    }
    let lines = rows.map(\.line)
    let axis = try time.map { (time) throws(RecurrentError) in
      try TimeAxis(rows.map { $0.fields[time] }, lines: lines, name: header[time], path: path)
    }
    return TimeSeries(
      path: path, name: name, isNamed: hasNames, values: values, lines: lines, axis: axis ?? .rows)
  }

  private func index(of name: String) throws(RecurrentError) -> Int {
    guard let index = header.firstIndex(of: name) else {
      throw .malformedFile(path: "\(path):1", expected: "a column \(quoted(name))", actual: names)
    }
    return index
  }

  /// The only column, beside that of the times, that begins with a number; the only one there is,
  /// in any case.
  private func onlyNumbers(beside time: Int?) throws(RecurrentError) -> Int {
    let others = header.indices.filter { $0 != time }
    if others.count == 1 { return others[0] }
    let numbers = others.filter { index in rows.first.map { Self.number($0.fields[index]) != nil } ?? false }
    guard numbers.count == 1 else {
      throw .malformedFile(
        path: path, expected: "one column with numbers, or --column to name it",
        actual: "\(numbers.count) among \(names)")
    }
    return numbers[0]
  }

  /// The columns' names for a message, not more than a reader wants.
  private var names: String {
    let shown = header.prefix(8).map(quoted).joined(separator: ", ")
    return (header.count > 8 ? shown + ", …" : shown) + (hasNames ? "" : " (a file without names)")
  }

  /// A decimal number; no NaN, no infinity and nothing hexadecimal, which Swift would read too.
  static func number(_ text: String) -> Double? {
    guard !text.isEmpty, text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }) else { return nil }
    return Double(text).flatMap { $0.isFinite ? $0 : nil }
  }
}

extension SeriesFile {
  /// The text of a file.
  private static func text(path: String) throws(RecurrentError) -> String {
    let file = try MappedFile(path: path, format: "a CSV file")
    return try file.withBytes { (bytes) throws(RecurrentError) in
      guard bytes.count <= greatestSize else {
        throw .malformedFile(
          path: path, expected: "at most \(greatestSize) bytes", actual: "\(bytes.count)")
      }
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw .malformedFile(path: path, expected: "text in UTF-8", actual: "bytes that are none")
      }
      return text
    }
  }

  /// The fields of all rows, the header's included, without spaces around them, and the line that
  /// each row begins in.
  private static func rows(
    of text: String, path: String
  ) throws(RecurrentError) -> [(line: Int, fields: [String])] {
    var rows: [(line: Int, fields: [String])] = []
    var line = 1
    do {
      // The limit keeps the library from filling up short rows, which would multiply the size of
      // some files.
      let csv = try CSV<Enumerated>(
        string: text, delimiter: CSVDelimiter.guessed(string: text), loadColumns: false, rowLimit: 0)
      try csv.enumerateAsArray(startAt: 0, rowLimit: nil) { fields in
        rows.append((line, fields.map(\.trimmed)))
        line += 1 + fields.reduce(0) { $0 + $1.count { ["\n", "\r", "\r\n"].contains($0) } }
      }
    } catch {
      throw .malformedFile(
        path: "\(path):\(line)", expected: "quotes around whole fields, doubled within them",
        actual: "a quote elsewhere")
    }
    guard text.utf8.count(where: { $0 == UInt8(ascii: "\"") }).isMultiple(of: 2) else {
      throw .malformedFile(
        path: "\(path):\(rows.last?.line ?? 1)", expected: "quotes in pairs", actual: "one that is not closed"
      )
    }
    return rows
  }
}

extension String {
  /// The text without spaces and tabs at its ends.
  fileprivate var trimmed: String {
    let isBlank = { (character: Character) in character == " " || character == "\t" }
    guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) })
    else {
      return ""
    }
    return String(self[first...last])
  }
}

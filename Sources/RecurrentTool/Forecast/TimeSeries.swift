import Recurrent

/// A column of a file: numbers at even steps of time.
struct TimeSeries {
  /// Where it comes from, for messages.
  var path: String
  /// The column's name, or its number, counted from 1, where the file has no line of names.
  var name: String
  /// Whether the file has a line of names.
  var isNamed = true
  var values: [Double]
  /// The line of the file that each value stands in.
  var lines: [Int]
  var axis: TimeAxis

  /// What to call the series.
  var title: String { isNamed ? name : "column \(name)" }

  /// A number that other values hardly share: FNV-1a with 64 bits over their bytes.
  ///
  /// Source: G. Fowler, L. C. Noll, K.-P. Vo and D. Eastlake, "The FNV non-cryptographic hash
  /// algorithm", IETF draft.
  var fingerprint: String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for value in values {
      for shift in stride(from: 0, to: 64, by: 8) {
        hash = (hash ^ (value.bitPattern >> UInt64(shift)) & 0xFF) &* 0x100_0000_01B3
      }
    }
    return String(hash, radix: 16)
  }

  /// Checks what no forecaster could learn from.
  ///
  /// - Parameter least: The fewest values to go on with.
  /// - Throws: ``RecurrentError/malformedFile(path:expected:actual:)`` for a series that is too
  ///   short or constant.
  func validate(least: Int) throws(RecurrentError) {
    guard values.count >= least, let last = lines.last else {
      throw .malformedFile(
        path: "\(path):\(lines.last ?? 1)",
        expected: "at least \(least) values in the column \(quoted(name))",
        actual: "\(values.count), of which this line has the last")
    }
    guard values.contains(where: { $0 != values[0] }) else {
      throw .malformedFile(
        path: "\(path):\(lines[0])", expected: "a column \(quoted(name)) that varies",
        actual: "\(values[0]) in every line up to \(last)")
    }
  }
}

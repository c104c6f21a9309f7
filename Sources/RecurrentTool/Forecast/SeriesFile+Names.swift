/// Whether the first line of a CSV file names its columns.
///
/// A file that begins with values must not lose them, so the line is compared with those below it:
/// a name stands above numbers or times, a value among its like.
struct NamesLine {
  /// What a field is at first sight.
  private enum Kind {
    case missing, number, calendar, text

    var isData: Bool { self == .number || self == .calendar }

    init(_ field: String) {
      if ["", "na", "n/a", "#n/a", "nan", "null", "none"].contains(field.lowercased()) {
        self = .missing
      } else if SeriesFile.number(field) != nil {
        self = .number
      } else {
        self = Instant(field) == nil ? .text : .calendar
      }
    }
  }

  private let first: [String]
  private let next: [String]?
  /// The kinds in the first line, and those of the first fields below that are not missing.
  private let columns: [(top: Kind, below: Kind)]

  init(_ first: [String], above rows: some Sequence<[String]>) {
    self.first = first
    next = rows.first { _ in true }
    columns = first.indices.map { index in
      let below = rows.lazy.filter { index < $0.count }.map { Kind($0[index]) }.first { $0 != .missing }
      return (Kind(first[index]), below ?? .missing)
    }
  }

  /// Whether the line has names.
  ///
  /// - A date or a time above others, or above nothing, is a value, whatever stands beside it.
  /// - A text above numbers or times is a name.
  /// - Numbers are values, with two exceptions: successive years above what are no years are the
  ///   names of a wide table, and so are numbers beside an empty first field, as tables with an
  ///   index have them.
  var hasNames: Bool {
    if columns.contains(where: { $0.top == .calendar && [.calendar, .missing].contains($0.below) }) {
      return false
    }
    if columns.contains(where: { $0.top == .text && $0.below != .text }) { return true }
    let numbers = columns.indices.filter {
      columns[$0].top == .number && [.number, .missing].contains(columns[$0].below)
    }
    if numbers.isEmpty { return true }
    let hasIndex = first[0].isEmpty && columns[0].below.isData && numbers.count == first.count - 1
    return hasIndex || areYears(numbers)
  }

  /// Whether the fields of these columns are successive years, or years at even distances if they
  /// are more than two, and those below are no years.
  private func areYears(_ columns: [Int]) -> Bool {
    func years(_ fields: [String]) -> [Int] {
      columns.compactMap { index in
        index < fields.count ? Int(fields[index]).flatMap { (1000...2999).contains($0) ? $0 : nil } : nil
      }
    }
    let top = years(first)
    guard columns.count > 1, top.count == columns.count, let next, years(next).count < columns.count
    else { return false }
    let steps = zip(top.dropFirst(), top).map { $0 - $1 }
    return steps[0] > 0 && steps.allSatisfy { $0 == steps[0] } && (steps.count > 1 || steps[0] == 1)
  }
}

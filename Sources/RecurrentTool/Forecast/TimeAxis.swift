import Recurrent

/// Even steps of time: what a series' times are, and how they go on.
struct TimeAxis: Equatable {
  /// What one step is.
  enum Step: Equatable {
    /// So many units of what the times count: rows, integers, months, days or seconds.
    case units(Int)
    /// So many months from date to date, on a day of the month or on the last one.
    case months(Int, day: Int)
  }

  /// The column's name; `nil` where rows are counted.
  var name: String?
  var start: Instant
  var step: Step

  /// The rows, from 1 on.
  static let rows = TimeAxis(name: nil, start: .integer(1), step: .units(1))

  /// The time at an index, which may lie behind the series.
  func instant(at index: Int) -> Instant {
    switch (start, step) {
    case (.integer(let first), .units(let step)): return .integer(first + index * step)
    case (.month(let first, let notation), .units(let step)):
      return .month(first + index * step, notation)
    case (.time(let first, let style), .units(let step)): return .time(seconds: first + index * step, style)
    case (.date(let first, let notation), .units(let step)):
      return .date(CalendarDate(dayNumber: first.dayNumber + index * step), notation)
    case (.date(let first, let notation), .months(let step, let day)):
      return .date(CalendarDate(monthNumber: first.monthNumber + index * step, day: day), notation)
    case (_, .months): preconditionFailure("only dates step by months of different lengths")
    }
  }

  /// The time at an index, as the column writes it.
  func label(at index: Int) -> String { instant(at: index).text }
}

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
    case (.month(let first), .units(let step)): return .month(first + index * step)
    case (.time(let first, let style), .units(let step)): return .time(seconds: first + index * step, style)
    case (.date(let first), .units(let step)):
      return .date(CalendarDate(dayNumber: first.dayNumber + index * step))
    case (.date(let first), .months(let step, let day)):
      return .date(CalendarDate(monthNumber: first.monthNumber + index * step, day: day))
    case (_, .months): preconditionFailure("only dates step by months of different lengths")
    }
  }

  /// The time at an index, as the column writes it.
  func label(at index: Int) -> String { instant(at: index).text }
}

extension TimeAxis {
  /// Reads a column of times.
  ///
  /// - Parameters:
  ///   - texts: The column's texts.
  ///   - lines: The line of each text.
  ///   - name: The column's name.
  ///   - path: The file's path, for messages.
  /// - Throws: ``RecurrentError/malformedFile(path:expected:actual:)``, with the line, for a text that is no time or one of
  ///   another kind, and for times that do not ascend or leave a gap.
  init(_ texts: [String], lines: [Int], name: String, path: String) throws(RecurrentError) {
    var instants: [Instant] = []
    instants.reserveCapacity(texts.count)
    for (text, line) in zip(texts, lines) {
      let instant = Instant(text)
      guard let instant, instants.first?.isLike(instant) ?? true else {
        throw .malformedFile(
          path: "\(path):\(line)",
          expected:
            "\(instants.first?.kind ?? "an integer, a month or an ISO 8601 date") in the column \(quoted(name))",
          actual: text.isEmpty ? "a gap" : quoted(text))
      }
      if let before = instants.last, instant.position <= before.position {
        throw .malformedFile(
          path: "\(path):\(line)", expected: "a time after \(before.text) in the column \(quoted(name))",
          actual: instant.text)
      }
      instants.append(instant)
    }
    guard let first = instants.first else {
      self = TimeAxis(name: name, start: .integer(1), step: .units(1))
      return
    }
    // The step that the first two times suggest; that of two dates may be months or days.
    var candidates = [TimeAxis(name: name, start: first, step: .units(1))]
    if instants.count > 1 {
      candidates[0].step = .units(instants[1].position - first.position)
      if case (.date(let a), .date(let b)) = (first, instants[1]), b.monthNumber > a.monthNumber {
        // The 28th may be the last day of one month and any day of the next.
        let days = a.endsMonth ? [31, a.day] : [a.day]
        candidates =
          days.map {
            TimeAxis(name: name, start: first, step: .months(b.monthNumber - a.monthNumber, day: $0))
          } + candidates
      }
    }
    var farthest = (axis: candidates[0], index: 0)
    for axis in candidates {
      let index = instants.indices.first { axis.instant(at: $0) != instants[$0] }
      guard let index else {
        self = axis
        return
      }
      if index > farthest.index { farthest = (axis, index) }
    }
    let (axis, index) = farthest
    throw .malformedFile(
      path: "\(path):\(lines[index])",
      expected: "\(axis.label(at: index)) after \(instants[index - 1].text) in the column \(quoted(name))",
      actual: "\(instants[index].text): a gap or uneven steps (without --time-column, rows are counted)")
  }
}

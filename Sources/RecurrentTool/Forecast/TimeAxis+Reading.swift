import Recurrent

extension TimeAxis {
  /// Reads a column of times.
  ///
  /// Numbers that are all dates of digits alone, such as `20200131`, are dates, unless only the
  /// numbers have even steps.
  ///
  /// - Parameters:
  ///   - texts: The column's texts.
  ///   - lines: The line of each text.
  ///   - name: The column's name.
  ///   - path: The file's path, for messages.
  /// - Throws: ``RecurrentError/malformedFile(path:expected:actual:)``, with the line, for a text
  ///   that is no time or one of another kind, and for times that do not ascend or leave a gap.
  init(_ texts: [String], lines: [Int], name: String, path: String) throws(RecurrentError) {
    let column = TimeColumn(texts: texts, lines: lines, name: name, path: path)
    guard let dates = column.instantsOfDigits else {
      self = try column.axis(through: try column.instants())
      return
    }
    do {
      self = try column.axis(through: dates)
    } catch {
      guard let numbers = try? column.axis(through: try column.instants()) else { throw error }
      self = numbers
    }
  }
}

/// A column of times, and where it stands.
private struct TimeColumn {
  var texts: [String]
  var lines: [Int]
  var name: String
  var path: String

  /// What the texts are if all are of digits alone, as many in each, and dates.
  var instantsOfDigits: [Instant]? {
    var instants: [Instant] = []
    for text in texts {
      guard let instant = Instant(digits: text), instants.first?.isLike(instant) ?? true else { return nil }
      instants.append(instant)
    }
    return instants
  }

  /// What the texts are.
  func instants() throws(RecurrentError) -> [Instant] {
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
      instants.append(instant)
    }
    return instants
  }

  /// The even steps that lead through all instants.
  func axis(through instants: [Instant]) throws(RecurrentError) -> TimeAxis {
    for (index, (instant, before)) in zip(instants.dropFirst(), instants).enumerated()
    where instant.position <= before.position {
      throw .malformedFile(
        path: "\(path):\(lines[index + 1])",
        expected: "a time after \(before.text) in the column \(quoted(name))", actual: instant.text)
    }
    guard let first = instants.first else {
      return TimeAxis(name: name, start: .integer(1), step: .units(1))
    }
    // The step that the first two times suggest; that of two dates may be months or days.
    var candidates = [TimeAxis(name: name, start: first, step: .units(1))]
    if instants.count > 1 {
      candidates[0].step = .units(instants[1].position - first.position)
      if case (.date(let a, _), .date(let b, _)) = (first, instants[1]), b.monthNumber > a.monthNumber {
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
      guard let index else { return axis }
      if index > farthest.index { farthest = (axis, index) }
    }
    let (axis, index) = farthest
    throw .malformedFile(
      path: "\(path):\(lines[index])",
      expected: "\(axis.label(at: index)) after \(instants[index - 1].text) in the column \(quoted(name))",
      actual: "\(instants[index].text): a gap or uneven steps (without --time-column, rows are counted)")
  }
}

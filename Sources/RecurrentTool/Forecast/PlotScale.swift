import Foundation

/// A range of numbers laid out along an axis of a plot.
struct PlotScale {
  /// The ends of the range.
  let (lower, upper): (Double, Double)
  /// Where the ends stand on the page.
  let (start, end): (Double, Double)

  init(_ lower: Double, _ upper: Double, from start: Double, to end: Double) {
    (self.lower, self.upper) = (lower, upper)
    (self.start, self.end) = (start, end)
  }

  /// Where a number stands on the page.
  func position(_ value: Double) -> Double {
    start + (value - lower) / (upper - lower) * (end - start)
  }

  /// Round numbers at even distances that are 1, 2 or 5 times a power of ten, within the range.
  ///
  /// - Parameter count: About how many.
  /// - Returns: Ascending numbers.
  func ticks(about count: Int) -> [Double] {
    let step = Self.roundStep(atLeast: (upper - lower) / Double(count))
    let first = (lower / step).rounded(.up)
    return (0...(2 * count)).map { (first + Double($0)) * step }.prefix { $0 <= upper }.map {
      $0 == 0 ? 0 : $0
    }
  }

  /// The least of 1, 2 and 5 times a power of ten that is not below a positive number.
  static func roundStep(atLeast least: Double) -> Double {
    let power = pow(10, log10(least).rounded(.down))
    return [1, 2, 5, 10].map { $0 * power }.first { $0 >= least * (1 - 1e-9) } ?? least
  }
}

extension TimeAxis {
  /// Ticks along a range of indices: where a round time stands, and how it reads.
  ///
  /// - Parameters:
  ///   - range: The indices, which may go on behind the series.
  ///   - count: About how many.
  /// - Returns: Ascending indices with their texts.
  func ticks(in range: Range<Int>, about count: Int) -> [(index: Int, label: String)] {
    let least = max(1, (range.count + count - 1) / count)
    switch (start, step) {
    case (.integer, .units(let step)):
      // Round numbers, where the steps hit any.
      let round = Int(PlotScale.roundStep(atLeast: Double(least) * Double(step)))
      let hits = range.filter { instant(at: $0).position.isMultiple(of: round) }
      if hits.count > 1 { return hits.map { ($0, label(at: $0)) } }
    case (.month, _), (.date, .months):
      if let ticks = monthTicks(in: range, about: count) { return ticks }
    case (.date, .units):
      if range.count > 1,
        instant(at: range.upperBound - 1).position - instant(at: range.lowerBound).position > 62,
        let ticks = monthTicks(in: range, about: count)
      {
        return ticks
      }
    default: break
    }
    let round = Int(PlotScale.roundStep(atLeast: Double(least)).rounded(.up))
    return stride(from: range.lowerBound, to: range.upperBound, by: round).map { ($0, label(at: $0)) }
  }

  /// Whether the time at an index is the first in its month.
  private func beginsMonth(at index: Int) -> Bool {
    guard case .units = step, case .date(let date, _) = instant(at: index) else { return true }
    return date.day == 1
  }

  /// Ticks at the first time in each month or year, or each so many of them.
  private func monthTicks(in range: Range<Int>, about count: Int) -> [(index: Int, label: String)]? {
    let months = range.map { index in
      switch instant(at: index) {
      case .date(let date, _): date.monthNumber
      case let other: other.position
      }
    }
    guard let first = months.first, let last = months.last else { return nil }
    let steps = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000]
    guard let step = steps.first(where: { (last - first) / $0 <= count }) else { return nil }
    let ticks = months.indices.filter { offset in
      offset > 0
        ? months[offset] / step != months[offset - 1] / step
        : months[0].isMultiple(of: step) && beginsMonth(at: range.lowerBound)
    }
    guard ticks.count > 1 else { return nil }
    return ticks.map { offset in
      let text = CalendarDate(monthNumber: months[offset], day: 1).text
      return (range.lowerBound + offset, String(text.prefix(step.isMultiple(of: 12) ? 4 : 7)))
    }
  }
}

extension Instant {
  /// The years in which a number of many digits is believed to be a date.
  private static let believedYears = 1600...2199

  /// Reads a month, date or time of digits alone: `194901`, `19490131`, `1949013112`,
  /// `194901311230`, `19490131123000`; `nil` where it is none, such as `20200132`.
  ///
  /// One such text may be a number that counts anything; twenty of them in a row hardly are. Of the
  /// numbers that even steps lead through, those that are dates all the while have years at even
  /// distances, which go on alike as dates and as numbers, or lie in one month (or day, or hour),
  /// where a number would go on to a date that does not exist.
  init?(digits text: String) {
    let bytes = Array(text.utf8)
    guard [6, 8, 10, 12, 14].contains(bytes.count), bytes.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    func number(_ range: Range<Int>) -> Int { bytes[range].reduce(0) { $0 * 10 + Int($1) - 0x30 } }
    /// The two digits at a place; those that are not written count as the least.
    func pair(at place: Int, or least: Int) -> Int {
      place < bytes.count ? number(place..<(place + 2)) : least
    }
    let year = number(0..<4)
    let (hour, minute, second) = (pair(at: 8, or: 0), pair(at: 10, or: 0), pair(at: 12, or: 0))
    guard Self.believedYears.contains(year), hour < 24, minute < 60, second < 60,
      let date = CalendarDate(year: year, month: pair(at: 4, or: 1), day: pair(at: 6, or: 1))
    else { return nil }
    switch bytes.count {
    case 6: self = .month(date.monthNumber, .digits)
    case 8: self = .date(date, .digits)
    default:
      let minutes = (date.dayNumber * 24 + hour) * 60 + minute
      self = .time(seconds: minutes * 60 + second, .digits(bytes.count))
    }
  }
}

/// A time as a column writes it.
enum Instant: Equatable {
  /// A number that counts anything.
  case integer(Int)
  /// `1949-01`: the months after January of the year 0.
  case month(Int)
  /// `1949-01-31`.
  case date(CalendarDate)
  /// `1949-01-31T12:30` or `1949-01-31 12:30:15`: the seconds after the beginning of 1970, and how it is written.
  case time(seconds: Int, TimeStyle)

  /// How times of a day are written.
  struct TimeStyle: Equatable {
    var separator: Character
    var hasSeconds: Bool
    var isUTC: Bool
  }

  /// Reads a text; `nil` where it is none of these.
  init?(_ text: String) {
    if let number = Int(text), number.magnitude <= 1_000_000_000_000_000 {
      self = .integer(number)
      return
    }
    let bytes = Array(text.utf8)
    guard bytes.count == text.count, bytes.count >= 7 else { return nil }
    func digits(_ range: Range<Int>) -> Int? {
      guard range.upperBound <= bytes.count, bytes[range].allSatisfy({ (0x30...0x39).contains($0) }) else {
        return nil
      }
      return bytes[range].reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
    func has(_ character: Character, at index: Int) -> Bool {
      index < bytes.count && bytes[index] == character.asciiValue
    }
    guard let year = digits(0..<4), has("-", at: 4), let month = digits(5..<7), (1...12).contains(month)
    else {
      return nil
    }
    if bytes.count == 7 {
      self = .month(year * 12 + month - 1)
      return
    }
    guard has("-", at: 7), let day = digits(8..<10),
      let date = CalendarDate(year: year, month: month, day: day)
    else { return nil }
    if bytes.count == 10 {
      self = .date(date)
      return
    }
    let isUTC = has("Z", at: bytes.count - 1)
    let length = bytes.count - (isUTC ? 1 : 0)
    let separator: Character = has("T", at: 10) ? "T" : " "
    guard has(separator, at: 10), length == 16 || length == 19, let hour = digits(11..<13), hour < 24,
      has(":", at: 13), let minute = digits(14..<16), minute < 60
    else { return nil }
    var second = 0
    if length == 19 {
      guard has(":", at: 16), let value = digits(17..<19), value < 60 else { return nil }
      second = value
    }
    self = .time(
      seconds: ((date.dayNumber * 24 + hour) * 60 + minute) * 60 + second,
      TimeStyle(separator: separator, hasSeconds: length == 19, isUTC: isUTC))
  }

  /// What the texts that look like this one are called.
  var kind: String {
    switch self {
    case .integer: "an integer"
    case .month: "a month such as 1949-01"
    case .date: "a date such as 1949-01-31"
    case .time(_, let style):
      "a time such as 1949-01-31\(style.separator)12:30\(style.hasSeconds ? ":00" : "")"
    }
  }

  /// Whether two times are written in the same way.
  func isLike(_ other: Instant) -> Bool {
    switch (self, other) {
    case (.integer, .integer), (.month, .month), (.date, .date): true
    case (.time(_, let a), .time(_, let b)): a == b
    default: false
    }
  }

  /// Where it stands among others that are written in the same way.
  var position: Int {
    switch self {
    case .integer(let number): number
    case .month(let number): number
    case .date(let date): date.dayNumber
    case .time(let seconds, _): seconds
    }
  }

  /// The text.
  var text: String {
    switch self {
    case .integer(let number): return String(number)
    case .month(let number): return String(CalendarDate(monthNumber: number, day: 1).text.prefix(7))
    case .date(let date): return date.text
    case .time(let seconds, let style):
      let day = Int((Double(seconds) / 86_400).rounded(.down))
      let second = seconds - day * 86_400
      let parts = [second / 3600, second / 60 % 60] + (style.hasSeconds ? [second % 60] : [])
      let time = parts.map { CalendarDate.padded($0, 2) }.joined(separator: ":")
      return "\(CalendarDate(dayNumber: day).text)\(style.separator)\(time)\(style.isUTC ? "Z" : "")"
    }
  }
}

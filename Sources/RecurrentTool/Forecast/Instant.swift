/// A time as a column writes it.
enum Instant: Equatable {
  /// A number that counts anything.
  case integer(Int)
  /// `1949-01` or `194901`: the months after January of the year 0.
  case month(Int, Notation = .hyphens)
  /// `1949-01-31` or `19490131`.
  case date(CalendarDate, Notation = .hyphens)
  /// `1949-01-31T12:30`, `1949-01-31 12:30:15` or `194901311230`: the seconds after the beginning
  /// of 1970, and how it is written.
  case time(seconds: Int, TimeStyle)

  /// How months and dates are written.
  enum Notation: Equatable {
    case hyphens, digits
  }

  /// How times of a day are written.
  enum TimeStyle: Equatable {
    case punctuated(separator: Character, hasSeconds: Bool, isUTC: Bool)
    /// So many digits and nothing else: 10 to the hour, 12 to the minute, 14 to the second.
    case digits(Int)
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
      .punctuated(separator: separator, hasSeconds: length == 19, isUTC: isUTC))
  }

  /// What the texts that look like this one are called.
  var kind: String {
    switch self {
    case .integer: "an integer"
    case .month(_, .hyphens): "a month such as 1949-01"
    case .month(_, .digits): "a month such as 194901"
    case .date(_, .hyphens): "a date such as 1949-01-31"
    case .date(_, .digits): "a date such as 19490131"
    case .time(_, .punctuated(let separator, let hasSeconds, _)):
      "a time such as 1949-01-31\(separator)12:30\(hasSeconds ? ":00" : "")"
    case .time(_, .digits(let count)): "a time such as \("19490131123000".prefix(count))"
    }
  }

  /// Whether two times are written in the same way.
  func isLike(_ other: Instant) -> Bool {
    switch (self, other) {
    case (.integer, .integer): true
    case (.month(_, let a), .month(_, let b)), (.date(_, let a), .date(_, let b)): a == b
    case (.time(_, let a), .time(_, let b)): a == b
    default: false
    }
  }

  /// Where it stands among others that are written in the same way.
  var position: Int {
    switch self {
    case .integer(let number): number
    case .month(let number, _): number
    case .date(let date, _): date.dayNumber
    case .time(let seconds, _): seconds
    }
  }

  /// The text.
  var text: String {
    switch self {
    case .integer(let number): return String(number)
    case .month(let number, let notation):
      let text = CalendarDate(monthNumber: number, day: 1).text.dropLast(3)
      return notation == .hyphens ? String(text) : Self.digits(of: String(text))
    case .date(let date, let notation):
      return notation == .hyphens ? date.text : Self.digits(of: date.text)
    case .time(let seconds, let style):
      let day = Int((Double(seconds) / 86_400).rounded(.down))
      let second = seconds - day * 86_400
      let date = CalendarDate(dayNumber: day).text
      let parts = [second / 3600, second / 60 % 60, second % 60].map { CalendarDate.padded($0, 2) }
      switch style {
      case .punctuated(let separator, let hasSeconds, let isUTC):
        let time = parts.prefix(hasSeconds ? 3 : 2).joined(separator: ":")
        return "\(date)\(separator)\(time)\(isUTC ? "Z" : "")"
      case .digits(let count):
        return Self.digits(of: date) + parts.prefix((count - 8) / 2).joined()
      }
    }
  }

  private static func digits(of text: String) -> String { text.replacing("-", with: "") }
}

import Foundation

/// Numbers for people, who read tables and axes. What is read on by programs has all digits
/// instead: `"\(number)"`.
enum DecimalText {
  /// A number rounded to some significant digits, but never before the point.
  ///
  /// - Parameters:
  ///   - number: The number.
  ///   - digits: How many digits matter.
  /// - Returns: The text: of 4 digits, 12.3456 is `12.35` and 1234567.8 is `1234568`.
  static func rounded(_ number: Double, digits: Int) -> String {
    if number.magnitude < pow(10, Double(digits - 1)) { return String(format: "%.\(digits)g", number) }
    // From here on, not every integer is a number of this type.
    return number.magnitude < 0x1p53 ? String(format: "%.0f", number) : "\(number)"
  }

  /// A number among others at even distances, with as many digits as tell it from its neighbours.
  static func tick(_ number: Double, among ticks: [Double]) -> String {
    // Where the distances are lost in rounding, only all digits tell.
    guard ticks.count > 1, ticks[1] > ticks[0] else { return "\(number)" }
    let greatest = ticks.map(\.magnitude).max() ?? 0
    let distance = Int(log10(ticks[1] - ticks[0]).rounded(.down))
    let digits = Int(log10(greatest).rounded(.down)) - distance + 1
    // Few digits of a number that is large or small stand before a power of ten.
    let isPlain = (1e-4..<1e7).contains(greatest) || digits > 4 && (1..<0x1p53).contains(greatest)
    return isPlain
      ? String(format: "%.\(min(max(0, -distance), 17))f", number)
      : String(format: "%.\(min(max(digits, 1), 17))g", number)
  }
}

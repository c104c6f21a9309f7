import Foundation

/// Numbers for people, who read tables and axes. What is read on by programs has all digits instead: `"\(number)"`.
enum DecimalText {
  /// A number rounded to some significant digits, but never before the point.
  ///
  /// - Parameters:
  ///   - number: 1234567.8 with 4 digits is `1234568`, 0.00012345 is `0.0001235`.
  ///   - digits: How many digits matter.
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
    let distance = log10(ticks[1] - ticks[0]).rounded(.down)
    guard greatest < 1e7, greatest >= 1e-4 else {
      let digits = Int(log10(greatest).rounded(.down) - distance) + 1
      return String(format: "%.\(min(max(digits, 1), 17))g", number)
    }
    return String(format: "%.\(min(max(0, Int(-distance)), 17))f", number)
  }
}

import Foundation

/// What makes a series even before a network sees it, and how its forecasts become those of the
/// series again.
///
/// Logarithms turn growth by a share into growth by an amount, differences over one step or a
/// season take out what grows or comes again, and what is left is brought to mean 0 and standard
/// deviation 1.
struct SeriesTransform: Equatable {
  var usesLogarithm: Bool
  /// The steps over which differences are taken; 0 for the values themselves.
  var lag: Int
  private(set) var mean = 0.0
  private(set) var deviation = 1.0

  init(usesLogarithm: Bool, lag: Int) {
    (self.usesLogarithm, self.lag) = (usesLogarithm, lag)
  }

  /// Takes mean and deviation from a series; `nil` where its transform is not finite or constant.
  func fitted(to values: [Double]) -> SeriesTransform? {
    let differences = differences(of: values)
    guard !differences.isEmpty else { return nil }
    var result = self
    result.mean = differences.reduce(0, +) / Double(differences.count)
    let squares = differences.reduce(0) { $0 + ($1 - result.mean) * ($1 - result.mean) }
    result.deviation = (squares / Double(differences.count)).squareRoot()
    // What the rounding of a constant leaves is no variation.
    let greatest = differences.reduce(0) { max($0, $1.magnitude) }
    guard result.deviation.isNormal, result.deviation > 1e-12 * greatest else { return nil }
    return result
  }

  /// The transform; its element i belongs to the series' element i + `lag`.
  func apply(to values: [Double]) -> [Double] {
    differences(of: values).map { ($0 - mean) / deviation }
  }

  /// The values of the series that belong to a forecast of its transform.
  ///
  /// - Parameters:
  ///   - forecast: The transform from a place on.
  ///   - origin: The place in the series, at least ``lag``.
  ///   - values: The series, of which only what stands before the place is used.
  /// - Returns: As many values as the forecast has.
  func invert(_ forecast: [Double], at origin: Int, of values: [Double]) -> [Double] {
    var levels: [Double] = []
    for (step, value) in forecast.enumerated() {
      var level = value * deviation + mean
      if lag > 0 { level += step < lag ? self.level(values[origin + step - lag]) : levels[step - lag] }
      levels.append(level)
    }
    return usesLogarithm ? levels.map { exp($0) } : levels
  }

  private func level(_ value: Double) -> Double { usesLogarithm ? log(value) : value }

  private func differences(of values: [Double]) -> [Double] {
    let levels = usesLogarithm ? values.map(level) : values
    return lag > 0 ? zip(levels.dropFirst(lag), levels).map { $0 - $1 } : levels
  }
}

extension SeriesTransform: CustomStringConvertible {
  /// What it does, in words.
  var description: String {
    let base = usesLogarithm ? "logarithms" : "values"
    guard lag > 0 else { return base }
    return "differences of \(base) over \(lag) step\(lag == 1 ? "" : "s")"
  }
}

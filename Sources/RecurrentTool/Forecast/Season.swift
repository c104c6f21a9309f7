/// The length of a season, guessed.
enum Season {
  /// The correlation from which on a season is believed, and the standard errors (1/√n) that it
  /// must exceed.
  private static let (leastCorrelation, leastErrors) = (0.3, 4.0)
  /// The share of the highest peak that an earlier one needs to be the season: later ones are its
  /// multiples.
  private static let shareOfHighest = 0.9
  /// The latest values that are looked at, and the longest season: the time for a guess has a
  /// bound.
  private static let (mostValues, longest) = (20_000, 1000)

  /// The lag of the first high peak in the autocorrelation of the differences; `nil` where there is
  /// none.
  ///
  /// Differences, since a trend correlates at every lag.
  ///
  /// - Parameter values: The series.
  /// - Returns: At least 2 and at most a third of the series.
  static func guess(_ values: [Double]) -> Int? {
    let latest = Array(values.suffix(mostValues))
    guard latest.count >= 9 else { return nil }
    let differences = zip(latest.dropFirst(), latest).map { $0 - $1 }
    let mean = differences.reduce(0, +) / Double(differences.count)
    let centered = differences.map { $0 - mean }
    let variance = centered.reduce(0) { $0 + $1 * $1 }
    guard variance > 0, variance.isFinite else { return nil }
    let correlations = (0...(min(longest, latest.count / 3) + 1)).map { lag in
      zip(centered.dropFirst(lag), centered).reduce(0) { $0 + $1.0 * $1.1 } / variance
    }
    let peaks = (2..<(correlations.count - 1)).filter { lag in
      correlations[lag] > correlations[lag - 1] && correlations[lag] >= correlations[lag + 1]
    }
    guard let highest = peaks.map({ correlations[$0] }).max(),
      highest >= max(leastCorrelation, leastErrors / Double(differences.count).squareRoot())
    else { return nil }
    return peaks.first { correlations[$0] >= shareOfHighest * highest }
  }
}

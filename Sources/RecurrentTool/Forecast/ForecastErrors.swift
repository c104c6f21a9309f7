/// The errors of forecasts from every place in a part of a series, as far ahead as the horizon and
/// the series go.
struct ForecastErrors {
  /// Forecast minus value, for each lead: 1 step ahead, 2 steps, ….
  let byLead: [[Double]]

  /// Forecasts a part of a series.
  ///
  /// - Parameters:
  ///   - forecaster: Who forecasts.
  ///   - values: The series.
  ///   - heldOut: The part that is forecast.
  ///   - horizon: How many steps ahead, at most.
  ///   - mostOrigins: From how many places, evenly spread, at most.
  /// - Throws: What the forecaster throws.
  init(
    _ forecaster: some Forecaster, of values: [Double], on heldOut: Range<Int>, horizon: Int,
    mostOrigins: Int = 500
  ) throws {
    let count = min(heldOut.count, mostOrigins)
    let origins = (0..<count).map { heldOut.lowerBound + $0 * heldOut.count / count }
    var byLead = [[Double]](repeating: [], count: min(horizon, heldOut.count))
    for (origin, forecast) in zip(
      origins, try forecaster.forecasts(of: values, from: origins, steps: byLead.count))
    {
      for lead in 0..<min(byLead.count, heldOut.upperBound - origin) {
        byLead[lead].append(forecast[lead] - values[origin + lead])
      }
    }
    self.byLead = byLead
  }

  private var all: [Double] { byLead.flatMap { $0 } }

  /// The mean of the errors' magnitudes.
  var meanAbsolute: Double { all.reduce(0) { $0 + $1.magnitude } / Double(all.count) }

  /// The root of the mean of the errors' squares.
  var rootMeanSquare: Double { Self.rootMeanSquare(all) }

  /// The root mean square at each lead, never less than at a shorter one: few errors make it
  /// uneven.
  var spreadByLead: [Double] {
    var widest = 0.0
    return byLead.map { errors in
      widest = max(widest, Self.rootMeanSquare(errors))
      return widest
    }
  }

  /// What errors are measured by in MASE: the mean magnitude of a known part's differences over a
  /// season, or one step.
  ///
  /// Source: R. J. Hyndman and A. B. Koehler, "Another look at measures of forecast accuracy",
  /// International Journal of Forecasting 22 (2006).
  static func scale(of known: ArraySlice<Double>, season: Int?) -> Double {
    let lag = season ?? 1
    let differences = zip(known.dropFirst(lag), known).map { ($0 - $1).magnitude }
    return differences.reduce(0, +) / Double(differences.count)
  }

  private static func rootMeanSquare(_ errors: [Double]) -> Double {
    (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
  }
}

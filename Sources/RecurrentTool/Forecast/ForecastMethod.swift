import ArgumentParser

/// Who forecasts.
enum ForecastMethod: String, ExpressibleByArgument, CaseIterable {
  /// An echo-state network.
  case reservoir

  /// Learns from a series.
  func train(on values: [Double], _ options: ForecasterOptions) throws -> TrainedForecaster {
    switch self {
    case .reservoir:
      let reservoir = try ReservoirForecaster(learning: values, options)
      return TrainedForecaster(
        forecaster: reservoir, summary: reservoir.summary, relearning: { try reservoir.relearning($0) })
    }
  }
}

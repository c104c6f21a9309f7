import ArgumentParser

/// Who forecasts.
enum ForecastMethod: String, ExpressibleByArgument, CaseIterable {
  /// A recurrent network, trained by gradients through time.
  case rnn
  /// An echo-state network.
  case reservoir

  /// The units of a network where none are asked for.
  var defaultHiddenSize: Int {
    switch self {
    case .rnn: 32
    case .reservoir: 100
    }
  }

  /// The longest window where none is asked for: gradients take the time of a step for each of its
  /// steps.
  var longestWindow: Int {
    switch self {
    case .rnn: 100
    case .reservoir: .max
    }
  }

  /// Learns from the first part of a series.
  func train(
    on values: [Double], to split: Int, _ options: ForecasterOptions, _ session: TrainingSession
  ) throws -> TrainedForecaster {
    switch self {
    case .rnn:
      let network = try RecurrentForecaster(learning: values, to: split, options, session)
      return TrainedForecaster(forecaster: network, summary: network.summary, relearning: { _ in network })
    case .reservoir:
      let reservoir = try ReservoirForecaster(learning: Array(values[..<split]), options)
      return TrainedForecaster(
        forecaster: reservoir, summary: reservoir.summary, relearning: { try reservoir.relearning($0) })
    }
  }
}

/// Something that says how a series goes on.
protocol Forecaster {
  /// What the table of errors calls it.
  var name: String { get }

  /// How many values must stand before the first one that it forecasts.
  var leastHistory: Int { get }

  /// Forecasts from several places of one series, each from what stands before it.
  ///
  /// - Parameters:
  ///   - values: The series.
  ///   - origins: Ascending places: a forecast from 5 knows `values[..<5]` and is compared with
  ///     `values[5]` first.
  ///   - steps: How far each forecast goes; beyond the end of the series, too.
  /// - Returns: `steps` values for each place.
  /// - Throws: ``RecurrentError`` for what a network cannot run on.
  func forecasts(of values: [Double], from origins: [Int], steps: Int) throws -> [[Double]]
}

/// What a forecaster that learns is told.
struct ForecasterOptions: Equatable {
  /// The steps of a season; `nil` for none.
  var season: Int?
  /// The steps that a forecast looks back on: what fills a network's state before it counts.
  var window: Int
  var hiddenSize: Int
  /// The cells, the recurrent layers, and the times that they see every window; only what is
  /// trained by gradients has them.
  var cell = CellKind.rnn
  var layerCount = 1
  var epochs = 0
  var seed: UInt64
  /// How many steps ahead it has to see.
  var horizon: Int

  /// What a method takes at most, by an estimate.
  ///
  /// A trained network has weights in `Float` with gradients, two moments and packed copies, what
  /// every step of a window has in a batch, and outputs of a thousand windows; a reservoir some
  /// square matrices in `Double`.
  func byteCount(of method: ForecastMethod) -> Double {
    let (h, layers, steps) = (Double(hiddenSize), Double(layerCount), Double(window))
    switch method {
    case .rnn:
      let sums = Double(cell.gateCount) * h
      let weights = sums * (h + 3) + (layers - 1) * sums * (2 * h + 2) + h * Double(horizon)
      return 4 * (6 * weights + steps * (16 * layers * 2 * (sums + h) + 2000 * h))
    case .reservoir: return 8 * 6 * h * h
    }
  }
}

/// A forecaster that has learnt.
struct TrainedForecaster {
  let forecaster: any Forecaster
  /// What it is, in a line.
  let summary: String
  /// The same forecaster, learning from a longer series; itself where it learns once.
  let relearning: (_ values: [Double]) throws -> any Forecaster
}

/// The baseline that the next value is like the last one.
struct LastValue: Forecaster {
  let name = "last value"
  let leastHistory = 1

  func forecasts(of values: [Double], from origins: [Int], steps: Int) -> [[Double]] {
    origins.map { [Double](repeating: values[$0 - 1], count: steps) }
  }
}

/// The baseline that a value is like the one a season ago.
struct SeasonalNaive: Forecaster {
  let name = "seasonal naive"
  /// The steps of a season.
  let season: Int

  var leastHistory: Int { season }

  func forecasts(of values: [Double], from origins: [Int], steps: Int) -> [[Double]] {
    origins.map { origin in (0..<steps).map { values[origin - season + $0 % season] } }
  }
}

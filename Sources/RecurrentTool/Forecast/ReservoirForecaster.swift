import Recurrent

/// An echo-state network that continues a series.
///
/// The last part of what it learns from decides between ways to transform the series, leak rates
/// and penalties; then it learns from all of it.
struct ReservoirForecaster: Forecaster {
  /// What the search decides between.
  struct Settings: Equatable {
    var transform: SeriesTransform
    var leakRate: Double
    var penalty: Double
  }

  var name: String { "reservoir" }
  let settings: Settings
  private let options: ForecasterOptions
  private let network: EchoStateNetwork<Double>

  /// The latest values that the search looks at, and the places that it forecasts from.
  private static let (mostSearched, mostOrigins) = (1500, 50)
  private static let penalties = [1e-8, 1e-6, 1e-4, 1e-2, 1, 10, 100]
  private static let leakRates = [1, 0.5, 0.2]

  /// What it is, in a line.
  var summary: String {
    """
    \(options.hiddenSize) units on \(settings.transform), leak rate \(settings.leakRate), \
    penalty \(settings.penalty), window \(options.window), seed \(options.seed)
    """
  }

  var leastHistory: Int { settings.transform.lag + options.window }

  /// Learns a series.
  ///
  /// - Throws: ``RecurrentError/invalidSize(argument:expected:actual:)`` for a series that is too
  ///   short for the window, and what ``EchoStateNetwork`` throws.
  init(learning values: [Double], _ options: ForecasterOptions) throws {
    let searched = Array(values.suffix(Self.mostSearched))
    let split = searched.count - max(searched.count / 5, min(options.horizon, searched.count / 3))
    let networks = try Self.leakRates.map { try Self.network(options, leakRate: $0) }
    var best: (settings: Settings, error: Double)?
    for transform in Self.transforms(of: values, season: options.season) {
      for network in networks {
        for penalty in Self.penalties {
          let settings = Settings(
            transform: transform, leakRate: network.leakRate, penalty: penalty)
          guard
            let candidate = try ReservoirForecaster(
              fitting: Array(searched[..<split]), settings, options, network)
          else { continue }
          let error = try ForecastErrors(
            candidate, of: searched, on: split..<searched.count, horizon: options.horizon,
            mostOrigins: Self.mostOrigins
          ).rootMeanSquare
          if error.isFinite, error < best?.error ?? .infinity { best = (settings, error) }
        }
      }
    }
    guard let best,
      let fitted = try ReservoirForecaster(
        fitting: values, best.settings, options, try Self.network(options, leakRate: best.settings.leakRate))
    else {
      throw RecurrentError.invalidSize(
        argument: "--window", expected: "a window that leaves some of the values to learn from",
        actual: options.window)
    }
    self = fitted
  }

  /// The same settings, learnt from another series.
  func relearning(_ values: [Double]) throws -> ReservoirForecaster {
    try ReservoirForecaster(fitting: values, settings, options, network) ?? self
  }

  /// Learns a series with settings that are known; `nil` where nothing would be left to learn from.
  private init?(
    fitting values: [Double], _ settings: Settings, _ options: ForecasterOptions,
    _ network: EchoStateNetwork<Double>
  ) throws {
    guard let transform = settings.transform.fitted(to: values) else { return nil }
    let series = transform.apply(to: values)
    // As many steps to learn from as to wash out, and some at all.
    guard series.count >= options.window + max(4, min(options.window, 20)) else { return nil }
    var network = network
    try network.fit(
      Tensor(series, shape: [series.count, 1]), washout: options.window, regularization: settings.penalty)
    self.settings = Settings(
      transform: transform, leakRate: settings.leakRate, penalty: settings.penalty)
    self.options = options
    self.network = network
  }

  func forecasts(of values: [Double], from origins: [Int], steps: Int) throws -> [[Double]] {
    let transform = settings.transform
    let series = transform.apply(to: values)
    var (state, place): (EchoStateNetwork<Double>.State?, Int) = (nil, 0)
    return try origins.map { origin in
      let end = origin - transform.lag
      if end > place {
        let next = try Tensor(Array(series[place..<end]), shape: [end - place, 1])
        state = try network.follow(next, from: state).finalState
        place = end
      }
      guard let state else {
        throw RecurrentError.invalidSize(
          argument: "origin", expected: "at least \(transform.lag + 1)", actual: origin)
      }
      let forecast = try network.generate(steps, from: state).output.scalars
      return transform.invert(forecast, at: origin, of: values)
    }
  }

  private static func network(
    _ options: ForecasterOptions, leakRate: Double
  ) throws(RecurrentError) -> EchoStateNetwork<Double> {
    var generator = SeededGenerator(seed: options.seed)
    var network = try EchoStateNetwork<Double>(
      hiddenSize: options.hiddenSize, connectivity: min(1, 10 / Double(options.hiddenSize)),
      leakRate: leakRate, feedbackScale: 0.5, using: &generator)
    // One row of a small network is nothing to share out.
    network.threadCount = 1
    return network
  }

  private static func transforms(of values: [Double], season: Int?) -> [SeriesTransform] {
    let lags = [0, 1] + (season.map { [$0] } ?? [])
    let logarithms = values.allSatisfy { $0 > 0 } ? [false, true] : [false]
    return logarithms.flatMap { usesLogarithm in
      lags.map { SeriesTransform(usesLogarithm: usesLogarithm, lag: $0) }
    }
  }
}

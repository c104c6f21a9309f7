import Foundation
import Recurrent

/// What to do with a series.
struct ForecastRequest {
  var method = ForecastMethod.rnn
  /// The cells of a trained network.
  var cell = CellKind.rnn
  /// `nil` to guess it, 1 for none.
  var season: Int?
  /// `nil` for what the season and the length of the series suggest.
  var window: Int?
  /// `nil` for what suits the method.
  var hiddenSize: Int?
  var layerCount = 1
  var epochs = ForecastRequest.defaultEpochs
  var seed: UInt64 = 1
  var horizon: Int
  /// The share of the series that is held out.
  var validation = 0.2

  /// The epochs of a training where none are asked for.
  static let defaultEpochs = 100
}

/// A forecast with all that shows what it is worth.
struct ForecastRun {
  let series: TimeSeries
  /// Where the held-out part begins.
  let split: Int
  let season: Int?
  private let isSeasonGuessed: Bool
  private let summary: String
  private let trainingTime: Duration
  let methodName: String
  /// The errors in the held-out part, the method's first.
  let errors: [(name: String, errors: ForecastErrors)]
  private let scale: Double
  /// One step ahead, over the part that was learnt from: the first place, and the values from there
  /// on.
  let fit: (start: Int, values: [Double])
  /// Forecasts in the held-out part, each as far ahead as the horizon, one behind the other.
  let checks: [(start: Int, values: [Double])]
  /// What comes after the series.
  let forecast: [Double]
  /// Half the width of the band around the forecast.
  let spread: [Double]

  /// The fewest values that make a series.
  static let leastValues = 20
  /// A normal error is within ± so many standard deviations 19 times out of 20.
  static let bandWidth = 1.96

  /// Learns from the first part of a series, checks in the second, and forecasts what comes after
  /// it.
  ///
  /// - Parameters:
  ///   - series: The series.
  ///   - request: What to do with it.
  ///   - session: Where the training of a network is saved, and who is told how it goes.
  /// - Throws: ``RecurrentError`` for a series that is too short, constant or shorter than the
  ///   request needs.
  init(
    _ series: TimeSeries, _ request: ForecastRequest, _ session: TrainingSession = TrainingSession()
  ) throws {
    try series.validate(least: Self.leastValues)
    let values = series.values
    let heldOut = Int((request.validation * Double(values.count)).rounded())
    let split = values.count - heldOut
    guard heldOut >= request.horizon else {
      throw RecurrentError.invalidSize(
        argument: "--horizon",
        expected:
          "at most the \(heldOut) held-out steps that so long a forecast is checked in (see --validation)",
        actual: request.horizon)
    }
    let known = Array(values[..<split])
    guard split >= Self.leastValues / 2, known.contains(where: { $0 != known[0] }) else {
      throw RecurrentError.invalidValue(
        argument: "--validation",
        expected: "a share that leaves at least \(Self.leastValues / 2) values that vary to learn from",
        actual: "\(request.validation), which leaves \(split)")
    }
    if let season = request.season, season > split / 2 {
      throw RecurrentError.invalidSize(
        argument: "--season", expected: "at most half of the \(split) values to learn from", actual: season)
    }
    (self.series, self.split) = (series, split)
    isSeasonGuessed = request.season == nil
    let season = (request.season ?? Season.guess(known)).flatMap { $0 > 1 ? $0 : nil }
    self.season = season
    // Two seasons fill the state, but a quarter of the values has to do.
    let window =
      request.window ?? max(1, min(max(20, 2 * (season ?? 0)), request.method.longestWindow, split / 4))
    let horizon = request.horizon

    let options = ForecasterOptions(
      season: season, window: window, hiddenSize: request.hiddenSize ?? request.method.defaultHiddenSize,
      cell: request.cell, layerCount: request.layerCount, epochs: request.epochs, seed: request.seed,
      horizon: horizon)
    try AvailableMemory.check(options.byteCount(of: request.method), for: "--hidden-size, --layers, --window")
    var session = session
    session.options = Self.dependencies(series, request, options)
    let clock = ContinuousClock()
    let start = clock.now
    let trained = try request.method.train(on: values, to: split, options, session)
    trainingTime = clock.now - start
    let forecaster = trained.forecaster
    (methodName, summary) = (forecaster.name, trained.summary)

    let baselines: [any Forecaster] = [LastValue()] + (season.map { [SeasonalNaive(season: $0)] } ?? [])
    errors = try ([forecaster] + baselines).map {
      ($0.name, try ForecastErrors($0, of: values, on: split..<values.count, horizon: horizon))
    }
    scale = ForecastErrors.scale(of: values[..<split], season: season)
    let first = min(forecaster.leastHistory, split)
    fit = (
      first, try forecaster.forecasts(of: known, from: Array(first..<split), steps: 1).map { $0[0] }
    )
    let places = Array(stride(from: split, to: values.count, by: horizon))
    checks = zip(places, try forecaster.forecasts(of: values, from: places, steps: horizon)).map {
      ($0, Array($1.prefix(values.count - $0)))
    }
    let final = try trained.relearning(values)
    forecast = try final.forecasts(of: values, from: [values.count], steps: horizon)[0]
    spread = errors[0].errors.spreadByLead.map { Self.bandWidth * $0 }
    guard (forecast + spread).allSatisfy(\.isFinite) else {
      throw RecurrentError.invalidValue(
        argument: "forecast", expected: "finite numbers; another --seed or --hidden-size may give them",
        actual: "a forecast that grows without bound")
    }
  }

  /// What a training depends on, under the names of the command's arguments.
  private static func dependencies(
    _ series: TimeSeries, _ request: ForecastRequest, _ options: ForecasterOptions
  ) -> [(argument: String, value: String)] {
    [
      ("--method", request.method.rawValue), ("--cell", options.cell.rawValue), ("--column", series.name),
      ("SERIES", "\(series.values.count) values with the fingerprint \(series.fingerprint)"),
      ("--validation", "\(request.validation)"), ("--season", options.season.map { "\($0)" } ?? "1"),
      ("--horizon", "\(options.horizon)"), ("--window", "\(options.window)"),
      ("--hidden-size", "\(options.hiddenSize)"), ("--layers", "\(options.layerCount)"),
      ("--epochs", "\(options.epochs)"), ("--seed", "\(options.seed)"),
    ]
  }

  /// The time at an index, as the series writes it.
  func label(_ index: Int) -> String { series.axis.label(at: index) }

  /// The forecast as CSV: times, forecast and the ends of the band.
  var csv: String {
    let rows = forecast.indices.map { step in
      let ends = [0, -spread[step], spread[step]].map { "\(forecast[step] + $0)" }
      return "\(label(series.values.count + step)),\(ends.joined(separator: ","))\n"
    }
    return "\(Self.field(timeName)),forecast,lower,upper\n\(rows.joined())"
  }

  /// What the output calls the times: as the series does, where that has names.
  private var timeName: String { series.axis.name.map { series.isNamed ? $0 : "time" } ?? "row" }

  /// A field of a CSV file (RFC 4180).
  private static func field(_ text: String) -> String {
    guard text.contains(where: { ",\"\r\n".contains($0) || $0 == "\r\n" }) else { return text }
    return "\"\(text.replacing("\"", with: "\"\""))\""
  }

  /// What the series is, what learnt, and the table of errors.
  var report: String {
    let count = series.values.count
    let seasonText = season.map { "season of \($0) steps\(isSeasonGuessed ? " (found)" : "")" } ?? "no season"
    let milliseconds = String(format: "%.0f", trainingTime / .milliseconds(1))
    var lines = [
      "\(printable(series.title)): \(count) values, \(label(0)) to \(label(count - 1)), \(seasonText)",
      "\(methodName): \(summary); \(milliseconds) ms",
      "held out: \(count - split) values from \(label(split)) on, forecast up to \(forecast.count) steps ahead",
      "",
    ]
    lines += Self.table(
      [("", ["MAE", "RMSE", "MASE"])]
        + errors.map { name, errors in
          let numbers = [errors.meanAbsolute, errors.rootMeanSquare, errors.meanAbsolute / scale]
          // A series that repeats itself exactly has no scale.
          return (name, numbers.map { $0.isFinite ? DecimalText.rounded($0, digits: 4) : "-" })
        })
    lines.append("")
    let best = errors.min { $0.errors.meanAbsolute < $1.errors.meanAbsolute }
    if let best, best.name != methodName {
      lines.append("note: the \(best.name) had smaller errors than the \(methodName) in the held-out part")
    }
    return lines.joined(separator: "\n")
  }

  /// Lines of a name and cells under each other, which stand at the right end of their column.
  private static func table(_ rows: [(name: String, cells: [String])]) -> [String] {
    let width = rows.flatMap(\.cells).reduce(10) { max($0, $1.count + 2) }
    return rows.map { name, cells in
      let right = cells.map { String(repeating: " ", count: width - $0.count) + $0 }
      return name + String(repeating: " ", count: max(0, 14 - name.count)) + right.joined()
    }
  }
}

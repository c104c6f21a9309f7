import ArgumentParser
import Recurrent

/// `recurrent forecast`: how a series of one's own goes on.
struct ForecastCommand: FileCommand {
  static let configuration = CommandConfiguration(
    commandName: "forecast",
    abstract: "Forecast a column of a CSV file.",
    discussion: """
      The last part of the series is held out while the network learns. From every place in it, forecasts are \
      compared with what came, and so are two baselines: the last value, and the value a season ago. Then the \
      rnn, as it is, or a reservoir, once it has learnt the whole series, forecasts what comes after it; the band \
      around that is 1.96 times the root mean square of the errors in the held-out part, for each number of steps \
      ahead.
      """)

  @Argument(help: "The series: a CSV file.")
  var series: String

  @Option(
    help:
      """
      The column to forecast, by its name, or by its number from 1 on in a file without names; found without it \
      where only one has numbers.
      """)
  var column: String?

  @Option(
    help: """
      The column with the times: integers, months, ISO 8601 dates or times, also of digits alone, such as 20200131; \
      rows are counted without it.
      """)
  var timeColumn: String?

  @Flag(
    inversion: .prefixedNo,
    help: "Whether the first line has the names of the columns; told by what stands below it without either.")
  var header: Bool?

  @Option(help: "How many steps to forecast.")
  var horizon: Int

  @Option(help: "Who forecasts: a recurrent network that is trained, or an echo-state network.")
  var method: ForecastMethod = .rnn

  @Option(help: "The cells of the rnn: rnn, which is tanh, lstm or gru; rnn without it.")
  var cell: CellKind?

  @Option(help: "The steps of a season; guessed from the autocorrelation without it, 1 for none.")
  var season: Int?

  @Option(help: "The steps that a forecast looks back on, which fill the network's state.")
  var window: Int?

  @Option(help: "The units of the network; \(Self.defaults { $0.defaultHiddenSize }) without it.")
  var hiddenSize: Int?

  @Option(help: "The layers of the rnn; 1 without it.")
  var layers: Int?

  @Option(help: "How often the rnn sees every window; \(ForecastRequest.defaultEpochs) times without it.")
  var epochs: Int?

  @Option(help: "What decides the random weights.")
  var seed: UInt64 = 1

  @Option(help: "The share of the series that is held out, between 0 and 1.")
  var validation = 0.2

  @Option(
    help: """
      Where to save the training of the rnn every \(TrainingSession.epochsBetweenSaves) epochs, .safetensors.
      """)
  var save: String?

  @Flag(help: "Go on with the training that --save has saved.")
  var resume = false

  @Option(help: "Where to draw the series and its forecast, .svg.")
  var plot: String?

  @Option(help: "Where to write the forecast, .csv; it is printed without it.")
  var output: String?

  func validate() throws {
    for (option, value, range) in [
      ("--horizon", horizon, 1...10_000), ("--season", season, 1...100_000),
      ("--window", window, 1...100_000),
      ("--hidden-size", hiddenSize, 1...5000), ("--layers", layers, 1...100),
      ("--epochs", epochs, 1...1_000_000),
    ] {
      if let value, !range.contains(value) {
        throw ValidationError(
          "\(option): expected \(range.lowerBound) to \(range.upperBound), got \(value)")
      }
    }
    for (option, isGiven) in [
      ("--cell", cell != nil), ("--layers", layers != nil), ("--epochs", epochs != nil),
      ("--save", save != nil), ("--resume", resume),
    ] where isGiven && method != .rnn {
      throw ValidationError("\(option): expected only with --method rnn, got --method \(method.rawValue)")
    }
    guard validation > 0, validation < 1 else {
      throw ValidationError("--validation: expected more than 0 and less than 1, got \(validation)")
    }
    guard !resume || save != nil else {
      throw ValidationError("--resume: expected --save with the file to go on with, got none")
    }
  }

  var files: FilePlan {
    FilePlan(
      inputs: ["the series": series], outputs: ["--save": save, "--plot": plot, "--output": output],
      prints: true)
  }

  func run() throws {
    let file = try SeriesFile(path: self.series, hasNames: header)
    let progress = TrainingProgress.standardError
    if !file.hasNames, header == nil {
      progress.note(
        "note: \(printablePath(series)) begins with values: its columns have numbers (--header takes them as names)"
      )
    }
    let series = try file.series(column: column, timeColumn: timeColumn)
    let run = try ForecastRun(
      series,
      ForecastRequest(
        method: method, cell: cell ?? .rnn, season: season, window: window, hiddenSize: hiddenSize,
        layerCount: layers ?? 1,
        epochs: epochs ?? ForecastRequest.defaultEpochs, seed: seed, horizon: horizon, validation: validation),
      TrainingSession(path: save, resumes: resume, progress: progress))
    // Both files are whole before either takes its place.
    let stagedOutput = try output.map { try AtomicFile.stage(run.csv, toPath: $0) }
    let stagedPlot = try plot.map { try AtomicFile.stage(ForecastPlot(run).svg, toPath: $0) }
    try stagedOutput?.commit()
    try stagedPlot?.commit()
    try StandardOutput.writeLine(run.report)
    if output == nil { try StandardOutput.write(run.csv) }
    for (kind, path) in [("forecast", output), ("model", save), ("plot", plot)] {
      if let path { try StandardOutput.writeLine("\(kind): \(printablePath(path))") }
    }
  }

  /// What each method has by default, in words.
  private static func defaults(_ value: (ForecastMethod) -> Int) -> String {
    ForecastMethod.allCases.map { "\(value($0)) (\($0.rawValue))" }.joined(separator: " or ")
  }
}

import Recurrent

/// A recurrent network that has learnt windows of a series and what follows them.
///
/// It learns from the part of the series that is known; the held-out part has a validation loss,
/// which is shown and decides nothing.
struct RecurrentForecaster: Forecaster {
  var name: String { options.cell.rawValue }
  private let options: ForecasterOptions
  private let transform: SeriesTransform
  private var network: ForecastNetwork

  private static let (batchSize, gradientNormLimit): (Int, Float) = (16, 1)
  private static let learningRate = 5e-3
  /// The windows that the network runs on at once where nothing is learnt, and those that a
  /// validation loss looks at.
  private static let (rowsAtOnce, mostValidated) = (256, 1000)
  /// The units of the reservoir that picks the transform.
  private static let surrogateSize = 20

  var leastHistory: Int { transform.lag + options.window }

  /// What it is, in a line.
  var summary: String {
    """
    \(options.hiddenSize) units in \(options.layerCount) layer\(options.layerCount == 1 ? "" : "s") on \(transform), \
    \(options.epochs) epochs, window \(options.window), seed \(options.seed)
    """
  }

  /// Learns the first part of a series.
  ///
  /// - Parameters:
  ///   - values: The series.
  ///   - split: Where the held-out part begins; at least the horizon before the end.
  ///   - options: The sizes.
  ///   - session: Where the training is saved, and who is told how it goes.
  /// - Throws: ``RecurrentError/invalidSize(argument:expected:actual:)`` for a series that is too
  ///   short for the window, what the session throws, and what a network cannot run on.
  init(
    learning values: [Double], to split: Int, _ options: ForecasterOptions, _ session: TrainingSession
  ) throws {
    let known = Array(values[..<split])
    let saved = try session.saved()
    let picked =
      try saved.map { try SeriesTransform(savedIn: $0.numbers) } ?? Self.transform(for: known, options)
    let most = split - picked.lag - options.horizon
    guard let transform = picked.fitted(to: known), options.window <= most else {
      throw RecurrentError.invalidSize(
        argument: "--window",
        expected:
          "at most \(max(most, 0)), so that \(split) values show what comes \(options.horizon) steps later",
        actual: options.window)
    }
    (self.options, self.transform) = (options, transform)
    let seen = transform.apply(to: values).map { Float($0) }
    let (training, validation) = try SeriesWindows(
      Tensor(seen, shape: [seen.count, 1]), inputLength: options.window, horizon: options.horizon
    ).split(at: split - transform.lag)

    var generator = SeededGenerator(seed: options.seed)
    network = ForecastNetwork(options, using: &generator)
    var run = Training(network, optimizer: Adam<Float>(), generator: generator)
    run.gradientNormLimit = Self.gradientNormLimit
    if let saved { try run.restore(saved) }
    let stepsPerEpoch = (training.count + Self.batchSize - 1) / Self.batchSize
    session.progress.begin(epochs: options.epochs, completed: run.epoch, stepsPerEpoch: stepsPerEpoch)
    defer { session.progress.end() }
    let validated = Self.validated(validation)
    try run.run(
      epochs: options.epochs,
      schedule: try CosineAnnealing(from: Self.learningRate, epochs: options.epochs)
    ) { generator in
      try training.batches(of: Self.batchSize, using: &generator)
    } gradients: { model, batch, _ in
      try model.lossWithGradients(batch)
    } validation: { model in
      Double(try model.loss(validated))
    } afterEpoch: { training, report in
      session.progress.show(report)
      try session.save(training, transform, isLast: report.epoch == options.epochs)
    }
    network = run.model
  }

  /// The transform that makes a series easy for a reservoir, which learns in milliseconds.
  private static func transform(for known: [Double], _ options: ForecasterOptions) throws -> SeriesTransform {
    var surrogate = options
    surrogate.hiddenSize = surrogateSize
    return try ReservoirForecaster(learning: known, surrogate).settings.transform
  }

  /// Windows of the held-out part, evenly spread.
  private static func validated(_ windows: SeriesWindows<Float>) -> SeriesBatch<Float> {
    let count = min(windows.count, mostValidated)
    return windows.batch(of: (0..<count).map { $0 * windows.count / count })
  }

  func forecasts(of values: [Double], from origins: [Int], steps: Int) throws -> [[Double]] {
    guard steps <= network.horizon else {
      throw RecurrentError.invalidSize(
        argument: "steps", expected: "at most the \(network.horizon) steps that the network has learnt",
        actual: steps)
    }
    if let origin = origins.first(where: { $0 < leastHistory }) {
      throw RecurrentError.invalidSize(
        argument: "origin", expected: "at least \(leastHistory)", actual: origin)
    }
    let seen = transform.apply(to: values).map { Float($0) }
    var result: [[Double]] = []
    for first in stride(from: 0, to: origins.count, by: Self.rowsAtOnce) {
      let part = origins[first..<min(first + Self.rowsAtOnce, origins.count)]
      let starts = part.map { $0 - leastHistory }
      let rows = (0..<options.window).flatMap { step in starts.map { seen[$0 + step] } }
      let output = try network(Tensor(rows, shape: [options.window, part.count, 1]))
      for (row, origin) in part.enumerated() {
        let forecast = output[row].scalars.prefix(steps).map { Double($0) }
        result.append(transform.invert(forecast, at: origin, of: values))
      }
    }
    return result
  }
}

import Recurrent

/// Trains a forecaster on the Mackey–Glass series, and lets it go on by itself for 50 steps that it
/// has not seen.
///
///     swift run -c release Forecasting [epochs [file]]
///
/// The file takes the model, as safetensors.
@main
struct Forecasting {
  static let horizon = 50

  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    let epochs = arguments.first.flatMap { Int($0) } ?? 300
    var generator = SeededGenerator(seed: 1)

    let series = Tensor<Float>(try ReferenceSeries.mackeyGlass(count: 1500))
    let past = series[..<(series.shape[0] - horizon)]
    let future = series[past.shape[0]...]

    // The scale comes from what is past.
    let normalization = try Normalization(standardizing: past)
    let windows = try SeriesWindows(
      normalization(past), inputLength: 100, horizon: 100, offset: 1, stride: 5)
    let (training, validation) = try windows.split(validation: 0.2)
    let held = validation.batch(of: Array(0..<validation.count))

    var run = Training(
      Forecaster(features: 1, hiddenSize: 32, using: &generator),
      optimizer: Adam<Float>(learningRate: 3e-3), generator: generator)
    run.gradientNormLimit = 1
    try run.run(
      epochs: epochs, schedule: CosineAnnealing(from: 3e-3, epochs: epochs)
    ) { generator in
      try training.batches(of: 16, using: &generator)
    } gradients: { model, batch, _ in
      try model.lossWithGradients(on: batch)
    } validation: { model in
      try Double(MeanSquaredError().value(of: model(held.input), target: held.target))
    } afterEpoch: { _, report in
      guard report.epoch.isMultiple(of: 50) || report.epoch == epochs else { return }
      print("epoch \(report.epoch): loss \(report.loss), held out \(report.validationLoss ?? .nan)")
    }

    let forecast = try normalization.inverted(
      run.model.forecast(horizon, after: normalization(past)))
    let last = Tensor(repeating: past.scalars[past.scalars.count - 1], shape: future.shape)
    let loss = MeanAbsoluteError()
    print("mean absolute error, \(horizon) steps ahead:")
    print("  forecast    \(try loss.value(of: forecast, target: future))")
    print("  last value  \(try loss.value(of: last, target: future))")

    guard let file = arguments.dropFirst().first else { return }
    let everything = StateDictionary(nesting: [
      "model": run.model.stateDictionary, "normalization": normalization.stateDictionary,
    ])
    try SafetensorsFile.write(everything, toPath: file)
  }
}

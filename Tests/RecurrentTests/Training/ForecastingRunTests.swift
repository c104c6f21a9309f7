import RecurrentTestSupport
import Testing

@testable import Recurrent

/// A recurrent layer and a read-out, on windows of a series: the parts of training together.
@Suite struct ForecastingRunTests {
  private struct Forecaster: Parameterized {
    var rnn: RNN<Float>
    var head: Linear<Float>

    init(seed: UInt64, threadCount: Int) {
      var generator = SeededGenerator(seed: seed)
      rnn = RNN(inputSize: 1, hiddenSize: 16, layerCount: 2, using: &generator)
      rnn.backend = .swift
      rnn.threadCount = threadCount
      head = Linear(inputSize: 16, outputSize: 1, using: &generator)
      head.backend = .swift
    }

    mutating func forEachParameter(_ body: (String, inout Tensor<Float>) throws -> Void) rethrows {
      try rnn.forEachParameter(under: "rnn", body)
      try head.forEachParameter(under: "head", body)
    }

    func callAsFunction(_ x: Tensor<Float>) throws -> Tensor<Float> { try head(rnn(x).output) }

    func lossWithGradients(
      _ batch: SeriesBatch<Float>
    ) throws -> (loss: Float, gradients: StateDictionary<Float>) {
      let (states, _, rnnPullback) = try rnn.valueWithPullback(at: batch.input)
      let (prediction, headPullback) = try head.valueWithPullback(at: states)
      let (loss, gradient) = try MeanSquaredError()
        .valueWithGradient(of: prediction, target: batch.target)
      let headGradients = try headPullback(gradient)
      let rnnGradients = try rnnPullback(headGradients.input)
      return (
        loss,
        StateDictionary(nesting: [
          "rnn": rnnGradients.stateDictionary, "head": headGradients.parameters.stateDictionary,
        ])
      )
    }
  }

  private typealias Run = Training<Forecaster, Adam<Float>>

  /// Two sines of different periods: the last value is no good forecast of the next.
  private func windows() throws -> (training: SeriesWindows<Float>, validation: SeriesWindows<Float>) {
    let fast: Tensor<Float> = try Tensor(ReferenceSeries.sine(count: 300, period: 11, amplitude: 3))
    let slow: Tensor<Float> = try Tensor(ReferenceSeries.sine(count: 300, period: 37, amplitude: 2))
    let series = try Tensor(zip(fast.scalars, slow.scalars).map { 20 + $0 + $1 }, shape: [300, 1])
    let normalization = try Normalization(standardizing: series[..<240])
    return try SeriesWindows(normalization(series), inputLength: 24, horizon: 24, offset: 1)
      .split(at: 240)
  }

  private func train(_ run: inout Run, epochs: Int, folder: TemporaryFolder? = nil) throws {
    let (training, validation) = try windows()
    try run.run(
      epochs: epochs, schedule: WarmUp(epochs: 2, then: CosineAnnealing(from: 0.02, epochs: 38))
    ) { generator in
      try training.batches(of: 32, using: &generator)
    } gradients: { model, batch, _ in
      try model.lossWithGradients(batch)
    } validation: { model in
      let batch = validation.batch(of: Array(0..<validation.count))
      return Double(try MeanSquaredError().value(of: model(batch.input), target: batch.target))
    } afterEpoch: { training, report in
      if let folder { try training.checkpoint.write(toPath: folder.path("epoch-\(report.epoch)")) }
    }
  }

  private func run(seed: UInt64 = 40, threadCount: Int) throws -> Run {
    var run = Training(
      Forecaster(seed: seed, threadCount: threadCount), optimizer: Adam<Float>(),
      generator: SeededGenerator(seed: seed))
    run.gradientNormLimit = 1
    run.earlyStopping = try EarlyStopping(patience: 100)
    return run
  }

  @Test("a forecaster learns its series, and beats the last value by far")
  func learns() throws {
    var run = try run(threadCount: 1)
    try train(&run, epochs: 40)
    let (_, validation) = try windows()
    let batch = validation.batch(of: Array(0..<validation.count))
    let naive: Float = try MeanSquaredError().value(of: batch.input, target: batch.target)
    let best = try #require(run.earlyStopping).best
    #expect(best < Double(naive) / 10)
  }

  @Test("a run that is resumed, on another number of threads, gives the same bits")
  func resumed() throws {
    let folder = try TemporaryFolder()
    var whole = try run(threadCount: 1)
    try train(&whole, epochs: 4, folder: folder)
    var resumed = try run(seed: 41, threadCount: 3)
    try resumed.restore(Checkpoint(path: folder.path("epoch-2")))
    try train(&resumed, epochs: 4)
    for (key, tensor) in whole.model.stateDictionary {
      expectBitwiseEqual(try #require(resumed.model.stateDictionary[key]), tensor, key)
    }
    #expect(resumed.checkpoint == whole.checkpoint)
  }
}

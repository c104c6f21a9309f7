import RecurrentTestSupport
import Testing

@testable import Recurrent

/// The loop, on a line through noise.
@Suite struct TrainingTests {
  private typealias Run = Training<TwoLayerModel<Float>, Adam<Float>>

  private static let data: (x: Tensor<Float>, y: Tensor<Float>) = {
    var generator = SeededGenerator(seed: 30)
    let x = Tensor<Float>.uniform([60, 3], in: -1...1, using: &generator)
    var y = Tensor<Float>.normal([60, 1], standardDeviation: 0.1, using: &generator)
    for row in 0..<60 { y.scalars[row] += x[row, 0] - 2 * x[row, 1] + 0.5 }
    return (x, y)
  }()

  private func run(seed: UInt64 = 31) throws -> Run {
    var generator = SeededGenerator(seed: seed)
    var model = TwoLayerModel<Float>(
      hidden: Linear(inputSize: 3, outputSize: 8, using: &generator),
      head: Linear(inputSize: 8, outputSize: 1, using: &generator))
    model.hidden.backend = .swift
    model.head.backend = .swift
    var run = Training(model, optimizer: Adam(learningRate: 0.02), generator: generator)
    run.earlyStopping = try EarlyStopping(patience: 50)
    run.plateau = try ReduceOnPlateau(
      from: 0.02, factor: 0.5, patience: 1, improvement: .lowerByShare(0.9))
    run.gradientNormLimit = 1
    run.accumulationCount = 2
    return run
  }

  private func loss(
    _ model: TwoLayerModel<Float>, _ samples: [Int], _ generator: inout SeededGenerator
  ) throws -> (loss: Float, gradients: StateDictionary<Float>) {
    let (hidden, hiddenPullback) = try model.hidden.valueWithPullback(at: Self.data.x.selecting(samples))
    let (dropped, dropoutPullback) = try Dropout(probability: 0.1)
      .valueWithPullback(at: hidden, using: &generator)
    let (output, headPullback) = try model.head.valueWithPullback(at: dropped)
    let (loss, gradient) = try MeanSquaredError()
      .valueWithGradient(of: output, target: Self.data.y.selecting(samples))
    let head = try headPullback(gradient)
    let hiddenGradients = try hiddenPullback(dropoutPullback(head.input))
    return (
      loss,
      StateDictionary(nesting: [
        "hidden": hiddenGradients.parameters.stateDictionary, "head": head.parameters.stateDictionary,
      ])
    )
  }

  private func validate(_ model: TwoLayerModel<Float>) throws -> Double {
    let output = try model.head(model.hidden(Self.data.x))
    return Double(try MeanSquaredError().value(of: output, target: Self.data.y))
  }

  private func train(
    _ run: inout Run, epochs: Int, afterEpoch: (Run, EpochReport) throws -> Void = { _, _ in }
  ) throws {
    try run.run(epochs: epochs) { generator in
      try MiniBatches(count: 60, size: 16, using: &generator)
    } gradients: { model, samples, generator in
      try loss(model, samples, &generator)
    } validation: {
      try validate($0)
    } afterEpoch: {
      try afterEpoch($0, $1)
    }
  }

  private func expectSame(_ a: Run, _ b: Run, _ context: String) throws {
    for (key, tensor) in b.model.stateDictionary {
      expectBitwiseEqual(try #require(a.model.stateDictionary[key]), tensor, "\(context) \(key)")
    }
    #expect(a.checkpoint == b.checkpoint)
  }

  @Test("a run learns, and reports every epoch")
  func learns() throws {
    var run = try run()
    run.plateau = nil
    let before = try validate(run.model)
    var reports: [EpochReport] = []
    try train(&run, epochs: 30) { training, report in
      #expect(training.epoch == report.epoch && training.step == report.step)
      reports.append(report)
    }
    #expect(reports.map(\.epoch) == Array(1...30))
    // Four batches, two for each update.
    #expect(reports.map(\.step) == (1...30).map { 2 * $0 })
    let last = try #require(reports.last)
    #expect(last.validationLoss == (try validate(run.model)))
    // The noise has a variance of 0.01.
    #expect(last.validationLoss.map { $0 < 0.05 && $0 < before / 10 } == true)
  }

  @Test("a run that is interrupted after any epoch and resumed from its file gives the same bits")
  func resumed() throws {
    let folder = try TemporaryFolder()
    var whole = try run()
    try train(&whole, epochs: 12) { training, report in
      try training.checkpoint.write(toPath: folder.path("epoch-\(report.epoch)"))
    }
    #expect(whole.plateau?.learningRate != 0.02, "the plateau is no part of the test")
    for epoch in 1..<12 {
      // Another seed: all that counts comes from the file.
      var resumed = try run(seed: 99)
      try resumed.restore(Checkpoint(path: folder.path("epoch-\(epoch)")))
      #expect(resumed.epoch == epoch)
      try train(&resumed, epochs: 12)
      try expectSame(resumed, whole, "resumed after epoch \(epoch)")
    }
  }

  @Test("the mean gradient of two batches makes the step of one batch of both")
  func accumulation() throws {
    var (whole, pieces) = (try run(), try run())
    whole.accumulationCount = 1
    var generator = SeededGenerator(seed: 1)
    let batches = [Array(0..<30), Array(30..<60)].map { $0 }
    let gradients = try batches.map { try loss(pieces.model, $0, &generator).gradients }
    var mean = gradients[0]
    try mean.add(gradients[1])
    mean.scale(by: 0.5)
    try whole.runEpoch(over: [0]) { _, _, _ in (0, mean) }
    try pieces.runEpoch(over: [0, 1]) { _, index, _ in (0, gradients[index]) }
    #expect(whole.model.stateDictionary == pieces.model.stateDictionary)
    #expect(whole.step == 1 && pieces.step == 1)
    // What is left over at the end makes an update of its own.
    try pieces.runEpoch(over: [0, 1, 0]) { _, index, _ in (0, gradients[index]) }
    #expect(pieces.step == 3)
  }

  @Test("training stops when its patience is over, and keeps the best parameters")
  func stops() throws {
    var run = try run()
    run.earlyStopping = try EarlyStopping(patience: 3)
    var losses: IndexingIterator<[Double]> = [5, 3, 4, 2, 2, 2, 2, 1].makeIterator()
    var best: StateDictionary<Float> = [:]
    try run.run(epochs: 100) { _ in
      [[0, 1, 2]]
    } gradients: { model, samples, generator in
      try loss(model, samples, &generator)
    } validation: { model in
      losses.next() ?? 0
    } afterEpoch: { training, report in
      if report.epoch == 4 { best = training.model.stateDictionary }
    }
    #expect(run.epoch == 7 && run.shouldStop)
    #expect(run.bestParameters == best && run.model.stateDictionary != best)
  }

  @Test("a schedule sets the rate of every epoch, also of one that is resumed")
  func schedule() throws {
    var run = try run()
    run.plateau = nil
    var rates: [Double] = []
    for epochs in [2, 5] {
      try run.run(epochs: epochs, schedule: StepDecay(from: 0.5, every: 2, factor: 0.5)) { _ in
        [[0]]
      } gradients: { model, samples, generator in
        try loss(model, samples, &generator)
      } afterEpoch: { _, report in
        rates.append(report.learningRate)
      }
    }
    #expect(rates == [0.5, 0.5, 0.25, 0.25, 0.125])
  }

  @Test("no batch, and no count, throw")
  func refused() throws {
    var run = try run()
    #expect(throws: RecurrentError.emptySequence(argument: "batches")) {
      try run.runEpoch(over: [Int]()) { _, _, _ in (0, [:]) }
    }
    run.accumulationCount = 0
    #expect(throws: RecurrentError.self) { try run.runEpoch(over: [0]) { _, _, _ in (0, [:]) } }
    #expect(run.epoch == 0 && run.step == 0)
  }

  @Test("a checkpoint without what the run needs is refused, and nothing changes")
  func foreign() throws {
    var run = try run()
    let before = run.checkpoint
    for name in before.numbers.keys {
      var checkpoint = before
      checkpoint.epoch = 7
      checkpoint.numbers[name] = nil
      #expect(throws: RecurrentError.self, "\(name)") { try run.restore(checkpoint) }
      #expect(run.checkpoint == before)
    }
    var checkpoint = before
    checkpoint.best = ["hidden.weight": .zeros([1])]
    #expect(throws: RecurrentError.self) { try run.restore(checkpoint) }
    #expect(run.checkpoint == before)
  }
}

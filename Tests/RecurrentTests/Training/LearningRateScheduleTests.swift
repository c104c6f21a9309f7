import Foundation
import RecurrentTestSupport
import Testing

@testable import Recurrent

@Suite struct LearningRateScheduleTests {
  private func rates(_ name: String) throws -> [Double] {
    try #require(Fixture.all(ofKind: "Schedules").first).file().tensor(name, as: Double.self).scalars
  }

  private func check(
    _ schedule: some LearningRateSchedule, _ name: String, leastDivisor: Double = 1
  ) throws {
    let expected = try rates(name)
    expectClose(
      Tensor(expected.indices.map { schedule.learningRate(at: $0) }), expected,
      bound: expected.indices.map {
        Tolerance.recursiveRate(0.1, epochs: $0, leastDivisor: leastDivisor)
      }, name)
  }

  @Test("steps, cosines and warm-ups give PyTorch's learning rates")
  func fixtures() throws {
    try check(StepDecay(from: 0.1, every: 7, factor: 0.3), "step")
    // PyTorch divides by 1 + cos of the epoch before.
    let divisor = { (epochs: Double) in 1 + cos(Double.pi * (epochs - 1) / epochs) }
    try check(CosineAnnealing(from: 0.1, epochs: 12, minimum: 0.01), "cosine", leastDivisor: divisor(12))
    try check(WarmUp(epochs: 5, then: ConstantRate(0.1)), "linear")
    try check(
      WarmUp(epochs: 5, from: 0.1, then: CosineAnnealing(from: 0.1, epochs: 20)), "warm_up",
      leastDivisor: divisor(20))
  }

  @Test("a plateau lowers the rate when PyTorch does, to the same bits")
  func plateaus() throws {
    let rules = try [
      ReduceOnPlateau(from: 0.1, factor: 0.5, patience: 2),
      ReduceOnPlateau(
        from: 0.1, factor: 0.1, patience: 1, improvement: .lowerByShare(0.05), pause: 2, minimum: 1e-3),
      ReduceOnPlateau(from: 0.1, factor: 0.5, patience: 2, improvement: .higherByShare(1e-4)),
      ReduceOnPlateau(from: 0.1, factor: 0.5, patience: 0, improvement: .lowerBy(0.01)),
    ]
    for (index, rule) in rules.enumerated() {
      let metrics = try rates("plateau.\(index).metrics")
      let expected = try rates("plateau.\(index).rates")
      #expect(Set(expected).count > 2, "the fixture shows no reduction")
      var whole = rule
      #expect(metrics.map { whole.learningRate(after: $0) } == expected)
      // Resumed in the middle, it goes on alike.
      var first = rule
      for metric in metrics[..<17] { _ = first.learningRate(after: metric) }
      var second = rule
      try second.restore(first.state)
      #expect(metrics[17...].map { second.learningRate(after: $0) } == Array(expected[17...]))
      #expect(second == whole)
    }
  }

  @Test("a metric that is NaN is no improvement")
  func notNumber() throws {
    var rule = try ReduceOnPlateau(from: 1, factor: 0.5, patience: 1)
    #expect([1, Double.nan, .nan].map { rule.learningRate(after: $0) } == [1, 1, 0.5])
    #expect(rule.best == 1)
  }

  @Test("a state that is none is not restored")
  func foreignState() throws {
    let rule = try ReduceOnPlateau(from: 1)
    for (name, number) in [
      ("learningRate", -1), ("badEpochCount", 0.5), ("pausedEpochCount", -1), ("badEpochCount", .nan),
      ("best", nil), ("learningRate", .nan),
    ] as [(String, Double?)] {
      var (state, restored) = (rule.state, rule)
      state[name] = number
      let error = #expect(throws: RecurrentError.self) { try restored.restore(state) }
      guard case .invalidValue(let argument, _, _) = error else {
        Issue.record("got \(String(describing: error))")
        continue
      }
      #expect(argument == name && restored == rule)
    }
  }

  @Test("epochs before the first have the first one's rate")
  func negativeEpochs() throws {
    let schedules: [any LearningRateSchedule] = try [
      StepDecay(from: 0.1, every: 3), CosineAnnealing(from: 0.1, epochs: 3),
      WarmUp(epochs: 2, then: ConstantRate(0.1)),
    ]
    for schedule in schedules {
      #expect(schedule.learningRate(at: .min) == schedule.learningRate(at: 0))
      #expect(schedule.learningRate(at: .max).isFinite)
    }
  }

  @Test("numbers out of range throw their names")
  func refused() {
    let attempts: [(String, () throws -> Void)] = [
      ("from", { _ = try StepDecay(from: -1, every: 1) }),
      ("every", { _ = try StepDecay(from: 1, every: 0) }),
      ("factor", { _ = try StepDecay(from: 1, every: 1, factor: .nan) }),
      ("epochs", { _ = try CosineAnnealing(from: 1, epochs: 0) }),
      ("minimum", { _ = try CosineAnnealing(from: 1, epochs: 1, minimum: -1) }),
      ("rate", { _ = try ConstantRate(.infinity) }),
      ("epochs", { _ = try WarmUp(epochs: 0, then: ConstantRate(1)) }),
      ("from", { _ = try WarmUp(epochs: 1, from: 0, then: ConstantRate(1)) }),
      ("from", { _ = try WarmUp(epochs: 1, from: 1.5, then: ConstantRate(1)) }),
      ("from", { _ = try ReduceOnPlateau(from: .nan) }),
      ("factor", { _ = try ReduceOnPlateau(from: 1, factor: 1) }),
      ("patience", { _ = try ReduceOnPlateau(from: 1, patience: -1) }),
      ("pause", { _ = try ReduceOnPlateau(from: 1, pause: -1) }),
      ("improvement", { _ = try ReduceOnPlateau(from: 1, improvement: .lowerBy(-1)) }),
      ("minimum", { _ = try ReduceOnPlateau(from: 1, minimum: -1) }),
      ("leastReduction", { _ = try ReduceOnPlateau(from: 1, leastReduction: -1) }),
      ("patience", { _ = try EarlyStopping(patience: 0) }),
      ("leastImprovement", { _ = try EarlyStopping(patience: 1, leastImprovement: -1) }),
    ]
    for (name, attempt) in attempts {
      do {
        try attempt()
        Issue.record("\(name) was accepted")
      } catch RecurrentError.invalidValue(let argument, _, _) {
        #expect(argument == name)
      } catch RecurrentError.invalidSize(let argument, _, _) {
        #expect(argument == name)
      } catch {
        Issue.record("got \(error)")
      }
    }
  }

  @Test("early stopping waits as long as its patience, and counts from the best epoch")
  func earlyStopping() throws {
    var stopping = try EarlyStopping(patience: 2, leastImprovement: 0.1)
    let losses = [1, 0.95, 0.8, .nan, 0.75, 0.6]
    #expect(losses.map { stopping.observe($0) } == [true, false, true, false, false, true])
    #expect(!stopping.shouldStop && stopping.best == 0.6)
    stopping.observe(0.6)
    #expect(!stopping.shouldStop)
    stopping.observe(1)
    #expect(stopping.shouldStop && stopping.badEpochCount == 2)
    var resumed = try EarlyStopping(patience: 2, leastImprovement: 0.1)
    try resumed.restore(stopping.state)
    #expect(resumed == stopping)
  }
}

import RecurrentTestSupport
import Testing

@_spi(Benchmarks) @testable import Recurrent

/// What the benchmark of plans relies on.
@Suite struct BenchmarkPlanTests {
  private static func layer(_ hiddenSize: Int, layerCount: Int, threads: Int) -> LSTM<Float> {
    var generator = SeededGenerator(seed: 6)
    var layer = LSTM<Float>(
      inputSize: 5, hiddenSize: hiddenSize, layerCount: layerCount, using: &generator)
    layer.backend = .swift
    layer.threadCount = threads
    return layer
  }

  @Test("a call chooses one of the plans that there are", arguments: BenchmarkPlan.Pass.allCases, [1, 2, 4])
  func choice(_ pass: BenchmarkPlan.Pass, threads: Int) throws {
    let shapes = [(8, 1, 1, 1), (64, 3, 50, 1), (100, 1, 20, 9), (256, 1, 9, 2)]
    for (hiddenSize, layerCount, steps, rows) in shapes {
      let layer = Self.layer(hiddenSize, layerCount: layerCount, threads: threads)
      let plans = try layer.plans(pass, steps: steps, rows: rows)
      let chosen = try layer.chosenPlan(pass, steps: steps, rows: rows)
      #expect(plans.contains(chosen), "\(chosen)")
      for (index, plan) in plans.enumerated() { #expect(!plans[..<index].contains(plan), "\(plan)") }
    }
  }

  @Test("every plan gives the same bits")
  func bits() throws {
    let layer = Self.layer(40, layerCount: 2, threads: 3)
    var generator = SeededGenerator(seed: 7)
    let x = Tensor<Float>.uniform([12, 4, 5], in: -1...1, using: &generator)
    let (output, _, pullback) = try layer.valueWithPullback(at: x)
    let gradients = try pullback(output)
    let forward = try layer.plans(.forward, steps: 12, rows: 4)
    #expect(forward.count > 9)
    for plan in forward {
      expectBitwiseEqual(try layer.output(of: x, by: plan), output, "\(plan)")
    }
    let backward = try layer.plans(.backward, steps: 12, rows: 4)
    #expect(backward.count > 3)
    for plan in backward { #expect(try layer.pullback(at: x, by: plan)(output) == gradients, "\(plan)") }
  }
}

import Testing

@testable import Recurrent

@Suite struct ForwardPlanTests {
  private func plan(
    steps: Int = 100, rows: Int, hiddenSize: Int = 256, backend: Backend = .swift, threads: Int
  ) -> ForwardPlan {
    ForwardPlan(
      steps: steps, rows: rows, inputSize: hiddenSize, hiddenSize: hiddenSize, layerCount: 1,
      scalarSize: 4, backend: backend, threadCount: threads)
  }

  @Test("workers share out every row exactly once, nearly evenly")
  func rows() {
    for rows in 0...70 {
      for threads in [1, 2, 3, 7, 64, 1024] {
        let workers = plan(rows: rows, threads: threads).workers
        #expect(workers.flatMap { Array($0) } == Array(0..<rows))
        #expect(workers.count <= threads)
        let counts = workers.map(\.count)
        #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
        if workers.count > 1 { #expect(counts.allSatisfy { $0 >= 4 }) }
      }
    }
  }

  @Test("a small call wakes nobody")
  func smallCalls() {
    #expect(plan(steps: 10, rows: 3, hiddenSize: 20, threads: 8).workers.count == 1)
    #expect(plan(steps: 1, rows: 64, hiddenSize: 32, threads: 8).workers.count == 1)
    #expect(plan(steps: 100, rows: 64, threads: 8).workers.count == 8)
  }

  @Test("a chunk has at least one step and at most all")
  func chunks() {
    for steps in [1, 2, 5, 1000] {
      for rows in [0, 1, 7, 1000] {
        for hiddenSize in [1, 64, 4096] {
          let chunk = plan(steps: steps, rows: rows, hiddenSize: hiddenSize, threads: 2)
            .stepsPerChunk
          #expect((1...steps).contains(chunk))
        }
      }
    }
    #expect(plan(steps: 1000, rows: 32, threads: 1).stepsPerChunk < 1000)
  }

  @Test("OpenBLAS gets all steps at once and its own threads")
  func library() {
    let plan = plan(steps: 1000, rows: 64, backend: .openBLAS, threads: 8)
    #expect(plan.stepsPerChunk == 1000 && plan.workers == [0..<64])
  }
}

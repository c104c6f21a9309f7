import Testing

@testable import Recurrent

@Suite struct ForwardPlanTests {
  private func plan(
    steps: Int = 100, rows: Int, inputSize: Int? = nil, hiddenSize: Int = 256, layers: Int = 1,
    backend: Backend = .swift, threads: Int, nanosecondsPerBarrier: () -> Double = { 100 }
  ) -> ForwardPlan {
    ForwardPlan(
      ForwardShape(
        steps: steps, rows: rows, inputSize: inputSize ?? hiddenSize, hiddenSize: hiddenSize,
        layerCount: layers, scalarSize: 4),
      backend: backend, panelWidth: 16, threadCount: threads, nanosecondsPerBarrier: nanosecondsPerBarrier)
  }

  @Test("parts of a range are whole, in order and nearly equal")
  func parts() {
    for size in 0...70 {
      for count in [1, 2, 3, 7, 64] {
        let parts = (0..<count).map { (3..<(3 + size)).part($0, of: count) }
        #expect(parts.flatMap { Array($0) } == Array(3..<(3 + size)))
        let sizes = parts.map(\.count)
        #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
      }
    }
  }

  @Test("a small call wakes nobody")
  func smallCalls() {
    #expect(plan(steps: 10, rows: 3, inputSize: 100, hiddenSize: 20, threads: 8).threadCount == 1)
    #expect(plan(steps: 1, rows: 64, hiddenSize: 32, threads: 8).threadCount == 1)
    #expect(plan(rows: 1, hiddenSize: 64, threads: 2).threadCount == 1)
    #expect(plan(rows: 0, threads: 8).threadCount == 1)
  }

  @Test("many rows are split by rows, one row of a large layer by columns, stacked small layers by layers")
  func splits() {
    for (rows, hiddenSize) in [(16, 128), (32, 256), (64, 512), (128, 2048)] {
      let plan = plan(rows: rows, hiddenSize: hiddenSize, threads: 2)
      #expect(plan.split == .rows && plan.threadCount == 2, "B \(rows), H \(hiddenSize)")
    }
    for hiddenSize in [512, 1024, 2048] {
      let plan = plan(rows: 1, hiddenSize: hiddenSize, threads: 2)
      #expect(plan.split == .columns && plan.threadCount == 2, "H \(hiddenSize)")
    }
    for hiddenSize in [64, 128] {
      let plan = plan(rows: 1, hiddenSize: hiddenSize, layers: 4, threads: 2)
      #expect(plan.split == .layers && plan.threadCount == 2, "H \(hiddenSize)")
      #expect(plan.stepsPerChunk <= 100 / 16)
    }
  }

  @Test("threads that are far apart share the columns of large layers only")
  func meetings() {
    for (nanoseconds, least) in [(40.0, 128), (100, 128), (360, 256), (2000, 512), (20_000, 2048)] {
      for hiddenSize in [128, 256, 512, 1024, 2048] {
        let plan = plan(rows: 1, hiddenSize: hiddenSize, threads: 2) { nanoseconds }
        let expected = hiddenSize < least ? 1 : 2
        #expect(plan.threadCount == expected, "H \(hiddenSize), meetings of \(nanoseconds) ns")
      }
    }
    let stacked = plan(rows: 1, hiddenSize: 256, layers: 4, threads: 2) { 20_000 }
    #expect(stacked.split == .layers && stacked.threadCount == 2)
  }

  @Test("the time of a barrier is asked for only where threads would wait at every step")
  func askedMeetings() {
    func asks(rows: Int, hiddenSize: Int, layers: Int = 1, threads: Int = 2) -> Int {
      var count = 0
      _ = plan(rows: rows, hiddenSize: hiddenSize, layers: layers, threads: threads) {
        count += 1
        return 100
      }
      return count
    }
    #expect(asks(rows: 1, hiddenSize: 512) == 1)
    #expect(asks(rows: 1, hiddenSize: 512, threads: 1) == 0)
    #expect(asks(rows: 1, hiddenSize: 16) == 0)
    #expect(asks(rows: 64, hiddenSize: 512) == 0)
    #expect(asks(rows: 1, hiddenSize: 64, layers: 4) == 0)
  }

  @Test("no plan has more threads than are available or than there are shares")
  func counts() {
    for rows in [1, 2, 3, 7, 100] {
      for hiddenSize in [16, 100, 512, 2048] {
        for layers in [1, 3] {
          for threads in [1, 2, 5, 64, 1024] {
            let plan = plan(rows: rows, hiddenSize: hiddenSize, layers: layers, threads: threads)
            let shares =
              switch plan.split {
              case .rows: rows
              case .columns: (hiddenSize + 15) / 16
              case .layers: layers
              }
            #expect(plan.threadCount <= min(threads, shares))
          }
        }
      }
    }
  }

  @Test("a chunk has at least one step and at most all")
  func chunks() {
    for steps in [1, 2, 5, 1000] {
      for rows in [0, 1, 7, 1000] {
        for hiddenSize in [1, 64, 4096] {
          for layers in [1, 4] {
            let chunk = plan(
              steps: steps, rows: rows, hiddenSize: hiddenSize, layers: layers, threads: 2)
            #expect((1...steps).contains(chunk.stepsPerChunk))
          }
        }
      }
    }
    #expect(plan(steps: 1000, rows: 32, threads: 1).stepsPerChunk < 1000)
  }

  @Test("OpenBLAS gets all steps at once and its own threads")
  func library() {
    let plan = plan(steps: 1000, rows: 64, backend: .openBLAS, threads: 8)
    #expect(plan.stepsPerChunk == 1000 && plan.threadCount == 1)
  }
}

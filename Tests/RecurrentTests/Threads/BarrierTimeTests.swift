import Testing

@testable import Recurrent

@Suite struct BarrierTimeTests {
  @Test("a time that was just measured is not measured again")
  func remembered() {
    let time = BarrierTime()
    #expect(time.current { 77 } == 77)
    var asked = 0
    // Under load a try may come too late for what the one before has measured.
    for _ in 0..<100 {
      _ = time.current {
        asked += 1
        return 88
      }
    }
    #expect(asked < 50)
  }

  @Test("what could not be measured is tried again")
  func missing() {
    let time = BarrierTime()
    #expect(time.current { nil } == nil)
    #expect(time.current { 5 } == 5)
  }

  @Test("two threads measure their barrier, and a caller alone has none")
  func measured() throws {
    let alone: Int? = ThreadPool.shared.withWorkerGroup(upTo: 1) { $0.measureBarrier() }
    #expect(alone == nil)
    let (count, nanoseconds) = ThreadPool.shared.withWorkerGroup(upTo: 2, forced: true) { group in
      (group.count, group.measureBarrier())
    }
    // Another test may have the worker.
    if count == 2 {
      // Not even threads that share a core meet within two cycles of it.
      #expect(try #require(nanoseconds) > 0)
    } else {
      #expect(nanoseconds == nil)
    }
  }
}

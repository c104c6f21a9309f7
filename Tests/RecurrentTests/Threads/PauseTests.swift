import Testing

@testable import Recurrent

@Suite struct PauseTests {
  private static let millisecond: UInt64 = 1_000_000

  @Test(
    "the pause after a group that was held up doubles, to 20 times what the group took and 320 ms at most")
  func doubles() {
    var pauses: [UInt64] = []
    for _ in 0..<5 {
      pauses.append(ThreadPool.pause(after: pauses.last ?? 0, groupTook: 4 * Self.millisecond))
    }
    #expect(pauses == [10, 20, 40, 80, 80].map { $0 * Self.millisecond })
  }

  @Test(
    "it is 10 ms after the shortest groups and 320 after the longest, however often they were held up",
    arguments: [(UInt64(0), UInt64(10)), (100_000, 10), (1_000_000_000, 320), (.max, 320)])
  func bounds(elapsed: UInt64, longest: UInt64) {
    var pause: UInt64 = 0
    for _ in 0..<10 { pause = ThreadPool.pause(after: pause, groupTook: elapsed) }
    #expect(pause == longest * Self.millisecond)
  }
}

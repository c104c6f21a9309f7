import Recurrent
import Testing

@testable import RecurrentTool

@Suite struct StepTimesTests {
  private func times(_ nanoseconds: some Sequence<Int>) -> StepTimes {
    var times = StepTimes()
    for time in nanoseconds { times.add(nanoseconds: time) }
    return times
  }

  @Test("short times are exact, and percentiles those of the sorted times")
  func exact() {
    let times = times((1...500).shuffled())
    #expect(times.count == 500 && times.minimum == 1)
    #expect(times.nanoseconds(thousandths: 500) == 250)
    #expect(times.nanoseconds(thousandths: 990) == 495)
    #expect(times.nanoseconds(thousandths: 999) == 500)
    #expect(times.nanoseconds(thousandths: 0) == 1)
    #expect(times.nanoseconds(thousandths: 1000) == 500)
  }

  @Test("long times are within 0.2 %, up to the longest that can be counted")
  func long() {
    var time = 1
    while time < Int.max / 3 {
      for candidate in [time - 1, time, time + time / 3] {
        let found = times([candidate]).nanoseconds(thousandths: 500)
        #expect((found - Double(candidate)).magnitude <= Double(candidate) / 512, "\(candidate)")
      }
      time *= 2
    }
    #expect(times([.max]).nanoseconds(thousandths: 500) > 9e18)
  }

  @Test("times of several turns are those of one")
  func sum() {
    var generator = SeededGenerator(seed: 3)
    let all = (0..<2000).map { _ in Int.random(in: 0..<100_000, using: &generator) }
    #expect(times(all[..<700]).adding(times(all[700...])) == times(all))
    #expect(times(all).adding(nil) == times(all))
  }

  @Test("none, and what is shorter than the clock's own time")
  func ends() {
    #expect(StepTimes().nanoseconds(thousandths: 500) == 0)
    var times = StepTimes()
    times.add(.zero)
    #expect(times.minimum == 1 && times.count == 1)
    #expect(StepTimes.clockNanoseconds > 0)
  }
}

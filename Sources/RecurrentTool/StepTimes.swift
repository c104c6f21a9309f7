/// How long single steps took, in nanoseconds.
///
/// They are counted in bins, which below 512 ns are exact and above at most 0.4 % wide, so that any
/// number of steps takes the same memory.
struct StepTimes: Sendable, Equatable {
  private static let exact = 512
  private static let binsPerOctave = 256

  private var counts = [Int](repeating: 0, count: exact + binsPerOctave * (Int.bitWidth - 10))
  /// The steps.
  private(set) var count = 0
  /// The shortest step; `Int.max` where there is none.
  private(set) var minimum = Int.max

  /// Counts one step, which took no less than nothing.
  mutating func add(nanoseconds: Int) {
    counts[Self.bin(of: max(0, nanoseconds))] += 1
    count += 1
    minimum = min(minimum, nanoseconds)
  }

  /// These steps and those of other times.
  func adding(_ other: StepTimes?) -> StepTimes {
    guard let other else { return self }
    var sum = self
    for bin in counts.indices { sum.counts[bin] += other.counts[bin] }
    sum.count += other.count
    sum.minimum = min(minimum, other.minimum)
    return sum
  }

  /// The least time that so many thousandths of the steps do not exceed: the middle of its bin; 0
  /// where there is no step.
  func nanoseconds(thousandths: Int) -> Double {
    let rank = max(1, (count * thousandths + 999) / 1000)
    var steps = 0
    for (bin, number) in counts.enumerated() {
      steps += number
      if steps >= rank { return Self.middle(of: bin) }
    }
    return 0
  }

  private static func bin(of nanoseconds: Int) -> Int {
    guard nanoseconds >= exact else { return nanoseconds }
    let octave = Int.bitWidth - 10 - nanoseconds.leadingZeroBitCount
    return exact + octave * binsPerOctave + (nanoseconds >> (octave + 1)) - binsPerOctave
  }

  private static func middle(of bin: Int) -> Double {
    guard bin >= exact else { return Double(bin) }
    let (octave, place) = (bin - exact).quotientAndRemainder(dividingBy: binsPerOctave)
    let width = 1 << (octave + 1)
    return Double((binsPerOctave + place) * width) + Double(width - 1) / 2
  }
}

extension StepTimes {
  /// What a reading of the clock takes, in nanoseconds, which a time of nothing comes to: the mean of
  /// many, one right after the other, in the best of several tries.
  static let clockNanoseconds: Double = {
    let clock = ContinuousClock()
    let readings = 1000
    return (0..<20).map { _ in
      let start = clock.now
      for _ in 1..<readings { _ = clock.now }
      return (clock.now - start).seconds * 1e9 / Double(readings)
    }.min() ?? 0
  }()

  /// Counts one step, without what the clock takes; a step takes 1 ns at least.
  mutating func add(_ duration: Duration) {
    add(nanoseconds: max(1, Int((duration.seconds * 1e9 - Self.clockNanoseconds).rounded())))
  }
}

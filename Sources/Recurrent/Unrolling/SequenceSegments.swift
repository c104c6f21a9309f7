/// The parts of a schedule between checkpoints, from the first on.
struct SequenceSegments: Sequence, IteratorProtocol {
  /// One part.
  struct Segment {
    let schedule: SequenceSchedule
    /// The rows of the whole schedule before it.
    let packedRow: Int

    /// Its rows out of those of the whole schedule.
    func rows<Scalar>(of scalars: [Scalar], features: Int) -> ArraySlice<Scalar> {
      scalars[(packedRow * features)..<((packedRow + schedule.packedRowCount) * features)]
    }
  }

  private let whole: SequenceSchedule
  private let interval: Int
  private var first = 0

  /// Parts of so many time steps.
  init(_ schedule: SequenceSchedule, interval: Int) {
    whole = schedule
    self.interval = interval
  }

  mutating func next() -> Segment? {
    guard first < whole.stepCount else { return nil }
    let end = Swift.min(first + interval, whole.stepCount)
    let part = whole.part(first..<end)
    first = end
    return Segment(schedule: part.schedule, packedRow: part.packedRow)
  }
}

/// The roofline of this processor on some threads, and the limits that follow from it.
///
/// All figures are those of one thread times the number of threads. That holds for what a core has
/// to itself: its arithmetic and its nearer caches. L3 and memory are shared; they are assumed to
/// serve every thread as fast as one alone, and L3 to hold what all threads read if it holds the
/// share of one. Where they do not, the limit is too short, and a row's share of it too small.
struct RooflineMeasurement {
  private(set) var roofline: Roofline
  private let reads: ReadMeasurement

  init(threads: Int) {
    reads = ReadMeasurement(caches: DataCache.ofThisMachine)
    roofline = Roofline(
      threads: threads,
      operationsPerSecond: PeakMeasurement.operationsPerSecond * Double(threads),
      levels: reads.levels.map {
        Roofline.Level(name: $0.probe.name, bytesPerSecond: $0.bytesPerSecond * Double(threads))
      })
  }

  /// Hears of what a thread was seen to do later. Where other programs had the processor before,
  /// that can be more.
  mutating func raisePeak(to operationsPerSecond: Double) {
    let all = operationsPerSecond * Double(roofline.threads)
    roofline.operationsPerSecond = max(roofline.operationsPerSecond, all)
  }

  /// The limit of a pass: at each step, each thread reads its share of the recurrent weights, or of
  /// all where one time step is timed, whose size decides on the bandwidth.
  func limit(of pass: BenchPass, _ shape: BenchShape) -> RowLimit {
    let threads = roofline.threads
    let share = (shape.repeatedWeightBytes(of: pass) + threads - 1) / threads
    let bandwidth = reads.bytesPerSecond(reading: share) * Double(threads)
    return RowLimit(
      seconds: roofline.leastSeconds(of: pass, shape, weightBytesPerSecond: bandwidth),
      weightBytesPerSecond: bandwidth)
  }
}

internal import VectorKernels

/// What plans know of a processor: times and bandwidths, rounded from AMD Zen 3 and Zen 4.
///
/// Plans compare estimates, so only ratios matter. The one time that changes from one moment to the
/// next, that of a barrier, is measured where it decides. None of it decides bits.
enum ProcessorCosts {
  // MARK: Memory

  /// The bytes per nanosecond that a thread reads again and again, where so many bytes lie. A cache
  /// holds somewhat less than its size of one matrix.
  static func bandwidth(ofBytes bytes: Double) -> Double {
    switch bytes {
    case ...firstLevel: 200
    case ...secondLevel: 85
    case ...thirdLevel: 60
    default: 20
    }
  }
  private static let firstLevel = 24e3
  private static let secondLevel = 450e3
  private static let thirdLevel = 20e6

  /// Inputs and outputs that stay in the second-level cache between two products: a quarter to half
  /// of it.
  static let bytesBetweenProducts = Processor.secondLevelBytes / 2

  // MARK: Arithmetic

  /// Multiply-adds, as bytes of the scalars that they compute.
  static let bytesOfOperationsPerNanosecond = 360.0
  /// What a product takes beside its arithmetic.
  static let nanosecondsPerProduct = 25.0
  static let nanosecondsPerActivation = 0.4

  // MARK: Threads

  /// A barrier of two threads on cores that share a cache.
  static let nanosecondsPerBarrier = 100.0
  /// A step's barrier, as a multiple of one of threads that do nothing else: outputs travel too.
  static let barriersPerStep = 2.0
  /// Waking one more thread, and the wait for the last to end.
  static let nanosecondsPerThread = 4_000.0
  /// Waking threads that sleep takes some 10 µs, sometimes more: the least work to wake them for.
  static let leastNanosecondsToShare = 40_000.0
  /// Too few operations to take that long even where weights come from memory.
  static let leastOperationsToPartition = 400_000.0
  /// The part of the time that must remain for more threads to be worth waking.
  static let worthwhile = 0.85
}

/// A small, fast generator of random numbers that always gives the same numbers for the same seed.
///
/// SplitMix64: the state advances by a constant, and each output is a bijective mix of the state.
/// It passes statistical test suites, and serves to initialize parameters; it is no source of
/// secrets.
///
/// ### Source
/// G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA
/// 2014.
public struct SeededGenerator: RandomNumberGenerator, Sendable, Equatable {
  /// Where the sequence stands: the one number that the next ones depend on.
  ///
  /// A generator with the state of another one continues as that does, so that saving it is enough
  /// to resume a run:
  ///
  ///     let saved = generator.state
  ///     generator.state = saved     // the same numbers again
  public var state: UInt64

  /// Creates a generator.
  ///
  /// - Parameter seed: Any number; different seeds give unrelated sequences.
  public init(seed: UInt64) {
    state = seed
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    state &+= Self.increment
    return Self.mix(state)
  }

  /// The number that a generator of this seed gives after `index` others: one counter, no sequence
  /// to walk along.
  static func number(_ index: Int, seed: UInt64) -> UInt64 {
    mix(seed &+ increment &* (UInt64(truncatingIfNeeded: index) &+ 1))
  }

  private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

  @inline(__always)
  private static func mix(_ state: UInt64) -> UInt64 {
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// A small, fast generator of random numbers that always gives the same numbers for the same seed.
///
/// SplitMix64: the state advances by a constant, and each output is a bijective mix of the state.
/// It passes statistical test suites, and serves to initialize parameters; it is no source of secrets.
///
/// ### Source
/// G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
public struct SeededGenerator: RandomNumberGenerator, Sendable, Equatable {
  private var state: UInt64

  /// Creates a generator.
  ///
  /// - Parameter seed: Any number; different seeds give unrelated sequences.
  public init(seed: UInt64) {
    state = seed
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// What the rules of tiles take a processor for: the smaller of what common ones have, from Zen 2
/// and Skylake on.
///
/// It is static, since kernels fold it at compile time. None of it decides bits.
public enum Processor {
  /// The data cache of the first level.
  @inlinable @inline(__always)
  public static var firstLevelBytes: Int { 32 << 10 }

  /// The cache of the second level.
  @inlinable @inline(__always)
  public static var secondLevelBytes: Int { 512 << 10 }

  /// A line of all caches.
  @inlinable @inline(__always)
  public static var cacheLineBytes: Int { 64 }

  /// The sums that keep the multiply-adds busy, however long their chains: two units, each with an
  /// operation of four cycles, do nearly as much with somewhat fewer than eight.
  @inlinable @inline(__always)
  static var sumsForAnyChain: Int { 6 }

  /// The longest chain of multiply-adds that fewer sums may be made of without making others wait.
  @inlinable @inline(__always)
  static var longestChain: Int { 32 }
}

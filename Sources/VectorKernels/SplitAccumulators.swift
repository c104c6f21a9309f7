/// The parts of its depth, one after the other, that each sum of a product is made of.
public struct SplitAccumulators: Sendable, Equatable {
  /// 1, 2 or 4.
  public let count: Int
  /// The k of each; the last one has those that remain, too.
  public let depth: Int

  /// Cuts sums of at least `count` terms.
  @inlinable
  public init(count: Int, of depth: Int) {
    self.count = count
    self.depth = count == 1 ? .max : depth / count
  }

  /// The whole sum.
  @inlinable public static var one: SplitAccumulators { SplitAccumulators(count: 1, of: .max) }
}

import VectorKernels

/// How the pre-activations of a cell's units stand in a row: `[blocks, gates, units of a block]`, so that a
/// formula finds all gates of some units together.
public struct UnitBlocks: Sendable, Equatable {
  /// The units of a block.
  public let length: Int
  /// The last block has a multiple of it, as few as are enough.
  public let granularity: Int

  @inlinable @inline(__always)
  public init(length: Int, granularity: Int) {
    self.length = length
    self.granularity = granularity
  }

  /// A number of units with those that fill the last block.
  @inlinable @inline(__always)
  public func padded(_ units: Int) -> Int {
    (units &+ granularity &- 1) / granularity &* granularity
  }

  /// The first unit of the block that a unit is in.
  @inlinable @inline(__always)
  public func start(of unit: Int) -> Int { unit / length &* length }

  /// The units of the block that begins with unit `first`, among `units`.
  @inlinable @inline(__always)
  public func length(from first: Int, units: Int) -> Int { min(length, padded(units &- first)) }
}

extension Lanes {
  /// The blocks of an instruction set: 64 bytes of units, a vector of the widest set, so that none
  /// is put together from parts.
  ///
  /// They are the same for all sets with fused multiply-add, as products over all gates' columns
  /// run in the order in which these stand, and their number decides the split-K accumulators. Half
  /// a block is a vector of AVX2; of NEON's narrower vectors, some compute places of no unit. SSE2
  /// agrees with no other set, and is spared them.
  @inlinable @inline(__always)
  public static var unitBlocks: UnitBlocks {
    let length = 64 / MemoryLayout<Scalar>.size
    #if arch(arm64)
      return UnitBlocks(length: length, granularity: length / 2)
    #else
      return UnitBlocks(length: length, granularity: min(count, length / 2))
    #endif
  }

  /// The places of so many units that vectors compute: with those that fill the last block, where
  /// they take vectors of their own.
  @inlinable @inline(__always)
  static func places(of units: Int) -> Int {
    count < unitBlocks.granularity ? unitBlocks.padded(units) : units
  }
}

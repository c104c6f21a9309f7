/// The shape of the panels of one instruction set, and its registers: `rows` ≤ 6 rows by one panel
/// of `panelVectors` vectors fill them with sums.
public struct Tiling<let rows: Int, let panelVectors: Int>: Sendable {
  @inlinable @inline(__always) public init() {}
}

/// A number that the compiler knows, as the type of an argument.
public struct Constant<let value: Int> {
  @inlinable @inline(__always) public init() {}
}

extension Tiling {
  /// Whether there are so many sums that tiles of few rows keep the multiply-adds nearly as busy as
  /// those of many.
  @inlinable @inline(__always)
  static var isLarge: Bool { rows &* panelVectors >= 24 }

  /// The most vectors of columns, whole panels and at most eight, that a tile of so many rows
  /// takes. Fewer rows take more, so that there are always enough independent sums.
  @inlinable @inline(__always)
  static func vectors(besideRows count: Int) -> Int {
    min(8, rows &* panelVectors / count) / panelVectors &* panelVectors
  }
}

/// The shape of the tiles of one product.
@usableFromInline
struct TileShape<let tileRows: Int, let panelVectors: Int> {
  /// The most rows of a tile.
  @usableFromInline let rows: Int
  /// The most vectors of columns of a tile, whole panels.
  @usableFromInline let vectors: Int

  /// Somewhat more than the first-level cache, up to twice as much.
  @inlinable @inline(__always)
  static var halvedBytes: ClosedRange<Int> {
    Processor.firstLevelBytes / 4 &* 5...Processor.firstLevelBytes / 2 &* 5
  }

  /// Chooses tiles for so many rows of so many vectors.
  ///
  /// A chain of single rows whose weights are somewhat too many for the first-level cache goes back
  /// and forth between halves.
  @inlinable @inline(__always)
  init(rows: Int, vectors: Int, weightBytes: Int, iterations: Int) {
    if rows == 1 {
      let most = Tiling<tileRows, panelVectors>.vectors(besideRows: 1)
      let isHalved =
        iterations > 1 && vectors <= most && vectors > most / 2 && Self.halvedBytes.contains(weightBytes)
      self.rows = 1
      self.vectors = isHalved ? most / 2 / panelVectors &* panelVectors : most
      return
    }
    let tiles = (rows &+ tileRows &- 1) / tileRows
    self.rows = (rows &+ tiles &- 1) / tiles
    self.vectors = Tiling<tileRows, panelVectors>.vectors(besideRows: self.rows)
  }
}

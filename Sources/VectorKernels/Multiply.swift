// C = activation(start + A·Bᵀ) on packed panels.
//
// Goals, in order:
// 1. The bits of an element depend on its row of A, its column of B and nothing else.
// 2. All accumulators of a tile stay in registers, every weight that is loaded serves all rows of the tile.
// 3. A panel is read from front to back, and stays in the second-level cache while all row tiles use it.
//
// Rejected:
// | alternative                       | why not                                                      |
// | --------------------------------- | ------------------------------------------------------------ |
// | panels of one vector              | one stream for each vector: with a depth of a power of two   |
// |                                   | they all fall into the same cache sets                       |
// | blocks over k                     | the sums go through memory: 5 to 10 % slower at depths of    |
// |                                   | 512 to 2048, with a copy of the rows in each block           |
// | tiles of 6 rows and then the rest | 7 rows would be 6 + 1; even tiles (4 + 3) load less          |
// | activation before the store       | every tile would carry its own copy of it                    |
// | activation after each tile        | a call for each of its rows: 0.47 instead of 0.35 ns an      |
// |                                   | element of tanh                                              |
// | parts of a vector within a tile   | its sums stay in memory across the branches                  |

/// The shape of the tiles and panels of one instruction set: at most `rows` ≤ 6 rows by one panel of
/// `panelVectors` vectors fill the registers with sums.
public struct Tiling<let rows: Int, let panelVectors: Int>: Sendable {
  @inlinable @inline(__always) public init() {}

  /// How many vectors of columns a tile of so many rows takes: whole panels, at most eight vectors. Fewer rows take
  /// more panels, so that there are always enough independent sums.
  @inlinable @inline(__always)
  static func vectors(besideRows count: Int) -> Int {
    min(8, rows &* panelVectors / count) / panelVectors &* panelVectors
  }
}

/// A number that the compiler knows, as the type of an argument.
public struct Constant<let value: Int> {
  @inlinable @inline(__always) public init() {}
}

/// Multiplies rows with packed panels, as often as the product is chained.
@inlinable @inline(__always)
public func multiply<L: Lanes, let tileRows: Int, let panelVectors: Int>(
  _ product: Product<L.Scalar>, lanes: L.Type, tiling: Tiling<tileRows, panelVectors>
) {
  var product = product
  for _ in 0..<product.links {
    multiplyOnce(product, lanes: L.self, tiling: tiling)
    product.a = UnsafePointer(product.c)
    product.aLayout = product.cLayout
    product.c += product.linkStride
    if let outputs = product.outputs { product.outputs = outputs + product.linkStride }
  }
}

/// One link of the chain: strips of columns from left to right, each through all rows.
@inlinable @inline(__always)
func multiplyOnce<L: Lanes, let tileRows: Int, let panelVectors: Int>(
  _ product: Product<L.Scalar>, lanes: L.Type, tiling: Tiling<tileRows, panelVectors>
) {
  guard product.rows > 0 else { return }
  let tiles = (product.rows &+ tileRows &- 1) / tileRows
  let tallest = (product.rows &+ tiles &- 1) / tiles
  let width = Tiling<tileRows, panelVectors>.vectors(besideRows: tallest) &* L.count
  var panel = product.panels
  var column = 0
  while column < product.columns {
    let strip = Strip<L>(
      product, panel: panel, column: column, filled: min(width, product.columns &- column))
    strip.multiply(tiling)
    panel += product.depth &* width
    column &+= width
  }
  if product.activation != .identity { activate(product, lanes: L.self) }
}

/// Applies the activation to all rows, or multiplies them by its derivative; rows that touch each other as one.
@inlinable @inline(never)
func activate<L: Lanes>(_ product: Product<L.Scalar>, lanes: L.Type) {
  let isContiguous =
    product.cLayout.rowStride == product.columns && product.cLayout.isUniform(rows: product.rows)
  let count = isContiguous ? product.rows &* product.columns : product.columns
  var rows = RowCursor(base: UnsafePointer(product.c), layout: product.cLayout)
  for _ in 0..<(isContiguous ? 1 : product.rows) {
    let row = UnsafeMutablePointer(mutating: rows.next())
    if let outputs = product.outputs {
      let outputs = outputs + (UnsafePointer(row) - UnsafePointer(product.c))
      scaleByDerivative(of: product.activation, row, outputs, count, lanes: L.self)
    } else {
      activate(product.activation, row, count, lanes: L.self)
    }
  }
}

/// Some columns, through all rows.
@usableFromInline
struct Strip<L: Lanes> {
  @usableFromInline let product: Product<L.Scalar>
  @usableFromInline let panel: UnsafePointer<L.Scalar>
  @usableFromInline let column: Int
  /// How many of the strip's columns exist.
  @usableFromInline let filled: Int

  @inlinable @inline(__always)
  init(
    _ product: Product<L.Scalar>, panel: UnsafePointer<L.Scalar>, column: Int, filled: Int
  ) {
    self.product = product
    self.panel = panel
    self.column = column
    self.filled = filled
  }

  /// Walks over the rows in tiles of nearly equal height.
  @inlinable @inline(__always)
  func multiply<let tileRows: Int, let panelVectors: Int>(_ tiling: Tiling<tileRows, panelVectors>) {
    var a = RowCursor(base: product.a, layout: product.aLayout)
    var c = RowCursor(base: UnsafePointer(product.c) + column, layout: product.cLayout)
    var left = product.rows
    var tiles = (left &+ tileRows &- 1) / tileRows
    while tiles > 0 {
      let height = (left &+ tiles &- 1) / tiles
      switch height {
      case 1: tile(&a, &c, Constant<1>(), tiling)
      case 2 where tileRows >= 2: tile(&a, &c, Constant<2>(), tiling)
      case 3 where tileRows >= 3: tile(&a, &c, Constant<3>(), tiling)
      case 4 where tileRows >= 4: tile(&a, &c, Constant<4>(), tiling)
      case 5 where tileRows >= 5: tile(&a, &c, Constant<5>(), tiling)
      default: tile(&a, &c, Constant<tileRows>(), tiling)
      }
      left &-= height
      tiles &-= 1
    }
  }

  /// Picks the tile for the number of vectors that the strip has.
  @inlinable @inline(__always)
  func tile<let rows: Int, let tileRows: Int, let panelVectors: Int>(
    _ a: inout RowCursor<L.Scalar>, _ c: inout RowCursor<L.Scalar>,
    _ height: Constant<rows>, _ tiling: Tiling<tileRows, panelVectors>
  ) {
    let most = Tiling<tileRows, panelVectors>.vectors(besideRows: rows)
    switch (filled &+ L.count &- 1) / L.count {
    case 8 where most >= 8: tile(&a, &c, height, Constant<8>(), tiling)
    case 7 where most >= 7: tile(&a, &c, height, Constant<7>(), tiling)
    case 6 where most >= 6: tile(&a, &c, height, Constant<6>(), tiling)
    case 5 where most >= 5: tile(&a, &c, height, Constant<5>(), tiling)
    case 4 where most >= 4: tile(&a, &c, height, Constant<4>(), tiling)
    case 3 where most >= 3: tile(&a, &c, height, Constant<3>(), tiling)
    case 2: tile(&a, &c, height, Constant<2>(), tiling)
    default: tile(&a, &c, height, Constant<1>(), tiling)
    }
  }

  /// Computes a block of `rows` rows and `vectors` vectors of columns.
  @inlinable @inline(never)
  func tile<let rows: Int, let vectors: Int, let tileRows: Int, let panelVectors: Int>(
    _ a: inout RowCursor<L.Scalar>, _ c: inout RowCursor<L.Scalar>,
    _: Constant<rows>, _: Constant<vectors>, _ tiling: Tiling<tileRows, panelVectors>
  ) {
    var aRows = InlineArray<rows, UnsafePointer<L.Scalar>>(repeating: product.a)
    var cRows = InlineArray<rows, UnsafeMutablePointer<L.Scalar>>(repeating: product.c)
    for row in 0..<rows {
      aRows[row] = a.next()
      cRows[row] = UnsafeMutablePointer(mutating: c.next())
    }
    if filled == vectors &* L.count {
      wholeTile(aRows, cRows, Constant<vectors>(), tiling)
    } else {
      partialTile(aRows, cRows, Constant<vectors>(), tiling)
    }
  }

  /// Computes a block whose rows end within a vector: elsewhere, and what exists of it is moved.
  @inlinable @inline(never)
  func partialTile<let rows: Int, let vectors: Int, let tileRows: Int, let panelVectors: Int>(
    _ aRows: InlineArray<rows, UnsafePointer<L.Scalar>>,
    _ cRows: InlineArray<rows, UnsafeMutablePointer<L.Scalar>>,
    _: Constant<vectors>, _ tiling: Tiling<tileRows, panelVectors>
  ) {
    typealias Row = InlineArray<vectors, L.Vector>
    var whole = InlineArray<rows, Row>(repeating: Row(repeating: L.broadcast(0)))
    withUnsafeMutableBytes(of: &whole) { bytes in
      guard let base = bytes.baseAddress?.assumingMemoryBound(to: L.Scalar.self) else { return }
      var wholeRows = cRows
      for row in 0..<rows {
        wholeRows[row] = base + row &* vectors &* L.count
        if product.start == nil || product.addsToC { move(from: cRows[row], to: wholeRows[row]) }
      }
      wholeTile(aRows, wholeRows, Constant<vectors>(), tiling)
      for row in 0..<rows { move(from: wholeRows[row], to: cRows[row]) }
    }
  }

  /// Copies the columns that exist.
  @inlinable @inline(__always)
  func move(from source: UnsafeMutablePointer<L.Scalar>, to target: UnsafeMutablePointer<L.Scalar>) {
    var column = 0
    while column &+ L.count <= filled {
      L.store(L.load(source + column), target + column)
      column &+= L.count
    }
    if column < filled {
      let rest = filled &- column
      L.store(L.load(source + column, count: rest), target + column, count: rest)
    }
  }

  /// Computes a block of whole vectors, its sums in registers.
  @inlinable @inline(__always)
  func wholeTile<let rows: Int, let vectors: Int, let tileRows: Int, let panelVectors: Int>(
    _ aRows: InlineArray<rows, UnsafePointer<L.Scalar>>,
    _ cRows: InlineArray<rows, UnsafeMutablePointer<L.Scalar>>,
    _: Constant<vectors>, _: Tiling<tileRows, panelVectors>
  ) {
    typealias Sums = InlineArray<vectors, L.Vector>
    var sums = InlineArray<rows, Sums>(repeating: Sums(repeating: L.broadcast(0)))
    if let start = product.start {
      for vector in 0..<vectors {
        let value = L.load(start + (column &+ vector &* L.count))
        for row in 0..<rows { sums[row][vector] = value }
      }
    } else {
      for row in 0..<rows {
        for vector in 0..<vectors { sums[row][vector] = L.load(cRows[row] + vector &* L.count) }
      }
    }

    // Walks over k.
    let panelStride = product.depth &* panelVectors &* L.count
    var weights = panel
    var place = 0
    for _ in 0..<product.depth {
      if rows > vectors {
        // Few weights, many rows: the weights stay, the inputs come and go.
        var columns = InlineArray<vectors, L.Vector>(repeating: L.broadcast(0))
        for vector in 0..<vectors { columns[vector] = L.load(weights + vector &* L.count) }
        for row in 0..<rows {
          let input = L.broadcast(aRows[row][place])
          for vector in 0..<vectors {
            sums[row][vector] = L.multiplyAdd(input, columns[vector], sums[row][vector])
          }
        }
      } else {
        var inputs = InlineArray<rows, L.Vector>(repeating: L.broadcast(0))
        for row in 0..<rows { inputs[row] = L.broadcast(aRows[row][place]) }
        for vector in 0..<vectors {
          let (panel, inPanel) = (vector / panelVectors, vector % panelVectors)
          let weight = L.load(weights + (panel &* panelStride &+ inPanel &* L.count))
          for row in 0..<rows {
            sums[row][vector] = L.multiplyAdd(inputs[row], weight, sums[row][vector])
          }
        }
      }
      weights += panelVectors &* L.count
      place &+= product.aDepthStride
    }

    if product.addsToC {
      for row in 0..<rows {
        for vector in 0..<vectors {
          sums[row][vector] = L.add(L.load(cRows[row] + vector &* L.count), sums[row][vector])
        }
      }
    }
    for row in 0..<rows {
      for vector in 0..<vectors { L.store(sums[row][vector], cRows[row] + vector &* L.count) }
    }
  }
}

/// Walks over the rows of a layout without a division for each row.
@usableFromInline
struct RowCursor<Scalar> {
  @usableFromInline var row: UnsafePointer<Scalar>
  @usableFromInline var block: UnsafePointer<Scalar>
  @usableFromInline var leftInBlock: Int
  @usableFromInline let layout: RowLayout

  @inlinable @inline(__always)
  init(base: UnsafePointer<Scalar>, layout: RowLayout) {
    row = base
    block = base
    leftInBlock = layout.rowsPerBlock
    self.layout = layout
  }

  /// The pointer to the next row.
  @inlinable @inline(__always)
  mutating func next() -> UnsafePointer<Scalar> {
    if leftInBlock == 0 {
      block += layout.blockStride
      row = block
      leftInBlock = layout.rowsPerBlock
    }
    defer {
      row += layout.rowStride
      leftInBlock &-= 1
    }
    return row
  }
}

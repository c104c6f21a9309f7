// C = start + A·Bᵀ on panels of bfloat16.
//
// Goals, in order:
// 1. The bits that the product has with the same weights as floats: each sum runs over k in order, in one accumulator.
// 2. Few rows wait for their weights alone: words are widened in registers, every one for all rows of a tile.
// 3. Many rows share what widening costs: some k of a panel are widened to the first-level cache, and the product goes on from there.

/// One product with weights in words of two bfloat16.
@usableFromInline
struct BFloat16Product<L: NarrowLanes, let tileRows: Int, let panelVectors: Int> {
  @usableFromInline let product: UnsafePointer<Product<Float>>

  @inlinable @inline(__always)
  init(_ product: UnsafePointer<Product<Float>>) { self.product = product }

  @inlinable @inline(__always)
  static var panelWidth: Int { panelVectors &* L.count }

  /// The words of a column.
  @inlinable @inline(__always)
  var wordsPerColumn: Int { (product.pointee.depth &+ 1) / 2 }

  /// The words of the panel that a column begins.
  @inlinable @inline(__always)
  func panel(_ column: Int) -> UnsafePointer<Float> { product.pointee.panels + column &* wordsPerColumn }

  @inlinable @inline(never)
  func multiply() {
    switch product.pointee.rows {
    case 1: multiply(Constant<1>(), Constant<8>())
    case 2: multiply(Constant<2>(), Constant<4>())
    default: multiplyWidened()
    }
  }

  /// Computes few rows: some panels at once, and those that remain one by one.
  @inlinable @inline(__always)
  func multiply<let rows: Int, let vectors: Int>(_: Constant<rows>, _: Constant<vectors>) {
    product.pointee.forEachStrip(ofWidth: vectors &* L.count) { first in
      if product.pointee.columns &- first >= vectors &* L.count {
        BFloat16Tile<L, rows, vectors, tileRows, panelVectors>(self, first).compute()
      } else {
        var column = first
        while column < product.pointee.columns {
          BFloat16Tile<L, rows, panelVectors, tileRows, panelVectors>(self, column).compute()
          column &+= Self.panelWidth
        }
      }
    }
  }

  /// Computes all rows by the product of floats, some k of a panel after the other: C holds
  /// the sums in between.
  @inlinable @inline(__always)
  func multiplyWidened() {
    // Half a cache of the first level.
    var buffer = InlineArray<4096, Float>(repeating: 0)
    withUnsafeMutableBytes(of: &buffer) { bytes in
      guard let widened = bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
      let depthAtOnce = 4096 / Self.panelWidth / 2 &* 2
      product.pointee.forEachStrip(ofWidth: Self.panelWidth) { column in
        var k = 0
        while k < product.pointee.depth {
          var part = product.pointee
          part.columns = min(Self.panelWidth, product.pointee.columns &- column)
          part.depth = min(depthAtOnce, product.pointee.depth &- k)
          part.a += k &* part.aDepthStride
          part.c += column
          part.start = k == 0 ? part.start.map { $0 + column } : nil
          part.panels = UnsafePointer(widened)
          widen(panel(column) + k / 2 &* Self.panelWidth, words: (part.depth &+ 1) / 2, into: widened)
          withUnsafeMutablePointer(to: &part) {
            multiplyIterations($0, lanes: L.self, tiling: Tiling<tileRows, panelVectors>())
          }
          k &+= depthAtOnce
        }
      }
    }
  }

  /// Writes so many words of each column of a panel as floats.
  @inlinable @inline(__always)
  func widen(_ words: UnsafePointer<Float>, words count: Int, into widened: UnsafeMutablePointer<Float>) {
    for word in 0..<count {
      let target = widened + 2 &* word &* Self.panelWidth
      for vector in 0..<panelVectors {
        let words = L.loadWords(words + (word &* Self.panelWidth &+ vector &* L.count))
        L.store(L.lowerFloat(of: words), target + vector &* L.count)
        L.store(L.upperFloat(of: words), target + (Self.panelWidth &+ vector &* L.count))
      }
    }
  }
}

/// A block of `rows` rows and `vectors` vectors of columns, whole panels.
@usableFromInline
struct BFloat16Tile<
  L: NarrowLanes, let rows: Int, let vectors: Int, let tileRows: Int, let panelVectors: Int
> {
  @usableFromInline typealias Sums = InlineArray<vectors, InlineArray<rows, L.Vector>>
  @usableFromInline typealias Inputs = InlineArray<rows, UnsafePointer<Float>>

  @usableFromInline let narrow: BFloat16Product<L, tileRows, panelVectors>
  @usableFromInline let column: Int

  @inlinable @inline(__always)
  init(_ narrow: BFloat16Product<L, tileRows, panelVectors>, _ column: Int) {
    self.narrow = narrow
    self.column = column
  }

  @inlinable @inline(__always)
  func compute() {
    let product = narrow.product
    var a = RowCursor(base: product.pointee.a, layout: product.pointee.aLayout)
    var c = RowCursor(base: UnsafePointer(product.pointee.c) + column, layout: product.pointee.cLayout)
    var inputs: Inputs = a.next()
    let targets: Inputs = c.next()
    var sums = Sums(repeating: InlineArray(repeating: L.broadcast(0)))
    for row in 0..<rows {
      for vector in 0..<vectors {
        sums[vector][row] = product.pointee.sums(
          column &+ vector &* L.count, targets[row] + vector &* L.count, startsFromC: false, L.self)
      }
    }
    let (depth, stride) = (product.pointee.depth, product.pointee.aDepthStride)
    let panelStride = narrow.wordsPerColumn &* panelVectors &* L.count
    var words = narrow.panel(column)
    for _ in 0..<(depth / 2) {
      for vector in 0..<vectors {
        let (panel, inPanel) = (vector / panelVectors, vector % panelVectors)
        let word = L.loadWords(words + (panel &* panelStride &+ inPanel &* L.count))
        for row in 0..<rows {
          let sum = L.multiplyAdd(L.broadcast(inputs[row][0]), L.lowerFloat(of: word), sums[vector][row])
          sums[vector][row] = L.multiplyAdd(L.broadcast(inputs[row][stride]), L.upperFloat(of: word), sum)
        }
      }
      words += panelVectors &* L.count
      for row in 0..<rows { inputs[row] += 2 &* stride }
    }
    for vector in 0..<vectors {
      let (panel, inPanel) = (vector / panelVectors, vector % panelVectors)
      for row in 0..<rows {
        if depth % 2 != 0 {
          let word = L.loadWords(words + (panel &* panelStride &+ inPanel &* L.count))
          sums[vector][row] = L.multiplyAdd(
            L.broadcast(inputs[row][0]), L.lowerFloat(of: word), sums[vector][row])
        }
        product.pointee.store(
          sums[vector][row], column &+ vector &* L.count, targets[row] + vector &* L.count, L.self)
      }
    }
  }
}

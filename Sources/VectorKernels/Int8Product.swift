// C = start + A·Bᵀ on panels of signed bytes.
//
// Goals, in order:
// 1. The bits of an element depend on its row of A, its column of B and nothing else. The sums are of whole numbers, and so have
//    no order.
// 2. A weight takes a quarter of a byte's time: rows of A are rounded to 16 bits, and an instruction multiplies a pair of weights for
//    each of a vector's columns.
// 3. Words are taken apart once for all rows of a tile.
//
// The rows are rounded in parts of 512 terms: 512 · 127 · 32767 < 2³¹, so no sum overflows. Each part has a scale of its own,
// which makes its greatest magnitude 32767. Sums on the way to the last one may be taken modulo 2³².

/// One product with weights in words of four bytes.
@usableFromInline
struct Int8Product<L: NarrowLanes, let tileRows: Int, let panelVectors: Int> {
  /// The terms that are rounded and added at once; they decide bits.
  @inlinable @inline(__always)
  static var partDepth: Int { 512 }

  @usableFromInline let product: UnsafePointer<Product<Float>>
  /// The scales of the columns.
  @usableFromInline let scales: UnsafePointer<Float>

  @inlinable @inline(__always)
  init(_ product: UnsafePointer<Product<Float>>, _ scales: UnsafePointer<Float>) {
    self.product = product
    self.scales = scales
  }

  @inlinable @inline(__always)
  static var panelWidth: Int { panelVectors &* L.count }

  /// The words of a column.
  @inlinable @inline(__always)
  var wordsPerColumn: Int { (product.pointee.depth &+ 3) / 4 }

  /// Computes all rows, in tiles of nearly equal height.
  @inlinable @inline(never)
  func multiply() {
    var a = RowCursor(base: product.pointee.a, layout: product.pointee.aLayout)
    var c = RowCursor(base: UnsafePointer(product.pointee.c), layout: product.pointee.cLayout)
    if product.pointee.rows == 1 { return multiply(&a, &c, Constant<1>(), Constant<8>()) }
    var left = product.pointee.rows
    var tiles = (left &+ tileRows &- 1) / tileRows
    while tiles > 0 {
      let height = (left &+ tiles &- 1) / tiles
      switch height {
      case 1: multiply(&a, &c, Constant<1>(), Constant<panelVectors>())
      case 2 where tileRows >= 2: multiply(&a, &c, Constant<2>(), Constant<panelVectors>())
      case 3 where tileRows >= 3: multiply(&a, &c, Constant<3>(), Constant<panelVectors>())
      case 4 where tileRows >= 4: multiply(&a, &c, Constant<4>(), Constant<panelVectors>())
      case 5 where tileRows >= 5: multiply(&a, &c, Constant<5>(), Constant<panelVectors>())
      default: multiply(&a, &c, Constant<tileRows>(), Constant<panelVectors>())
      }
      left &-= height
      tiles &-= 1
    }
  }

  /// Computes a tile's rows through all columns.
  @inlinable @inline(never)
  func multiply<let rows: Int, let vectors: Int>(
    _ a: inout RowCursor<Float>, _ c: inout RowCursor<Float>, _: Constant<rows>, _: Constant<vectors>
  ) {
    let inputs: InlineArray<rows, UnsafePointer<Float>> = a.next()
    let targets: InlineArray<rows, UnsafePointer<Float>> = c.next()
    var parts = InlineArray<rows, RoundedPart>(repeating: RoundedPart())
    var k = 0
    while k < product.pointee.depth {
      let count = min(Self.partDepth, product.pointee.depth &- k)
      for row in 0..<rows {
        parts[row].round(
          inputs[row] + k &* product.pointee.aDepthStride, count, stride: product.pointee.aDepthStride,
          lanes: L.self)
      }
      withUnsafePointer(to: parts) { parts in
        let tile = Int8Tile<L, rows, tileRows, panelVectors>(
          self, UnsafeRawPointer(parts).assumingMemoryBound(to: RoundedPart.self), targets, from: k, count)
        product.pointee.forEachStrip(ofWidth: vectors &* L.count) { first in
          if product.pointee.columns &- first >= vectors &* L.count {
            tile.compute(first, Constant<vectors>())
          } else {
            var column = first
            while column < product.pointee.columns {
              tile.compute(column, Constant<panelVectors>())
              column &+= Self.panelWidth
            }
          }
        }
      }
      k &+= count
    }
  }
}

/// Terms of a row, rounded to whole numbers of 16 bits.
@usableFromInline
struct RoundedPart {
  /// Pairs of them, in words.
  @usableFromInline var pairs = InlineArray<256, UInt32>(repeating: 0)
  /// What the numbers stand for a multiple of; NaN where a term was not finite.
  @usableFromInline var scale: Float = 0
  /// What sums with them start from, to be without what lower bytes have too much.
  @usableFromInline var start: UInt32 = 0

  @inlinable @inline(__always)
  init() {}

  /// Terms whose greatest magnitude is less are taken for zeros.
  @inlinable @inline(__always)
  static var leastMagnitude: Float { 0x1p-100 }

  /// Rounds `count` terms to nearest, and fills the last group of four with zeros.
  @inlinable @inline(__always)
  mutating func round<L: NarrowLanes>(
    _ source: UnsafePointer<Float>, _ count: Int, stride: Int, lanes: L.Type
  ) {
    var greatest: Float = 0
    for k in 0..<count {
      let magnitude = source[k &* stride].magnitude
      if !(magnitude <= greatest) { greatest = greatest.isNaN ? greatest : magnitude }
    }
    // Where the numbers would mean nothing they are zeros.
    let isUsable = greatest.isFinite && greatest >= Self.leastMagnitude
    scale = greatest.isFinite ? (isUsable ? greatest / 32767 : 0) : .nan
    let factor = isUsable ? 32767 / greatest : 0
    withUnsafeMutableBytes(of: &pairs) { bytes in
      guard let target = bytes.baseAddress?.assumingMemoryBound(to: Int16.self) else { return }
      for k in 0..<count {
        // Adding it rounds to a whole number, which then stands in the low bits.
        let shifted = (isUsable ? source[k &* stride] : 0) * factor + 0x1.8p23
        target[k] = Int16(truncatingIfNeeded: shifted.bitPattern)
      }
      let padded = (count &+ 3) & ~3
      for k in count..<padded { target[k] = 0 }
      var sum: Int32 = 0
      for group in 0..<(padded / 4) { sum &+= Int32(target[4 &* group]) &+ Int32(target[4 &* group &+ 1]) }
      start = 0 &- Int8Format.offset &* UInt32(bitPattern: sum)
    }
  }
}

/// So many rows, of whose terms some are added to all columns.
@usableFromInline
struct Int8Tile<L: NarrowLanes, let rows: Int, let tileRows: Int, let panelVectors: Int> {
  @usableFromInline let narrow: Int8Product<L, tileRows, panelVectors>
  /// The rows' terms.
  @usableFromInline let parts: UnsafePointer<RoundedPart>
  /// C's rows.
  @usableFromInline let targets: InlineArray<rows, UnsafePointer<Float>>
  /// The first of the terms, and how many there are.
  @usableFromInline let (firstTerm, termCount): (Int, Int)

  @inlinable @inline(__always)
  init(
    _ narrow: Int8Product<L, tileRows, panelVectors>, _ parts: UnsafePointer<RoundedPart>,
    _ targets: InlineArray<rows, UnsafePointer<Float>>, from firstTerm: Int, _ termCount: Int
  ) {
    self.narrow = narrow
    self.parts = parts
    self.targets = targets
    (self.firstTerm, self.termCount) = (firstTerm, termCount)
  }

  /// Computes some vectors of columns from one on.
  @inlinable @inline(__always)
  func compute<let vectors: Int>(_ column: Int, _: Constant<vectors>) {
    typealias Row = InlineArray<vectors, L.Words>
    var sums = InlineArray<rows, Row>(repeating: Row(repeating: L.broadcastWord(0)))
    for row in 0..<rows { sums[row] = Row(repeating: L.broadcastWord(parts[row].start)) }
    let width = panelVectors &* L.count
    let panelStride = narrow.wordsPerColumn &* width
    var words =
      narrow.product.pointee.panels + (column &* narrow.wordsPerColumn &+ firstTerm / 4 &* width)
    let rowStride = MemoryLayout<RoundedPart>.stride / MemoryLayout<UInt32>.stride
    var pairs = UnsafeRawPointer(parts).assumingMemoryBound(to: UInt32.self)
    for _ in 0..<((termCount &+ 3) / 4) {
      for vector in 0..<vectors {
        let (panel, inPanel) = (vector / panelVectors, vector % panelVectors)
        let word = L.loadWords(words + (panel &* panelStride &+ inPanel &* L.count))
        let (lower, upper) = (L.lowerBytes(of: word), L.upperBytes(of: word))
        for row in 0..<rows {
          let inputs = pairs + row &* rowStride
          let sum = L.addPairProducts(lower, L.broadcastWord(inputs[0]), to: sums[row][vector])
          sums[row][vector] = L.addPairProducts(upper, L.broadcastWord(inputs[1]), to: sum)
        }
      }
      words += width
      pairs += 2
    }
    for row in 0..<rows {
      let scale = L.broadcast(parts[row].scale)
      for vector in 0..<vectors {
        let first = column &+ vector &* L.count
        let target = targets[row] + column
        let factor = L.multiply(scale, L.load(narrow.scales + first))
        let before = narrow.product.pointee.sums(
          first, target + vector &* L.count, startsFromC: firstTerm > 0, L.self)
        let sum = L.multiplyAdd(L.converted(sums[row][vector]), factor, before)
        narrow.product.pointee.store(sum, first, target + vector &* L.count, L.self)
      }
    }
  }
}

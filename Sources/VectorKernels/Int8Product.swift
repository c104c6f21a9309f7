// C = start + A·Bᵀ on panels of signed bytes.
//
// Goals, in order:
// 1. The bits of an element depend on its row of A, its column of B and nothing else. The sums are of whole numbers, and so have
//    no order.
// 2. A weight is one byte of memory and half an instruction for each vector of columns: rows of A are rounded to 16 bits, and an
//    instruction multiplies pairs.
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

  /// The most rows that are rounded at once; their parts stay in the first-level cache.
  @inlinable @inline(__always)
  static var mostRows: Int { 20 }

  /// Computes all rows, in groups of nearly equal size.
  @inlinable @inline(never)
  func multiply() {
    var a = RowCursor(base: product.pointee.a, layout: product.pointee.aLayout)
    var c = RowCursor(base: UnsafePointer(product.pointee.c), layout: product.pointee.cLayout)
    if product.pointee.rows == 1 { return multiply(1, &a, &c, Constant<1>(), Constant<8>()) }
    var left = product.pointee.rows
    var groups = (left &+ Self.mostRows &- 1) / Self.mostRows
    while groups > 0 {
      let count = (left &+ groups &- 1) / groups
      multiply(count, &a, &c, Constant<20>(), Constant<panelVectors>())
      left &-= count
      groups &-= 1
    }
  }

  /// Computes a group of so many rows, at most `capacity`, some vectors of columns after the other.
  @inlinable @inline(never)
  func multiply<let capacity: Int, let vectors: Int>(
    _ count: Int, _ a: inout RowCursor<Float>, _ c: inout RowCursor<Float>,
    _ capacity: Constant<capacity>, _: Constant<vectors>
  ) {
    typealias Places = InlineArray<capacity, UnsafePointer<Float>>
    var inputs = Places(repeating: product.pointee.a)
    var targets = inputs
    for row in 0..<count {
      inputs[row] = a.next()
      targets[row] = c.next()
    }
    var parts = InlineArray<capacity, RoundedPart>(repeating: RoundedPart())
    let stride = product.pointee.aDepthStride
    var k = 0
    while k < product.pointee.depth {
      let terms = min(Self.partDepth, product.pointee.depth &- k)
      for row in 0..<count {
        parts[row].round(inputs[row] + k &* stride, terms, stride: stride)
      }
      withUnsafePointer(to: parts) { parts in
        withUnsafePointer(to: targets) { targets in
          let rows = Int8Rows<L, tileRows, panelVectors>(
            self, UnsafeRawPointer(parts).assumingMemoryBound(to: RoundedPart.self),
            UnsafeRawPointer(targets).assumingMemoryBound(to: UnsafePointer<Float>.self), from: k, terms)
          product.pointee.forEachStrip(ofWidth: vectors &* L.count) { first in
            if vectors > panelVectors && product.pointee.columns &- first >= vectors &* L.count {
              rows.compute(count, capacity, first, Constant<vectors>())
            } else {
              var column = first
              let end = min(product.pointee.columns, first &+ vectors &* L.count)
              while column < end {
                rows.compute(count, capacity, column, Constant<panelVectors>())
                column &+= Self.panelWidth
              }
            }
          }
        }
      }
      k &+= terms
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
  mutating func round(_ source: UnsafePointer<Float>, _ count: Int, stride: Int) {
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

/// Some terms of rows, to be added to all columns.
@usableFromInline
struct Int8Rows<L: NarrowLanes, let tileRows: Int, let panelVectors: Int> {
  @usableFromInline let narrow: Int8Product<L, tileRows, panelVectors>
  /// The rows' terms.
  @usableFromInline let parts: UnsafePointer<RoundedPart>
  /// C's rows.
  @usableFromInline let targets: UnsafePointer<UnsafePointer<Float>>
  /// The first of the terms, and how many there are.
  @usableFromInline let (firstTerm, termCount): (Int, Int)

  @inlinable @inline(__always)
  init(
    _ narrow: Int8Product<L, tileRows, panelVectors>, _ parts: UnsafePointer<RoundedPart>,
    _ targets: UnsafePointer<UnsafePointer<Float>>, from firstTerm: Int, _ termCount: Int
  ) {
    self.narrow = narrow
    self.parts = parts
    self.targets = targets
    (self.firstTerm, self.termCount) = (firstTerm, termCount)
  }

  /// The most rows of a tile: beside their sums, registers hold the bytes of a panel's words, taken
  /// apart.
  @inlinable @inline(__always)
  static var mostRows: Int { max(1, tileRows &- 1) }

  /// Computes so many rows, in tiles of nearly equal height, in some vectors of columns.
  @inlinable @inline(__always)
  func compute<let capacity: Int, let vectors: Int>(
    _ count: Int, _: Constant<capacity>, _ column: Int, _ width: Constant<vectors>
  ) {
    // Known to the compiler: a single row has more vectors than others.
    if capacity == 1 { return compute(column, row: 0, Constant<1>(), width) }
    var row = 0
    var tiles = (count &+ Self.mostRows &- 1) / Self.mostRows
    while tiles > 0 {
      let height = (count &- row &+ tiles &- 1) / tiles
      switch height {
      case 5 where tileRows > 5: compute(column, row: row, Constant<5>(), width)
      case 4 where tileRows > 4: compute(column, row: row, Constant<4>(), width)
      case 3 where tileRows > 3: compute(column, row: row, Constant<3>(), width)
      case 2 where tileRows > 2: compute(column, row: row, Constant<2>(), width)
      default: compute(column, row: row, Constant<1>(), width)
      }
      row &+= height
      tiles &-= 1
    }
  }

  /// Computes a tile.
  @inlinable @inline(__always)
  func compute<let rows: Int, let vectors: Int>(
    _ column: Int, row first: Int, _: Constant<rows>, _: Constant<vectors>
  ) {
    let (parts, targets) = (parts + first, targets + first)
    typealias Row = InlineArray<vectors, L.Words>
    var sums = InlineArray<rows, Row>(repeating: Row(repeating: L.broadcastWord(0)))
    for row in 0..<rows { sums[row] = Row(repeating: L.broadcastWord(parts[row].start)) }
    let width = panelVectors &* L.count
    let panelStride = narrow.wordsPerColumn &* width
    var words =
      narrow.product.pointee.panels + (column &* narrow.wordsPerColumn &+ firstTerm / 4 &* width)
    let rowStride = MemoryLayout<RoundedPart>.stride / MemoryLayout<UInt32>.stride
    var pairs = UnsafeRawPointer(parts).assumingMemoryBound(to: UInt32.self)
    var lower = Row(repeating: L.broadcastWord(0))
    var upper = lower
    for _ in 0..<((termCount &+ 3) / 4) {
      for vector in 0..<vectors {
        let (panel, inPanel) = (vector / panelVectors, vector % panelVectors)
        let word = L.loadWords(words + (panel &* panelStride &+ inPanel &* L.count))
        (lower[vector], upper[vector]) = (L.lowerBytes(of: word), L.upperBytes(of: word))
      }
      for row in 0..<rows {
        let inputs = pairs + row &* rowStride
        let (first, second) = (L.broadcastWord(inputs[0]), L.broadcastWord(inputs[1]))
        for vector in 0..<vectors {
          let sum = L.addPairProducts(lower[vector], first, to: sums[row][vector])
          sums[row][vector] = L.addPairProducts(upper[vector], second, to: sum)
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

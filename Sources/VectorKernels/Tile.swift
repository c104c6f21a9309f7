import CVectorMath

/// A block of `rows` rows and `vectors` vectors of columns, of whose sums so many segments are in registers at once.
@usableFromInline
struct Tile<
  L: Lanes, let rows: Int, let vectors: Int, let segments: Int, let tileRows: Int, let panelVectors: Int
> {
  @usableFromInline typealias Row = InlineArray<vectors, L.Vector>
  @usableFromInline typealias Inputs = InlineArray<rows, UnsafePointer<L.Scalar>>
  @usableFromInline typealias Outputs = InlineArray<rows, UnsafeMutablePointer<L.Scalar>>

  @usableFromInline let strip: Strip<L>

  @inlinable @inline(__always)
  init(_ strip: Strip<L>) { self.strip = strip }

  @inlinable @inline(__always)
  var product: UnsafeMutablePointer<Product<L.Scalar>> { strip.product }

  /// The segments of each sum. There are no more than four, so that a tile of four computes them in one round.
  @inlinable @inline(__always)
  var segmentCount: Int { segments == 4 ? 4 : product.pointee.segments.count }

  /// Computes all links.
  @inlinable @inline(__always)
  func chain(_ aRows: Inputs, _ cRows: Outputs, after precedingRows: inout RowCursor<L.Scalar>) {
    var (aRows, cRows, aStride) = (aRows, cRows, product.pointee.aDepthStride)
    let addsToC = product.pointee.addsToC && product.pointee.aside == nil
    for _ in 0..<product.pointee.links {
      link(aRows, aStride, cRows, addsToC: addsToC, after: &precedingRows)
      for row in 0..<rows {
        aRows[row] = UnsafePointer(cRows[row] - strip.column)
        cRows[row] += product.pointee.linkStride
      }
      aStride = 1
    }
  }

  /// Computes all links aside, and moves what exists of each: for small tiles, which a chain waits for. Without this copy of the
  /// loop, a chain of 20 units takes 1.4 times as long.
  @inlinable @inline(never)
  func chainAside(_ aRows: Inputs, _ cRows: Outputs, after precedingRows: inout RowCursor<L.Scalar>) {
    var (aRows, cRows, aStride) = (aRows, cRows, product.pointee.aDepthStride)
    var aside = InlineArray<rows, Row>(repeating: Row(repeating: L.broadcast(0)))
    withUnsafeMutableBytes(of: &aside) { bytes in
      guard let base = bytes.baseAddress?.assumingMemoryBound(to: L.Scalar.self) else { return }
      var asideRows = cRows
      for row in 0..<rows { asideRows[row] = base + row &* vectors &* L.count }
      for _ in 0..<product.pointee.links {
        if product.pointee.startsFromC {
          for row in 0..<rows { strip.gather(cRows[row], into: asideRows[row]) }
        }
        link(aRows, aStride, asideRows, addsToC: false, after: &precedingRows)
        for row in 0..<rows {
          strip.scatter(asideRows[row], into: cRows[row])
          aRows[row] = UnsafePointer(cRows[row] - strip.column)
          cRows[row] += product.pointee.linkStride
        }
        aStride = 1
      }
    }
  }

  /// Computes one link of whole vectors. What the segments before have come to waits in C.
  @inlinable @inline(__always)
  func link(
    _ aRows: Inputs, _ aStride: Int, _ cRows: Outputs, addsToC: Bool,
    after precedingRows: inout RowCursor<L.Scalar>
  ) {
    var segment = 0
    while segment < segmentCount {
      let isFirst = segment == 0
      var sums = InlineArray<segments, InlineArray<rows, Row>>(
        repeating: InlineArray<rows, Row>(repeating: Row(repeating: L.broadcast(0))))
      if isFirst { start(&sums[0], cRows) }
      if Strip<L>.isAwaited(rows: rows, vectors: vectors) {
        if isFirst, let preceding = product.pointee.preceding {
          add(terms(of: preceding, &precedingRows), to: &sums[0])
        }
        add(aRows, aStride, from: segment, to: &sums)
      } else if !Tiling<tileRows, panelVectors>.isLarge {
        // Nothing precedes here: see `goesOnWithinTiles`.
        add(aRows, aStride, from: segment, to: &sums)
      } else {
        // One loop for both: two of so many sums would take the compiler twice as long.
        let own = terms(aRows, aStride, from: segment)
        var (terms, isPreceding) = (own, false)
        if isFirst, let preceding = product.pointee.preceding {
          (terms, isPreceding) = (self.terms(of: preceding, &precedingRows), true)
        }
        while true {
          add(terms, to: &sums[0])
          guard isPreceding else { break }
          (terms, isPreceding) = (own, false)
        }
      }
      segment &+= segments
      if !isFirst || (segments == 1 && addsToC) { add(cRows, to: &sums[0]) }
      for other in 1..<max(1, segments) {
        for row in 0..<rows {
          for vector in 0..<vectors {
            sums[0][row][vector] = L.add(sums[0][row][vector], sums[other][row][vector])
          }
        }
      }
      if rows == 1 && vectors <= 4 && segment == segmentCount
        && product.pointee.activation.isHyperbolicTangent
      {
        for vector in 0..<vectors {
          L.store(L.hyperbolicTangent(sums[0][0][vector]), cRows[0] + vector &* L.count)
        }
        return
      }
      for row in 0..<rows {
        for vector in 0..<vectors { L.store(sums[0][row][vector], cRows[row] + vector &* L.count) }
      }
    }
    if !product.pointee.activation.isIdentity {
      for row in 0..<rows {
        activateRow(product.pointee.activation, cRows[row], vectors &* L.count, lanes: L.self)
      }
    }
  }

  /// What the first segment starts from.
  @inlinable @inline(__always)
  func start(_ sums: inout InlineArray<rows, Row>, _ cRows: Outputs) {
    if let start = (product.pointee.preceding ?? UnsafePointer(product)).pointee.start {
      for vector in 0..<vectors {
        let value = L.load(start + (strip.column &+ vector &* L.count))
        for row in 0..<rows { sums[row][vector] = value }
      }
    } else {
      for row in 0..<rows {
        for vector in 0..<vectors { sums[row][vector] = L.load(cRows[row] + vector &* L.count) }
      }
    }
  }

  /// Adds C to the sums.
  @inlinable @inline(__always)
  func add(_ cRows: Outputs, to sums: inout InlineArray<rows, Row>) {
    for row in 0..<rows {
      for vector in 0..<vectors {
        sums[row][vector] = L.add(L.load(cRows[row] + vector &* L.count), sums[row][vector])
      }
    }
  }

  /// The terms of a product that precedes, with its next rows.
  @inlinable @inline(__always)
  func terms(
    of preceding: UnsafePointer<Product<L.Scalar>>, _ rowCursor: inout RowCursor<L.Scalar>
  ) -> Terms<L.Scalar, rows> {
    let aRows: Inputs = rowCursor.next()
    let depth = preceding.pointee.depth
    return Terms(
      aRows: aRows, aStride: preceding.pointee.aDepthStride,
      weights: preceding.pointee.panels + depth &* strip.column,
      panelStride: depth &* panelVectors &* L.count, depth: depth)
  }

  /// The terms of a segment; the last one has those that remain, too.
  @inlinable @inline(__always)
  func terms(_ aRows: Inputs, _ aStride: Int, from segment: Int) -> Terms<L.Scalar, rows> {
    let whole = product.pointee.depth
    let depth = min(whole, product.pointee.segments.depth)
    let first = segment &* depth
    var terms = Terms(
      aRows: aRows, aStride: aStride, weights: strip.panel + first &* panelVectors &* L.count,
      panelStride: whole &* panelVectors &* L.count,
      depth: segment &+ 1 == segmentCount ? whole &- first : depth)
    for row in 0..<rows { terms.aRows[row] += first &* aStride }
    return terms
  }

  /// Adds the products of all terms.
  @inlinable @inline(__always)
  func add(_ terms: Terms<L.Scalar, rows>, to sums: inout InlineArray<rows, Row>) {
    var weights = terms.weights
    var place = 0
    var ahead = product.pointee.ahead
    for _ in 0..<terms.depth {
      if rows &* vectors > Strip<L>.smallTile {
        prefetch_for_reading(ahead)
        ahead += product.pointee.aheadStride
      }
      add(terms.aRows, at: place, weights, terms.panelStride, to: &sums)
      weights += panelVectors &* L.count
      place &+= terms.aStride
    }
    if rows &* vectors > Strip<L>.smallTile { product.pointee.ahead = ahead }
  }

  /// Adds the products of so many segments at once, from one of them on.
  @inlinable @inline(__always)
  func add(
    _ aRows: Inputs, _ aStride: Int, from first: Int,
    to sums: inout InlineArray<segments, InlineArray<rows, Row>>
  ) {
    guard segments > 1 else { return add(terms(aRows, aStride, from: first), to: &sums[0]) }
    let panelWidth = panelVectors &* L.count
    let panelStride = product.pointee.depth &* panelWidth
    let depth = min(product.pointee.depth, product.pointee.segments.depth)
    let isLast = first &+ segments == segmentCount
    let rest = isLast ? product.pointee.depth &- segmentCount &* depth : 0
    var weights = strip.panel + first &* depth &* panelWidth
    var place = first &* depth &* aStride
    for _ in 0..<depth {
      for segment in 0..<segments {
        add(
          aRows, at: place &+ segment &* depth &* aStride,
          weights + segment &* depth &* panelWidth, panelStride, to: &sums[segment])
      }
      weights += panelWidth
      place &+= aStride
    }
    weights += (segments &- 1) &* depth &* panelWidth
    place &+= (segments &- 1) &* depth &* aStride
    for _ in 0..<rest {
      add(aRows, at: place, weights, panelStride, to: &sums[segments &- 1])
      weights += panelWidth
      place &+= aStride
    }
  }

  /// Adds the products of one k.
  @inlinable @inline(__always)
  func add(
    _ aRows: Inputs, at place: Int, _ weights: UnsafePointer<L.Scalar>, _ panelStride: Int,
    to sums: inout InlineArray<rows, Row>
  ) {
    if rows > vectors {
      // Few weights, many rows: the weights stay, the inputs come and go.
      var columns = Row(repeating: L.broadcast(0))
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
  }
}

/// The terms of a tile's sums.
@usableFromInline
struct Terms<Scalar, let rows: Int> {
  /// Where the first k of each row stands.
  @usableFromInline var aRows: InlineArray<rows, UnsafePointer<Scalar>>
  /// The distance from one k to the next.
  @usableFromInline let aStride: Int
  /// The first k of the first panel.
  @usableFromInline let weights: UnsafePointer<Scalar>
  /// The distance from one panel to the next.
  @usableFromInline let panelStride: Int
  /// How many k there are.
  @usableFromInline let depth: Int

  @inlinable @inline(__always)
  init(
    aRows: InlineArray<rows, UnsafePointer<Scalar>>, aStride: Int, weights: UnsafePointer<Scalar>,
    panelStride: Int, depth: Int
  ) {
    self.aRows = aRows
    self.aStride = aStride
    self.weights = weights
    self.panelStride = panelStride
    self.depth = depth
  }
}

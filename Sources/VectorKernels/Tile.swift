import CVectorMath

/// A block of `rows` rows and `vectors` vectors of columns, of whose sums so many accumulators are
/// in registers at once.
@usableFromInline
struct Tile<
  L: Lanes, let rows: Int, let vectors: Int, let accumulators: Int, let tileRows: Int, let panelVectors: Int
> {
  @usableFromInline typealias Row = InlineArray<vectors, L.Vector>
  @usableFromInline typealias Inputs = InlineArray<rows, UnsafePointer<L.Scalar>>
  @usableFromInline typealias Outputs = InlineArray<rows, UnsafeMutablePointer<L.Scalar>>

  @usableFromInline let strip: Strip<L>

  @inlinable @inline(__always)
  init(_ strip: Strip<L>) { self.strip = strip }

  @inlinable @inline(__always)
  var product: UnsafeMutablePointer<Product<L.Scalar>> { strip.product }

  /// The accumulators of each sum. There are no more than four, so that a tile of four computes
  /// them in one round.
  @inlinable @inline(__always)
  var accumulatorCount: Int { accumulators == 4 ? 4 : product.pointee.accumulators.count }

  /// Computes all iterations.
  @inlinable @inline(__always)
  func iterate(_ aRows: Inputs, _ cRows: Outputs, after projectionRows: inout RowCursor<L.Scalar>) {
    var (aRows, cRows, aStride) = (aRows, cRows, product.pointee.aDepthStride)
    let addsToC = product.pointee.addsToC && product.pointee.staging == nil
    for _ in 0..<product.pointee.iterations {
      computeIteration(aRows, aStride, cRows, addsToC: addsToC, after: &projectionRows)
      for row in 0..<rows {
        aRows[row] = UnsafePointer(cRows[row] - strip.column)
        cRows[row] += product.pointee.iterationStride
      }
      aStride = 1
    }
  }

  /// Computes all iterations of a small tile, which a chain waits for: where the strip is staged, in
  /// a buffer of the tile's own, from which what exists of each iteration is moved.
  @inlinable @inline(__always)
  func iterateSmall(_ aRows: Inputs, _ cRows: Outputs, after projectionRows: inout RowCursor<L.Scalar>) {
    var (aRows, cRows, aStride) = (aRows, cRows, product.pointee.aDepthStride)
    let isStaged = strip.isStaged
    let addsToC = product.pointee.addsToC && !isStaged
    var staging = InlineArray<rows, Row>(repeating: Row(repeating: L.broadcast(0)))
    withUnsafeMutableBytes(of: &staging) { bytes in
      guard let base = bytes.baseAddress?.assumingMemoryBound(to: L.Scalar.self) else { return }
      var targets = cRows
      if isStaged { for row in 0..<rows { targets[row] = base + row &* vectors &* L.count } }
      for _ in 0..<product.pointee.iterations {
        if isStaged && product.pointee.startsFromC {
          for row in 0..<rows { strip.gather(cRows[row], into: targets[row]) }
        }
        computeIteration(aRows, aStride, targets, addsToC: addsToC, after: &projectionRows)
        for row in 0..<rows {
          if isStaged { strip.scatter(targets[row], into: cRows[row]) }
          aRows[row] = UnsafePointer(cRows[row] - strip.column)
          cRows[row] += product.pointee.iterationStride
          if !isStaged { targets[row] = cRows[row] }
        }
        aStride = 1
      }
    }
  }

  /// Computes one iteration of whole vectors. What the accumulators before have come to waits in C.
  @inlinable @inline(__always)
  func computeIteration(
    _ aRows: Inputs, _ aStride: Int, _ cRows: Outputs, addsToC: Bool,
    after projectionRows: inout RowCursor<L.Scalar>
  ) {
    var accumulator = 0
    while accumulator < accumulatorCount {
      let isFirst = accumulator == 0
      var sums = InlineArray<accumulators, InlineArray<rows, Row>>(
        repeating: InlineArray<rows, Row>(repeating: Row(repeating: L.broadcast(0))))
      if isFirst { start(&sums[0], cRows) }
      if Strip<L>.isLatencyBound(rows: rows, vectors: vectors) {
        if isFirst, let projection = product.pointee.projection {
          add(terms(of: projection, &projectionRows), to: &sums[0])
        }
        add(aRows, aStride, from: accumulator, to: &sums)
      } else if !Tiling<tileRows, panelVectors>.isLarge {
        // Nothing is fused here: see `fusesProjection`.
        add(aRows, aStride, from: accumulator, to: &sums)
      } else {
        // One loop for both: two of so many sums would take the compiler twice as long.
        let own = terms(aRows, aStride, from: accumulator)
        var (terms, isProjection) = (own, false)
        if isFirst, let projection = product.pointee.projection {
          (terms, isProjection) = (self.terms(of: projection, &projectionRows), true)
        }
        while true {
          add(terms, to: &sums[0])
          guard isProjection else { break }
          (terms, isProjection) = (own, false)
        }
      }
      accumulator &+= accumulators
      if !isFirst || (accumulators == 1 && addsToC) { add(cRows, to: &sums[0]) }
      for other in 1..<max(1, accumulators) {
        for row in 0..<rows {
          for vector in 0..<vectors {
            sums[0][row][vector] = L.add(sums[0][row][vector], sums[other][row][vector])
          }
        }
      }
      if rows == 1 && vectors <= 4 && accumulator == accumulatorCount
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

  /// What the first accumulator starts from.
  @inlinable @inline(__always)
  func start(_ sums: inout InlineArray<rows, Row>, _ cRows: Outputs) {
    if let start = (product.pointee.projection ?? UnsafePointer(product)).pointee.start {
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

  /// The terms of the fused projection, with its next rows.
  @inlinable @inline(__always)
  func terms(
    of projection: UnsafePointer<Product<L.Scalar>>, _ rowCursor: inout RowCursor<L.Scalar>
  ) -> Terms<L.Scalar, rows> {
    let aRows: Inputs = rowCursor.next()
    let depth = projection.pointee.depth
    return Terms(
      aRows: aRows, aStride: projection.pointee.aDepthStride,
      weights: projection.pointee.panels + depth &* strip.column,
      panelStride: depth &* panelVectors &* L.count, depth: depth)
  }

  /// The terms of an accumulator; the last one has those that remain, too.
  @inlinable @inline(__always)
  func terms(_ aRows: Inputs, _ aStride: Int, from accumulator: Int) -> Terms<L.Scalar, rows> {
    let whole = product.pointee.depth
    let depth = min(whole, product.pointee.accumulators.depth)
    let first = accumulator &* depth
    var terms = Terms(
      aRows: aRows, aStride: aStride, weights: strip.panel + first &* panelVectors &* L.count,
      panelStride: whole &* panelVectors &* L.count,
      depth: accumulator &+ 1 == accumulatorCount ? whole &- first : depth)
    for row in 0..<rows { terms.aRows[row] += first &* aStride }
    return terms
  }

  /// Adds the products of all terms.
  @inlinable @inline(__always)
  func add(_ terms: Terms<L.Scalar, rows>, to sums: inout InlineArray<rows, Row>) {
    var weights = terms.weights
    var place = 0
    var prefetchPlace = product.pointee.prefetchPlace
    for _ in 0..<terms.depth {
      if rows &* vectors > Strip<L>.smallTile {
        prefetch_for_reading(prefetchPlace)
        prefetchPlace += product.pointee.prefetchStride
      }
      add(terms.aRows, at: place, weights, terms.panelStride, to: &sums)
      weights += panelVectors &* L.count
      place &+= terms.aStride
    }
    if rows &* vectors > Strip<L>.smallTile { product.pointee.prefetchPlace = prefetchPlace }
  }

  /// Adds the products of so many accumulators at once, from one of them on.
  @inlinable @inline(__always)
  func add(
    _ aRows: Inputs, _ aStride: Int, from first: Int,
    to sums: inout InlineArray<accumulators, InlineArray<rows, Row>>
  ) {
    guard accumulators > 1 else { return add(terms(aRows, aStride, from: first), to: &sums[0]) }
    let panelWidth = panelVectors &* L.count
    let panelStride = product.pointee.depth &* panelWidth
    let depth = min(product.pointee.depth, product.pointee.accumulators.depth)
    let isLast = first &+ accumulators == accumulatorCount
    let rest = isLast ? product.pointee.depth &- accumulatorCount &* depth : 0
    var weights = strip.panel + first &* depth &* panelWidth
    var place = first &* depth &* aStride
    for _ in 0..<depth {
      for accumulator in 0..<accumulators {
        add(
          aRows, at: place &+ accumulator &* depth &* aStride,
          weights + accumulator &* depth &* panelWidth, panelStride, to: &sums[accumulator])
      }
      weights += panelWidth
      place &+= aStride
    }
    weights += (accumulators &- 1) &* depth &* panelWidth
    place &+= (accumulators &- 1) &* depth &* aStride
    for _ in 0..<rest {
      add(aRows, at: place, weights, panelStride, to: &sums[accumulators &- 1])
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

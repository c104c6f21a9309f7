import VectorKernels

@testable import Recurrent

/// One product on memory of its own, with canaries around every row of C.
struct KernelProbe<Scalar: TensorScalar> {
  /// Where the rows of A and C stand.
  enum Arrangement: CaseIterable {
    /// One row behind the other.
    case contiguous
    /// Rows with gaps.
    case strided
    /// Blocks of two rows, the rows of a block far apart: a batch-major sequence.
    case blocked

    func layout(width: Int, rows: Int) -> RowLayout {
      switch self {
      case .contiguous: RowLayout(rowStride: width)
      case .strided: RowLayout(rowStride: width + 3)
      case .blocked:
        RowLayout(rowStride: ((rows + 1) / 2) * (width + 2), rowsPerBlock: 2, blockStride: width + 2)
      }
    }
  }

  static var canary: Scalar { -12345 }

  let rows: Int
  let columns: Int
  let depth: Int
  /// A [rows, depth], B [columns, depth], row-major.
  let a: [Scalar]
  let b: [Scalar]
  /// The vector that rows start from, and what C holds before.
  let start: [Scalar]
  let before: [Scalar]

  init(rows: Int, columns: Int, depth: Int, seed: UInt64) {
    self.rows = rows
    self.columns = columns
    self.depth = depth
    var generator = SeededGenerator(seed: seed)
    a = Tensor<Scalar>.uniform([rows, depth], in: -1...1, using: &generator).scalars
    b = Tensor<Scalar>.uniform([columns, depth], in: -1...1, using: &generator).scalars
    start = Tensor<Scalar>.uniform([columns], in: -1...1, using: &generator).scalars
    before = Tensor<Scalar>.uniform([rows, columns], in: -1...1, using: &generator).scalars
  }

  /// The product by a kernel, of all rows or of `onlyRow` alone; `nil` where it wrote outside of
  /// its rows.
  func product(
    _ kernels: KernelTable<Scalar>, _ arrangement: Arrangement, accumulates: Bool,
    _ activation: Activation, onlyRow: Int? = nil, accumulators: Int = 1, startsAtEnd: Bool = false
  ) -> [Scalar]? {
    let aLayout = arrangement.layout(width: depth, rows: rows)
    let cLayout = arrangement.layout(width: columns, rows: rows)
    let margin = 70
    var memoryA = [Scalar](repeating: .nan, count: extent(aLayout, depth) + 1)
    var memoryC = [Scalar](repeating: Self.canary, count: extent(cLayout, columns) + 2 * margin)
    for row in 0..<rows {
      for k in 0..<depth { memoryA[offset(row, aLayout) + k] = a[row * depth + k] }
      for j in 0..<columns where accumulates {
        memoryC[margin + offset(row, cLayout) + j] = before[row * columns + j]
      }
    }
    let panels = panels(kernels)
    let starts = paddedStart(kernels)
    starts.withUnsafeBufferPointer { starts in
      memoryA.withUnsafeBufferPointer { a in
        memoryC.withUnsafeMutableBufferPointer { c in
          panels.withUnsafeBufferPointer { panels in
            let first = onlyRow ?? 0
            var product = Product(
              rows: onlyRow == nil ? rows : 1, columns: columns, depth: depth,
              a: a.baseAddress! + offset(first, aLayout), aLayout: aLayout,
              panels: panels.baseAddress!, start: accumulates ? nil : starts.baseAddress!,
              c: c.baseAddress! + margin + offset(first, cLayout), cLayout: cLayout,
              activation: activation)
            product.accumulators = SplitAccumulators(count: accumulators, of: depth)
            product.startsAtEnd = startsAtEnd
            kernels.multiply(product)
          }
        }
      }
    }
    var result: [Scalar] = []
    for row in 0..<rows where onlyRow == nil || onlyRow == row {
      for j in 0..<columns {
        let position = margin + offset(row, cLayout) + j
        result.append(memoryC[position])
        memoryC[position] = Self.canary
      }
    }
    guard onlyRow == nil else { return result }
    return memoryC.allSatisfy { $0 == Self.canary } ? result : nil
  }

  /// A square product, chained so many times: all its results, or those of as many calls of one
  /// iteration each.
  func chain(
    _ kernels: KernelTable<Scalar>, iterations: Int, accumulators: Int, oneByOne: Bool
  ) -> [Scalar] {
    let size = rows * columns
    // What each iteration starts from, and the first A before it.
    var memory = Array(a) + (0..<iterations).flatMap { _ in before }
    let panels = panels(kernels)
    memory.withUnsafeMutableBufferPointer { memory in
      panels.withUnsafeBufferPointer { panels in
        for first in 0..<(oneByOne ? iterations : 1) {
          let place = memory.baseAddress! + first * size
          var product = Product(
            rows: rows, columns: columns, depth: depth, a: UnsafePointer(place),
            aLayout: RowLayout(rowStride: depth), panels: panels.baseAddress!, start: nil, c: place + size,
            cLayout: RowLayout(rowStride: columns), activation: .hyperbolicTangent,
            iterations: oneByOne ? 1 : iterations, iterationStride: size)
          product.accumulators = SplitAccumulators(count: accumulators, of: depth)
          kernels.multiply(product)
        }
      }
    }
    return Array(memory.dropFirst(size))
  }

  /// B in panels.
  private func panels(_ kernels: KernelTable<Scalar>) -> [Scalar] {
    // One more, since an array without elements has no address.
    var panels = [Scalar](repeating: .nan, count: paddedColumns(kernels) * depth + 1)
    (b + [.nan]).withUnsafeBufferPointer { b in
      let source = PackingSource(
        base: b.baseAddress!, columns: columns, depth: depth, columnStride: depth, depthStride: 1)
      panels.withUnsafeMutableBufferPointer { kernels.pack(source, $0.baseAddress!) }
    }
    return panels
  }

  private func paddedStart(_ kernels: KernelTable<Scalar>) -> [Scalar] {
    start + [Scalar](repeating: 0, count: paddedColumns(kernels) - columns + 1)
  }

  private func paddedColumns(_ kernels: KernelTable<Scalar>) -> Int {
    (columns + kernels.panelWidth - 1) / kernels.panelWidth * kernels.panelWidth
  }

  /// This product, of the rows of all iterations, and then a chain that goes on from it, in one
  /// call or in two: all that C's memory holds afterwards. The rows of a iteration follow each
  /// other, or stand a sequence apart; there are gaps between those of C.
  func continued(
    by chain: KernelProbe, _ kernels: KernelTable<Scalar>, iterations: Int, accumulators: Int,
    batchFirst: Bool,
    inTwoCalls: Bool
  ) -> [Scalar] {
    let rowsPerIteration = rows / iterations
    func layout(_ width: Int) -> RowLayout {
      batchFirst
        ? RowLayout(rowStride: iterations * width, rowsPerBlock: rowsPerIteration, blockStride: width)
        : RowLayout(rowStride: width, rowsPerBlock: rowsPerIteration, blockStride: rowsPerIteration * width)
    }
    let cLayout = layout(columns + 3)
    var memory = [Scalar](repeating: Self.canary, count: rows * (columns + 3))
    let (ownPanels, ownStart, chainPanels) = (panels(kernels), paddedStart(kernels), chain.panels(kernels))
    a.withUnsafeBufferPointer { x in
      chain.a.withUnsafeBufferPointer { before in
        memory.withUnsafeMutableBufferPointer { c in
          ownPanels.withUnsafeBufferPointer { ownPanels in
            ownStart.withUnsafeBufferPointer { ownStart in
              chainPanels.withUnsafeBufferPointer { chainPanels in
                let projection = Product(
                  rows: rows, columns: columns, depth: depth, a: x.baseAddress!, aLayout: layout(depth),
                  panels: ownPanels.baseAddress!, start: ownStart.baseAddress!, c: c.baseAddress!,
                  cLayout: cLayout, activation: .identity)
                var product = Product(
                  rows: rowsPerIteration, columns: columns, depth: columns, a: before.baseAddress!,
                  aLayout: RowLayout(rowStride: columns), panels: chainPanels.baseAddress!, start: nil,
                  c: c.baseAddress!, cLayout: RowLayout(rowStride: cLayout.rowStride),
                  activation: .hyperbolicTangent, iterations: iterations, iterationStride: cLayout.blockStride
                )
                product.accumulators = SplitAccumulators(count: accumulators, of: columns)
                if inTwoCalls {
                  kernels.multiply(projection)
                  kernels.multiply(product)
                } else {
                  withUnsafePointer(to: projection) {
                    product.projection = $0
                    kernels.multiply(product)
                  }
                }
              }
            }
          }
        }
      }
    }
    return memory
  }

  /// The same sums by the definition, in Double, and Σ |terms| of each.
  func reference(accumulates: Bool) -> (sums: [Double], magnitudes: [Double]) {
    var (sums, magnitudes): ([Double], [Double]) = ([], [])
    for row in 0..<rows {
      for j in 0..<columns {
        var sum = Double(accumulates ? before[row * columns + j] : start[j])
        var magnitude = sum.magnitude
        for k in 0..<depth {
          let term = Double(a[row * depth + k]) * Double(b[j * depth + k])
          sum += term
          magnitude += term.magnitude
        }
        sums.append(sum)
        magnitudes.append(magnitude)
      }
    }
    return (sums, magnitudes)
  }

  /// The same sums in the order of the kernels, by the multiply-adds that they have.
  func orderedSums(accumulates: Bool, accumulators: Int, isFused: Bool) -> [Scalar] {
    var sums: [Scalar] = []
    for row in 0..<rows {
      for j in 0..<columns {
        var total: Scalar?
        for accumulator in 0..<accumulators {
          let first = accumulator * (depth / accumulators)
          let end = accumulator == accumulators - 1 ? depth : first + depth / accumulators
          var sum = accumulator > 0 ? 0 : accumulates ? before[row * columns + j] : start[j]
          for k in first..<end {
            let (x, w) = (a[row * depth + k], b[j * depth + k])
            sum = isFused ? sum.addingProduct(x, w) : sum + x * w
          }
          total = total.map { $0 + sum } ?? sum
        }
        sums.append(total ?? 0)
      }
    }
    return sums
  }

  private func offset(_ row: Int, _ layout: RowLayout) -> Int {
    row / layout.rowsPerBlock * layout.blockStride + row % layout.rowsPerBlock * layout.rowStride
  }

  private func extent(_ layout: RowLayout, _ width: Int) -> Int {
    (0..<rows).map { offset($0, layout) + width }.max() ?? 0
  }
}

import VectorKernels

// Products of every shape of tile, alone.

/// What a sum starts from, and what becomes of it.
struct SumEnds {
  enum Start: CaseIterable {
    case prepared
    case accumulated
    case preparedAndAdded

    var name: String {
      switch self {
      case .prepared: "prepared"
      case .accumulated: "accumulated"
      case .preparedAndAdded: "added"
      }
    }
  }

  var start: Start
  var activation: Activation
  /// Whether it is multiplied by the derivative of the activation.
  var isBackward: Bool

  var name: String { "\(start.name) \(activation.name)\(isBackward ? "-back" : "")" }
}

/// All accumulators that sums of so many terms may have.
func accumulatorCounts(depth: Int) -> [SplitAccumulators] {
  depth < 4 ? [.one] : [.one, SplitAccumulators(count: 2, of: depth), SplitAccumulators(count: 4, of: depth)]
}

/// Products of all shapes and starts; the rest takes turns.
func productCases<Scalar: Number>(_ kernels: KernelTable<Scalar>) {
  var generator = Generator(seed: 5)
  for depth in [0, 1, 7, 32, 128, 129, 300] {
    for columns in ColumnCounts.all where depth < 200 || columns < 70 {
      for rows in [1, 2, 3, 4, 5, 6, 7, 13] {
        for start in SumEnds.Start.allCases {
          for accumulators in accumulatorCounts(depth: depth) {
            productCase(
              rows: rows, columns: columns, depth: depth, accumulators: accumulators,
              ends: SumEnds(
                start: start, activation: Activation.any(&generator),
                isBackward: generator.next(below: 3) == 0),
              kernels, &generator)
          }
        }
      }
    }
  }
  // Weights that are too many for a second-level cache.
  for rows in [1, 7, 13] {
    productCase(
      rows: rows, columns: 600, depth: 300, accumulators: .one,
      ends: SumEnds(start: .prepared, activation: .hyperbolicTangent, isBackward: false), kernels,
      &generator)
  }
}

extension Activation {
  /// One of four.
  static func any(_ generator: inout Generator) -> Activation {
    ([.identity] + curves)[generator.next(below: 4)]
  }
}

private func productCase<Scalar: Number>(
  rows: Int, columns: Int, depth: Int, accumulators: SplitAccumulators, ends: SumEnds,
  _ kernels: KernelTable<Scalar>,
  _ generator: inout Generator
) {
  let values: Values =
    switch generator.next(below: 8) {
    case 0: .special(oneIn: 1000)
    // Products of such numbers are subnormal.
    case 1: .uniform(exponent: Scalar.leastExponent / 2)
    default: .uniform(exponent: -3)
    }
  let block = 1 + generator.next(below: 3)
  let order = RowOrder.any(&generator)
  let cOrder = RowOrder.any(&generator)
  let aPlaces = RowPlaces(order, rows: rows, block: block, width: depth)
  let cPlaces = RowPlaces(cOrder, rows: rows, block: block, width: columns)
  let a = Memory<Scalar>(count: aPlaces.count, values, &generator)
  let c = Memory<Scalar>(count: cPlaces.count, values, &generator)
  let outputs = Memory<Scalar>(count: cPlaces.count, values, &generator)
  let matrix = Memory<Scalar>(count: columns * depth, values, &generator)
  let panels = Panels(matrix.base, columns: columns, depth: depth, kernels)
  let start = Memory<Scalar>(count: panels.padded)
  for column in 0..<columns { start.base[column] = values.next(&generator) }
  var product = Product(
    rows: rows, columns: columns, depth: depth, a: a.base + aPlaces.offset, aLayout: aPlaces.layout,
    panels: panels.memory.base, start: ends.start == .accumulated ? nil : UnsafePointer(start.base),
    c: c.base + cPlaces.offset, cLayout: cPlaces.layout, activation: ends.activation)
  product.addsToC = ends.start == .preparedAndAdded
  if ends.isBackward { product.outputs = UnsafePointer(outputs.base + cPlaces.offset) }
  product.accumulators = accumulators
  product.startsAtEnd = generator.next(below: 2) == 1
  kernels.multiply(product)
  var digest = Digest()
  digest.add(c)
  printCase(
    """
    product rows \(rows) columns \(columns) depth \(depth) accumulators \(accumulators.count) \(ends.name) \
    \(order.name) to \(cOrder.name)
    """, digest, Scalar.self)
}

extension RowOrder {
  /// One of all.
  static func any(_ generator: inout Generator) -> RowOrder {
    allCases[generator.next(below: allCases.count)]
  }
}

/// C += AᵀB, both packed: gradients of weights.
func transposedProductCases<Scalar: Number>(_ kernels: KernelTable<Scalar>) {
  var generator = Generator(seed: 6)
  for depth in [1, 5, 64] {
    for rows in [1, 2, 7, 8, 9, 16, 17, 31, 64, 65] {
      for columns in ColumnCounts.all where columns < 70 {
        let a = Memory<Scalar>(count: depth * rows, .uniform(exponent: 0), &generator)
        let b = Memory<Scalar>(count: depth * columns, .uniform(exponent: 0), &generator)
        let c = Memory<Scalar>(count: rows * columns, .uniform(exponent: 0), &generator)
        let factor = Panels(a.base, columns: rows, depth: depth, isTransposed: true, kernels)
        let panels = Panels(b.base, columns: columns, depth: depth, isTransposed: true, kernels)
        var product = Product<Scalar>(
          rows: rows, columns: columns, depth: depth, a: factor.memory.base,
          aLayout: RowLayout(rowStride: 1, rowsPerBlock: factor.width, blockStride: factor.width * depth),
          panels: panels.memory.base, start: nil, c: c.base, cLayout: RowLayout(rowStride: columns),
          activation: .identity)
        product.aDepthStride = factor.width
        kernels.multiply(product)
        var digest = Digest()
        digest.add(c)
        printCase("transposed rows \(rows) columns \(columns) depth \(depth)", digest, Scalar.self)
      }
    }
  }
}

import VectorKernels

// Products with weights in fewer bits, and the rounding of weights.

func narrowCases(_ kernels: KernelTable<Float>, _ narrow: NarrowTable<Float>) {
  var generator = Generator(seed: 10)
  for (name, narrow) in [("bfloat16", narrow.bfloat16), ("int8", narrow.int8)] {
    for depth in [1, 2, 3, 7, 64, 130, 513, 600] {
      for columns in ColumnCounts.all where depth < 500 || columns < 70 {
        for rows in [1, 2, 3, 4, 5, 6, 7, 13] {
          narrowCase(
            name, rows: rows, columns: columns, depth: depth, startsFromC: generator.next(below: 2) == 0,
            kernels, narrow, &generator)
        }
      }
    }
  }
}

private func narrowCase(
  _ name: String, rows: Int, columns: Int, depth: Int, startsFromC: Bool, _ kernels: KernelTable<Float>,
  _ narrow: NarrowKernels<Float>, _ generator: inout Generator
) {
  let values: Values =
    switch generator.next(below: 8) {
    case 0: .special(oneIn: 1000)
    case 1: .uniform(exponent: Float.leastExponent / 2)
    default: .uniform(exponent: -3)
    }
  let order = RowOrder.any(&generator)
  let places = RowPlaces(order, rows: rows, block: 1 + generator.next(below: 3), width: depth)
  let a = Memory<Float>(count: places.count, values, &generator)
  let c = Memory<Float>(count: rows * columns, values, &generator)
  let weights = Memory<Float>(count: columns * depth, values, &generator)
  narrow.round(weights.base, columns, depth)
  let width = kernels.panelWidth
  let padded = (columns + width - 1) / width * width
  let words = Memory<Float>(
    count: padded * ((depth + narrow.weightsPerWord - 1) / narrow.weightsPerWord), filledWith: .nan)
  let scales = Memory<Float>(count: padded, filledWith: .nan)
  narrow.pack(
    PackingSource(base: weights.base, columns: columns, depth: depth, columnStride: depth, depthStride: 1),
    NarrowPanels(words: words.base, scales: scales.base))
  let start = Memory<Float>(count: padded)
  for column in 0..<columns { start.base[column] = values.next(&generator) }
  var product = Product(
    rows: rows, columns: columns, depth: depth, a: a.base + places.offset, aLayout: places.layout,
    panels: words.base, start: startsFromC ? nil : UnsafePointer(start.base), c: c.base,
    cLayout: RowLayout(rowStride: columns), activation: Activation.any(&generator))
  product.startsAtEnd = generator.next(below: 2) == 1
  narrow.multiply(product, scales.base)
  var digest = Digest()
  digest.add(weights)
  digest.add(c)
  printCase(
    "\(name) rows \(rows) columns \(columns) depth \(depth)\(startsFromC ? " accumulated" : "") \(order.name)",
    digest, Float.self)
}

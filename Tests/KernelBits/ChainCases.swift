import VectorKernels

// Chains of products, in which each C is the next A, as steps of plain layers are.

/// Chains on sums that stand there, chains after the fused projection, and chains back.
func chainCases<Scalar: Number>(_ kernels: KernelTable<Scalar>) {
  var generator = Generator(seed: 7)
  for units in Array(1...33) + [40, 48, 63, 64, 65, 96, 112, 127, 128, 129] {
    for rows in units > 65 ? [1, 2, 7] : [1, 2, 3, 4, 5, 6, 7, 13] {
      for kind in ChainKind.allCases {
        for inputs in kind == .preceded ? [1, 20, 33] : [0] {
          let awaited = latencyBoundAccumulators(depth: units)
          var accumulatorCounts = [awaited]
          if units >= 4, generator.next(below: 3) == 0 {
            accumulatorCounts += accumulatorCountsBut(awaited, depth: units)
          }
          for accumulators in accumulatorCounts {
            chainCase(
              rows: rows, units: units, kind, inputs: inputs, accumulators: accumulators, kernels, &generator)
          }
        }
      }
    }
  }
}

private enum ChainKind: CaseIterable {
  /// From the sums that C holds.
  case accumulated
  /// From the sums of the fused projection.
  case preceded
  /// Added to what C holds, times the derivative of the activation, from the last step to the
  /// first.
  case backward

  var name: String {
    switch self {
    case .accumulated: "accumulated"
    case .preceded: "preceded"
    case .backward: "backward"
    }
  }
}

/// The accumulators that the library chooses for sums that steps wait for.
func latencyBoundAccumulators(depth: Int) -> SplitAccumulators {
  switch depth {
  case ..<8: .one
  case ...32: SplitAccumulators(count: 4, of: depth)
  case ...128: SplitAccumulators(count: 2, of: depth)
  default: .one
  }
}

private func accumulatorCountsBut(_ accumulators: SplitAccumulators, depth: Int) -> [SplitAccumulators] {
  accumulatorCounts(depth: depth).filter { $0.count != accumulators.count }
}

private func chainCase<Scalar: Number>(
  rows: Int, units: Int, _ kind: ChainKind, inputs: Int, accumulators: SplitAccumulators,
  _ kernels: KernelTable<Scalar>, _ generator: inout Generator
) {
  let iterations = 1 + generator.next(below: 4)
  // About 1 / √units, so that states stay between the limits of an activation.
  let weights = Values.uniform(exponent: units < 8 ? 0 : units < 40 ? -2 : -3)
  let numbers = Values.uniform(exponent: 0)
  let isBatchMajor = generator.next(below: 2) == 1
  let rowStride = isBatchMajor ? iterations * units : units
  let iterationStride = isBatchMajor ? units : rows * units
  let isReversed = kind == .backward || generator.next(below: 3) == 0
  let first = isReversed ? (iterations - 1) * iterationStride : 0
  let activation = kind == .backward ? Activation.any(&generator) : .step(&generator)

  let matrix = Memory<Scalar>(count: units * units, weights, &generator)
  let inputMatrix = Memory<Scalar>(count: units * inputs, weights, &generator)
  let panels = Panels(matrix.base, columns: units, depth: units, kernels)
  let inputPanels = Panels(inputMatrix.base, columns: units, depth: inputs, kernels)
  let start = Memory<Scalar>(count: panels.padded)
  for unit in 0..<units { start.base[unit] = numbers.next(&generator) }
  let state = Memory<Scalar>(count: rows * units, numbers, &generator)
  let input = Memory<Scalar>(count: iterations * rows * inputs, numbers, &generator)
  let outputs = Memory<Scalar>(count: iterations * rows * units, numbers, &generator)
  let c = Memory<Scalar>(count: iterations * rows * units, numbers, &generator)

  var product = Product(
    rows: rows, columns: units, depth: units, a: state.base, aLayout: RowLayout(rowStride: units),
    panels: panels.memory.base, start: kind == .backward ? UnsafePointer(start.base) : nil,
    c: c.base + first, cLayout: RowLayout(rowStride: rowStride), activation: activation,
    iterations: iterations,
    iterationStride: isReversed ? -iterationStride : iterationStride)
  product.accumulators = accumulators
  if kind == .backward {
    product.addsToC = true
    product.outputs = UnsafePointer(outputs.base + first)
  }
  var projection = Product(
    rows: iterations * rows, columns: units, depth: inputs, a: input.base,
    aLayout: RowLayout(rowStride: inputs), panels: inputPanels.memory.base, start: start.base,
    c: c.base + first,
    cLayout: RowLayout(rowStride: rowStride, rowsPerBlock: rows, blockStride: product.iterationStride),
    activation: .identity)
  withUnsafePointer(to: &projection) {
    if kind == .preceded { product.projection = $0 }
    kernels.multiply(product)
  }
  var digest = Digest()
  digest.add(c)
  printCase(
    """
    chain \(kind.name) rows \(rows) units \(units) inputs \(inputs) iterations \(iterations) accumulators \(accumulators.count) \
    \(activation.name) \(isBatchMajor ? "batch-major" : "time-major")\(isReversed ? " reversed" : "")
    """, digest, Scalar.self)
}

extension Activation {
  /// That of a plain layer's step, or none.
  fileprivate static func step(_ generator: inout Generator) -> Activation {
    [.hyperbolicTangent, .hyperbolicTangent, .rectifier, .identity][generator.next(below: 4)]
  }
}

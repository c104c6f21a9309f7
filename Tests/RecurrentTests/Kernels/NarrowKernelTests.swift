import RecurrentTestSupport
import Testing
import VectorKernels

@testable import Recurrent

/// The kernels for weights in fewer bits.
@Suite struct NarrowKernelTests {
  static let formats: [WeightFormat] = [.bfloat16, .int8]

  @Test(
    "a product with bfloat16 has the bits of the product with the same weights as floats",
    arguments: InstructionSet.available)
  func bfloat16(instructions: InstructionSet) throws {
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<300 {
      let problem = NarrowCase(instructions, .bfloat16, &generator)
      #expect(problem.multiplyNarrow() == problem.multiply(), "\(instructions): \(problem)")
    }
  }

  @Test(
    "a product with int8 has the bits of its definition: rows rounded to 16 bits, and sums of whole numbers",
    arguments: InstructionSet.available)
  func int8(instructions: InstructionSet) throws {
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<300 {
      let problem = NarrowCase(instructions, .int8, &generator)
      #expect(problem.multiplyNarrow() == problem.int8Definition(), "\(instructions): \(problem)")
    }
  }

  @Test("a row that is not finite or tiny has the product of numbers that are, alone")
  func unusualRows() throws {
    var generator = SeededGenerator(seed: 6)
    var problem = NarrowCase(.widest, .int8, &generator)
    while problem.rows < 3 || problem.iterations > 1 || problem.start == nil
      || problem.activation != .identity
    {
      problem = NarrowCase(.widest, .int8, &generator)
    }
    let expected = problem.multiplyNarrow()
    for value in [Float.nan, .infinity, -.infinity] {
      var other = problem
      other.a[problem.depth] = value
      let actual = other.multiplyNarrow()
      #expect(actual[..<problem.columns] == expected[..<problem.columns])
      #expect(actual[(2 * problem.columns)...] == expected[(2 * problem.columns)...])
      #expect(actual[problem.columns..<(2 * problem.columns)].allSatisfy { Float(bitPattern: $0).isNaN })
    }
    var tiny = problem
    for k in 0..<problem.depth { tiny.a[k] = 0x1p-130 }
    let start = try #require(problem.start)
    #expect(tiny.multiplyNarrow()[..<problem.columns] == start[..<problem.columns].map(\.bitPattern)[...])
  }

  @Test("a rounded weight is the nearest number of its format", arguments: formats)
  func nearest(format: WeightFormat) throws {
    var generator = SeededGenerator(seed: 8)
    for depth in [1, 2, 3, 17, 64] {
      for power in [-60, -3, 0, 5, 90] {
        let unit = Float(sign: .plus, exponent: power, significand: 1)
        let weights = Tensor<Float>.normal([3, depth], using: &generator).scalars.map { $0 * unit }
        let rounded = round(weights, rows: 3, format)
        for (row, (before, after)) in zip(rows(weights, depth), rows(rounded, depth)).enumerated() {
          let greatest = before.map { Double($0.magnitude) }.max() ?? 0
          for (weight, number) in zip(before, after) {
            let distance = abs(Double(weight) - Double(number))
            switch format {
            case .int8:
              // Half a step, and what the scale's 17 bits take from the ends.
              let step = greatest / 127
              #expect(distance <= step * (0.5 + 127 * 0x1p-16), "row \(row): \(weight) became \(number)")
              let multiple = Double(number) / step
              #expect(abs(multiple - multiple.rounded()) <= 127 * 0x1p-15)
            default:
              // 8 bits: half a unit in the last place.
              #expect(distance <= Double(weight.magnitude) * 0x1p-8, "\(weight) became \(number)")
              #expect(number.bitPattern & 0xFFFF == 0)
            }
          }
        }
      }
    }
  }

  @Test("numbers of a format round to themselves, on every instruction set", arguments: formats)
  func idempotence(format: WeightFormat) throws {
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<200 {
      let depth = Int.random(in: 1...40, using: &generator)
      let power = Int.random(in: -110...100, using: &generator)
      let unit = Float(sign: .plus, exponent: power, significand: 1)
      let weights = Tensor<Float>.normal([2, depth], using: &generator).scalars.map { $0 * unit }
      let once = round(weights, rows: 2, format)
      for instructions in InstructionSet.available {
        #expect(round(once, rows: 2, format, instructions) == once)
        #expect(round(weights, rows: 2, format, instructions) == once)
      }
    }
  }

  @Test("no weight makes rounding trap, and what is not finite stays so")
  func extremes() throws {
    let greatest = Float.greatestFiniteMagnitude
    for format in Self.formats {
      for row: [Float] in [
        [0, -0.0], [.leastNonzeroMagnitude, 0], [greatest, -greatest], [greatest, 1], [0x1p-101, 0x1p-126],
      ] {
        #expect(round(row, rows: 1, format).allSatisfy { !$0.isNaN }, "\(format) \(row)")
      }
      #expect(round([.nan, 1], rows: 1, format)[0].isNaN)
      #expect(!round([.infinity, 1], rows: 1, format)[0].isFinite)
    }
    #expect(round([greatest, 1], rows: 1, .int8)[0].isFinite)
    #expect(round([0x1p-120, -0x1p-121], rows: 1, .int8) == [0, 0])
    // Ties go to the even one.
    #expect(round([1 + 0x1p-8, 1 + 3 * 0x1p-8], rows: 1, .bfloat16) == [1, 1 + 0x1p-6])
    #expect(round([127, 0.5, 1.5, -2.5], rows: 1, .int8) == [127, 0, 2, -2])
  }

  private func rows(_ weights: [Float], _ depth: Int) -> [ArraySlice<Float>] {
    stride(from: 0, to: weights.count, by: depth).map { weights[$0..<($0 + depth)] }
  }

  private func round(
    _ weights: [Float], rows: Int, _ format: WeightFormat, _ instructions: InstructionSet = .widest
  ) -> [Float] {
    var rounded = weights
    rounded.withUnsafeMutableBufferPointer {
      guard let base = $0.baseAddress else { return }
      instructions.kernels.narrow.kernels(of: format)?.round(base, rows, $0.count / rows)
    }
    return rounded
  }
}

/// A product, or a chain of them, that is drawn.
private struct NarrowCase: CustomStringConvertible {
  let instructions: InstructionSet
  let format: WeightFormat
  let (rows, columns, depth, iterations): (Int, Int, Int, Int)
  var a: [Float]
  let (c, weights): ([Float], [Float])
  /// What the sums start from; `nil` for C.
  let start: [Float]?
  let startsAtEnd: Bool
  let activation: Activation

  init(_ instructions: InstructionSet, _ format: WeightFormat, _ generator: inout SeededGenerator) {
    (self.instructions, self.format) = (instructions, format)
    iterations = Int.random(in: 1...3, using: &generator)
    rows = [1, 1, 2, 2, 3, 5, 6, 7, 13].randomElement(using: &generator) ?? 1
    columns = Int.random(in: 1...150, using: &generator)
    // A chain multiplies what it has made. Depths beyond what is widened at once too.
    depth =
      iterations > 1
      ? columns : (Bool.random(using: &generator) ? .random(in: 1...70, using: &generator) : 600)
    func uniform(_ count: Int) -> [Float] {
      Tensor<Float>.uniform([count], in: -1...1, using: &generator).scalars
    }
    a = uniform(rows * depth)
    c = uniform(rows * columns * iterations)
    var weights = uniform(columns * depth).map { $0 / 8 }
    weights.withUnsafeMutableBufferPointer { [columns, depth] in
      if let base = $0.baseAddress {
        instructions.kernels.narrow.kernels(of: format)?.round(base, columns, depth)
      }
    }
    self.weights = weights
    start = Bool.random(using: &generator) ? uniform(columns + 64) : nil
    startsAtEnd = .random(using: &generator)
    activation = [.identity, .hyperbolicTangent, .rectifier].randomElement(using: &generator) ?? .identity
  }

  var description: String {
    "\(rows) rows, \(columns) columns, depth \(depth), \(iterations) iterations, "
      + "\(start == nil ? "from C" : "from a start"), \(activation)"
  }

  private var paddedColumns: Int {
    let width = instructions.kernels.float.panelWidth
    return (columns + width - 1) / width * width
  }

  /// The product by its definition.
  func int8Definition() -> [UInt32] {
    var (a, c) = (a, c)
    let kernels = instructions.kernels.float
    for iteration in 0..<iterations {
      let first = iteration * rows * columns
      let sums = Int8Definition.product(
        a, weights, rows: rows, columns: columns, depth: depth,
        from: (0..<(rows * columns)).map { start?[$0 % columns] ?? c[first + $0] },
        isFused: instructions.hasFusedMultiplyAdd)
      c.replaceSubrange(first..<(first + rows * columns), with: sums)
      c.withUnsafeMutableBufferPointer {
        if let base = $0.baseAddress { kernels.activate(activation, base + first, rows * columns) }
      }
      a = Array(c[first..<(first + rows * columns)])
    }
    return c.map(\.bitPattern)
  }

  func multiply() -> [UInt32] {
    run(wordsPerColumn: depth) { source, panels, _ in
      instructions.kernels.float.pack(source, panels)
    } multiply: { product, _ in
      instructions.kernels.float.multiply(product)
    }
  }

  func multiplyNarrow() -> [UInt32] {
    guard let kernels = instructions.kernels.narrow.kernels(of: format) else { return [] }
    return run(wordsPerColumn: (depth + kernels.weightsPerWord - 1) / kernels.weightsPerWord) {
      source, words, scales in
      kernels.pack(source, NarrowPanels(words: words, scales: scales))
    } multiply: { product, scales in
      kernels.multiply(product, scales)
    }
  }

  private func run(
    wordsPerColumn: Int,
    pack: (PackingSource<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void,
    multiply: (Product<Float>, UnsafePointer<Float>) -> Void
  ) -> [UInt32] {
    var (c, panels) = (c, [Float](repeating: .nan, count: paddedColumns * wordsPerColumn))
    var scales = [Float](repeating: .nan, count: paddedColumns)
    return weights.withUnsafeBufferPointer { weights in
      a.withUnsafeBufferPointer { a in
        (start ?? [0]).withUnsafeBufferPointer { starts in
          c.withUnsafeMutableBufferPointer { c in
            panels.withUnsafeMutableBufferPointer { panels in
              scales.withUnsafeMutableBufferPointer { scales in
                guard let weights = weights.baseAddress, let a = a.baseAddress, let c = c.baseAddress,
                  let panels = panels.baseAddress, let scales = scales.baseAddress
                else { return }
                pack(
                  PackingSource(
                    base: weights, columns: columns, depth: depth, columnStride: depth, depthStride: 1),
                  panels, scales)
                var product = Product<Float>(
                  rows: rows, columns: columns, depth: depth, a: a, aLayout: RowLayout(rowStride: depth),
                  panels: panels, start: start == nil ? nil : starts.baseAddress, c: c,
                  cLayout: RowLayout(rowStride: columns), activation: activation, iterations: iterations,
                  iterationStride: rows * columns)
                product.startsAtEnd = startsAtEnd
                multiply(product, scales)
              }
            }
          }
        }
      }
      return c.map(\.bitPattern)
    }
  }
}

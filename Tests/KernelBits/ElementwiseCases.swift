import VectorKernels

// What looks at each scalar alone, and sums over rows.

extension Activation {
  /// Those that do something.
  static var curves: [Activation] { [.rectifier, .hyperbolicTangent, .sigmoid] }

  var name: String {
    switch self {
    case .identity: "identity"
    case .rectifier: "relu"
    case .hyperbolicTangent: "tanh"
    case .sigmoid: "sigmoid"
    }
  }
}

/// Numbers of every sign and exponent, those around each limit, and any others.
private func samples<Scalar: Number>(_: Scalar.Type) -> [Scalar] {
  var (samples, generator) = ([Scalar](), Generator(seed: 1))
  let shift = UInt64(Scalar.significandBitCount)
  let mask: UInt64 = 1 << shift - 1
  for exponent in 0..<(2 << Scalar.exponentBitCount) {
    let lowest = UInt64(exponent) << shift
    for word in [0, 1, 2, mask] { samples.append(Scalar(bits: lowest | word)) }
    for _ in 0..<4 { samples.append(Scalar(bits: lowest | generator.next() & mask)) }
  }
  for limit in Scalar.limits + [1, 0.5, 0.25, 2, 0.6931472, 0.34657359] {
    for distance in -8...8 {
      let sample = Scalar(bits: UInt64(Int(limit.bits) + distance))
      samples += [sample, -sample]
    }
  }
  for _ in 0..<8192 { samples.append(generator.uniform(exponent: generator.next(below: 8))) }
  return samples
}

/// Activations and their derivatives.
func activationCases<Scalar: Number>(_ kernels: KernelTable<Scalar>) {
  let samples = samples(Scalar.self)
  let part = 128
  for activation in Activation.curves {
    for first in stride(from: 0, to: samples.count, by: part) {
      // All lengths of a rest.
      let count = min(part - first / part % 37, samples.count - first)
      let memory = Memory<Scalar>(count: count)
      for index in 0..<count { memory.base[index] = samples[first + index] }
      kernels.activate(activation, memory.base, count)
      var digest = Digest()
      digest.add(memory)
      printCase("\(activation.name) samples \(first)", digest, Scalar.self)
    }
  }
  var generator = Generator(seed: 2)
  for activation in [.identity] + Activation.curves {
    for count in 0...70 {
      let (gradient, output) = (
        Memory<Scalar>(count: count, .special(oneIn: 4), &generator),
        Memory<Scalar>(count: count, .special(oneIn: 4), &generator)
      )
      kernels.scaleByDerivative(activation, gradient.base, output.base, count)
      var digest = Digest()
      digest.add(gradient)
      kernels.activate(activation, output.base, count)
      digest.add(output)
      printCase("\(activation.name) count \(count)", digest, Scalar.self)
    }
  }
}

/// Sums of rows.
func rowCases<Scalar: Number>(_ kernels: KernelTable<Scalar>) {
  var generator = Generator(seed: 3)
  for columns in Array(0...70) + [127, 128, 129, 200] {
    for rows in [0, 1, 2, 7, 50] {
      let rowStride = columns + rows % 3
      let source = Memory<Scalar>(count: rows * rowStride, .special(oneIn: 200), &generator)
      let target = Memory<Scalar>(count: columns, .special(oneIn: 20), &generator)
      kernels.addRows(source.base, rows, columns, rowStride, target.base)
      var digest = Digest()
      digest.add(target)
      printCase("add rows \(rows) columns \(columns)", digest, Scalar.self)
    }
  }
}

/// Panels, in the order of the matrix: their width is that of the instruction set.
func packingCases<Scalar: Number>(_ kernels: KernelTable<Scalar>) {
  var generator = Generator(seed: 4)
  for columns in ColumnCounts.all {
    for depth in [0, 1, 3, 32] {
      for isTransposed in [false, true] {
        let matrix = Memory<Scalar>(count: columns * depth, .special(oneIn: 10), &generator)
        let panels = Panels(
          matrix.base, columns: columns, depth: depth, isTransposed: isTransposed, kernels)
        var digest = Digest()
        for column in 0..<columns {
          for k in 0..<depth { digest.add(panels.memory.base[panels.place(column: column, k: k)]) }
        }
        let isZeroBehind = (columns..<panels.padded).allSatisfy { column in
          (0..<depth).allSatisfy { panels.memory.base[panels.place(column: column, k: $0)].bits == 0 }
        }
        digest.add(isZeroBehind ? 0 : 1)
        for index in panels.memory.count..<panels.memory.allocated { digest.add(panels.memory.base[index]) }
        printCase(
          "pack columns \(columns) depth \(depth) \(isTransposed ? "transposed" : "plain")", digest,
          Scalar.self)
      }
    }
  }
}

/// A packed matrix [columns, depth].
struct Panels<Scalar: Number> {
  let memory: Memory<Scalar>
  let depth: Int
  let width: Int
  /// The columns of whole panels.
  let padded: Int

  /// Packs a contiguous matrix [columns, depth], or [depth, columns].
  init(
    _ matrix: UnsafePointer<Scalar>, columns: Int, depth: Int, isTransposed: Bool = false,
    _ kernels: KernelTable<Scalar>
  ) {
    self.depth = depth
    width = kernels.panelWidth
    padded = (columns + width - 1) / width * width
    memory = Memory(count: padded * depth, filledWith: .nan)
    kernels.pack(
      PackingSource(
        base: matrix, columns: columns, depth: depth, columnStride: isTransposed ? 1 : depth,
        depthStride: isTransposed ? columns : 1),
      memory.base)
  }

  func place(column: Int, k: Int) -> Int { (column / width * depth + k) * width + column % width }
}

/// Numbers of columns around vectors, panels and strips of every instruction set.
enum ColumnCounts {
  static var all: [Int] {
    Array(1...9) + [12, 15, 16, 17, 20, 24, 25, 31, 32, 33, 40, 47, 48, 49, 63, 64, 65, 96]
      + [127, 128, 129, 200]
  }
}

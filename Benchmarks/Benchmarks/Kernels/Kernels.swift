import Benchmark
import BenchmarkSupport
@_spi(Benchmarks) import Recurrent

/// The products that recurrent layers compute at each step, by shape, and the activations after
/// them.
let benchmarks: @Sendable () -> Void = {
  for hiddenSize in [64, 128, 256, 512, 1024, 2048] {
    for rows in [1, 4, 16, 64] {
      for contender in Contender.all { product(rows: rows, size: hiddenSize, contender) }
    }
  }
  for activation in BenchmarkActivation.allCases {
    for instructions in InstructionSet.available { apply(activation, instructions) }
  }
}

/// C += A·Bᵀ: a step of a layer, but for its activation.
private func product(rows: Int, size: Int, _ contender: Contender) {
  time(
    "\(counted(rows, "row")) times a matrix of \(size) by \(size) on \(contender), 1 thread",
    operations: 2 * Double(rows * size * size)
  ) {
    var generator = SeededGenerator(seed: 20)
    let weights = Tensor<Float>.uniform([size, size], in: -1...1, using: &generator).scalars
    let states = Tensor<Float>.uniform([rows, size], in: -1...1, using: &generator).scalars
    let product = try BenchmarkProduct(
      by: weights, columns: size, depth: size, backend: contender.backend)
    try contender.use(threads: 1)
    var sums = [Float](repeating: 0, count: rows * size)
    func add(_ calls: Int) {
      var target = sums.mutableSpan
      for _ in 0..<calls { product.add(rows: rows, states.span, into: &target) }
    }
    add(1)
    try checkProduct(sums, states, weights, rows: rows, size: size)
    return add
  }
}

/// Checks that sums are states·weightsᵀ, as far as rounding allows: size + 1 roundings of the sum
/// of magnitudes (N. J. Higham, "Accuracy and stability of numerical algorithms", chapter 3).
private func checkProduct(
  _ sums: [Float], _ states: [Float], _ weights: [Float], rows: Int, size: Int
) throws {
  for row in 0..<rows {
    for column in 0..<size {
      var (exact, magnitude) = (0.0, 0.0)
      for k in 0..<size {
        let term = Double(states[row * size + k]) * Double(weights[column * size + k])
        exact += term
        magnitude += term.magnitude
      }
      let error = (Double(sums[row * size + column]) - exact).magnitude
      let bound = Double(size + 1) * Double(Float.ulpOfOne) * magnitude
      guard error <= bound else { throw WrongResult("an error of \(error) at \(row), \(column)") }
    }
  }
}

/// An activation over as many numbers as fill half of the first-level cache.
private func apply(_ activation: BenchmarkActivation, _ instructions: InstructionSet) {
  let count = 4096
  time(
    "\(activation.rawValue) of \(count) numbers on swift \(instructions.rawValue), 1 thread",
    operations: 25 * Double(count)
  ) {
    var generator = SeededGenerator(seed: 20)
    let arguments = Tensor<Float>.uniform([count], in: -4...4, using: &generator).scalars
    var values = arguments
    // Images are arguments of the next call; no kernel's time depends on them.
    func apply(_ calls: Int) {
      var target = values.mutableSpan
      for _ in 0..<calls { activation.apply(to: &target, instructions: instructions) }
    }
    apply(1)
    for (argument, value) in zip(arguments, values) where !activation.gives(value, at: argument) {
      throw WrongResult("\(value) at \(argument)")
    }
    return apply
  }
}

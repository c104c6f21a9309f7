import RecurrentTestSupport
import Testing

@testable import Recurrent

/// A layer in Double by its definition, and how close a result must come.
private struct ReferenceLinear<Scalar: TensorScalar> {
  let layer: Linear<Scalar>
  let input: [Double]
  let gradient: [Double]
  let rows: Int

  init(_ layer: Linear<Scalar>, input: Tensor<Scalar>, gradient: Tensor<Scalar>) {
    self.layer = layer
    self.input = input.scalars.map { Double($0) }
    self.gradient = gradient.scalars.map { Double($0) }
    rows = input.scalars.count / layer.inputSize
  }

  /// Sums of products and the bounds of their errors.
  struct Sums {
    var values: [Double] = []
    var bounds: [Double] = []

    mutating func append(_ terms: [Double]) {
      values.append(terms.reduce(0, +))
      bounds.append(
        Tolerance.sumBound(
          termCount: max(1, terms.count), magnitude: terms.reduce(0) { $0 + $1.magnitude }, Scalar.self))
    }
  }

  private func weight(_ output: Int, _ input: Int) -> Double {
    Double(layer.parameters.weight.scalars[output * layer.inputSize + input])
  }

  var output: Sums {
    var sums = Sums()
    for row in 0..<rows {
      for o in 0..<layer.outputSize {
        let bias = layer.parameters.bias.map { [Double($0.scalars[o])] } ?? []
        sums.append(bias + (0..<layer.inputSize).map { input[row * layer.inputSize + $0] * weight(o, $0) })
      }
    }
    return sums
  }

  var inputGradient: Sums {
    var sums = Sums()
    for row in 0..<rows {
      for i in 0..<layer.inputSize {
        sums.append((0..<layer.outputSize).map { gradient[row * layer.outputSize + $0] * weight($0, i) })
      }
    }
    return sums
  }

  var weightGradient: Sums {
    var sums = Sums()
    for o in 0..<layer.outputSize {
      for i in 0..<layer.inputSize {
        sums.append(
          (0..<rows).map { gradient[$0 * layer.outputSize + o] * input[$0 * layer.inputSize + i] })
      }
    }
    return sums
  }

  var biasGradient: Sums {
    var sums = Sums()
    for o in 0..<layer.outputSize {
      sums.append((0..<rows).map { gradient[$0 * layer.outputSize + o] })
    }
    return sums
  }
}

@Suite struct LinearGradientTests {
  /// Every backend, and the Swift backend with every instruction set.
  static let executions: [Execution] =
    InstructionSet.available.map { Execution(backend: .swift, instructions: $0) }
    + Backend.available.filter { $0 == .openBLAS }.map { Execution(backend: $0) }

  @Test("outputs and gradients are PyTorch's", arguments: Fixture.all(ofKind: "Linear"))
  func fixtures(fixture: Fixture) throws {
    try checkFixture(fixture, Double.self)
    try checkFixture(fixture, Float.self)
  }

  @Test("the fixtures are there")
  func fixtureCount() {
    #expect(Fixture.all(ofKind: "Linear").count >= 6)
  }

  private func checkFixture<Scalar: TensorScalar>(_ fixture: Fixture, _: Scalar.Type) throws {
    let file = try fixture.file()
    let layer = try Linear<Scalar>(stateDictionary: file.storedDictionary("parameters."))
    #expect(layer.description.lowercased() == file.metadata["repr"]?.lowercased())
    let expected = try [
      "output", "gradient.input", "gradient.parameters.weight", "gradient.parameters.bias",
    ].map { try file.tensorNames.contains($0) ? file.tensor($0, as: Double.self).scalars : nil }
    try check(
      layer, input: file.stored("input"), gradient: file.stored("output_gradient"), fixture.name,
      expected: expected)
  }

  @Test("outputs and gradients are those of the definition, on odd sizes")
  func definition() throws {
    let sizes = [
      (1, 1, 1), (7, 1, 5), (2, 5, 1), (13, 17, 16), (31, 33, 65), (5, 64, 63), (1025, 3, 2), (2049, 2, 3),
    ]
    for (rows, inputSize, outputSize) in sizes {
      try checkDefinition(rows, inputSize, outputSize, Float.self)
      try checkDefinition(rows, inputSize, outputSize, Double.self)
    }
  }

  private func checkDefinition<Scalar: TensorScalar>(
    _ rows: Int, _ inputSize: Int, _ outputSize: Int, _: Scalar.Type
  ) throws {
    var generator = SeededGenerator(seed: UInt64(rows))
    let layer = Linear<Scalar>(inputSize: inputSize, outputSize: outputSize, using: &generator)
    try check(
      layer, input: .uniform([rows, inputSize], in: -1...1, using: &generator),
      gradient: .uniform([rows, outputSize], in: -1...1, using: &generator),
      "\(rows) rows of \(layer)", expected: [nil, nil, nil, nil])
  }

  /// Checks against what is expected or, where that is `nil`, the definition.
  private func check<Scalar: TensorScalar>(
    _ layer: Linear<Scalar>, input: Tensor<Scalar>, gradient: Tensor<Scalar>, _ name: String,
    expected: [[Double]?]
  ) throws {
    let reference = ReferenceLinear(layer, input: input, gradient: gradient)
    let sums = [
      reference.output, reference.inputGradient, reference.weightGradient, reference.biasGradient,
    ]
    for execution in Self.executions {
      let context = "\(name) \(Scalar.self) on \(execution.backend) \(execution.instructions)"
      let (output, pullback) = try layer.valueWithPullback(at: input, execution: execution)
      let gradients = try pullback(gradient)
      #expect((gradients.parameters.bias == nil) == !layer.hasBias)
      let results = [
        output, gradients.input, gradients.parameters.weight,
        gradients.parameters.bias ?? Tensor(reference.biasGradient.values.map { Scalar($0) }),
      ]
      for index in results.indices {
        expectClose(
          results[index], expected[index] ?? sums[index].values, bound: sums[index].bounds, context)
      }
    }
  }

  @Test("gradients are the slopes of the layer", arguments: Backend.available)
  func centralDifferences(backend: Backend) throws {
    var generator = SeededGenerator(seed: 8)
    var layer = Linear<Double>(inputSize: 3, outputSize: 4, using: &generator)
    layer.backend = backend
    let input = Tensor<Double>.uniform([5, 3], in: -1...1, using: &generator)
    let weights = Tensor<Double>.uniform([5, 4], in: -1...1, using: &generator)
    let loss = { (layer: Linear<Double>, input: Tensor<Double>) in
      try zip(layer(input).scalars, weights.scalars).map { $0 * $1 }.reduce(0, +)
    }
    let gradients = try layer.valueWithPullback(at: input).pullback(weights)
    // 20 outputs of 4 terms, each below 1 in magnitude; linear in everything, so that there is no
    // third derivative.
    let bound = Tolerance.centralDifference(
      valueError: Tolerance.sumBound(termCount: 80, magnitude: 80, Double.self), thirdDerivative: 0)
    func slopes(_ count: Int, _ moved: (Int, Double) throws -> Double) rethrows -> [Double] {
      try (0..<count).map { index in
        let right = try moved(index, Tolerance.differenceStep)
        return try (right - moved(index, -Tolerance.differenceStep)) / (2 * Tolerance.differenceStep)
      }
    }
    let ofInput = try slopes(15) { index, step in
      var moved = input
      moved.scalars[index] += step
      return try loss(layer, moved)
    }
    expectClose(gradients.input, ofInput, bound: Array(repeating: bound, count: 15), "input")
    for (key, gradient) in gradients.parameters.stateDictionary {
      let count = gradient.scalars.count
      let ofParameter = try slopes(count) { index, step in
        var moved = layer
        moved.forEachParameter { name, tensor in if name == key { tensor.scalars[index] += step } }
        return try loss(moved, input)
      }
      expectClose(gradient, ofParameter, bound: Array(repeating: bound, count: count), key)
    }
  }
}

import Recurrent
import RecurrentTestSupport
import Testing

@Suite struct InitializerTests {
  private func tensor(
    _ initializer: Initializer, _ shape: Shape, backend: Backend = .automatic
  ) throws -> Tensor<Double> {
    var generator = SeededGenerator(seed: 3)
    return try initializer.tensor(shape, backend: backend, using: &generator)
  }

  @Test("zero, identity and uniform give what they say")
  func simple() throws {
    #expect(try tensor(.zero, [2, 3]) == .zeros([2, 3]))
    let expected = try Tensor<Double>([0.5, 0, 0, 0, 0.5, 0], shape: [2, 3])
    #expect(try tensor(.identity(scale: 0.5), [2, 3]) == expected)
    let uniform = try tensor(.uniform(bound: 0.25), [100, 10])
    #expect(uniform.scalars.allSatisfy { $0.magnitude <= 0.25 })
    #expect(uniform.scalars.contains { $0 > 0.2 } && uniform.scalars.contains { $0 < -0.2 })
    let normal = try tensor(.normal(standardDeviation: 2), [100, 100])
    let variance = normal.scalars.map { $0 * $0 }.reduce(0, +) / 10_000
    // Six standard deviations of the estimate, 4·√(2/10⁴).
    #expect((variance - 4).magnitude < 6 * 4 * 0.0002.squareRoot())
  }

  @Test(
    "orthogonal matrices have orthonormal rows or columns, times the gain",
    arguments: Backend.available, [Shape([5, 5]), [9, 4], [4, 9], [1, 7], [7, 1], [64, 64]])
  func orthogonal(backend: Backend, shape: Shape) throws {
    let matrix = try tensor(.orthogonal(gain: 2), shape, backend: backend)
    #expect(matrix.shape == shape)
    let tall = try shape[0] >= shape[1] ? matrix : matrix.transposed()
    let (rows, columns) = (tall.shape[0], tall.shape[1])
    for a in 0..<columns {
      for b in 0..<columns {
        let product = (0..<rows).reduce(0.0) { $0 + tall[$1, a] * tall[$1, b] }
        let bound = 4 * Tolerance.orthonormality(rows: rows, columns: columns)
        #expect((product - (a == b ? 4 : 0)).magnitude <= bound)
      }
    }
  }

  @Test("the same seed gives the same orthogonal matrix with LAPACK and without")
  func parity() throws {
    let own = try tensor(.orthogonal(), [40, 30], backend: .swift)
    for backend in Backend.available {
      let other = try tensor(.orthogonal(), [40, 30], backend: backend)
      // The condition of a random matrix of this shape is below 16.
      let bound = 16 * Tolerance.orthonormality(rows: 40, columns: 30)
      #expect(try own.greatestDifference(from: other) <= bound)
    }
  }

  @Test("a shape that is no matrix and numbers that are none are refused")
  func refusals() {
    for initializer in [Initializer.orthogonal(), .identity()] {
      for shape: Shape in [[], [3], [2, 2, 2]] {
        #expect(
          throws: RecurrentError.shapeMismatch(
            argument: "shape", expected: "[rows, columns]", actual: shape)
        ) { try tensor(initializer, shape) }
      }
    }
    let bad: [Initializer] = [
      .uniform(bound: -1), .uniform(bound: .nan), .normal(standardDeviation: -1),
      .orthogonal(gain: .infinity), .identity(scale: .nan),
    ]
    for initializer in bad {
      #expect(throws: RecurrentError.self) { try tensor(initializer, [2, 2]) }
    }
  }

  @Test("a layer's parameters of one kind change, and no others")
  func layers() throws {
    var generator = SeededGenerator(seed: 4)
    var rnn = RNN<Float>(inputSize: 3, hiddenSize: 5, layerCount: 2, using: &generator)
    let before = rnn.parameters
    try rnn.initialize(.weightHH, with: .identity(), using: &generator)
    try rnn.initialize(.biasIH, with: .zero, using: &generator)
    for (old, new) in zip(before, rnn.parameters) {
      #expect(new.weightHH[2, 2] == 1 && new.weightHH[2, 3] == 0)
      #expect(new.biasIH == .zeros([5]))
      #expect(new.weightIH == old.weightIH && new.biasHH == old.biasHH)
    }
    let after = rnn.parameters
    #expect(throws: RecurrentError.self) {
      try rnn.initialize(.biasHH, with: .orthogonal(), using: &generator)
    }
    #expect(rnn.parameters == after)

    var cell = RNNCell<Float>(inputSize: 3, hiddenSize: 5, bias: false)
    try cell.initialize(.weightIH, with: .orthogonal(), using: &generator)
    try cell.initialize(.biasIH, with: .zero, using: &generator)
    #expect(cell.parameters.biasIH == nil)
  }
}

@Suite struct SpectralRadiusTests {
  @Test("a matrix gets the radius that was asked for", arguments: Backend.available, [0.0, 0.5, 1.25])
  func scaling(backend: Backend, radius: Double) throws {
    var generator = SeededGenerator(seed: 9)
    let matrix = Tensor<Double>.normal([30, 30], using: &generator)
    let scaled = try matrix.scaled(toSpectralRadius: radius, backend: backend)
    // The eigenvalues of such a matrix have condition numbers of about its order.
    let bound = 30 * Tolerance.eigenvalueBackwardError(order: 30, norm: radius * 30)
    #expect((try scaled.spectralRadius(backend: backend) - radius).magnitude <= bound)
  }

  @Test("complex pairs count with their magnitude", arguments: Backend.available)
  func rotation(backend: Backend) throws {
    let rotation = try Tensor<Float>([0, -3, 3, 0], shape: [2, 2])
    #expect(try rotation.spectralRadius(backend: backend) == 3)
  }

  @Test("what has no spectral radius, or none to scale, is refused", arguments: Backend.available)
  func refusals(backend: Backend) throws {
    for shape: Shape in [[], [3], [2, 3], [1, 2, 2]] {
      let tensor = Tensor<Float>.zeros(shape)
      #expect(
        throws: RecurrentError.shapeMismatch(
          argument: "spectralRadius", expected: "[n, n]", actual: shape)
      ) { try tensor.spectralRadius(backend: backend) }
    }
    let nilpotent = try Tensor<Float>([0, 1, 0, 0], shape: [2, 2])
    #expect(try nilpotent.spectralRadius(backend: backend) == 0)
    #expect(throws: RecurrentError.self) {
      try nilpotent.scaled(toSpectralRadius: 1, backend: backend)
    }
    let broken = try Tensor<Float>([0, .nan, 0, 0], shape: [2, 2])
    #expect(throws: RecurrentError.self) { try broken.spectralRadius(backend: backend) }
    let matrix = try Tensor<Float>([1, 0, 0, 1], shape: [2, 2])
    for radius in [-1, Float.nan, .infinity] {
      #expect(throws: RecurrentError.self) {
        try matrix.scaled(toSpectralRadius: radius, backend: backend)
      }
    }
  }

  @Test("a layer's recurrent weights are scaled in every layer")
  func layers() throws {
    var rnn = RNN<Double>(inputSize: 2, hiddenSize: 12, layerCount: 2)
    try rnn.scaleRecurrentWeights(toSpectralRadius: 0.75)
    for parameters in rnn.parameters {
      let radius = try parameters.weightHH.spectralRadius()
      #expect((radius - 0.75).magnitude <= 12 * Tolerance.eigenvalueBackwardError(order: 12, norm: 12))
    }
  }

  @Test func numbersThatTheTensorsTypeDoesNotHaveAreRefused() throws {
    var generator = SeededGenerator(seed: 1)
    for number in [1e300, -1e39, .infinity, -.infinity, .nan] {
      for initializer in [
        Initializer.uniform(bound: number), .normal(standardDeviation: number), .identity(scale: number),
        .orthogonal(gain: number),
      ] {
        #expect(throws: RecurrentError.self, "\(initializer)") {
          let _: Tensor<Float> = try initializer.tensor([2, 2], using: &generator)
        }
      }
    }
    let wide: Tensor<Double> = try Initializer.identity(scale: 1e300).tensor([2, 2], using: &generator)
    #expect(wide.scalars == [1e300, 0, 0, 1e300])
  }
}

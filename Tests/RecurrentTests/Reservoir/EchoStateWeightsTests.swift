import RecurrentTestSupport
import Testing

@testable import Recurrent

/// What a network's random weights and its arguments must be.
@Suite struct EchoStateWeightsTests {
  @Test(
    "every unit takes the asked share of the others",
    arguments: [(1, 40), (0.25, 10), (0.05, 2), (0.001, 1)])
  func connectivity(share: Double, count: Int) throws {
    var generator = SeededGenerator(seed: 1)
    let network = try EchoStateNetwork<Float>(hiddenSize: 40, connectivity: share, using: &generator)
    for row in network.parameters.weightHH {
      #expect(row.scalars.count { $0 != 0 } == count)
    }
  }

  @Test("weights have the asked scales and spectral radius", arguments: Backend.available)
  func scales(backend: Backend) throws {
    var generator = SeededGenerator(seed: 2)
    let network = try EchoStateNetwork<Double>(
      inputSize: 3, hiddenSize: 60, outputSize: 2, spectralRadius: 0.7, connectivity: 0.2, inputScale: 0.5,
      feedbackScale: 4, biasScale: 0.125, backend: backend, using: &generator)
    let parameters = network.parameters
    #expect(parameters.weightIH.shape == [60, 5] && parameters.biasHH == nil)
    let greatest = (0..<5).map { column in
      (0..<60).map { parameters.weightIH[$0, column].magnitude }.max() ?? 0
    }
    // Of 60 draws one comes near the end of the range.
    for value in greatest[..<3] { #expect(value > 0.4 && value <= 0.5) }
    for value in greatest[3...] { #expect(value > 3.2 && value <= 4) }
    let bias = try #require(parameters.biasIH?.scalars.map(\.magnitude).max())
    #expect(bias > 0.1 && bias <= 0.125)
    let radius = try parameters.weightHH.spectralRadius(backend: backend)
    let bound = 60 * Tolerance.eigenvalueBackwardError(order: 60, norm: 60)
    #expect((radius - 0.7).magnitude <= bound)
  }

  @Test("a seed decides all weights")
  func seeds() throws {
    func weights(_ seed: UInt64) throws -> CellParameters<Float> {
      var generator = SeededGenerator(seed: seed)
      return try EchoStateNetwork<Float>(hiddenSize: 20, connectivity: 0.3, using: &generator).parameters
    }
    #expect(try weights(1) == weights(1))
    #expect(try weights(1) != weights(2))
  }

  @Test("a network prints its sizes, and what is not the default")
  func description() throws {
    var generator = SeededGenerator(seed: 1)
    let plain = try EchoStateNetwork<Float>(hiddenSize: 8, using: &generator)
    #expect("\(plain)" == "EchoStateNetwork(0, 8, 1)")
    let other = try EchoStateNetwork<Float>(
      inputSize: 2, hiddenSize: 8, leakRate: 0.5, feedbackScale: 0, using: &generator)
    #expect("\(other)" == "EchoStateNetwork(2, 8, 1, leak_rate=0.5, feedback=False)")
  }

  @Test("sizes, shares and scales out of range are refused")
  func refusals() {
    var generator = SeededGenerator(seed: 1)
    for size in [0, -1, .max] {
      #expect(throws: RecurrentError.self) {
        try EchoStateNetwork<Float>(hiddenSize: size, using: &generator)
      }
    }
    #expect(throws: RecurrentError.self) {
      try EchoStateNetwork<Float>(inputSize: -1, hiddenSize: 4, using: &generator)
    }
    for share in [0, -0.5, 1.5, .nan] {
      #expect(throws: RecurrentError.self) {
        try EchoStateNetwork<Float>(hiddenSize: 4, connectivity: share, using: &generator)
      }
      #expect(throws: RecurrentError.self) {
        try EchoStateNetwork<Float>(hiddenSize: 4, leakRate: Float(share), using: &generator)
      }
    }
    for scale in [-1, .nan, Float.infinity] {
      #expect(throws: RecurrentError.self) {
        try EchoStateNetwork<Float>(inputSize: 1, hiddenSize: 4, inputScale: scale, using: &generator)
      }
      #expect(throws: RecurrentError.self) {
        try EchoStateNetwork<Float>(hiddenSize: 4, spectralRadius: scale, using: &generator)
      }
    }
    #expect(
      throws: RecurrentError.invalidValue(
        argument: "inputSize", expected: "an input or feedback", actual: "inputSize 0 and feedbackScale 0")
    ) { try EchoStateNetwork<Float>(hiddenSize: 4, feedbackScale: 0, using: &generator) }
  }

  @Test("sequences, states and read-outs that do not fit are refused, and name what was expected")
  func shapes() throws {
    var generator = SeededGenerator(seed: 1)
    var network = try EchoStateNetwork<Float>(inputSize: 2, hiddenSize: 6, outputSize: 3, using: &generator)
    func mismatch(_ argument: String, _ expected: String, _ actual: Shape) -> RecurrentError {
      .shapeMismatch(argument: argument, expected: expected, actual: actual)
    }
    #expect(throws: mismatch("target", "[T, B, 3] or [T, 3]", [5, 2])) { try network.fit(.zeros([5, 2])) }
    #expect(throws: RecurrentError.emptySequence(argument: "target")) { try network.fit(.zeros([0, 3])) }
    #expect(throws: mismatch("input", "[5, 2]", [])) { try network.fit(.zeros([5, 3]), washout: 0) }
    #expect(throws: mismatch("input", "[5, 2]", [4, 2])) {
      try network.fit(.zeros([5, 3]), input: .zeros([4, 2]), washout: 0)
    }
    for washout in [-1, 5] {
      #expect(throws: RecurrentError.invalidSize(argument: "washout", expected: "0 to 4", actual: washout)) {
        try network.fit(.zeros([5, 3]), input: .zeros([5, 2]), washout: washout)
      }
    }
    #expect(throws: RecurrentError.self) {
      try network.fit(.zeros([5, 3]), input: .zeros([5, 2]), washout: 0, regularization: -1)
    }
    #expect(throws: RecurrentError.self) { try network.follow(.zeros([5, 3]), input: .zeros([5, 2])) }
    #expect(network.readout == nil)
    network.readout = .init(weight: .zeros([3, 7]), bias: .zeros([3]))
    #expect(throws: mismatch("readout.weight", "[3, 8]", [3, 7])) {
      try network.follow(.zeros([5, 3]), input: .zeros([5, 2]))
    }
    network.readout = .init(weight: .zeros([3, 8]), bias: .zeros([3]))
    let state = EchoStateNetwork<Float>.State(hidden: .zeros([6]), output: .zeros([2]))
    #expect(throws: mismatch("state.output", "[3]", [2])) { try network(.zeros([5, 2]), from: state) }
    let good = EchoStateNetwork<Float>.State(hidden: .zeros([6]), output: .zeros([3]))
    #expect(throws: RecurrentError.self) { try network.generate(5, from: good) }
  }

  @Test("a series that is not finite is refused, and the read-out stays")
  func notFinite() throws {
    var generator = SeededGenerator(seed: 1)
    var network = try EchoStateNetwork<Double>(hiddenSize: 6, using: &generator)
    try network.fit(try ReferenceSeries.sine(count: 60), washout: 10)
    let readout = network.readout
    var series = try ReferenceSeries.sine(count: 60)
    series.scalars[40] = .nan
    #expect(
      throws: RecurrentError.invalidValue(
        argument: "regularization", expected: "states and targets that are finite", actual: "NaN or infinity")
    ) { try network.fit(series, washout: 10) }
    #expect(network.readout == readout)
  }
}

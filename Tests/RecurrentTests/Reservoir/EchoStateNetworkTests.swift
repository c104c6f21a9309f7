import Foundation
import RecurrentTestSupport
import Testing

@testable import Recurrent

/// What a network's states must be.
@Suite struct EchoStateNetworkTests {
  struct Kind: Sendable, CustomTestStringConvertible {
    var connectivity: Double
    var leakRate: Double
    var testDescription: String { "connectivity \(connectivity), leak rate \(leakRate)" }

    static let all = [1, 0.25, 0.05].flatMap { connectivity in
      [1, 0.3].map { Kind(connectivity: connectivity, leakRate: $0) }
    }
  }

  private func network<Scalar: TensorScalar>(
    _ kind: Kind, inputSize: Int = 2, outputSize: Int = 3, backend: Backend = .swift, _: Scalar.Type
  ) throws -> EchoStateNetwork<Scalar> {
    var generator = SeededGenerator(seed: 3)
    return try EchoStateNetwork(
      inputSize: inputSize, hiddenSize: 37, outputSize: outputSize, connectivity: kind.connectivity,
      leakRate: Scalar(kind.leakRate), backend: backend, using: &generator)
  }

  /// A read-out that nothing was fitted to.
  private func arbitraryReadout<Scalar: TensorScalar>(
    for network: EchoStateNetwork<Scalar>
  ) -> EchoStateNetwork<Scalar>.Readout {
    var generator = SeededGenerator(seed: 4)
    let features = network.hiddenSize + network.inputSize
    return .init(
      weight: .uniform([network.outputSize, features], in: -0.2...0.2, using: &generator),
      bias: .uniform([network.outputSize], in: -0.2...0.2, using: &generator))
  }

  /// The states of the definition, one loop for each index, with the bound of their errors.
  private func checkStates<Scalar: TensorScalar>(
    _ kind: Kind, _ backend: Backend, _: Scalar.Type
  ) throws {
    let network = try network(kind, backend: backend, Scalar.self)
    var generator = SeededGenerator(seed: 5)
    let (steps, rows, hiddenSize) = (6, 2, 37)
    let target = Tensor<Scalar>.uniform([steps, rows, 3], in: -1...1, using: &generator)
    let input = Tensor<Scalar>.uniform([steps, rows, 2], in: -1...1, using: &generator)
    let start = EchoStateNetwork<Scalar>.State(
      hidden: .uniform([rows, hiddenSize], in: -1...1, using: &generator),
      output: .uniform([rows, 3], in: -1...1, using: &generator))
    let rate = Double(network.leakRate)
    let weights = ReferenceCell(network.parameters)
    var hidden = start.hidden.scalars.map { Double($0) }
    var errors = hidden.map { _ in 0.0 }
    var expected: [Double] = []
    var bounds: [Double] = []
    for step in 0..<steps {
      let fedBack = step == 0 ? start.output.scalars : target[step - 1].scalars
      var (nextHidden, nextErrors) = (hidden, errors)
      for row in 0..<rows {
        let drive = (input[step][row].scalars + fedBack[(row * 3)..<(row * 3 + 3)]).map { Double($0) }
        for unit in 0..<hiddenSize {
          var sum = weights.biasIH[unit]
          var (magnitude, inherited) = (sum.magnitude, 0.0)
          for feature in 0..<5 {
            let term = weights.weightIH[unit * 5 + feature] * drive[feature]
            (sum, magnitude) = (sum + term, magnitude + term.magnitude)
          }
          for other in 0..<hiddenSize {
            let weight = weights.weightHH[unit * hiddenSize + other]
            sum += weight * hidden[row * hiddenSize + other]
            magnitude += (weight * hidden[row * hiddenSize + other]).magnitude
            inherited += weight.magnitude * errors[row * hiddenSize + other]
          }
          let error =
            inherited
            + Tolerance.sumBound(
              termCount: hiddenSize + 6, magnitude: magnitude + inherited, Scalar.self)
          let place = row * hiddenSize + unit
          nextHidden[place] = (1 - rate) * hidden[place] + rate * tanh(sum)
          nextErrors[place] = Tolerance.leakBound(
            previous: hidden[place], previousError: errors[place], activation: tanh(sum),
            activationError: Tolerance.activationBound(.tanh, at: sum, error: error, Scalar.self),
            rate: rate, Scalar.self)
        }
      }
      (hidden, errors) = (nextHidden, nextErrors)
      expected += hidden
      bounds += errors
    }
    let extent = try EchoStateNetwork<Scalar>.Extent(of: target, "target", features: 3)
    let (history, final) = try network.force(target.scalars, input.scalars, extent, from: start)
    expectClose(
      Tensor(unchecked: history, shape: [steps, rows, hiddenSize]), expected, bound: bounds,
      "\(kind) \(backend)")
    #expect(final.hidden.scalars == history.suffix(rows * hiddenSize))
    #expect(final.output == target[steps - 1])
  }

  @Test("states are those of the definition", arguments: Backend.available, Kind.all)
  func definition(backend: Backend, kind: Kind) throws {
    try checkStates(kind, backend, Float.self)
    try checkStates(kind, backend, Double.self)
  }

  @Test("a network that does not leak is an RNN, in every bit")
  func isRNN() throws {
    for kind in Kind.all where kind.leakRate == 1 && kind.connectivity > 0.1 {
      let network = try network(kind, outputSize: 1, Float.self)
      var rnn = RNN<Float>(inputSize: 3, hiddenSize: 37, bias: false)
      rnn.backend = .swift
      rnn.parameters = [network.parameters]
      var generator = SeededGenerator(seed: 6)
      let target = Tensor<Float>.uniform([9, 1], in: -1...1, using: &generator)
      let input = Tensor<Float>.uniform([9, 2], in: -1...1, using: &generator)
      let extent = try EchoStateNetwork<Float>.Extent(of: target, "target", features: 1)
      let (history, _) = try network.force(target.scalars, input.scalars, extent, from: nil)
      let drive = try Tensor.stack(
        (0..<9).map { Tensor(input[$0].scalars + (($0 == 0) ? [0] : target[$0 - 1].scalars)) })
      expectBitwiseEqual(Tensor(unchecked: history, shape: [9, 37]), try rnn(drive).output, "states")
    }
  }

  @Test("a sequence is its first part and then its second", arguments: Kind.all)
  func parts(kind: Kind) throws {
    var network = try network(kind, Float.self)
    network.readout = arbitraryReadout(for: network)
    var generator = SeededGenerator(seed: 7)
    let target = Tensor<Float>.uniform([11, 3], in: -1...1, using: &generator)
    let input = Tensor<Float>.uniform([11, 2], in: -1...1, using: &generator)
    let whole = try network.follow(target, input: input)
    let first = try network.follow(target[..<4], input: input[..<4])
    let second = try network.follow(target[4...], input: input[4...], from: first.finalState)
    expectBitwiseEqual(whole.output[..<4], first.output, "first")
    expectBitwiseEqual(whole.output[4...], second.output, "second")
    #expect(whole.finalState == second.finalState)
  }

  @Test("a row of a batch is that row alone", arguments: Kind.all)
  func rows(kind: Kind) throws {
    var network = try network(kind, inputSize: 0, Double.self)
    network.readout = arbitraryReadout(for: network)
    var generator = SeededGenerator(seed: 8)
    let target = Tensor<Double>.uniform([5, 4, 3], in: -1...1, using: &generator)
    let (_, state) = try network.follow(target)
    let (generated, _) = try network.generate(6, from: state)
    #expect(generated.shape == [6, 4, 3])
    for row in 0..<4 {
      let alone = try Tensor.stack(target.map { $0[row] })
      let (_, ownState) = try network.follow(alone)
      let (own, _) = try network.generate(6, from: ownState)
      expectBitwiseEqual(try Tensor.stack(generated.map { $0[row] }), own, "row \(row)")
    }
  }

  @Test("what a network generates, it follows without error", arguments: Kind.all)
  func generatesWhatItFollows(kind: Kind) throws {
    var network = try network(kind, inputSize: 0, Double.self)
    network.readout = arbitraryReadout(for: network)
    var generator = SeededGenerator(seed: 9)
    let (_, start) = try network.follow(.uniform([20, 3], in: -1...1, using: &generator))
    let (generated, end) = try network.generate(15, from: start)
    let (followed, sameEnd) = try network.follow(generated, from: start)
    expectBitwiseEqual(generated, followed, "outputs")
    #expect(end == sameEnd)
    #expect(Set(generated.scalars).count > 15)
  }

  @Test("without feedback, the output depends on the input alone")
  func withoutFeedback() throws {
    var generator = SeededGenerator(seed: 10)
    var network = try EchoStateNetwork<Double>(
      inputSize: 2, hiddenSize: 20, outputSize: 1, leakRate: 0.5, feedbackScale: 0, backend: .swift,
      using: &generator)
    network.readout = arbitraryReadout(for: network)
    let input = Tensor<Double>.uniform([12, 2], in: -1...1, using: &generator)
    let free = try network(input)
    for seed in [1, 2] as [UInt64] {
      var other = SeededGenerator(seed: seed)
      let followed = try network.follow(.uniform([12, 1], using: &other), input: input)
      expectBitwiseEqual(free.output, followed.output, "outputs")
    }
  }

  @Test("a batch without rows has outputs without rows", arguments: Kind.all)
  func emptyBatch(kind: Kind) throws {
    var network = try network(kind, inputSize: 0, Float.self)
    network.readout = arbitraryReadout(for: network)
    let (output, state) = try network.follow(.zeros([4, 0, 3]))
    #expect(output.shape == [4, 0, 3])
    #expect(try network.generate(2, from: state).output.shape == [2, 0, 3])
    #expect(throws: RecurrentError.emptySequence(argument: "target")) {
      try network.fit(.zeros([4, 0, 3]), washout: 0)
    }
  }
}

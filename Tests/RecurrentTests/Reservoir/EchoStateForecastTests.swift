import Foundation
import RecurrentTestSupport
import Testing

@testable import Recurrent

/// What a network learns.
@Suite struct EchoStateForecastTests {
  @Test("a read-out that exists is found", arguments: Backend.available)
  func findsReadout(backend: Backend) throws {
    var generator = SeededGenerator(seed: 1)
    var network = try EchoStateNetwork<Double>(
      inputSize: 2, hiddenSize: 8, outputSize: 2, feedbackScale: 0, backend: backend, using: &generator)
    let input = Tensor<Double>.uniform([150, 2], in: -1...1, using: &generator)
    network.readout = .init(
      weight: .uniform([2, 10], in: -1...1, using: &generator), bias: .uniform([2], using: &generator))
    let target = try network(input).output
    let exact = try #require(network.readout)
    network.readout = nil
    try network.fit(target, input: input, washout: 0, regularization: 0)
    let found = try #require(network.readout)
    // Random inputs keep the states apart: κ of the matrix of features is below 1000.
    let size = Double(150 * 11).squareRoot()
    let bound = Tolerance.leastSquaresSolution(
      rows: 150, columns: 11, condition: 1000, matrixNorm: size / 10, rightNorm: size, solutionNorm: 5,
      residualNorm: 0)
    #expect(try found.weight.greatestDifference(from: exact.weight) <= bound)
    #expect(try found.bias.greatestDifference(from: exact.bias) <= bound)
  }

  @Test("steps of the washout and rows of another series change the fit only by themselves")
  func washoutAndRows() throws {
    func readout(_ target: Tensor<Double>, washout: Int) throws -> EchoStateNetwork<Double>.Readout? {
      var generator = SeededGenerator(seed: 2)
      var network = try EchoStateNetwork<Double>(hiddenSize: 10, backend: .swift, using: &generator)
      try network.fit(target, washout: washout, regularization: 1e-3)
      return network.readout
    }
    let series = try ReferenceSeries.mackeyGlass(count: 120)
    var spoilt = series
    spoilt.scalars[3] += 1
    #expect(try readout(series, washout: 20) != readout(series, washout: 21))
    #expect(try readout(series, washout: 0) != readout(spoilt, washout: 0))
    // Twice the same row is the same regression at half the penalty.
    let twice = try Tensor.stack(series.map { Tensor($0.scalars + $0.scalars) }).reshaped(to: [120, 2, 1])
    var generator = SeededGenerator(seed: 2)
    var network = try EchoStateNetwork<Double>(hiddenSize: 10, backend: .swift, using: &generator)
    try network.fit(twice, washout: 20, regularization: 2e-3)
    let one = try #require(try readout(series, washout: 20)), two = try #require(network.readout)
    // Singular values of the augmented matrix are at least √λ; its norm is at most that of 200 rows
    // of 11 ones.
    let norm = (200.0 * 11).squareRoot()
    let bound = Tolerance.leastSquaresSolution(
      rows: 210, columns: 11, condition: norm / 1e-3.squareRoot(), matrixNorm: norm, rightNorm: norm,
      solutionNorm: 10, residualNorm: 1)
    #expect(try one.weight.greatestDifference(from: two.weight) <= bound)
  }

  @Test("the state that fit returns is where the series ends")
  func fitReturnsState() throws {
    var generator = SeededGenerator(seed: 3)
    var network = try EchoStateNetwork<Float>(hiddenSize: 30, leakRate: 0.6, using: &generator)
    let series = Tensor<Float>(try ReferenceSeries.sine(count: 200))
    let state = try network.fit(series, washout: 50)
    #expect(try network.follow(series).finalState == state)
  }

  @Test("a sine goes on for ten periods", arguments: Backend.available)
  func sine(backend: Backend) throws {
    let series = try ReferenceSeries.sine(count: 750)
    var generator = SeededGenerator(seed: 4)
    var network = try EchoStateNetwork<Double>(hiddenSize: 50, backend: backend, using: &generator)
    let state = try network.fit(series[..<500], washout: 100)
    let (output, _) = try network.generate(250, from: state)
    #expect(try output.greatestDifference(from: series[500...]) <= Tolerance.forecastOfSine)
  }

  @Test(
    "84 steps of the Mackey–Glass series are forecast within the bound",
    arguments: Backend.available, [1, 0.05])
  func mackeyGlass(backend: Backend, connectivity: Double) throws {
    // The protocol of Examples/MackeyGlass, with fewer units, starts and steps.
    let original = try ReferenceSeries.mackeyGlass(count: 2500)
    var series = original
    series.scalars = original.scalars.map { tanh($0 - 1) }
    var generator = SeededGenerator(seed: 5)
    var network = try EchoStateNetwork<Double>(
      hiddenSize: 150, spectralRadius: 0.8, connectivity: connectivity, leakRate: 0.4, backend: backend,
      using: &generator)
    var state = try network.fit(series[..<1500], washout: 200)
    var squares = 0.0
    let starts = Array(stride(from: 1500, to: 2500 - 84, by: 84))
    for start in starts {
      let forecast = try network.generate(84, from: state).output.scalars[83]
      let error = atanh(forecast) + 1 - original.scalars[start + 83]
      squares += error * error
      state = try network.follow(series[start..<(start + 84)], from: state).finalState
    }
    let mean = original.scalars.reduce(0, +) / 2500
    let variance = original.scalars.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 2500
    let error = (squares / Double(starts.count) / variance).squareRoot()
    #expect(error <= Tolerance.forecastOfMackeyGlass, "NRMSE84 \(error)")
  }
}

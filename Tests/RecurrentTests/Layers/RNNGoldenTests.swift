import Foundation
import Recurrent
import RecurrentTestSupport
import Testing

/// Layers and cells against PyTorch's own results.
@Suite struct RNNGoldenTests {
  @Test("the fixtures are there, of every kind")
  func fixtures() {
    #expect(Fixture.all(ofKind: "RNN").count >= 28)
    #expect(Fixture.all(ofKind: "RNNCell").count >= 10)
    #expect(Fixture.all(ofKind: "RNNCellLoop").count == 1)
    #expect(Fixture.all(ofKind: "RNNCellChain").count == 1)
  }

  @Test("a layer gives PyTorch's output and final state", arguments: Fixture.all(ofKind: "RNN"))
  func layers(fixture: Fixture) throws {
    try checkLayer(fixture, Double.self)
    if fixture.suitsFloat { try checkLayer(fixture, Float.self) }
  }

  private func checkLayer<Scalar: TensorScalar>(_ fixture: Fixture, _: Scalar.Type) throws {
    let file = try fixture.file()
    let batchFirst = file.metadata["batch_first"] == "true"
    let unbatched = file.metadata["unbatched"] == "true"
    let parameters: StateDictionary<Scalar> = try file.goldenParameters()
    let input: Tensor<Scalar> = try file.golden("input")
    let state: Tensor<Scalar>? = try file.initialState()
    var rnn = try RNN(
      stateDictionary: parameters, nonlinearity: file.nonlinearity, batchFirst: batchFirst)
    #expect(rnn.stateDictionary.keys == PyTorchNames.layer(rnn))
    #expect(rnn.layerCount == file.metadata["num_layers"].flatMap { Int($0) })
    // PyTorch leaves the nonlinearity of a layer out.
    let form = rnn.description.replacingOccurrences(of: ", nonlinearity=relu", with: "")
    #expect(form == file.metadata["repr"])

    let swapped = batchFirst && !unbatched
    let timeMajor = try swapped ? input.transposed() : input
    let expectation = Expectation(
      rnn.parameters, nonlinearity: rnn.nonlinearity, input: timeMajor.scalars.map { Double($0) },
      steps: timeMajor.shape[0], rows: unbatched ? 1 : timeMajor.shape[1],
      initialState: state?.scalars.map { Double($0) }, Scalar.self)
    let output = try file.tensor("output", as: Double.self)
    let finalState = try file.tensor("final_state", as: Double.self)
    for backend in Backend.available {
      rnn.backend = backend
      let result = try rnn(input, state)
      #expect(result.output.shape == output.shape && result.finalState.shape == finalState.shape)
      expectClose(
        try swapped ? result.output.transposed() : result.output,
        try (swapped ? output.transposed() : output).scalars, bound: expectation.bound.output,
        "\(fixture.name) \(backend)")
      expectClose(
        result.finalState, finalState.scalars, bound: expectation.bound.finalState,
        "\(fixture.name) \(backend)")
    }
  }

  @Test("a cell gives PyTorch's next state", arguments: Fixture.all(ofKind: "RNNCell"))
  func cells(fixture: Fixture) throws {
    try checkCell(fixture, Double.self)
    try checkCell(fixture, Float.self)
  }

  private func checkCell<Scalar: TensorScalar>(_ fixture: Fixture, _: Scalar.Type) throws {
    let file = try fixture.file()
    let input: Tensor<Scalar> = try file.golden("input")
    let state: Tensor<Scalar>? = try file.initialState()
    var cell = try RNNCell<Scalar>(
      stateDictionary: try file.goldenParameters(), nonlinearity: file.nonlinearity)
    #expect(cell.description == file.metadata["repr"])
    let expectation = Expectation(
      [cell.parameters], nonlinearity: cell.nonlinearity, input: input.scalars.map { Double($0) },
      steps: 1, rows: input.shape.rank == 1 ? 1 : input.shape[0],
      initialState: state?.scalars.map { Double($0) }, Scalar.self)
    let output = try file.tensor("output", as: Double.self)
    for backend in Backend.available {
      cell.backend = backend
      let result = try cell(input, state)
      #expect(result.shape == output.shape)
      expectClose(
        result, output.scalars, bound: expectation.bound.output, "\(fixture.name) \(backend)")
    }
  }

  @Test("the slides' loops over cells end in PyTorch's states", arguments: Backend.available)
  func loops(backend: Backend) throws {
    let loop = try #require(Fixture.all(ofKind: "RNNCellLoop").first).file()
    let chain = try #require(Fixture.all(ofKind: "RNNCellChain").first).file()
    try checkChain(loop, ["parameters."], backend)
    try checkChain(chain, ["parameters.cell1.", "parameters.cell2."], backend)
  }

  /// Calls cells, each on the state of the one below, step by step.
  private func checkChain(
    _ file: SafetensorsFile, _ prefixes: [String], _ backend: Backend
  ) throws {
    let cells = try prefixes.map { prefix in
      var cell = try RNNCell<Double>(stateDictionary: file.stateDictionary(prefix: prefix))
      cell.backend = backend
      return cell
    }
    let input: Tensor<Double> = try file.tensor("input")
    var states = cells.map { Tensor<Double>.zeros([input.shape[1], $0.hiddenSize]) }
    for xt in input {
      var below = xt
      for index in cells.indices {
        states[index] = try cells[index](below, states[index])
        below = states[index]
      }
    }
    let steps = input.shape[0]
    let rows = input.shape[1]
    let expectation = Expectation(
      cells.map(\.parameters), nonlinearity: .tanh, input: input.scalars, steps: steps, rows: rows,
      initialState: nil, Double.self)
    let bound = expectation.bound.output
    let output = try file.tensor("output", as: Double.self)
    let last = try #require(states.last)
    #expect(last.shape == output.shape)
    expectClose(
      last, output.scalars, bound: Array(bound.suffix(output.scalars.count)),
      "\(file.metadata["kind"] ?? "") \(backend)")
  }
}

/// The keys of PyTorch's state dictionaries.
private enum PyTorchNames {
  static func layer<Scalar>(_ rnn: RNN<Scalar>) -> [String] {
    (0..<rnn.layerCount).flatMap { layer in
      ["weight_ih_l\(layer)", "weight_hh_l\(layer)"]
        + (rnn.hasBias ? ["bias_ih_l\(layer)", "bias_hh_l\(layer)"] : [])
    }
  }
}

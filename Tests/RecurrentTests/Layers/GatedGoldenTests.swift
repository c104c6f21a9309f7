import RecurrentTestSupport
import Testing

@testable import Recurrent

/// LSTM, GRU and their cells against PyTorch's own results, within the bounds of the definition.
@Suite struct GatedGoldenTests {
  @Test("the fixtures are there, of every kind", arguments: ["LSTM", "GRU"])
  func fixtures(kind: String) {
    #expect(Fixture.all(ofKind: kind).count >= 10)
    #expect(Fixture.all(ofKind: kind + "Cell").count >= 4)
  }

  /// What PyTorch computed, time-major.
  private struct Golden<Scalar: TensorScalar> {
    let file: SafetensorsFile
    let swaps: Bool
    let steps: Int
    let rows: Int

    init(_ fixture: Fixture, isCell: Bool) throws {
      file = try fixture.file()
      let shape = try file.tensor("input", as: Double.self).shape
      let isBatched = file.metadata["unbatched"] != "true"
      swaps = file.metadata["batch_first"] == "true" && isBatched
      if isCell {
        (steps, rows) = (1, isBatched ? shape[0] : 1)
      } else {
        (steps, rows) = (swaps ? shape[1] : shape[0], isBatched ? shape[swaps ? 0 : 1] : 1)
      }
    }

    /// A sequence, as the call takes it, if it is there.
    func tensor(_ name: String) throws -> Tensor<Scalar>? {
      file.tensorNames.contains(name) ? try file.golden(name) : nil
    }

    /// The scalars of a sequence in time-major order, or of anything else as they stand.
    func doubles(_ name: String, isSequence: Bool = false) throws -> [Double]? {
      guard file.tensorNames.contains(name) else { return nil }
      let tensor = try file.tensor(name, as: Double.self)
      return try (isSequence && swaps ? tensor.transposed() : tensor).scalars
    }

    func timeMajor(_ tensor: Tensor<Scalar>) throws -> Tensor<Scalar> {
      try swaps ? tensor.transposed() : tensor
    }

    /// The bounds that follow from the definition.
    func reference(
      _ kind: ReferenceGates<Scalar>.Kind, _ parameters: [CellParameters<Scalar>]
    ) throws -> ReferenceGates<Scalar> {
      ReferenceGates(
        kind, parameters, input: try doubles("input", isSequence: true) ?? [], steps: steps, rows: rows,
        hidden: try doubles("initial_state"), cell: try doubles("initial_cell"))
    }

    func expect(
      _ actual: Tensor<Scalar>, _ name: String, _ bounds: [TrackedNumber<Scalar>], isSequence: Bool = false,
      _ context: String
    ) throws {
      guard let expected = try doubles(name, isSequence: isSequence) else { return }
      expectClose(
        try isSequence ? timeMajor(actual) : actual, expected, bound: bounds.map(\.error),
        "\(name): \(context)")
    }
  }

  @Test(
    "a layer gives PyTorch's results and gradients",
    arguments: Fixture.all(ofKind: "LSTM") + Fixture.all(ofKind: "GRU"))
  func layers(fixture: Fixture) throws {
    try checkLayer(fixture, Double.self)
    try checkLayer(fixture, Float.self)
  }

  private func checkLayer<Scalar: TensorScalar>(_ fixture: Fixture, _: Scalar.Type) throws {
    let golden = try Golden<Scalar>(fixture, isCell: false)
    let batchFirst = golden.file.metadata["batch_first"] == "true"
    let dictionary: StateDictionary<Scalar> = try golden.file.goldenParameters()
    let layer: GatedLayer<Scalar> =
      golden.file.metadata["kind"] == "LSTM"
      ? GatedLayer(layer: try LSTM(stateDictionary: dictionary, batchFirst: batchFirst))
      : GatedLayer(layer: try GRU(stateDictionary: dictionary, batchFirst: batchFirst))
    let (description, saved) = (layer.layer.description, layer.layer.stateDictionary)
    #expect(description == golden.file.metadata["repr"])
    #expect(Set(saved.keys) == Set(dictionary.keys))
    for key in saved.keys { #expect(saved[key] == dictionary[key], "\(key)") }
    var problem = GatedLayer<Scalar>.Problem(
      input: try golden.file.golden("input"), hidden: try golden.tensor("initial_state"),
      cell: try golden.tensor("initial_cell"))
    problem.outputGradient = try golden.tensor("output_gradient")
    problem.finalHiddenGradient = try golden.tensor("final_state_gradient")
    problem.finalCellGradient = try golden.tensor("final_cell_gradient")
    let reference = try golden.reference(layer.kind, layer.parameters)
    let gradients = reference.gradients(
      outputGradient: try golden.doubles("output_gradient", isSequence: true),
      hiddenGradient: try golden.doubles("final_state_gradient"),
      cellGradient: try golden.doubles("final_cell_gradient"))
    for backend in Backend.available {
      let context = "\(fixture.name) \(backend)"
      let actual = try layer.results(problem, Execution(backend: backend))
      try golden.expect(actual.output, "output", reference.output, isSequence: true, context)
      try golden.expect(actual.hidden, "final_state", reference.finalHidden, context)
      if let cell = actual.cell { try golden.expect(cell, "final_cell", reference.finalCell, context) }
      try golden.expect(
        actual.inputGradient, "gradient.input", gradients.input, isSequence: true, context)
      try golden.expect(actual.hiddenGradient, "gradient.initial_state", gradients.hidden, context)
      if let cell = actual.cellGradient {
        try golden.expect(cell, "gradient.initial_cell", gradients.cell, context)
      }
      for (index, cell) in actual.parameterGradients.enumerated() {
        let name = "gradient.parameters."
        let expected = gradients.cells[index]
        try golden.expect(cell.weightIH, "\(name)weight_ih_l\(index)", expected.weightIH, context)
        try golden.expect(cell.weightHH, "\(name)weight_hh_l\(index)", expected.weightHH, context)
        if let bias = cell.biasIH {
          try golden.expect(bias, "\(name)bias_ih_l\(index)", expected.biasIH, context)
        }
        if let bias = cell.biasHH {
          try golden.expect(bias, "\(name)bias_hh_l\(index)", expected.biasHH, context)
        }
      }
    }
  }

  @Test(
    "a cell gives PyTorch's results and gradients",
    arguments: Fixture.all(ofKind: "LSTMCell") + Fixture.all(ofKind: "GRUCell"))
  func cells(fixture: Fixture) throws {
    try checkCell(fixture, Double.self)
    try checkCell(fixture, Float.self)
  }

  private func checkCell<Scalar: TensorScalar>(_ fixture: Fixture, _: Scalar.Type) throws {
    let golden = try Golden<Scalar>(fixture, isCell: true)
    let dictionary: StateDictionary<Scalar> = try golden.file.goldenParameters()
    let input: Tensor<Scalar> = try golden.file.golden("input")
    let hidden = try golden.tensor("initial_state")
    let outputGradient: Tensor<Scalar> = try golden.file.golden("output_gradient")
    let isLSTM = golden.file.metadata["kind"] == "LSTMCell"
    let parameters: CellParameters<Scalar> =
      isLSTM
      ? try LSTMCell(stateDictionary: dictionary).parameters
      : try GRUCell(stateDictionary: dictionary).parameters
    let reference = try golden.reference(isLSTM ? .lstm : .gru, [parameters])
    let expected = reference.gradients(
      outputGradient: try golden.doubles("output_gradient"), hiddenGradient: nil,
      cellGradient: try golden.doubles("final_cell_gradient"))
    func check(_ parameters: CellParameters<Scalar>, _ inputGradient: Tensor<Scalar>, _ context: String)
      throws
    {
      try golden.expect(inputGradient, "gradient.input", expected.input, context)
      try golden.expect(
        parameters.weightIH, "gradient.parameters.weight_ih", expected.cells[0].weightIH, context)
      try golden.expect(
        parameters.weightHH, "gradient.parameters.weight_hh", expected.cells[0].weightHH, context)
    }
    for backend in Backend.available {
      let context = "\(fixture.name) \(backend)"
      if isLSTM {
        var cell = try LSTMCell<Scalar>(stateDictionary: dictionary)
        cell.backend = backend
        #expect(cell.description == golden.file.metadata["repr"])
        let state = try hidden.map { LSTMState(hidden: $0, cell: try golden.file.golden("initial_cell")) }
        let plain = try cell(input, state)
        let (next, pullback) = try cell.valueWithPullback(at: input, from: state)
        #expect(plain == next)
        try golden.expect(next.hidden, "output", reference.output, context)
        try golden.expect(next.cell, "final_cell", reference.finalCell, context)
        let gradients = try pullback(
          LSTMState(hidden: outputGradient, cell: golden.file.golden("final_cell_gradient")))
        try check(gradients.parameters, gradients.input, context)
        try golden.expect(gradients.state.hidden, "gradient.initial_state", expected.hidden, context)
        try golden.expect(gradients.state.cell, "gradient.initial_cell", expected.cell, context)
      } else {
        var cell = try GRUCell<Scalar>(stateDictionary: dictionary)
        cell.backend = backend
        #expect(cell.description == golden.file.metadata["repr"])
        let plain = try cell(input, hidden)
        let (next, pullback) = try cell.valueWithPullback(at: input, from: hidden)
        #expect(plain == next)
        try golden.expect(next, "output", reference.output, context)
        let gradients = try pullback(outputGradient)
        try check(gradients.parameters, gradients.input, context)
        try golden.expect(gradients.state, "gradient.initial_state", expected.hidden, context)
      }
    }
  }

  @Test("the parameters of another cell are an error that names both")
  func otherCells() throws {
    let lstm = LSTM<Float>(inputSize: 3, hiddenSize: 5)
    let error = RecurrentError.invalidValue(
      argument: "weight_hh_l0", expected: "the weights [3·H, H] of a GRU",
      actual: "the weights [4·H, H] of an LSTM, H = 5")
    #expect(throws: error) { try GRU<Float>(stateDictionary: lstm.stateDictionary) }
    #expect(throws: RecurrentError.self) { try RNN<Float>(stateDictionary: lstm.stateDictionary) }
    #expect(throws: RecurrentError.self) { try LSTMCell<Float>(stateDictionary: lstm.stateDictionary) }
  }

  @Test("a forget bias is the sum of the forget gate's biases and of no other's")
  func forgetBias() {
    var (a, b) = (SeededGenerator(seed: 3), SeededGenerator(seed: 3))
    let plain = LSTM<Float>(inputSize: 3, hiddenSize: 5, layerCount: 2, using: &a)
    let biased = LSTM<Float>(inputSize: 3, hiddenSize: 5, layerCount: 2, forgetBias: 1, using: &b)
    for (before, after) in zip(plain.parameters, biased.parameters) {
      #expect(before.weightIH == after.weightIH && before.weightHH == after.weightHH)
      for index in 0..<20 {
        let sums = [before, after].map { ($0.biasIH?.scalars[index] ?? 0) + ($0.biasHH?.scalars[index] ?? 0) }
        #expect(sums[1] == ((5..<10).contains(index) ? 1 : sums[0]))
      }
    }
  }
}

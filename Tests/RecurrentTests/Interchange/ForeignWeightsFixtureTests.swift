import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Layers made from the weights of ONNX and Keras against what ONNX Runtime and Keras compute with
/// them.
@Suite struct ForeignWeightsFixtureTests {
  @Test("the fixtures are there, of every cell and in both directions", arguments: ["onnx", "keras"])
  func fixtures(library: String) throws {
    let files = try Fixture.all(ofKind: library).map { try $0.file() }
    for cell in ["RNN", "LSTM", "GRU"] {
      for directions in ["1", "2"] {
        let those = files.filter { $0.metadata["cell"] == cell && $0.metadata["directions"] == directions }
        #expect(those.contains { $0.tensorNames.contains("initial_state") })
        #expect(those.contains { !$0.tensorNames.contains("initial_state") })
      }
    }
  }

  @Test(
    "a layer with the weights of another library gives its results",
    arguments: Fixture.all(ofKind: "onnx") + Fixture.all(ofKind: "keras"))
  func results(fixture: Fixture) throws {
    try check(fixture, Float.self)
    try check(fixture, Double.self)
  }

  private func cells<Scalar: TensorScalar>(
    _ file: SafetensorsFile
  ) throws -> [CellParameters<Scalar>] {
    try file.metadata["kind"] == "onnx" ? onnxCells(file) : kerasCells(file)
  }

  private func onnxCells<Scalar: TensorScalar>(
    _ file: SafetensorsFile
  ) throws -> [CellParameters<Scalar>] {
    try ONNXWeights<Scalar>(
      weight: file.tensor("W"), recurrenceWeight: file.tensor("R"),
      bias: file.tensorNames.contains("B") ? file.tensor("B") : nil
    ).cells()
  }

  private func kerasCells<Scalar: TensorScalar>(
    _ file: SafetensorsFile
  ) throws -> [CellParameters<Scalar>] {
    try (0..<(file.metadata["directions"] == "2" ? 2 : 1)).map { direction in
      let bias = "bias.\(direction)"
      return try CellParameters(
        KerasWeights(
          kernel: file.tensor("kernel.\(direction)"),
          recurrentKernel: file.tensor("recurrent_kernel.\(direction)"),
          bias: file.tensorNames.contains(bias) ? file.tensor(bias) : nil))
    }
  }

  /// Compares a layer in `Scalar` with a library that computed in `Float`: both may be off from the
  /// exact result by the bound of their type.
  private func check<Scalar: TensorScalar>(_ fixture: Fixture, _: Scalar.Type) throws {
    let file = try fixture.file()
    let cells: [CellParameters<Scalar>] = try cells(file)
    let names = file.tensorNames
    func optional(_ name: String) throws -> Tensor<Scalar>? {
      names.contains(name) ? try file.tensor(name) : nil
    }
    let problem = SequenceLayer<Scalar>.Problem(
      input: try file.tensor("input"), hidden: try optional("initial_state"),
      cell: try optional("initial_cell"))
    let layer = try layer(file, cells)
    let libraryCells: [CellParameters<Float>] = try self.cells(file)
    let bound = LayerErrors(file, cells, problem).plus(LayerErrors(file, libraryCells, problem))
    for backend in Backend.available {
      let context = "\(fixture.name) on \(backend) in \(Scalar.self)"
      let shape = try layer.stack.checkedSequence(problem.input.shape, batchFirst: false)
      let actual = try layer.run(shape, problem, Execution(backend: backend))
      func compare(_ tensor: Tensor<Scalar>?, _ name: String, _ bound: [Double]) throws {
        guard let tensor else { return }
        let expected = try file.tensor(name, as: Double.self)
        #expect(tensor.shape == expected.shape, "\(name): \(context)")
        expectClose(tensor, expected.scalars, bound: bound, "\(name): \(context)")
      }
      try compare(actual.output, "output", bound.output)
      try compare(actual.hidden, "final_state", bound.hidden)
      try compare(actual.cell, "final_cell", bound.cell)
    }
  }

  private func layer<Scalar: TensorScalar>(
    _ file: SafetensorsFile, _ cells: [CellParameters<Scalar>]
  ) throws -> SequenceLayer<Scalar> {
    let dictionary = StateDictionary(
      layers: cells, directions: cells.count == 2 ? .bidirectional : .forward)
    return switch file.metadata["cell"] {
    case "RNN": SequenceLayer(try RNN(stateDictionary: dictionary, nonlinearity: file.nonlinearity))
    case "LSTM": SequenceLayer(try LSTM(stateDictionary: dictionary))
    default: SequenceLayer(try GRU(stateDictionary: dictionary))
    }
  }
}

/// How far a layer's results in some type may lie from the exact ones, by the definition.
private struct LayerErrors {
  /// `[T, B, D·H]`.
  var output: [Double]
  /// `[D, B, H]`.
  var hidden: [Double] = []
  /// `[D, B, H]`.
  var cell: [Double] = []

  /// Runs the definition over each direction of a layer.
  init<Input: TensorScalar, Scalar: TensorScalar>(
    _ file: SafetensorsFile, _ cells: [CellParameters<Scalar>], _ problem: SequenceLayer<Input>.Problem
  ) {
    let (steps, rows) = (problem.input.shape[0], problem.input.shape[1])
    let size = cells[0].weightHH.shape[1]
    output = Array(repeating: 0, count: steps * rows * cells.count * size)
    for (direction, parameters) in cells.enumerated() {
      let input = (direction == 0 ? problem.input : problem.input.flipped).scalars.map { Double($0) }
      func start(_ state: Tensor<Input>?) -> [Double]? { state?[direction].scalars.map { Double($0) } }
      let errors: [Double]
      if file.metadata["cell"] == "RNN" {
        let bound = Expectation(
          [parameters], nonlinearity: file.nonlinearity, input: input, steps: steps, rows: rows,
          initialState: start(problem.hidden), Scalar.self
        ).bound
        errors = bound.output
        hidden += bound.finalState
      } else {
        let reference = ReferenceGates(
          file.metadata["cell"] == "LSTM" ? .lstm : .gru, [parameters], input: input, steps: steps,
          rows: rows,
          hidden: start(problem.hidden), cell: start(problem.cell))
        errors = reference.output.map(\.error)
        hidden += reference.finalHidden.map(\.error)
        cell += reference.finalCell.map(\.error)
      }
      for step in 0..<steps {
        for row in 0..<rows {
          let from = ((direction == 0 ? step : steps - 1 - step) * rows + row) * size
          let to = ((step * rows + row) * cells.count + direction) * size
          output.replaceSubrange(to..<(to + size), with: errors[from..<(from + size)])
        }
      }
    }
  }

  /// What the results of two who compute may differ by.
  func plus(_ other: LayerErrors) -> LayerErrors {
    var sum = self
    sum.output = zip(output, other.output).map(+)
    sum.hidden = zip(hidden, other.hidden).map(+)
    sum.cell = zip(cell, other.cell).map(+)
    return sum
  }
}

import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Both directions, unequal lengths and projections against PyTorch's own results.
@Suite struct SequenceGoldenTests {
  @Test("the fixtures are there, of every cell, in both directions and of unequal lengths")
  func fixtures() throws {
    let files = try Fixture.all(ofKind: "sequence").map { try $0.file() }
    for cell in ["RNN", "LSTM", "GRU", "LayerNormLSTM"] {
      let those = files.filter { $0.metadata["cell"] == cell }
      #expect(those.contains { $0.metadata["both"] == "true" && $0.metadata["lengths"] != "" })
      #expect(those.contains { $0.metadata["both"] == "false" && $0.metadata["lengths"] != "" })
    }
    #expect(files.contains { $0.tensorNames.contains("parameters.weight_hr_l1_reverse") })
  }

  @Test("a layer gives PyTorch's results and gradients", arguments: Fixture.all(ofKind: "sequence"))
  func layers(fixture: Fixture) throws {
    let file = try fixture.file()
    let layer = try layer(of: file)
    // PyTorch has no layer-normalized one.
    let description =
      file.metadata["cell"] == "LayerNormLSTM" ? file.metadata["repr"] : layer.layer.description
    let saved = layer.layer.stateDictionary
    // PyTorch does not print the nonlinearity.
    if file.nonlinearity == .tanh { #expect(description == file.metadata["repr"]) }
    let dictionary: StateDictionary<Double> = try file.goldenParameters()
    #expect(Set(saved.keys) == Set(dictionary.keys))
    for key in saved.keys { #expect(saved[key] == dictionary[key], "\(key)") }

    let form = try SequenceForm(file, layer)
    for backend in Backend.available {
      for threadCount in backend == .swift ? [1, 2] : [1] {
        let execution = Execution(backend: backend, threadCount: threadCount)
        let actual = try layer.results(form.shape, form.problem, execution)
        let context = "\(fixture.name) on \(backend), \(threadCount) threads"
        func check(_ tensor: Tensor<Double>?, _ name: String) throws {
          guard let tensor, file.tensorNames.contains(name) else { return }
          let expected = try file.tensor(name, as: Double.self)
          #expect(tensor.shape == expected.shape, "\(name): \(context)")
          let bound = form.bound(magnitude: expected.scalars.map(\.magnitude).max() ?? 0)
          expectClose(
            tensor, expected.scalars, bound: Array(repeating: bound, count: expected.scalars.count),
            "\(name): \(context)")
        }
        try check(form.unpacked(actual.output), "output")
        try check(actual.hidden, "final_state")
        try check(actual.cell, "final_cell")
        try check(form.unpacked(actual.input), "gradient.input")
        try check(actual.initialHidden, "gradient.initial_state")
        try check(actual.initialCell, "gradient.initial_cell")
        for (key, tensor) in actual.parameters {
          #expect(file.tensorNames.contains("gradient.parameters.\(key)"))
          try check(tensor, "gradient.parameters.\(key)")
        }
      }
    }
  }

  private func layer(of file: SafetensorsFile) throws -> SequenceLayer<Double> {
    let dictionary: StateDictionary<Double> = try file.goldenParameters()
    let batchFirst = file.metadata["batch_first"] == "true"
    return switch file.metadata["cell"] {
    case "RNN":
      SequenceLayer(
        try RNN(
          stateDictionary: dictionary, nonlinearity: file.nonlinearity, batchFirst: batchFirst))
    case "LSTM": SequenceLayer(try LSTM(stateDictionary: dictionary, batchFirst: batchFirst))
    case "LayerNormLSTM": SequenceLayer(try normalized(dictionary, batchFirst: batchFirst))
    default: SequenceLayer(try GRU(stateDictionary: dictionary, batchFirst: batchFirst))
    }
  }

  private func normalized(
    _ dictionary: StateDictionary<Double>, batchFirst: Bool
  ) throws -> CustomRNN<LayerNormalizedLSTM<Double>> {
    let weights = try #require(dictionary["weight_ih_l0"]?.shape)
    var layer = CustomRNN(
      LayerNormalizedLSTM<Double>(), inputSize: weights[1], hiddenSize: weights[0] / 4,
      layerCount: dictionary["weight_ih_l1"] == nil ? 1 : 2, bias: dictionary["bias_ih_l0"] != nil,
      batchFirst: batchFirst,
      directions: dictionary["weight_ih_l0_reverse"] == nil ? .forward : .bidirectional)
    try layer.load(dictionary)
    return layer
  }

  /// A fixture's sequence, packed where its lengths differ.
  private struct SequenceForm {
    let shape: SequenceShape
    let problem: SequenceLayer<Double>.Problem
    private let packed: PackedSequence<Double>?
    private let batchFirst: Bool
    private let depth: Int
    private let termCount: Int
    private let weightNorm: Double

    init(_ file: SafetensorsFile, _ layer: SequenceLayer<Double>) throws {
      let stack = layer.stack
      batchFirst = file.metadata["batch_first"] == "true"
      let lengths = (file.metadata["lengths"] ?? "").split(separator: " ").compactMap { Int($0) }
      let input = try file.tensor("input", as: Double.self)
      let outputGradient = try file.tensor("output_gradient", as: Double.self)
      func tensor(_ name: String) throws -> Tensor<Double>? {
        file.tensorNames.contains(name) ? try file.tensor(name, as: Double.self) : nil
      }
      var problem = SequenceLayer<Double>.Problem(
        input: input, hidden: try tensor("initial_state"), cell: try tensor("initial_cell"),
        outputGradient: outputGradient, hiddenGradient: try tensor("final_state_gradient"),
        cellGradient: try tensor("final_cell_gradient"))
      if lengths.isEmpty {
        packed = nil
        shape = try stack.checkedSequence(input.shape, batchFirst: batchFirst)
      } else {
        let sequences = try PackedSequence(padded: input, lengths: lengths, batchFirst: batchFirst)
        problem.input = sequences.data
        problem.outputGradient =
          try PackedSequence(padded: outputGradient, lengths: lengths, batchFirst: batchFirst).data
        packed = sequences
        shape = try stack.checkedSequence(sequences)
      }
      self.problem = problem
      depth = 2 * (shape.schedule.stepCount + stack.layerCount)
      termCount = 4 * (stack.sizes.features(intoLayer: 1) + stack.hiddenSize) + shape.schedule.packedRowCount
      weightNorm =
        stack.parameters.map { cell in
          let width = cell.weightHH.shape[1]
          return (0..<cell.weightHH.shape[0]).map { row in
            cell.weightHH.scalars[(row * width)..<((row + 1) * width)].reduce(0) { $0 + $1.magnitude }
          }.max() ?? 0
        }.max() ?? 0
    }

    func bound(magnitude: Double) -> Double {
      Tolerance.pathBound(depth: depth, termCount: termCount, weightNorm: weightNorm, magnitude: magnitude)
    }

    /// Rows of packed sequences as the padded tensor that PyTorch gives.
    func unpacked(_ tensor: Tensor<Double>) throws -> Tensor<Double> {
      guard let packed else { return tensor }
      return try packed.replacing(data: tensor).padded(batchFirst: batchFirst)
    }
  }
}

import Foundation
import Recurrent
import RecurrentTestSupport
import Testing

/// Files that PyTorch wrote, run by the command: names, shapes and numbers are not of this
/// package's making.
@Suite("recurrent run, PyTorch's own files")
struct RunReferenceTests {
  private struct Reference: Sendable, CustomTestStringConvertible {
    var name: String
    /// T, of a sequence.
    var steps = 3
    var layerCount = 2
    var options: [String] = []
    var testDescription: String { name }
  }

  private static let references: [Reference] =
    ["gru", "lstm", "lstm-proj", "rnn-tanh"].map {
      Reference(name: "sequence-\($0)-nobias-l2-t3-b2-i2-h4-both-state")
    } + [
      Reference(name: "sequence-lstm-proj-nobias-l2-t3-b2-i2-h4-state"),
      Reference(
        name: "sequence-rnn-relu-nobias-l2-t3-b2-i2-h4-both-state", options: ["--nonlinearity", "relu"]),
      Reference(
        name: "gru-nobias-l1-t2-b3-i5-h8-batchfirst-state", steps: 2, layerCount: 1,
        options: ["--batch-first"]),
      Reference(name: "lstm-nobias-l2-t3-unbatched-i2-h6-state"),
      Reference(name: "lstmcell-nobias-b2-i1-h17-state", steps: 1, layerCount: 1),
      Reference(name: "grucell-nobias-b2-i1-h17-state", steps: 1, layerCount: 1),
    ]

  @Test("gives PyTorch's outputs and states", arguments: references)
  private func equalsPyTorch(reference: Reference) throws {
    let folder = try TemporaryFolder()
    let path = Repository.fixture(reference.name)
    let file = try SafetensorsFile(path: path)
    func tensor(_ name: String) throws -> Tensor<Double> { try file.tensor(name) }
    var arguments = ["run", path, "--prefix", "parameters."]
    for (name, option) in [
      ("input", "--input"), ("initial_state", "--initial-state"), ("initial_cell", "--initial-cell"),
    ] where file.tensorNames.contains(name) {
      try NumPyFile.write(tensor(name), toPath: folder.path(name))
      arguments += [option, folder.path(name)]
    }
    let results = [
      ("output", "--output"), ("final_state", "--final-state"), ("final_cell", "--final-cell"),
    ].filter { $0.0 == "output" || file.tensorNames.contains($0.0) }
    for (name, option) in results { arguments += [option, folder.path(name)] }
    let process = try ToolProcess(arguments + reference.options)
    #expect(process.status == 0, "\(process.errors)")

    let weights: StateDictionary<Double> = try file.stateDictionary(prefix: "parameters.")
    let norm = weights.filter { $0.key.hasPrefix("weight_hh") }.map { Self.norm($0.value) }.max() ?? 0
    let termCount = 2 * (weights.map { $0.value.shape[0] }.max() ?? 0)
    for (name, _) in results {
      // A cell's output is its state.
      let expected = try tensor(file.tensorNames.contains(name) ? name : "final_state")
      let actual: Tensor<Double> = try NumPyFile(path: folder.path(name)).tensor()
      #expect(actual.shape == expected.shape, "\(name)")
      let bound = Tolerance.pathBound(
        depth: reference.steps + reference.layerCount, termCount: termCount, weightNorm: norm,
        magnitude: expected.scalars.map(\.magnitude).max() ?? 0)
      expectClose(
        actual, expected.scalars, bound: Array(repeating: bound, count: expected.scalars.count),
        "\(name) of \(reference.name)")
    }
  }

  /// The greatest sum of magnitudes of a row.
  private static func norm(_ weights: Tensor<Double>) -> Double {
    weights.map { row in row.scalars.reduce(0) { $0 + $1.magnitude } }.max() ?? 0
  }
}

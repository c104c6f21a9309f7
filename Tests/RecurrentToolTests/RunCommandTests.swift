import Foundation
import Recurrent
import Testing

/// A model file with its input, as a user has them.
private struct Model {
  let folder: TemporaryFolder
  let rnn: RNN<Float>
  let input: Tensor<Float>

  init(prefix: String = "", batchFirst: Bool = false, nonlinearity: Nonlinearity = .tanh) throws {
    folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 7)
    rnn = RNN(
      inputSize: 5, hiddenSize: 9, layerCount: 2, nonlinearity: nonlinearity,
      batchFirst: batchFirst, using: &generator)
    input = .normal([4, 3, 5], using: &generator)
    var file = StateDictionary<Float>()
    for (key, value) in rnn.stateDictionary { file[prefix + key] = value }
    // Another module of the same model.
    file["readout.weight"] = .zeros([1, 9])
    try SafetensorsFile.write(file, toPath: folder.path("model.safetensors"))
    try NumPyFile.write(input, toPath: folder.path("x.npy"))
  }

  func run(_ more: [String], environment: [String: String] = [:]) throws -> ToolProcess {
    try ToolProcess(
      [
        "run", folder.path("model.safetensors"), "--input", folder.path("x.npy"),
        "--output", folder.path("y.npy"),
      ] + more, environment: environment)
  }

  func result(_ name: String) throws -> Tensor<Float> {
    try NumPyFile(path: folder.path(name)).tensor()
  }
}

@Suite("recurrent run")
struct RunCommandTests {
  @Test("writes what the layer computes, with every option", arguments: Backend.available)
  func writesResults(backend: Backend) throws {
    let model = try Model(prefix: "encoder.rnn.", batchFirst: true, nonlinearity: .relu)
    var generator = SeededGenerator(seed: 8)
    let state = Tensor<Float>.normal([2, 4, 9], using: &generator)
    try NumPyFile.write(state, toPath: model.folder.path("h0.npy"))
    let process = try model.run([
      "--initial-state", model.folder.path("h0.npy"), "--final-state", model.folder.path("hn.npy"),
      "--nonlinearity", "relu", "--batch-first", "--backend", backend.rawValue, "--threads", "1",
    ])
    #expect(process.status == 0, "\(process.errors)")
    var layer = model.rnn
    layer.backend = backend
    let (output, finalState) = try layer(model.input, state)
    #expect(try model.result("y.npy") == output)
    #expect(try model.result("hn.npy") == finalState)
  }

  @Test(
    "rounds weights as the layer does, and refuses to round those of F64", arguments: WeightFormat.allCases)
  func weights(format: WeightFormat) throws {
    let model = try Model()
    let process = try model.run(["--weights", format.rawValue, "--backend", "swift"])
    #expect(process.status == 0, "\(process.errors)")
    var layer = try model.rnn.converted(to: format)
    layer.backend = .swift
    #expect(try model.result("y.npy") == layer(model.input).output)
    guard format != .float else { return }
    let double = StateDictionary<Double>(model.rnn.stateDictionary.map { ($0.key, Tensor($0.value)) })
    try SafetensorsFile.write(double, toPath: model.folder.path("model.safetensors"))
    let refused = try model.run(["--weights", format.rawValue])
    #expect(refused.status != 0)
    #expect(refused.errors.contains("Float") && refused.errors.contains("Double"), "\(refused.errors)")
  }

  @Test("runs a cell, of F64 and unbatched")
  func runsCell() throws {
    let folder = try TemporaryFolder()
    let cell = RNNCell<Double>(inputSize: 3, hiddenSize: 4, bias: false)
    try SafetensorsFile.write(cell.stateDictionary, toPath: folder.path("model.safetensors"))
    let input = Tensor<Double>([0.5, -1, 2])
    try NumPyFile.write(input, toPath: folder.path("x.npy"))
    let process = try ToolProcess([
      "run", folder.path("model.safetensors"), "--input", folder.path("x.npy"),
      "--output", folder.path("y.npy"),
    ])
    #expect(process.status == 0, "\(process.errors)")
    let output: Tensor<Double> = try NumPyFile(path: folder.path("y.npy")).tensor()
    #expect(output == (try cell(input)))
  }

  @Test("converts an input of the other number type")
  func convertsInput() throws {
    let model = try Model()
    try NumPyFile.write(Tensor<Double>(model.input), toPath: model.folder.path("x.npy"))
    let process = try model.run([])
    #expect(process.status == 0, "\(process.errors)")
    #expect(try model.result("y.npy") == (try model.rnn(model.input).output))
  }

  @Test(
    "ends with 64 on wrong usage",
    arguments: [
      ["--backend", "cuda"], ["--nonlinearity", "gelu"], ["--threads", "0"], ["--threads", "x"],
      ["--frobnicate"], ["surplus"],
    ])
  func refusesUsage(more: [String]) throws {
    let model = try Model()
    let process = try model.run(more)
    #expect(process.status == 64)
    #expect(!process.errors.isEmpty && process.output.isEmpty)
    #expect(try model.folder.names() == ["model.safetensors", "x.npy"])
  }

  @Test("ends with 1 on bad data, says what was expected and what came, and leaves nothing behind")
  func refusesData() throws {
    let model = try Model()
    let folder = model.folder
    try NumPyFile.write(Tensor<Float>.zeros([4, 3, 6]), toPath: folder.path("wide.npy"))
    try Data("no model".utf8).write(to: URL(fileURLWithPath: folder.path("text")))
    let before = try folder.names()
    let cases: [([String], [String])] = [
      ([folder.path("missing"), folder.path("x.npy")], ["missing"]),
      ([folder.path("text"), folder.path("x.npy")], ["text", "expected"]),
      ([folder.path("model.safetensors"), folder.path("text")], ["text", "expected"]),
      ([folder.path("model.safetensors"), folder.path("wide.npy")], ["[T, B, 5]", "[4, 3, 6]"]),
    ]
    for (files, words) in cases {
      let process = try ToolProcess([
        "run", files[0], "--input", files[1], "--output", folder.path("y.npy"),
        "--final-state", folder.path("hn.npy"),
      ])
      #expect(process.status == 1)
      for word in words { #expect(process.errors.contains(word), "\(process.errors)") }
      #expect(try folder.names() == before)
    }
  }

  @Test("writes neither file where the second cannot be written")
  func writesBothOrNone() throws {
    let model = try Model()
    let before = try model.folder.names()
    let process = try model.run(["--final-state", model.folder.path("nowhere/hn.npy")])
    #expect(process.status == 1)
    #expect(try model.folder.names() == before)
  }

  @Test(
    "runs a module under weight normalization, by PyTorch's old names and by its new ones",
    arguments: [("_v", "_g"), ("original1", "original0")])
  func runsNormalizedWeights(direction: String, magnitude: String) throws {
    let model = try Model()
    var file = StateDictionary<Float>()
    var bare = StateDictionary<Float>()
    for (key, value) in model.rnn.stateDictionary {
      guard key.hasPrefix("weight_hh") || key == "weight_ih_l0" else {
        (file["enc.\(key)"], bare[key]) = (value, value)
        continue
      }
      let name = { (part: String) in part.hasPrefix("_") ? key + part : "parametrizations.\(key).\(part)" }
      let norms = Tensor<Float>(repeating: 0.5, shape: [value.shape[0], 1])
      for (part, tensor) in [(direction, value), (magnitude, norms)] {
        (file["enc.\(name(part))"], bare[name(part)]) = (tensor, tensor)
      }
    }
    file["enc.below.weight"] = .zeros([1, 9])
    try SafetensorsFile.write(file, toPath: model.folder.path("model.safetensors"))
    let process = try model.run(["--prefix", "enc"])
    #expect(process.status == 0, "\(process.errors)")
    #expect(try model.result("y.npy") == RNN(stateDictionary: bare)(model.input).output)
  }

  @Test("asks for a prefix where two modules could be meant, and takes it")
  func asksForPrefix() throws {
    let model = try Model(prefix: "a.")
    var both = StateDictionary<Float>()
    let other = RNN<Float>(inputSize: 5, hiddenSize: 2)
    for (key, value) in model.rnn.stateDictionary { both["a." + key] = value }
    for (key, value) in other.stateDictionary { both["b." + key] = value }
    try SafetensorsFile.write(both, toPath: model.folder.path("model.safetensors"))
    let vague = try model.run([])
    #expect(vague.status == 1 && vague.errors.contains("\"a.\"") && vague.errors.contains("\"b.\""))
    let exact = try model.run(["--prefix", "b."])
    #expect(exact.status == 0, "\(exact.errors)")
    #expect(try model.result("y.npy") == (try other(model.input).output))
    // The point is not part of what anybody calls a module.
    let short = try model.run(["--prefix", "b"])
    #expect(short.status == 0, "\(short.errors)")
    #expect(try model.result("y.npy") == (try other(model.input).output))
    for prefix in ["c.", "c", "", "a..", ".a"] {
      let wrong = try model.run(["--prefix", prefix])
      #expect(wrong.status == 1)
      #expect(wrong.errors.contains("got the prefixes \"a.\", \"b.\""), "\(wrong.errors)")
    }
  }

  @Test("names the modules that are most like the prefix first, and no other tensors")
  func namesNearPrefixes() throws {
    let model = try Model()
    var file: StateDictionary<Float> = ["readout.weight": .zeros([1, 9])]
    for name in (0..<9).map({ "decoder.layers.\($0)." }) + ["encoder."] {
      for (key, value) in model.rnn.stateDictionary { file[name + key] = value }
    }
    try SafetensorsFile.write(file, toPath: model.folder.path("model.safetensors"))
    let wrong = try model.run(["--prefix", "encodr"])
    #expect(wrong.status == 1)
    #expect(wrong.errors.contains("got the prefixes \"encoder.\", \"decoder."), "\(wrong.errors)")
    #expect(!wrong.errors.contains("readout"))
    let deep = try model.run(["--prefix", "layers.7"])
    #expect(deep.errors.contains("got the prefixes \"decoder.layers.7.\""), "\(deep.errors)")
  }
}

import RecurrentTestSupport
import Testing

@testable import Recurrent

@Suite struct CheckpointTests {
  private func checkpoint() throws -> Checkpoint<Float> {
    var generator = SeededGenerator(seed: 21)
    var model = TwoLayerModel<Float>(
      hidden: Linear(inputSize: 3, outputSize: 4, using: &generator),
      head: Linear(inputSize: 4, outputSize: 1, bias: false, using: &generator))
    var optimizer = Adam<Float>(learningRate: 0.1)
    let gradients = model.stateDictionary
    try optimizer.update(&model, with: gradients)
    var checkpoint = Checkpoint(
      model: model, optimizer: optimizer, generator: generator, epoch: 3, step: 17,
      buffers: ["normalization.offset": Tensor([1, 2])],
      numbers: ["best": .infinity, "loss": 0.1, "": -0.0, "\u{301}accent": 1e-300],
      metadata: ["note": "ünïcode \" \n", "": "empty", "\u{301}": "accent"])
    checkpoint.best = model.stateDictionary
    checkpoint.learningRate = 0.1 + 0.2
    checkpoint.generator.state = .max
    return checkpoint
  }

  @Test("a checkpoint comes back from its file as it was")
  func roundTrip() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try checkpoint()
    try checkpoint.write(toPath: folder.path("run"))
    #expect(try Checkpoint<Float>(path: folder.path("run")) == checkpoint)
    #expect(try folder.contents() == ["run"])
    // Other programs find the parameters.
    let model: StateDictionary<Float> = try SafetensorsFile(path: folder.path("run"))
      .stateDictionary(prefix: "model.")
    #expect(model == checkpoint.model)
  }

  @Test("the same checkpoint gives the same bytes")
  func bytesOfTheFile() throws {
    let folder = try TemporaryFolder()
    for name in ["a", "b"] { try checkpoint().write(toPath: folder.path(name)) }
    #expect(try bytes(at: folder.path("a")) == bytes(at: folder.path("b")))
  }

  @Test("a checkpoint that cannot be written leaves what is there")
  func notWritten() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try checkpoint()
    try checkpoint.write(toPath: folder.path("run"))
    for path in ["none/run", "."] {
      #expect(throws: RecurrentError.self) { try checkpoint.write(toPath: folder.path(path)) }
    }
    #expect(try Checkpoint<Float>(path: folder.path("run")) == checkpoint)
    #expect(try folder.contents() == ["run"])
  }

  @Test("a checkpoint of other parameters is not restored, and nothing changes")
  func foreign() throws {
    let checkpoint = try checkpoint()
    var model = Linear<Float>(inputSize: 2, outputSize: 2)
    var optimizer = Adam<Float>()
    let before = model.parameters
    #expect(throws: RecurrentError.self) { try checkpoint.restore(&model, &optimizer) }
    #expect(model.parameters == before && optimizer.learningRate == 1e-3)
    var fitting = TwoLayerModel<Float>(
      hidden: Linear(inputSize: 3, outputSize: 4), head: Linear(inputSize: 4, outputSize: 1, bias: false))
    var other = SGD<Float>(momentum: 0.9)
    let old = fitting.stateDictionary
    #expect(throws: RecurrentError.self) { try checkpoint.restore(&fitting, &other) }
    #expect(fitting.stateDictionary == old)
    try checkpoint.restore(&fitting, &optimizer)
    #expect(fitting.stateDictionary == checkpoint.model && optimizer.state == checkpoint.optimizer)
    #expect(optimizer.learningRate == checkpoint.learningRate && optimizer.stepCount == 1)
  }

  @Test("a file that is no whole checkpoint is refused with what is wrong")
  func malformed() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try checkpoint()
    try checkpoint.write(toPath: folder.path("run"))
    let file = try SafetensorsFile(path: folder.path("run"))
    let tensors: StateDictionary<Float> = try file.stateDictionary()
    let keys = [
      "recurrent.checkpoint", "scalar", "epoch", "step", "optimizer.step", "generator", "learning_rate",
    ]
    for key in keys {
      for value in [nil, "", "x", "-1", "1.5"] as [String?]
      where !(key == "learning_rate" && (value == "-1" || value == "1.5")) {
        var metadata = file.metadata
        metadata[key] = value
        try SafetensorsFile.write(tensors, metadata: metadata, toPath: folder.path("wrong"))
        #expect(throws: RecurrentError.self, "\(key) \(value ?? "missing")") {
          try Checkpoint<Float>(path: folder.path("wrong"))
        }
      }
    }
    for (key, value) in [("number.loss", "x"), ("unknown", "1")] {
      var metadata = file.metadata
      metadata[key] = value
      try SafetensorsFile.write(tensors, metadata: metadata, toPath: folder.path("wrong"))
      let error = #expect(throws: RecurrentError.self) { try Checkpoint<Float>(path: folder.path("wrong")) }
      #expect(error?.description.contains(key) == true)
    }
    var more = tensors
    more["extra"] = Tensor([1])
    try SafetensorsFile.write(more, metadata: file.metadata, toPath: folder.path("wrong"))
    #expect(throws: RecurrentError.self) { try Checkpoint<Float>(path: folder.path("wrong")) }
  }

  @Test("a run in Float is not resumed in Double, nor one whose tensors are of another type")
  func scalarTypes() throws {
    let folder = try TemporaryFolder()
    try checkpoint().write(toPath: folder.path("run"))
    #expect(
      throws: RecurrentError.scalarTypeMismatch(
        path: folder.path("run"), tensor: "the whole checkpoint", expected: "F64", actual: "F32")
    ) { try Checkpoint<Double>(path: folder.path("run")) }
    let file = try SafetensorsFile(path: folder.path("run"))
    let narrow: StateDictionary<Float> = try file.stateDictionary()
    let wide = StateDictionary<Double>(narrow.map { ($0.key, Tensor($0.value)) })
    try SafetensorsFile.write(wide, metadata: file.metadata, toPath: folder.path("wide"))
    #expect(throws: RecurrentError.self) { try Checkpoint<Float>(path: folder.path("wide")) }
  }

  @Test("any file that was cut short is refused")
  func truncated() throws {
    let folder = try TemporaryFolder()
    try checkpoint().write(toPath: folder.path("run"))
    let whole = try bytes(at: folder.path("run"))
    for length in Swift.stride(from: 0, to: whole.count, by: 7) {
      let path = try folder.write(Array(whole.prefix(length)), as: "cut")
      #expect(throws: RecurrentError.self) { try Checkpoint<Float>(path: path) }
    }
  }
}

import Testing

@testable import Recurrent

@Suite("Counters that come from a file") struct CounterTests {
  private static let absurd = [Int.max, Int.max - 1, (1 << 53) + 1, -1, .min]
  private static let range = "0 to 9007199254740992"

  private struct Model: Parameterized {
    var linear = Linear<Float>(inputSize: 1, outputSize: 1)
    mutating func forEachParameter(_ body: (String, inout Tensor<Float>) throws -> Void) rethrows {
      try linear.forEachParameter(body)
    }
    var gradients: StateDictionary<Float> {
      StateDictionary(stateDictionary.map { ($0.key, .zeros($0.value.shape)) })
    }
  }

  private func checkOptimizer<Rule: Optimizer<Float>>(_ rule: Rule) throws {
    var (optimizer, model) = (rule, Model())
    try optimizer.update(&model, with: model.gradients)
    let state = optimizer.state
    for count in Self.absurd {
      #expect(throws: RecurrentError.invalidSize(argument: "stepCount", expected: Self.range, actual: count))
      {
        try optimizer.restore(state, stepCount: count, for: model)
      }
      #expect(optimizer.stepCount == 1)
    }
    try optimizer.restore(state, stepCount: 1 << 53, for: model)
    try optimizer.update(&model, with: model.gradients)
    #expect(optimizer.stepCount == (1 << 53) + 1)
  }

  @Test func optimizersRefuseWhatTheyCannotCountOnFrom() throws {
    try checkOptimizer(SGD<Float>(learningRate: 1, momentum: 0.5))
    try checkOptimizer(Adam<Float>())
    try checkOptimizer(AdamW<Float>())
    try checkOptimizer(RMSprop<Float>())
  }

  @Test func checkpointsNeitherTakeThemNorWriteThem() throws {
    let folder = try TemporaryFolder()
    let training = Training(
      Model(), optimizer: SGD<Float>(learningRate: 1), generator: SeededGenerator(seed: 1))
    let fields: [(String, WritableKeyPath<Checkpoint<Float>, Int>)] = [
      ("epoch", \.epoch), ("step", \.step), ("optimizerStepCount", \.optimizerStepCount),
    ]
    for count in Self.absurd {
      for (name, field) in fields {
        var checkpoint = training.checkpoint
        checkpoint[keyPath: field] = count
        let expected = RecurrentError.invalidSize(argument: name, expected: Self.range, actual: count)
        #expect(throws: expected) { try checkpoint.write(toPath: folder.path("x")) }
        var copy = training
        #expect(throws: expected) { try copy.restore(checkpoint) }
        #expect(copy.epoch == 0 && copy.step == 0)
      }
    }
    #expect(try folder.contents().isEmpty)
  }

  @Test func filesWithThemAreRefused() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("x")
    let training = Training(
      Model(), optimizer: SGD<Float>(learningRate: 1), generator: SeededGenerator(seed: 1))
    try training.checkpoint.write(toPath: path)
    let file = try SafetensorsFile(path: path)
    for key in ["epoch", "step", "optimizer.step"] {
      for count in Self.absurd.map(String.init) + ["9223372036854775808", "1.0", ""] {
        var metadata = file.metadata
        metadata[key] = count
        try SafetensorsFile.write(file.stateDictionary(as: Float.self), metadata: metadata, toPath: path)
        #expect(
          throws: RecurrentError.malformedFile(
            path: path, expected: "a whole number from \(Self.range) under \"\(key)\" in the metadata",
            actual: "\"\(count)\"")
        ) { try Checkpoint<Float>(path: path) }
      }
    }
  }

  @Test func rulesRefuseThem() throws {
    var stopping = try EarlyStopping(patience: .max)
    var plateau = try ReduceOnPlateau(from: 1, patience: .max)
    for count in [9.223372036854775e18, 0x1p53 + 2, -1, 0.5, .nan, .infinity] {
      #expect(throws: RecurrentError.self) { try stopping.restore(["best": 0, "badEpochCount": count]) }
      for name in ["badEpochCount", "pausedEpochCount"] {
        var state = plateau.state
        state[name] = count
        #expect(throws: RecurrentError.self) { try plateau.restore(state) }
      }
    }
    try stopping.restore(["best": 0, "badEpochCount": 0x1p53])
    stopping.observe(.nan)
    #expect(stopping.badEpochCount == (1 << 53) + 1)
  }
}

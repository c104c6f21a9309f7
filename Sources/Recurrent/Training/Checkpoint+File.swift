// The layout of a checkpoint's file:
//
// | where    | name                        | what                                            |
// | -------- | --------------------------- | ----------------------------------------------- |
// | tensors  | `model.…`                   | parameters                                      |
// |          | `best.…`                    | parameters of the best epoch                    |
// |          | `buffers.…`                 | tensors that are not trained                    |
// |          | `optimizer.…`               | what the optimizer remembers                    |
// | metadata | `recurrent.checkpoint`      | the version of this layout                      |
// |          | `scalar`                    | F32 or F64: a run goes on in its own type       |
// |          | `epoch`, `step`, `optimizer.step`, `generator` | whole numbers, in decimal digits |
// |          | `learning_rate`, `number.…` | the shortest digits that give the same `Double` |
// |          | `metadata.…`                | the user's strings                              |

extension Checkpoint {
  private static var version: String { "1" }

  private static var tensorPrefixes: [String] { ["model.", "best.", "buffers.", "optimizer."] }

  /// Writes the checkpoint in one step.
  ///
  /// - Parameter path: Where the file is to stand; one that is there is replaced once the new one
  ///   is whole and on the disk.
  /// - Throws: ``RecurrentError/fileInaccessible(path:operation:reason:)`` if the file cannot be
  ///   written; the old one then stays as it was.
  ///   ``RecurrentError/invalidSize(argument:expected:actual:)`` for a counter that is negative or
  ///   more than 2⁵³.
  /// - Complexity: O(scalars).
  public func write(toPath path: String) throws(RecurrentError) {
    try requireCounters()
    var strings = [
      Key.version: Self.version, Key.scalar: Scalar.elementType.rawValue, Key.epoch: "\(epoch)",
      Key.step: "\(step)", Key.optimizerStep: "\(optimizerStepCount)",
      Key.generator: "\(generator.state)", Key.learningRate: "\(learningRate)",
    ]
    for (name, number) in numbers { strings[Key.numbers + name] = "\(number)" }
    for (name, text) in metadata { strings[Key.metadata + name] = text }
    let tensors = StateDictionary(nesting: [
      "model": model, "best": best, "buffers": buffers, "optimizer": optimizer,
    ])
    try SafetensorsFile.write(tensors, metadata: strings, toPath: path)
  }

  /// Reads a checkpoint.
  ///
  /// - Parameter path: The file's path.
  /// - Throws: ``RecurrentError/fileInaccessible(path:operation:reason:)`` if the file cannot be
  ///   read, ``RecurrentError/malformedFile(path:expected:actual:)`` if it is no whole checkpoint
  ///   of this version, with what is missing or too much,
  ///   ``RecurrentError/scalarTypeMismatch(path:tensor:expected:actual:)`` for a run in another
  ///   type.
  /// - Complexity: O(scalars).
  public init(path: String) throws(RecurrentError) {
    let file = try SafetensorsFile(path: path)
    let reader = CheckpointReader(file: file)
    let version: String = try reader.value(Key.version, "a checkpoint") { $0 }
    guard version == Self.version else {
      throw .malformedFile(
        path: path, expected: "a checkpoint of version \(Self.version)", actual: "version \(version)")
    }
    try reader.requireScalar(Scalar.self, reader.value(Key.scalar, "a number type") { $0 })
    if let name = file.tensorNames.first(where: { name in
      !Self.tensorPrefixes.contains { name.rest(after: $0) != nil }
    }) {
      throw .malformedFile(
        path: path, expected: "tensors of the model and the optimizer", actual: "\"\(name)\"")
    }
    model = try file.stateDictionary(prefix: "model.")
    best = try file.stateDictionary(prefix: "best.")
    buffers = try file.stateDictionary(prefix: "buffers.")
    optimizer = try file.stateDictionary(prefix: "optimizer.")
    epoch = try reader.count(Key.epoch)
    step = try reader.count(Key.step)
    optimizerStepCount = try reader.count(Key.optimizerStep)
    learningRate = try reader.value(Key.learningRate, "a number") { Double($0) }
    generator = SeededGenerator(
      seed: try reader.value(Key.generator, "a number of 64 bits") { UInt64($0) })
    numbers = [:]
    metadata = [:]
    let known = [
      Key.version, Key.scalar, Key.epoch, Key.step, Key.optimizerStep, Key.generator, Key.learningRate,
    ]
    for (key, text) in file.metadata.sorted(by: { $0.key < $1.key }) where !known.contains(key) {
      if let name = key.rest(after: Key.numbers) {
        numbers[name] = try reader.value(key, "a number") { Double($0) }
      } else if let name = key.rest(after: Key.metadata) {
        metadata[name] = text
      } else {
        throw .malformedFile(
          path: path, expected: "the metadata of a checkpoint", actual: "\"\(key)\"")
      }
    }
  }
}

/// The metadata of a file that should be a checkpoint.
private struct CheckpointReader {
  let file: SafetensorsFile

  func value<Value>(
    _ key: String, _ expected: String, _ parse: (String) -> Value?
  ) throws(RecurrentError) -> Value {
    guard let text = file.metadata[key] else {
      throw .malformedFile(
        path: file.path, expected: "\(expected) under \"\(key)\" in the metadata", actual: "none")
    }
    guard let value = parse(text) else {
      throw .malformedFile(
        path: file.path, expected: "\(expected) under \"\(key)\" in the metadata",
        actual: "\"\(text)\"")
    }
    return value
  }

  func count(_ key: String) throws(RecurrentError) -> Int {
    try value(key, "a whole number from 0 to \(Counter.greatest)") { text in
      Int(text).flatMap { (0...Counter.greatest).contains($0) ? $0 : nil }
    }
  }

  /// The type of the run and of every tensor: others could be read, but would not give the same
  /// bits.
  func requireScalar<Scalar: TensorScalar>(
    _: Scalar.Type, _ name: String
  ) throws(RecurrentError) {
    let expected = Scalar.elementType.rawValue
    guard name == expected else {
      throw .scalarTypeMismatch(
        path: file.path, tensor: "the whole checkpoint", expected: expected, actual: name)
    }
    for name in file.tensorNames {
      if let actual = file.scalarType(of: name), actual != expected {
        throw .scalarTypeMismatch(path: file.path, tensor: name, expected: expected, actual: actual)
      }
    }
  }
}

/// The names of the metadata.
private enum Key {
  static let version = "recurrent.checkpoint"
  static let scalar = "scalar"
  static let epoch = "epoch"
  static let step = "step"
  static let optimizerStep = "optimizer.step"
  static let generator = "generator"
  static let learningRate = "learning_rate"
  static let numbers = "number."
  static let metadata = "metadata."
}

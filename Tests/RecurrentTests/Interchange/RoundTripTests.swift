import Testing

@testable import Recurrent

@Suite struct RoundTripTests {
  static let shapes: [Shape] = [
    [], [1], [5], [0], [2, 3], [0, 3], [2, 0, 3], [2, 3, 4], [1, 1, 7, 1], [64, 33],
  ]

  private func tensor<Scalar: TensorScalar>(_ shape: Shape) -> Tensor<Scalar> {
    var generator = SeededGenerator(seed: 7)
    var tensor = Tensor<Scalar>.normal(shape, using: &generator)
    let special: [Scalar] = [.nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude]
    for (index, value) in special.enumerated() where tensor.scalars.count > special.count {
      tensor.scalars[index] = value
    }
    return tensor
  }

  private func check<Scalar: TensorScalar>(_ type: Scalar.Type, folder: TemporaryFolder) throws {
    var state = StateDictionary<Scalar>()
    for (index, shape) in Self.shapes.enumerated() {
      let tensor: Tensor<Scalar> = tensor(shape)
      state["layer.\(index)"] = tensor
      let path = folder.path("array.npy")
      try NumPyFile.write(tensor, toPath: path)
      let copy = try NumPyFile(path: path).tensor(as: Scalar.self)
      #expect(copy.shape == shape)
      #expect(bits(copy.scalars) == bits(tensor.scalars))
    }
    let path = folder.path("state.safetensors")
    try SafetensorsFile.write(state, metadata: ["b": "\"\\\u{1}é", "a": ""], toPath: path)
    let file = try SafetensorsFile(path: path)
    #expect(file.metadata == ["b": "\"\\\u{1}é", "a": ""])
    #expect(file.tensorNames == state.keys)
    let copy = try file.stateDictionary(as: Scalar.self, prefix: "layer.")
    #expect(copy.keys == Self.shapes.indices.map(String.init))
    for (name, tensor) in state {
      let copy = try file.tensor(name, as: Scalar.self)
      #expect(copy.shape == tensor.shape && bits(copy.scalars) == bits(tensor.scalars), "\(name)")
    }
  }

  @Test func numbersComeBackBitForBit() throws {
    let folder = try TemporaryFolder()
    try check(Float.self, folder: folder)
    try check(Double.self, folder: folder)
  }

  @Test func safetensorsAreWrittenInOneWayOnly() throws {
    let folder = try TemporaryFolder()
    let state: StateDictionary<Float> = ["w": Tensor([1, 2]), "e": .zeros([0, 3])]
    let path = folder.path("x")
    try SafetensorsFile.write(state, metadata: ["z": "1", "a": "2"], toPath: path)
    let header =
      #"{"__metadata__":{"a":"2","z":"1"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
      + #""e":{"dtype":"F32","shape":[0,3],"data_offsets":[8,8]}}"#
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    #expect(try bytes(at: path) == safetensors(padded) + [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])
  }

  @Test func namesOfAnyCharactersComeBack() throws {
    let folder = try TemporaryFolder()
    var state = StateDictionary<Double>()
    for scalar in (0..<0x250 as Range<UInt32>).compactMap(Unicode.Scalar.init) {
      state["a\(scalar)"] = Tensor([Double(scalar.value)])
    }
    state[""] = Tensor([-1])
    state["🙂\u{FEFF}\u{2028}"] = Tensor([-2])
    try SafetensorsFile.write(state, toPath: folder.path("x"))
    #expect(try SafetensorsFile(path: folder.path("x")).stateDictionary() == state)
  }

  @Test func shapesThatReadersRefuseAreNotWritten() throws {
    func expectRefusal(_ shape: Shape, _ write: () throws -> Void) {
      #expect {
        try write()
      } throws: {
        guard case .shapeMismatch(_, _, shape) = $0 as? RecurrentError else { return false }
        return true
      }
    }
    let folder = try TemporaryFolder()
    let path = folder.path("x")
    // 2⁶¹ numbers would take 2⁶³ bytes or more, and none are 0 bytes all the same.
    let uncountable: Shape = [0, 1 << 61]
    expectRefusal(uncountable) { try NumPyFile.write(Tensor<Float>.zeros(uncountable), toPath: path) }
    expectRefusal(uncountable) {
      try SafetensorsFile.write(["w": Tensor<Double>.zeros(uncountable)], toPath: path)
    }
    let tooMany = Shape(Array(repeating: 1, count: 1025))
    expectRefusal(tooMany) { try SafetensorsFile.write(["w": Tensor<Float>.zeros(tooMany)], toPath: path) }
    #expect(try folder.contents().isEmpty)

    let many = Tensor<Float>.zeros(Shape(Array(repeating: 1, count: 1024)))
    try SafetensorsFile.write(["w": many], toPath: path)
    #expect(try SafetensorsFile(path: path).tensor("w") == many)
    let countable = Tensor<Double>.zeros([0, 1 << 59])
    try NumPyFile.write(countable, toPath: path)
    #expect(try NumPyFile(path: path).tensor() == countable)
  }

  @Test func metadataCannotBeATensor() throws {
    let folder = try TemporaryFolder()
    #expect(throws: RecurrentError.self) {
      try SafetensorsFile.write(
        ["__metadata__": Tensor<Float>([1])], toPath: folder.path("x"))
    }
    #expect(try folder.contents().isEmpty)
  }

  @Test func missingTensorsAndFilesAreNamed() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("x")
    try SafetensorsFile.write(["a": Tensor<Float>([1])], toPath: path)
    let file = try SafetensorsFile(path: path)
    #expect(file.shape(of: "b") == nil && file.scalarType(of: "b") == nil)
    #expect(throws: RecurrentError.missingTensor(path: path, name: "b")) {
      try file.tensor("b", as: Float.self)
    }
    let absent = folder.path("absent")
    for read in [{ _ = try SafetensorsFile(path: absent) }, { _ = try NumPyFile(path: absent) }] {
      #expect(
        throws: RecurrentError.fileInaccessible(
          path: absent, operation: "open", reason: "No such file or directory"), performing: read)
    }
  }
}

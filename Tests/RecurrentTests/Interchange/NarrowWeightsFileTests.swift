import Testing

@testable import Recurrent

/// Files of weights in fewer bits.
@Suite struct NarrowWeightsFileTests {
  @Test(
    "a converted layer comes back from a file of its format, bit for bit", arguments: WeightFormat.allCases)
  func layer(format: WeightFormat) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("model.safetensors")
    var generator = SeededGenerator(seed: 3)
    let layer = try LSTM<Float>(
      inputSize: 5, hiddenSize: 7, layerCount: 2, directions: .bidirectional, projectionSize: 3,
      using: &generator
    ).converted(to: format)
    try SafetensorsFile.write(layer.stateDictionary, toPath: path, weights: format)
    let file = try SafetensorsFile(path: path)
    #expect(
      file.scalarType(of: "weight_hh_l1_reverse")
        == ["F32", "BF16", "I8"][format == .float ? 0 : format == .int8 ? 2 : 1])
    #expect(file.scalarType(of: "bias_hh_l0") == "F32")
    #expect(file.shape(of: "weight_ih_l0_scale") == (format == .int8 ? [28] : nil))
    let read = try file.stateDictionary(as: Float.self)
    #expect(read == layer.stateDictionary)
    #expect(try file.stateDictionary(as: Double.self).keys == read.keys)
    let copy = try LSTM<Float>(stateDictionary: read).converted(to: format)
    let x = Tensor<Float>.normal([4, 2, 5], using: &generator)
    #expect(try copy(x).output == layer(x).output)
  }

  @Test(
    "a file of a layer that is not converted has its weights rounded",
    arguments: [WeightFormat.bfloat16, .int8])
  func rounded(format: WeightFormat) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("model.safetensors")
    var generator = SeededGenerator(seed: 4)
    let gru = GRU<Float>(inputSize: 4, hiddenSize: 6, using: &generator)
    try SafetensorsFile.write(gru.stateDictionary, toPath: path, weights: format)
    let read = try SafetensorsFile(path: path).stateDictionary(as: Float.self)
    #expect(try read == gru.converted(to: format).stateDictionary)
    #expect(read != gru.stateDictionary)
  }

  @Test("the bytes of a file of int8 are whole numbers row by row, and then the scales of the rows")
  func bytesOfInt8() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("x")
    let state: StateDictionary<Float> = ["w": try Tensor([127, -64, 0, 2], shape: [2, 2])]
    try SafetensorsFile.write(state, toPath: path, weights: .int8)
    let data = try bytes(at: path).suffix(12)
    // The second row's scale is 2/127, cut to 17 bits.
    let scale = Float(bitPattern: (2 / 127 as Float).bitPattern & ~0x7F)
    #expect(Array(data.prefix(4)) == [127, UInt8(bitPattern: -64), 0, 127])
    #expect(
      Array(data.suffix(8)) == [0, 0, 0x80, 0x3F]
        + (0..<4).map { UInt8(truncatingIfNeeded: scale.bitPattern >> (8 * $0)) })
  }

  @Test("a matrix of whole numbers without scales of its rows is no parameter, and a vector alone no scales")
  func otherScales() throws {
    let folder = try TemporaryFolder()
    let header =
      #"{"w":{"dtype":"I8","shape":[2,2],"data_offsets":[0,4]},"w_scale":{"dtype":"F32","shape":[3],"data_offsets":[4,16]},"#
      + #""v_scale":{"dtype":"F32","shape":[1],"data_offsets":[16,20]}}"#
    let path = try folder.write(safetensors(header, data: 20))
    let state = try SafetensorsFile(path: path).stateDictionary(as: Float.self)
    #expect(state.keys == ["w_scale", "v_scale"])
    #expect(state.omittedKeys == ["w"])
  }

  @Test(
    "what cannot be rounded, or whose scales would take another's name, is refused before anything is written"
  )
  func refusals() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("x")
    let matrix = try Tensor<Float>([1, .infinity], shape: [1, 2])
    #expect(
      throws: RecurrentError.invalidValue(
        argument: "w", expected: "finite weights, to round them to int8", actual: "inf at [0, 1]")
    ) { try SafetensorsFile.write(["w": matrix], toPath: path, weights: .int8) }
    #expect(throws: RecurrentError.self) {
      try SafetensorsFile.write(["w": Tensor<Double>(matrix)], toPath: path, weights: .bfloat16)
    }
    let other: StateDictionary<Float> = ["w": .zeros([1, 2]), "w_scale": .zeros([1])]
    #expect(throws: RecurrentError.self) { try SafetensorsFile.write(other, toPath: path, weights: .int8) }
    #expect(try folder.contents().isEmpty)
  }
}

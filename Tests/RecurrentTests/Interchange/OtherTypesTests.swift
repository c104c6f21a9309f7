import Testing

@testable import Recurrent

@Suite("Tensors of other types beside the weights") struct OtherTypesTests {
  /// The types of the format that no parameter has, with the bits of a number, and one that no
  /// version knows.
  private static let types: [(name: String, bits: Int)] = [
    ("BOOL", 8), ("U8", 8), ("I8", 8), ("F8_E5M2", 8), ("F8_E4M3", 8), ("F8_E8M0", 8), ("F8_E4M3FNUZ", 8),
    ("F8_E5M2FNUZ", 8), ("I16", 16), ("U16", 16), ("I32", 32), ("U32", 32), ("I64", 64), ("U64", 64),
    ("C64", 64),
    ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6), ("F3_NEXT", 3),
  ]

  /// A model of one cell, H = I = 1, with a tensor of every other type beside it, under a name that
  /// begins alike.
  private func model(_ folder: TemporaryFolder, prefix: String) throws -> SafetensorsFile {
    var members: [String] = []
    var data: [UInt8] = []
    for (name, bits) in Self.types {
      let start = data.count
      data += [UInt8](repeating: 1, count: bits)  // Eight numbers.
      members.append(
        #""\#(prefix)\#(name)":{"dtype":"\#(name)","shape":[2,4],"data_offsets":[\#(start),\#(data.count)]}"#)
    }
    for (index, name) in ["weight_ih_l0", "weight_hh_l0"].enumerated() {
      let start = data.count
      data += withUnsafeBytes(of: Float(index + 1).bitPattern.littleEndian) { Array($0) }
      members.append(
        #""\#(prefix)\#(name)":{"dtype":"F32","shape":[1,1],"data_offsets":[\#(start),\#(data.count)]}"#)
    }
    return try SafetensorsFile(
      path: try folder.write(safetensors("{\(members.joined(separator: ","))}") + data, as: "model"))
  }

  @Test(arguments: ["", "rnn."]) func weightsAreReadBesideThem(prefix: String) throws {
    let folder = try TemporaryFolder()
    let file = try model(folder, prefix: prefix)
    let state = try file.stateDictionary(as: Float.self, prefix: prefix)
    #expect(state.keys == ["weight_ih_l0", "weight_hh_l0"])
    let others = Self.types.map(\.name)
    #expect(state.omittedKeys == others)
    #expect(try file.stateDictionary(as: Double.self, prefix: prefix).count == 2)
    let rnn = try RNN<Float>(stateDictionary: state)
    #expect(rnn.parameters[0].weightHH.scalars == [2])
    var other = RNN<Float>(inputSize: 1, hiddenSize: 1, bias: false)
    try other.load(state)
    #expect(other.stateDictionary == state)
    for (name, _) in Self.types {
      #expect(file.scalarType(of: prefix + name) == name && file.shape(of: prefix + name) == [2, 4])
    }
  }

  @Test func onlyNumbersThatAreAskedForAreRefused() throws {
    let folder = try TemporaryFolder()
    let file = try model(folder, prefix: "")
    let whole: [String: Double] = [
      "BOOL": 1, "U8": 1, "I8": 1, "I16": 0x0101, "U16": 0x0101, "I32": 0x0101_0101, "U32": 0x0101_0101,
    ]
    for (name, _) in Self.types {
      if let number = whole[name] {
        #expect(try file.tensor(name, as: Double.self) == Tensor(repeating: number, shape: [2, 4]))
        if number < 0x1p24 {
          #expect(try file.tensor(name, as: Float.self).scalars.allSatisfy { $0 == Float(number) })
        }
        continue
      }
      let isWide = ["I64", "U64"].contains(name)
      #expect(
        throws: RecurrentError.scalarTypeMismatch(
          path: file.path, tensor: name,
          expected: isWide ? "Double without rounding" : "F64, F32, BF16, F16, BOOL, whole numbers",
          actual: isWide ? "72340172838076673 of \(name) at [0, 0]" : name)
      ) { try file.tensor(name, as: Double.self) }
    }
  }

  @Test func aParameterOfSuchATypeIsNamedWithItsType() throws {
    let folder = try TemporaryFolder()
    for (key, type) in [("weight_hh", "F8_E4M3"), ("bias_hh", "I8"), ("weight_ih", "F9")] {
      let parameters = ["weight_ih": "[1,1]", "weight_hh": "[1,1]", "bias_ih": "[1]", "bias_hh": "[1]"]
      var (members, end): ([String], Int) = ([], 0)
      for (name, shape) in parameters.sorted(by: { $0.key < $1.key }) {
        let size = name == key ? 1 : 4
        members.append(
          #""m.\#(name)":{"dtype":"\#(name == key ? type : "F32")","shape":\#(shape),"data_offsets":[\#(end),\#(end + size)]}"#
        )
        end += size
      }
      let path = try folder.write(safetensors("{\(members.joined(separator: ","))}", data: end))
      let state = try SafetensorsFile(path: path).stateDictionary(as: Float.self).nested(under: "m")
      #expect(state.count == 3 && state.omittedKeys == [key])
      let expected = RecurrentError.scalarTypeMismatch(
        path: path, tensor: "m.\(key)", expected: "F32, BF16, F16, BOOL, whole numbers", actual: type)
      var cell = RNNCell<Float>(inputSize: 1, hiddenSize: 1)
      let before = cell
      #expect(throws: expected) { try cell.load(state) }
      #expect(cell.stateDictionary == before.stateDictionary)
      #expect(throws: expected) { _ = try RNNCell<Float>(stateDictionary: state) }
      var whole = state
      whole[key] = Tensor.zeros(key == "bias_hh" ? [1] : [1, 1])
      try cell.load(whole)
    }
  }
}

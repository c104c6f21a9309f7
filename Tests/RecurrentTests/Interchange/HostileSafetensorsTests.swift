import Testing

@testable import Recurrent

@Suite struct HostileSafetensorsTests {
  /// A header with one tensor "a".
  private static func one(
    dtype: String = "\"F32\"", shape: String = "[2]", offsets: String = "[0,8]"
  ) -> String {
    #"{"a":{"dtype":\#(dtype),"shape":\#(shape),"data_offsets":\#(offsets)}}"#
  }

  private static func tensor(_ name: String, _ begin: Int, _ end: Int) -> String {
    #""\#(name)":{"dtype":"U8","shape":[\#(max(0, end - begin))],"data_offsets":[\#(begin),\#(end)]}"#
  }

  /// How a file with this header and so many bytes of data is refused, or `nil` if it is read.
  private func refusal(_ file: [UInt8]) throws -> String? {
    let folder = try TemporaryFolder()
    let path = try folder.write(file)
    return malformation { () throws(RecurrentError) in try readAllSafetensors(path) }
  }

  @Test func acceptsWhatTheFormatAllows() throws {
    for header in [
      "{}", "{}   ", " {}", "\t\r\n {}\n", Self.one(), Self.one() + " \n\t", Self.one(shape: "[2,1]"),
      Self.one(shape: "[ 1 , 2 ]", offsets: "[ 0 , 8 ]"), #"{"__metadata__":{}}"#,
      #"{"__metadata__":null}"#, #"{"__metadata\u005f_" : null , "a":\#(Self.one().dropFirst(5))"#,
      #"{"a":{"x":-1.5e3,"y":[null,true,-0],"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
      #"{"a":{"x":{"y":[1,{}]},"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
    ] {
      let data = header.contains("dtype") ? 8 : 0
      #expect(try refusal(safetensors(String(header), data: data)) == nil, "\(header)")
    }
  }

  @Test func everyTruncationIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("x")
    try SafetensorsFile.write(
      ["a": Tensor<Float>([1, 2, 3]), "b": .zeros([0]), "c": Tensor<Float>(4)],
      metadata: ["k": "v"], toPath: path)
    let whole = try bytes(at: path)
    for count in whole.indices {
      #expect(try refusal(Array(whole[..<count])) != nil, "\(count) bytes")
    }
    #expect(try refusal(whole) == nil)
    #expect(try refusal(whole + [0]) != nil)
  }

  @Test func headerLengthsThatDoNotFitAreRefused() throws {
    let text = Array(Self.one().utf8)
    let lengths: [UInt64] = [
      0, 1, UInt64(text.count) + 9, 100_000_000, 100_000_001, 1 << 63, .max, .max - 7,
    ]
    for length in lengths {
      let file = littleEndian(length) + text + [UInt8](repeating: 0, count: 8)
      let refusal = try #require(try refusal(file), "\(length)")
      if length > 100 { #expect(refusal.contains("got a header of \(length) bytes")) }
    }
  }

  @Test func offsetsThatDoNotTileTheDataAreRefused() throws {
    let cases: [(tensors: [(Int, Int)], data: Int)] = [
      ([(0, 4), (2, 6)], 6), ([(0, 4), (0, 4)], 4), ([(0, 4), (5, 8)], 8), ([(1, 4)], 4),
      ([(0, 4)], 5), ([(0, 4)], 3), ([(4, 0)], 4), ([(0, 8)], 4), ([(0, 4), (4, 4), (3, 3)], 4),
      ([(4, 4)], 0), ([(0, .max)], 4), ([], 1), ([(0, 4), (8, 12), (4, 8)], 13),
    ]
    for (tensors, data) in cases {
      let members = tensors.enumerated().map { Self.tensor("t\($0)", $1.0, $1.1) }
      let file = safetensors("{\(members.joined(separator: ","))}", data: data)
      #expect(try refusal(file) != nil, "\(tensors) in \(data) bytes")
    }
    let order = [(8, 12), (0, 4), (4, 4), (4, 8)].enumerated().map { Self.tensor("t\($0)", $1.0, $1.1) }
    #expect(try refusal(safetensors("{\(order.joined(separator: ","))}", data: 12)) == nil)
  }

  @Test(arguments: [
    one(dtype: "1"), one(dtype: "null"), one(dtype: "\"F31\"", shape: "[-2]"),
    one(dtype: "\"F31\"", offsets: "[8,0]"), one(dtype: "\"F31\"", shape: "[9223372036854775807,2]"),
    one(dtype: "\"F4\"", shape: "[15]"), one(dtype: "\"F4\"", shape: "[1]", offsets: "[0,1]"),
    one(dtype: "\"F6_E2M3\"", shape: "[8]"), one(dtype: "\"C64\"", shape: "[2]"),
    one(dtype: "\"F64\""), one(dtype: "\"F16\""),
    one(shape: "[3]"), one(shape: "[]"), one(shape: "2"), one(shape: "[[2]]"), one(shape: "[null]"),
    one(shape: "[-2]"), one(shape: "[2.0]"), one(shape: "[2e0]"), one(shape: "[\"2\"]"), one(shape: "[true]"),
    one(shape: "[4611686018427387904, 8]"), one(shape: "[4611686018427387904, 8, 0]", offsets: "[0,0]"),
    one(shape: "[0, 4611686018427387904, 8]", offsets: "[0,0]"), one(shape: "[9223372036854775807]"),
    one(shape: "[9223372036854775808]"), one(shape: "[18446744073709551616]"),
    one(shape: "[1\(String(repeating: "0", count: 5000))]"), one(shape: "[02]"), one(shape: "[+2]"),
    one(shape: "[-0]", offsets: "[0,0]"), one(shape: "[NaN]"), one(shape: "[Infinity]"), one(shape: "[0x2]"),
    one(offsets: "[0]"), one(offsets: "[]"), one(offsets: "[0,8,8]"), one(offsets: "[8,0]"),
    one(offsets: "[-8,0]"), one(offsets: "[0,8.0]"), one(offsets: "{}"), one(offsets: "[0,null]"),
    one(offsets: "[18446744073709551608,18446744073709551615]"), one(offsets: "[0,99999999999999999999]"),
  ])
  func wrongTensorIsRefused(header: String) throws {
    #expect(try refusal(safetensors(header, data: 8)) != nil)
    #expect(try refusal(safetensors(header, data: 0)) != nil)
  }

  @Test(arguments: [
    #"{"__metadata__":{"a":"1","a":"2"}}"#, #"{"__metadata__":{"a":"1","\u0061":"2"}}"#,
    #"{"__metadata__":{},"__metadata__":{}}"#, #"{"__metadata__":{},"__metadata\u005f_":{}}"#,
    #"{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#,
    #"{"a":{"dtype":"U8","\u0064type":"U8","shape":[0],"data_offsets":[0,0]}}"#,
    #"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":{"y":1,"y":2}}}"#,
    "{\(tensor("a", 0, 0)),\(tensor("a", 0, 0))}", "{\(tensor("a", 0, 0)),\(tensor(#"\u0061"#, 0, 0))}",
    "{\(tensor("🙂", 0, 0)),\(tensor(#"\ud83d\uDE42"#, 0, 0))}",
    "{\(tensor(#"\/"#, 0, 0)),\(tensor("/", 0, 0))}",
  ])
  func nameThatComesTwiceIsRefused(header: String) throws {
    let refusal = try #require(try refusal(safetensors(header)))
    #expect(refusal.contains("a second time"))
  }

  @Test(arguments: [
    "{", "}", "[]", "null", "\"a\"", " []", "   ", "\u{FEFF}{}", "{}{}", "{},", "{} x", "{]", "{\"a\"}",
    "{\"a\":}",
    "{,}", "{\"a\":1}", "{\"a\":{}}", "{\"a\":[]}", "{\"a\":null}", "{\"a\",{}}", "{a:{}}", "{'a':{}}",
    "{\(tensor("a", 0, 0)),}", "{,\(tensor("a", 0, 0))}", "{\(tensor("a", 0, 0)) \(tensor("b", 0, 0))}",
    #"{"__metadata__":[]}"#, #"{"__metadata__":["a","b"]}"#, #"{"__metadata__":nul}"#,
    #"{"__metadata__":true}"#, #"{"__metadata__":nullnull}"#, #"{"__metadata__":null,"__metadata__":null}"#,
    #"{"__metadata__":"x"}"#, #"{"__metadata__":{"a":1}}"#, #"{"__metadata__":{"a":null}}"#,
    #"{"__metadata__":{"a":{}}}"#, #"{"__metadata__":{"a":["b"]}}"#, #"{"__metadata__":{"a":"b",}}"#,
    #"{"__metadata__":{"\ud800":"b"}}"#, #"{"__metadata__":{"a":"\x"}}"#, #"{"__metadata__":{"a":"\"#,
    #"{"__metadata__":{"a":"\u12"}}"#, "{\"__metadata__\":{\"a\":\"\u{1}\"}}", "{/* */}", "{\u{0}}",
    "{\"__metadata__\":{\"a\":\"\u{0}\"}}", "{}\u{0}\u{0}", #"{"a":{"dtype":"U8","shape":[0]}}"#,
    #"{"a":{"shape":[0],"data_offsets":[0,0]}}"#, #"{"a":{"dtype":"U8","data_offsets":[0,0]}}"#,
    #"{"a":{"dtype":"U8","shape":[0,],"data_offsets":[0,0]}}"#, #"{"a":tru}"#,
  ])
  func brokenHeaderIsRefused(header: String) throws {
    #expect(try refusal(safetensors(header)) != nil)
  }

  @Test func otherEncodingsAreRefused() throws {
    let utf16: [UInt8] = [0x7B, 0, 0x7D, 0]
    let latin: [UInt8] = Array("{\"__metadata__\":{\"a\":\"".utf8) + [0xE9] + Array("\"}}".utf8)
    let overlong: [UInt8] = Array("{\"__metadata__\":{\"a\":\"".utf8) + [0xC0, 0xAF] + Array("\"}}".utf8)
    for text in [utf16, latin, overlong, [0xFF, 0xFE] + utf16] {
      #expect(try refusal(littleEndian(UInt64(text.count)) + text) != nil)
    }
  }

  @Test func deepNestingIsRefused() throws {
    for depth in [127, 128, 600, 100_000, 1_000_000] {
      for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = String(repeating: open, count: depth)
        let closed = "{\"a\":\(deep)0\(String(repeating: close, count: depth))}"
        for header in [closed, "{\"a\":\(deep)", deep] {
          #expect(try refusal(safetensors(header)) != nil)
        }
      }
    }
  }

  @Test func canonicallyEquivalentNamesInMetadataAreRefused() throws {
    let header = "{\"__metadata__\":{\"caf\u{E9}\":\"1\",\"cafe\u{301}\":\"2\"}}"
    #expect(try refusal(safetensors(header))?.contains("canonically equivalent") == true)
  }

  @Test(.timeLimit(.minutes(1))) func largeHeaderIsReadInReasonableTime() throws {
    let members = (0..<20_000).map { Self.tensor("model.layers.\($0).weight", $0 * 2, $0 * 2 + 2) }
    let header = "{\(members.joined(separator: ","))}"
    #expect(try refusal(safetensors(header, data: 40_000)) == nil)
  }

  @Test func mutationsAreReadOrRefused() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("x")
    try SafetensorsFile.write(
      ["a\u{E9}": Tensor<Float>([1, 2, 3], shape: [3, 1]), "b": .zeros([0, 2]), "c": Tensor<Float>(4)],
      metadata: ["k": "v"], toPath: path)
    let whole = try bytes(at: path)
    var generator = SeededGenerator(seed: 1)
    var refused = 0
    for _ in 0..<20_000 {
      var mutated = whole
      mutated[Int.random(in: whole.indices, using: &generator)] = .random(in: 0...255, using: &generator)
      // In place: a new file for each would take a minute.
      try mutated.withUnsafeBytes { try overwrite(path, with: $0) }
      do {
        try readAllSafetensors(path)
      } catch .malformedFile {
        refused += 1
      }
    }
    #expect(refused > 10_000)
  }
}

import Foundation
import Testing

@testable import Recurrent

/// The interpreter that RECURRENT_PYTHON names, or `python3`.
enum Python {
  static let isUsable =
    (try? run(["-c", "import numpy, safetensors"]).status) == 0

  static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      [ProcessInfo.processInfo.environment["RECURRENT_PYTHON"] ?? "python3"] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}

@Suite(.enabled(if: Python.isUsable, "needs a Python with numpy and safetensors"))
struct PythonInterpreterTests {
  private struct Entry: Encodable {
    var file: String
    var tensor: String?
    var dtype: String
    var shape: [Int]
    var values: [String]
    var metadata: [String: String]?
  }

  private static let shapes: [Shape] = [
    [], [1], [5], [0], [2, 3], [0, 3], [2, 0, 3], [2, 3, 4], [33, 7],
  ]

  private func tensor<Scalar: TensorScalar>(_ shape: Shape, seed: UInt64) -> Tensor<Scalar> {
    var generator = SeededGenerator(seed: seed)
    var tensor = Tensor<Scalar>.normal(shape, using: &generator)
    let special: [Scalar] = [.nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude]
    for (index, value) in special.enumerated() where tensor.scalars.count >= special.count {
      tensor.scalars[index] = value
    }
    return tensor
  }

  private func hexadecimal<Scalar: TensorScalar>(_ scalar: Scalar) -> String {
    let value = Double(scalar)
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return String(format: "%a", value)
  }

  private func write<Scalar: TensorScalar>(
    _ type: Scalar.Type, dtype: String, to folder: TemporaryFolder
  ) throws -> [Entry] {
    var entries: [Entry] = []
    var state = StateDictionary<Scalar>()
    let metadata = ["größe \"x\"\\": "line\nbreak, 🙂", "a": ""]
    for (index, shape) in Self.shapes.enumerated() {
      let tensor: Tensor<Scalar> = tensor(shape, seed: UInt64(index))
      let name = "\(dtype)-\(index).npy"
      try NumPyFile.write(tensor, toPath: folder.path(name))
      var entry = Entry(
        file: name, dtype: dtype, shape: shape.dimensions, values: tensor.scalars.map(hexadecimal))
      entries.append(entry)
      entry.file = "\(dtype).safetensors"
      entry.tensor = "größe\u{301} \"\(index)\"\n"
      entry.metadata = metadata
      entries.append(entry)
      state[entry.tensor ?? ""] = tensor
    }
    try SafetensorsFile.write(state, metadata: metadata, toPath: folder.path("\(dtype).safetensors"))
    return entries
  }

  @Test func pythonReadsWhatIsWritten() throws {
    let folder = try TemporaryFolder()
    let entries =
      try write(Float.self, dtype: "f4", to: folder) + write(Double.self, dtype: "f8", to: folder)
    try JSONEncoder().encode(entries).write(to: folder.url.appending(path: "manifest.json"))
    let script = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../Utilities/ReferenceImplementations/check_interchange.py").standardized
    let (status, output) = try Python.run([script.path, folder.url.path])
    #expect(status == 0, "\(output)")
    #expect(output == "checked \(entries.count) tensors\n")
  }

  @Test func arraysAreWrittenByteForByteAsByNumPy() throws {
    let folder = try TemporaryFolder()
    let program = "import sys, numpy\nfor p in sys.argv[1:]: numpy.save(p + '.copy.npy', numpy.load(p))"
    var paths: [String] = []
    for (index, shape) in (Self.shapes + [[1, 1, 12_345, 1], [100_000, 0]]).enumerated() {
      paths += [folder.path("f4-\(index)"), folder.path("f8-\(index)")]
      try NumPyFile.write(tensor(shape, seed: 3) as Tensor<Float>, toPath: paths[2 * index])
      try NumPyFile.write(tensor(shape, seed: 4) as Tensor<Double>, toPath: paths[2 * index + 1])
    }
    let (status, output) = try Python.run(["-c", program] + paths)
    #expect(status == 0, "\(output)")
    for path in paths {
      #expect(try bytes(at: path) == bytes(at: path + ".copy.npy"), "\(path)")
    }
  }

  @Test func pythonReadsNamesOfAnyCharacters() throws {
    let folder = try TemporaryFolder()
    var state = StateDictionary<Float>()
    for scalar in (0..<0x250 as Range<UInt32>).compactMap(Unicode.Scalar.init) {
      state["a\(scalar)"] = Tensor([Float(scalar.value)])
    }
    for name in ["", "🙂\u{FEFF}\u{2028}", "\u{10FFFF}", "caf\u{E9}", "cafe\u{301}", "__metadata", "../x"] {
      state[name] = Tensor([.nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude])
    }
    state["empty"] = .zeros([3, 0, 1 << 40])
    let metadata = Dictionary(state.keys.map { ($0, "\u{1B}\($0)\0") }, uniquingKeysWith: { $1 })
    try SafetensorsFile.write(state, metadata: metadata, toPath: folder.path("x"))
    let program = """
      import sys, json, safetensors
      with safetensors.safe_open(sys.argv[1], framework='np') as file:
          sizes = {key: file.get_slice(key).get_shape() for key in file.keys()}
          json.dump([sizes, file.metadata()], open(sys.argv[2], 'w'))
      """
    let (status, output) = try Python.run(["-c", program, folder.path("x"), folder.path("json")])
    #expect(status == 0, "\(output)")
    struct Listing: Decodable {
      var shapes: [String: [Int]]
      var metadata: [String: String]

      init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        shapes = try list.decode([String: [Int]].self)
        metadata = try list.decode([String: String].self)
      }
    }
    let listing = try JSONDecoder().decode(Listing.self, from: Data(bytes(at: folder.path("json"))))
    #expect(listing.metadata == metadata)
    #expect(
      listing.shapes
        == Dictionary(state.map { ($0.key, $0.value.shape.dimensions) }, uniquingKeysWith: { $1 }))
  }

  /// Headers of a file without data, and whether the package reads them, where the reference
  /// implementation is of another mind.
  private static let headers: [(text: String, difference: Bool?)] = [
    ("{}", nil), (" {}", nil), ("\n\t\r{}", nil), ("{} \n\t\r", nil), ("{}\0", nil), ("", nil), (" ", nil),
    ("[]", nil),
    (#"{"__metadata__":null}"#, nil), (#"{"__metadata__":{}}"#, nil),
    (#"{"__metadata__":{"a":"b"},"__metadata__":{}}"#, nil),
    (#"{"__metadata__":null,"__metadata__":null}"#, nil), (#"{"__metadata__":[]}"#, nil),
    (#"{"__metadata__":0}"#, nil),
    (#"{"__metadata__":{"a":null}}"#, nil), (#"{"__metadata__":{"a":1}}"#, nil),
    (#"{"\u005f_metadata__":{"a":"b"}}"#, nil),
    (one(), nil), (one(name: ""), nil), (one(name: #"\u0061\n\/\ud83d\ude42\u0000"#), nil),
    (one(name: #"\ud800"#), nil),
    (one(name: "\u{1}"), nil), (one(shape: "[0,7,9223372036854775807]"), false),
    (one(shape: "[4611686018427387904,8,0]"), nil),
    (one(shape: "[1]"), nil), (one(shape: "[-0]"), nil), (one(shape: "[0.0]"), nil), (one(shape: "[]"), nil),
    (one(offsets: "[1,1]"), nil), (one(type: "F4"), nil), (one(type: "F6_E2M3"), nil),
    (one(type: "F6_E3M2"), nil),
    (one(type: "F8_E8M0"), nil), (one(type: "F8_E4M3FNUZ"), nil), (one(type: "C64"), nil),
    (one(type: "X1"), true),
    (one(extra: #""x":-1.5e3,"#), nil), (one(extra: #""x":[null,{"y":12345678901234567890123}],"#), nil),
    (one(extra: #""dtype":"U8","#), nil),
    // The description of the format forbids names that come twice.
    (one(extra: #""x":1,"x":2,"#), false), ("{\(one().dropFirst().dropLast()),\(one().dropFirst())", false),
    (#"{"__metadata__":{"a":"1","a":"2"}}"#, false), (#"{"a":["U8",[0],[0,0]]}"#, false),
  ]

  private static func one(
    name: String = "a", type: String = "U8", shape: String = "[0]", offsets: String = "[0,0]",
    extra: String = ""
  ) -> String {
    #"{"\#(name)":{\#(extra)"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}}"#
  }

  @Test func headersAreReadAsByTheReferenceImplementation() throws {
    let folder = try TemporaryFolder()
    let paths = try Self.headers.enumerated().map { try folder.write(safetensors($1.text), as: "\($0)") }
    let program = """
      import sys, safetensors
      for path in sys.argv[1:]:
          try:
              safetensors.safe_open(path, framework='np').keys()
              print('read')
          except Exception:
              print('refused')
      """
    let (status, output) = try Python.run(["-c", program] + paths)
    #expect(status == 0, "\(output)")
    let answers = output.split(separator: "\n").map { $0 == "read" }
    try #require(answers.count == paths.count, "\(output)")
    for (index, header) in Self.headers.enumerated() {
      let isRead = (try? SafetensorsFile(path: paths[index])) != nil
      #expect(isRead == header.difference ?? answers[index], "\(header.text)")
      #expect(header.difference == nil || header.difference != answers[index], "\(header.text)")
    }
  }
}

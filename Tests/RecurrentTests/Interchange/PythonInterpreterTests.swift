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
}

import Foundation
import RecurrentTestSupport
import Testing

@_spi(Fuzzing) @testable import Recurrent

/// The files that the fuzzer has found to take different ways through the readers.
@Suite struct FuzzCorpusTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../Fuzzing/Corpus").standardized

  /// A corpus, which is small enough to be run with all other tests.
  private func corpus(_ format: String) throws -> [(name: String, bytes: [UInt8])] {
    let folder = Self.folder.appending(path: format).path
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    #expect((20...60).contains(names.count))
    return try names.map { ($0, try bytes(at: "\(folder)/\($0)")) }
  }

  @Test("every safetensors file of the corpus is refused, or comes back from writing bit for bit")
  func safetensors() throws {
    let files = try corpus("safetensors")
    for file in files {
      #expect(throws: Never.self, "\(file.name)") { try ReaderProperties.checkSafetensors(file.bytes) }
    }
    #expect(files.contains { (try? SafetensorsFile(copying: $0.bytes)) != nil })
    #expect(files.contains { (try? SafetensorsFile(copying: $0.bytes)) == nil })
  }

  @Test("every .npy file of the corpus is refused, or comes back from writing bit for bit")
  func numPy() throws {
    let files = try corpus("npy")
    for file in files {
      #expect(throws: Never.self, "\(file.name)") { try ReaderProperties.checkNumPy(file.bytes) }
    }
    #expect(files.contains { (try? NumPyFile(copying: $0.bytes)) != nil })
    #expect(files.contains { (try? NumPyFile(copying: $0.bytes)) == nil })
  }

  @Test("bytes in memory are read and written as those of a file")
  func memory() throws {
    let folder = try TemporaryFolder()
    let tensor = try Tensor<Float>([1, .nan, -0.0, 4, 5, 6], shape: [2, 3])
    try NumPyFile.write(tensor, toPath: folder.path("x.npy"))
    #expect(try NumPyFile.bytes(of: tensor) == bytes(at: folder.path("x.npy")))
    let state: StateDictionary<Float> = ["a": tensor, "b": .zeros([0, 2])]
    try SafetensorsFile.write(state, metadata: ["k": "v"], toPath: folder.path("x"))
    let written = try SafetensorsFile.bytes(of: state, metadata: ["k": "v"])
    #expect(written == (try bytes(at: folder.path("x"))))
    #expect(try SafetensorsFile(copying: written).tensorNames == ["a", "b"])
    #expect(malformation { () throws(RecurrentError) in _ = try SafetensorsFile(copying: []) } != nil)
    #expect(malformation { () throws(RecurrentError) in _ = try NumPyFile(copying: []) } != nil)
  }
}

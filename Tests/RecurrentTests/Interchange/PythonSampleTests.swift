import Foundation
import Testing

@testable import Recurrent

/// One entry of the samples' list.
struct Sample: Decodable {
  var file: String
  var tensor: String?
  var dtype: String
  var shape: [Int]
  var values: [String]
  var refused: Bool
  var metadata: [String: String]
  var header: Header?

  struct Header: Decodable {
    var version: String
    var fortran_order: Bool
    var descr: String
  }

  var path: String { Sample.folder.appending(path: file).path }
  var numbers: [Double] { values.compactMap { Double($0) } }

  static let folder = Bundle.module.resourceURL?.appending(path: "InterchangeSamples") ?? URL(filePath: "/")

  static func all() throws -> [Sample] {
    let samples = try JSONDecoder().decode(
      [Sample].self, from: Data(contentsOf: folder.appending(path: "expected.json")))
    try #require(samples.count > 50)
    return samples
  }
}

@Suite struct PythonSampleTests {
  @Test func readsWhatNumPyWrote() throws {
    for sample in try Sample.all() where sample.header != nil && !sample.refused {
      let file = try NumPyFile(path: sample.path)
      #expect(file.shape == Shape(sample.shape), "\(sample.file)")
      #expect(file.scalarType == sample.header?.descr, "\(sample.file)")
      #expect(file.isFortranOrder == sample.header?.fortran_order, "\(sample.file)")
      let wide = try file.tensor(as: Double.self)
      #expect(wide.shape == Shape(sample.shape))
      #expect(bits(wide.scalars) == bits(sample.numbers), "\(sample.file)")
      if sample.dtype.hasSuffix("f8") {
        #expect {
          try file.tensor(as: Float.self)
        } throws: {
          $0 as? RecurrentError
            == .scalarTypeMismatch(
              path: sample.path, tensor: "the array", expected: "<f4", actual: file.scalarType)
        }
      } else if let index = sample.numbers.firstIndex(where: { $0.isFinite && Double(Float($0)) != $0 }) {
        #expect(
          inexactness { () throws(RecurrentError) in try file.tensor(as: Float.self) }?
            .hasSuffix("of \(file.scalarType) at [\(index / 3), \(index % 3)]") == true, "\(sample.file)")
      } else {
        #expect(bits(try file.tensor(as: Float.self).scalars) == bits(sample.numbers), "\(sample.file)")
      }
    }
  }

  /// What a conversion that would round says that it met.
  private func inexactness(_ read: () throws(RecurrentError) -> Tensor<Float>) -> String? {
    do {
      _ = try read()
      return nil
    } catch {
      guard case .scalarTypeMismatch(_, _, "Float without rounding", let actual) = error else { return nil }
      return actual
    }
  }

  @Test func refusesOtherNumberTypesOfNumPy() throws {
    let words = [
      "refused-struct.npy": "structured", "refused-complex.npy": "complex", "refused-string.npy": "strings",
      "refused-date.npy": "dates", "refused-raw.npy": "bfloat16", "refused-long-double.npy": "another size",
    ]
    for sample in try Sample.all() where sample.refused {
      let word = try #require(words[sample.file])
      #expect {
        try NumPyFile(path: sample.path)
      } throws: {
        "\($0)".contains(word)
      }
    }
  }

  @Test func readsWhatSafetensorsWrote() throws {
    for sample in try Sample.all() {
      guard let name = sample.tensor else { continue }
      let file = try SafetensorsFile(path: sample.path)
      #expect(file.metadata == sample.metadata)
      #expect(file.shape(of: name) == Shape(sample.shape), "\(sample.file) \(name)")
      #expect(file.scalarType(of: name) == sample.dtype)
      let wide = try file.tensor(name, as: Double.self)
      #expect(wide.shape == Shape(sample.shape))
      #expect(bits(wide.scalars) == bits(sample.numbers), "\(sample.file) \(name)")
      if sample.dtype == "F64" {
        #expect {
          try file.tensor(name, as: Float.self)
        } throws: {
          $0 as? RecurrentError
            == .scalarTypeMismatch(
              path: sample.path, tensor: name, expected: "F32, BF16, F16, BOOL, whole numbers", actual: "F64")
        }
      } else {
        #expect(bits(try file.tensor(name, as: Float.self).scalars) == bits(sample.numbers))
      }
    }
  }

  @Test func listsExactlyTheTensorsOfAFile() throws {
    for (path, samples) in Dictionary(grouping: try Sample.all(), by: \.path)
    where path.hasSuffix(".safetensors") {
      let names = Set(try SafetensorsFile(path: path).tensorNames.map { Array($0.utf8) })
      #expect(names == Set(samples.map { Array(($0.tensor ?? "").utf8) }), "\(path)")
    }
    let empty = try SafetensorsFile(
      path: Sample.folder.appending(path: "no-tensors.safetensors").path)
    #expect(empty.tensorNames.isEmpty && empty.metadata == ["note": "no tensors"])
    #expect(try empty.stateDictionary(as: Float.self).isEmpty)
  }

  @Test func keepsCanonicallyEquivalentNamesApart() throws {
    let path = Sample.folder.appending(path: "names-equivalent.safetensors").path
    let state = try SafetensorsFile(path: path).stateDictionary(as: Float.self)
    #expect(state["caf\u{E9}"]?.scalars == [1])
    #expect(state["cafe\u{301}"]?.scalars == [2])
    let folder = try TemporaryFolder()
    try SafetensorsFile.write(state, toPath: folder.path("copy"))
    #expect(try SafetensorsFile(path: folder.path("copy")).stateDictionary() == state)
  }

  @Test func widensEveryHalfExactly() {
    #if !(os(macOS) && arch(x86_64))
      for pattern in UInt16.min...UInt16.max {
        let expected = Float(Float16(bitPattern: pattern))
        let actual = widenFloat16(pattern)
        guard expected.isNaN ? actual.isNaN : actual.bitPattern == expected.bitPattern else {
          Issue.record("\(pattern): \(actual), expected \(expected)")
          return
        }
      }
    #endif
  }
}

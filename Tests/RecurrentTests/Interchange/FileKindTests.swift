import Testing

@testable import Recurrent

@Suite struct FileKindTests {
  /// Files that are often given in the place of others, and a word of what the message must say.
  private static let files: [(name: String, bytes: [UInt8], words: [String])] = [
    ("model.pt", archive("archive/data.pkl"), ["PyTorch", "save_file"]),
    ("script.pt", archive("model/constants.pkl"), ["PyTorch", "save_file"]),
    (
      "old.pth", [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E],
      ["PyTorch"]
    ),
    ("x.pkl", [0x80, 4, 0x95, 1, 0, 0, 0, 0, 0, 0, 0, 0x4E, 0x2E], ["pickle"]),
    ("x.npz", archive("arr_0.npy"), [".npz", "numpy.save"]),
    ("m.keras", archive("metadata.json", "model.weights.h5"), ["Keras", "KerasWeights"]),
    ("x.zip", archive("readme.txt"), ["ZIP", "unpack"]),
    ("m.h5", [0x89] + Array("HDF\r\n\u{1A}\n".utf8) + zeros(40), ["HDF5", "Keras"]),
    (
      "m.onnx", [0x08, 0x08, 0x12, 0x07] + Array("pytorch".utf8) + [0x1A, 5] + Array("2.5.0".utf8), ["ONNX"]
    ),
    ("m.gguf", Array("GGUF".utf8) + [3, 0, 0, 0] + zeros(20), ["GGUF", "safetensors"]),
    ("m.tflite", [0x1C, 0, 0, 0] + Array("TFL3".utf8) + zeros(20), ["TensorFlow Lite"]),
    (
      "lfs", Array("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n".utf8),
      ["git lfs pull"]
    ),
    ("page", Array("\n<!DOCTYPE html><html><title>404</title></html>".utf8), ["HTML", "download"]),
    ("page.xml", Array("<?xml version=\"1.0\"?><Error>AccessDenied</Error>".utf8), ["XML"]),
    (
      "model.safetensors.index.json",
      Array("{\"metadata\":{},\"weight_map\":{\"a\":\"model-00001-of-00002.safetensors\"}}".utf8),
      ["index", "weight_map"]
    ),
    ("config.json", Array("{\"model_type\": \"rnn\"}".utf8), ["JSON"]),
    ("x.csv", Array("a,b\n1.5,2\n3,4\n".utf8), ["text", "numpy.loadtxt"]),
    ("größe.txt", Array(String(repeating: "größe ", count: 2000).utf8), ["text"]),
    ("x.npy.gz", [0x1F, 0x8B, 8, 0] + zeros(20), ["gzip", "gunzip"]),
    ("x.zst", [0x28, 0xB5, 0x2F, 0xFD] + zeros(20), ["zstd"]),
    ("x.xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0] + zeros(20), ["xz"]),
    ("x.bz2", Array("BZh91AY&SY".utf8) + zeros(20), ["bzip2"]),
    ("x.tar", Array("a".utf8) + zeros(256) + Array("ustar\u{0}00".utf8) + zeros(300), ["tar", "unpack"]),
    ("x.mat", Array("MATLAB 5.0 MAT-file, Platform: GLNXA64".utf8) + zeros(20), ["MATLAB"]),
    ("x.parquet", Array("PAR1".utf8) + zeros(20), ["Parquet"]),
    ("x.feather", Array("ARROW1".utf8) + zeros(20), ["Arrow"]),
    ("x.pdf", Array("%PDF-1.7\n".utf8) + [0xFF], ["document"]),
    ("zeros", zeros(5000), ["zeros", "download"]),
  ]

  private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

  /// A ZIP archive of empty files: their headers, the directory and its end.
  private static func archive(_ names: String...) -> [UInt8] {
    let local: [UInt8] = names.flatMap { (name: String) -> [UInt8] in
      [0x50, 0x4B, 3, 4, 10] + zeros(21) + [UInt8(name.utf8.count), 0, 0, 0] + Array(name.utf8)
    }
    let directory: [UInt8] = names.flatMap { (name: String) -> [UInt8] in
      [0x50, 0x4B, 1, 2, 10] + zeros(23) + [UInt8(name.utf8.count), 0] + zeros(16) + Array(name.utf8)
    }
    return local + directory + [0x50, 0x4B, 5, 6] + zeros(18)
  }

  @Test func aFileOfAnotherFormatIsNamed() throws {
    let folder = try TemporaryFolder()
    for file in Self.files {
      let path = try folder.write(file.bytes, as: file.name)
      let refusals = [
        malformation { () throws(RecurrentError) in _ = try SafetensorsFile(path: path) },
        malformation { () throws(RecurrentError) in _ = try NumPyFile(path: path) },
      ]
      for (refusal, expected) in zip(refusals, ["a safetensors file", "a .npy file"]) {
        let refusal = try #require(refusal, "\(file.name)")
        #expect(refusal.hasPrefix("expected \(expected), got "), "\(file.name): \(refusal)")
        for word in file.words { #expect(refusal.contains(word), "\(file.name): \(refusal)") }
      }
    }
  }

  @Test func anArrayGivenForWeightsIsNamedAndTheReverse() throws {
    let folder = try TemporaryFolder()
    try NumPyFile.write(Tensor<Float>([1, 2]), toPath: folder.path("x.safetensors"))
    try SafetensorsFile.write(["w": Tensor<Float>([1, 2])], toPath: folder.path("x.npy"))
    let array = malformation { () throws(RecurrentError) in
      _ = try SafetensorsFile(path: folder.path("x.safetensors"))
    }
    #expect(array?.contains("got a .npy file") == true)
    let weights = malformation { () throws(RecurrentError) in _ = try NumPyFile(path: folder.path("x.npy")) }
    #expect(weights?.contains("got a safetensors file") == true)
  }

  @Test func aBrokenFileOfTheRightFormatKeepsItsReason() throws {
    let folder = try TemporaryFolder()
    let headers = [
      "{\"a\":1}", "{\"weight_map\":{}}", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
    ]
    for header in headers {
      let path = try folder.write(safetensors(header))
      let refusal = malformation { () throws(RecurrentError) in _ = try SafetensorsFile(path: path) }
      #expect(refusal?.contains("expected a safetensors file") == false)
    }
    // Cut off in the header, as a download that stopped.
    let path = try folder.write(Array(safetensors(String(repeating: "{\"a\":", count: 50)).prefix(100)))
    let refusal = malformation { () throws(RecurrentError) in _ = try SafetensorsFile(path: path) }
    #expect(refusal?.contains("a header of 250 bytes in a file of 100 bytes") == true)
    let unknown = try folder.write([0xFF, 1, 2, 3, 0xFE, 0x81, 0x92, 0, 5, 6, 7], as: "unknown")
    #expect(malformation { () throws(RecurrentError) in _ = try SafetensorsFile(path: unknown) } != nil)
  }

  @Test func aTensorThatAPartOfAModelLacksIsLookedForInTheOthers() throws {
    let folder = try TemporaryFolder()
    let part = folder.path("model-00001-of-00003.safetensors")
    try SafetensorsFile.write(["a": Tensor<Float>([1])], toPath: part)
    #expect {
      try SafetensorsFile(path: part).tensor("b", as: Float.self)
    } throws: {
      $0 as? RecurrentError == .missingTensor(path: part, name: "b")
        && "\($0)".contains("got part 1 of 3 of a model") && "\($0)".contains("index")
    }
    for name in [
      "model.safetensors", "x-0-of-3.safetensors", "x-4-of-3.safetensors", "x-1-of-0.safetensors", "-of-",
    ] {
      #expect(FileKind.shard(ofPath: "folder-1-of-2.safetensors/\(name)") == nil)
    }
  }
}

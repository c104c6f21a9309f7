/// What a file is that is not what it should be, told by its first bytes, and what helps then.
///
/// ### Source
/// The bytes are those that the formats' own descriptions name.
enum FileKind: Equatable {
  case safetensors, numPy, numPyArchive, pyTorchArchive, pyTorchPickle, pickle, kerasArchive, zip
  case onnx, hdf5, gguf, ggml, tensorFlowLite
  case gitLFSPointer, shardIndex, json, html, text, zeros
  case gzip, zstandard, xz, bzip2, tar
  case png, jpeg, pdf, parquet, arrow, matlab, executable

  /// Tells what a file is; `nil` where the bytes tell nothing.
  ///
  /// - Parameter bytes: The whole file.
  /// - Complexity: O(1): the first bytes and, of an archive, the last ones are read.
  init?(of bytes: UnsafeRawBufferPointer) {
    let head = FileHead(bytes)
    if let kind = FileKind.magicNumbers.first(where: { head.begins(with: $0.bytes, at: $0.offset) })?.kind {
      self = kind == .zip ? FileKind.archive(bytes) : kind
    } else if let kind = FileKind.structured(head) ?? FileKind.textual(head) {
      self = kind
    } else {
      return nil
    }
  }

  private static let magicNumbers: [(kind: FileKind, offset: Int, bytes: [UInt8])] = [
    (.numPy, 0, NumPyHeader.magic), (.zip, 0, [0x50, 0x4B, 3, 4]), (.zip, 0, [0x50, 0x4B, 5, 6]),
    (.hdf5, 0, [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]), (.gguf, 0, Array("GGUF".utf8)),
    (.ggml, 0, Array("lmgg".utf8)), (.ggml, 0, Array("tjgg".utf8)), (.ggml, 0, Array("fmgg".utf8)),
    (.tensorFlowLite, 4, Array("TFL3".utf8)), (.gzip, 0, [0x1F, 0x8B]),
    (.zstandard, 0, [0x28, 0xB5, 0x2F, 0xFD]), (.xz, 0, [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]),
    (.bzip2, 0, Array("BZh".utf8)), (.tar, 257, Array("ustar".utf8)), (.png, 0, [0x89, 0x50, 0x4E, 0x47]),
    (.jpeg, 0, [0xFF, 0xD8, 0xFF]), (.pdf, 0, Array("%PDF".utf8)), (.parquet, 0, Array("PAR1".utf8)),
    (.arrow, 0, Array("ARROW1".utf8)), (.matlab, 0, Array("MATLAB 5.0 MAT-file".utf8)),
    (.executable, 0, [0x7F, 0x45, 0x4C, 0x46]),
    // The number 0x1950A86A20F9469CFC6C, pickled, with which torch.save began before it wrote
    // archives.
    (.pyTorchPickle, 0, [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]),
  ]

  /// The kinds that have no magic number, but a structure.
  private static func structured(_ head: FileHead) -> FileKind? {
    let bytes = head.bytes
    // The length of a header in 64 bits, and the header, which is an object of JSON.
    if bytes.count > 8, bytes[7] == 0, bytes[6] == 0,
      bytes.dropFirst(8).first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "{")
    {
      return .safetensors
    }
    // A pickle states its protocol, and nothing but the start of a frame, a container or a number
    // follows.
    if bytes.count > 2, bytes[0] == 0x80, (2...5).contains(bytes[1]),
      [0x95, 0x7D, 0x5D, 0x28, 0x63, 0x8A, 0x58, 0x8C].contains(bytes[2])
    {
      return .pickle
    }
    // ModelProto of ONNX: field 1, the version of its format, then a string or a message of a low
    // number.
    if bytes.count > 3, bytes[0] == 0x08, (1...32).contains(bytes[1]), bytes[2] & 7 == 2,
      (2...14).contains(bytes[2] >> 3)
    {
      return .onnx
    }
    return bytes.count >= 8 && bytes.allSatisfy { $0 == 0 } ? .zeros : nil
  }

  private static func textual(_ head: FileHead) -> FileKind? {
    guard let text = head.text else { return nil }
    let start = String(text.drop { $0.isWhitespace }.prefix(512)).lowercased()
    if start.hasPrefix("version https://git-lfs") || start.hasPrefix("version https://hawser") {
      return .gitLFSPointer
    }
    if start.hasPrefix("<") { return .html }
    if start.hasPrefix("{") || start.hasPrefix("[") {
      return text.contains("\"weight_map\"") ? .shardIndex : .json
    }
    return .text
  }

  /// An archive is told by the names in it, which stand before the files and once more at its end.
  private static func archive(_ bytes: UnsafeRawBufferPointer) -> FileKind {
    let parts = [bytes.prefix(4096), bytes.suffix(1 << 16)].map { UnsafeRawBufferPointer(rebasing: $0) }
    func contains(_ name: String) -> Bool {
      parts.contains { $0.firstRange(of: Array(name.utf8)) != nil }
    }
    if contains("data.pkl") || contains("constants.pkl") { return .pyTorchArchive }
    if contains("model.weights.h5") { return .kerasArchive }
    return contains(".npy") ? .numPyArchive : .zip
  }
}

extension FileKind {
  /// What the file is, and what to do with it where a file of another format is expected.
  ///
  /// - Parameter path: The file's path: one that was downloaded is often named as what it should
  ///   be.
  /// - Returns: Words for the place of what came in a message.
  func explanation(path: String) -> String {
    switch self {
    case .safetensors:
      "a safetensors file; it belongs where weights are expected"
    case .numPy:
      "a .npy file, which holds one array without a name; it belongs where an array is expected"
    case .numPyArchive:
      "an archive of NumPy (.npz); save its arrays one by one with numpy.save, or weights by name with "
        + "safetensors.numpy.save_file"
    case .pyTorchArchive, .pyTorchPickle:
      "a file of PyTorch (torch.save, .pt or .pth); load it there and save the weights with "
        + "safetensors.torch.save_file(model.state_dict(), \"model.safetensors\")"
    case .pickle:
      "a pickle of Python; load it there and save the weights with safetensors, or an array with numpy.save"
    case .kerasArchive, .hdf5:
      "a file of \(self == .hdf5 ? "HDF5, as Keras writes it (.h5, .hdf5)" : "Keras (.keras)"); save the arrays of "
        + "layer.get_weights() with safetensors.numpy.save_file, and convert them by KerasWeights"
    case .onnx:
      "a model of ONNX; save the inputs W, R and B of its operators with safetensors.numpy.save_file, and "
        + "convert them by ONNXWeights"
    case .gguf, .ggml:
      "a file of \(self == .gguf ? "GGUF" : "GGML"), a format of llama.cpp; use the safetensors file that it was made from"
    case .tensorFlowLite:
      "a model of TensorFlow Lite; save the weights of the model that it was made from with safetensors"
    case .gitLFSPointer:
      "a pointer of Git LFS instead of the file itself; run git lfs pull, or download the file"
    case .shardIndex:
      "the index of a model in several files; use the files that it names under \"weight_map\", "
        + "one for the weights that it holds"
    case .json:
      "a text in JSON; the weights of a model stand in another file beside it, which often ends in .safetensors"
    case .html:
      "a page in HTML or XML, as a server sends it in the place of a file; download the file itself"
    case .text:
      "a text, for instance CSV; load it with numpy.loadtxt and save it with numpy.save"
    case .zeros:
      "nothing but zeros, as a download that was broken off leaves them; download the file again"
    case .gzip: FileKind.compressed("gzip", "gunzip")
    case .zstandard: FileKind.compressed("zstd", "unzstd")
    case .xz: FileKind.compressed("xz", "unxz")
    case .bzip2: FileKind.compressed("bzip2", "bunzip2")
    case .tar: "an archive of tar; unpack it first"
    case .zip: "a ZIP archive; unpack it first"
    case .png, .jpeg, .pdf: "a picture or a document"
    case .parquet, .arrow:
      "a table of \(self == .parquet ? "Parquet" : "Arrow"); save its columns with numpy.save"
    case .matlab: "a file of MATLAB; load it with scipy.io.loadmat and save the arrays with numpy.save"
    case .executable: "a program or a library"
    }
  }

  private static func compressed(_ name: String, _ command: String) -> String {
    "a file compressed by \(name); unpack it with \(command) first"
  }

  /// What a path says of a file that is one part of a model, as `model-00001-of-00003.safetensors`;
  /// `nil` for others.
  static func shard(ofPath path: String) -> String? {
    let name = path.utf8.split(separator: UInt8(ascii: "/")).last.map(Array.init) ?? []
    guard let end = name.firstRange(of: Array(".safetensors".utf8))?.lowerBound,
      let of = name.firstRange(of: Array("-of-".utf8)), of.upperBound < end,
      let dash = name[..<of.lowerBound].lastIndex(of: UInt8(ascii: "-")),
      let part = Int(String(decoding: name[(dash + 1)..<of.lowerBound], as: UTF8.self)),
      let count = Int(String(decoding: name[of.upperBound..<end], as: UTF8.self)), part >= 1, part <= count
    else { return nil }
    return
      "part \(part) of \(count) of a model, which does not hold it; look for it in the other parts, or in "
      + "the index beside them, which ends in .safetensors.index.json"
  }
}

/// The first bytes of a file.
private struct FileHead {
  let bytes: [UInt8]
  /// Whether the file has more bytes.
  let isCut: Bool

  init(_ file: UnsafeRawBufferPointer) {
    bytes = Array(file.prefix(4096))
    isCut = file.count > bytes.count
  }

  func begins(with magic: [UInt8], at offset: Int) -> Bool {
    bytes.dropFirst(offset).starts(with: magic)
  }

  /// The bytes as text, where they are nothing else: in UTF-8 and without control characters.
  var text: String? {
    // The last character may be cut.
    let whole = bytes.dropLast(isCut ? 3 : 0)
    let isPlain = whole.allSatisfy { $0 >= 0x20 || (0x09...0x0D).contains($0) }
    guard isPlain, !whole.isEmpty else { return nil }
    let text = String(decoding: whole, as: UTF8.self)
    // What does not decode becomes U+FFFD; one may stand at the cut.
    return text.unicodeScalars.dropLast().contains("\u{FFFD}") ? nil : text
  }
}

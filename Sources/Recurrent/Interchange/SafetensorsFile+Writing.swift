extension SafetensorsFile {
  /// Writes tensors to a safetensors file.
  ///
  /// The same arguments always give the same bytes: the names of the metadata are sorted, tensors
  /// and their data stand in the dictionary's order. A file at the path is replaced in one step,
  /// and stays as it was if writing fails.
  ///
  /// - Parameters:
  ///   - tensors: The tensors by name. `Float` is written as F32, `Double` as F64.
  ///   - metadata: Strings about the file, by name.
  ///   - path: Where the file is to stand.
  /// - Throws: ``RecurrentError/fileInaccessible(path:operation:reason:)`` if the file cannot be
  ///   written, ``RecurrentError/invalidValue(argument:expected:actual:)`` if a tensor is called
  ///   `__metadata__`, ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for a shape that
  ///   readers do not accept, of more than 1024 axes or of a size 0 beside others whose bytes
  ///   cannot be counted, ``RecurrentError/invalidSize(argument:expected:actual:)`` if the header
  ///   would take more bytes than they accept.
  /// - Complexity: O(elements).
  public static func write<Scalar: TensorScalar>(
    _ tensors: StateDictionary<Scalar>, metadata: [String: String] = [:], toPath path: String
  ) throws(RecurrentError) {
    try stage(tensors, metadata: metadata, toPath: path).commit()
  }

  /// Writes tensors beside the file that they are to replace; see ``write(_:metadata:toPath:)``.
  ///
  /// - Parameters:
  ///   - tensors: The tensors by name.
  ///   - metadata: Strings about the file, by name.
  ///   - path: Where the file is to stand.
  /// - Returns: The staged file, to be committed.
  /// - Throws: As ``write(_:metadata:toPath:)``.
  package static func stage<Scalar: TensorScalar>(
    _ tensors: StateDictionary<Scalar>, metadata: [String: String] = [:], toPath path: String
  ) throws(RecurrentError) -> AtomicFile {
    let header = try headerBytes(tensors, metadata: metadata)
    return try AtomicFile.stage(toPath: path) { (file) throws(RecurrentError) in
      try file.append(header)
      for (_, tensor) in tensors { try file.append(of: tensor.scalars) }
    }
  }

  /// What a file of these tensors holds.
  ///
  /// - Parameters:
  ///   - tensors: The tensors by name.
  ///   - metadata: Strings about the file, by name.
  /// - Returns: The bytes that ``write(_:metadata:toPath:)`` writes.
  /// - Throws: As ``write(_:metadata:toPath:)``, but for the file itself.
  /// - Complexity: O(elements).
  @_spi(Fuzzing) public static func bytes<Scalar: TensorScalar>(
    of tensors: StateDictionary<Scalar>, metadata: [String: String] = [:]
  ) throws(RecurrentError) -> [UInt8] {
    var bytes = try headerBytes(tensors, metadata: metadata)
    for (_, tensor) in tensors { tensor.scalars.withUnsafeBytes { bytes += $0 } }
    return bytes
  }

  /// The header with its length, padded by spaces so that the data stands at a multiple of 8 bytes.
  private static func headerBytes<Scalar: TensorScalar>(
    _ tensors: StateDictionary<Scalar>, metadata: [String: String]
  ) throws(RecurrentError) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let sorted = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      let pairs = sorted.map { "\(quoted($0.key)):\(quoted($0.value))" }
      members.append("\(quoted(SafetensorsHeader.metadataKey)):{\(pairs.joined(separator: ","))}")
    }
    var end = 0
    for (name, tensor) in tensors {
      guard ExactName(name) != ExactName(SafetensorsHeader.metadataKey) else {
        throw .invalidValue(
          argument: "tensors", expected: "names other than that of the metadata", actual: name)
      }
      guard tensor.shape.rank <= SafetensorsHeader.greatestRank,
        Scalar.elementType.byteCount(of: tensor.shape.dimensions) != nil
      else {
        throw .shapeMismatch(
          argument: name,
          expected:
            "at most \(SafetensorsHeader.greatestRank) axes, and sizes whose product can be counted in bytes",
          actual: tensor.shape)
      }
      let start = end
      end += tensor.scalars.count * MemoryLayout<Scalar>.size
      let sizes = tensor.shape.dimensions.map(String.init).joined(separator: ",")
      members.append(
        "\(quoted(name)):{\"dtype\":\"\(Scalar.elementType.rawValue)\",\"shape\":[\(sizes)],"
          + "\"data_offsets\":[\(start),\(end)]}")
    }
    var text = Array("{\(members.joined(separator: ","))}".utf8)
    text += Array(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
    guard text.count <= SafetensorsHeader.greatestLength else {
      throw .invalidSize(
        argument: "tensors", expected: "a header of at most \(SafetensorsHeader.greatestLength) bytes",
        actual: text.count)
    }
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
  }

  /// A string of JSON.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

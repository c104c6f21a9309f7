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
  ///   - weights: What matrices are rounded to: F32, BF16, or I8 with the scales of their rows, of
  ///     F32, under the matrix's name with `_scale` behind it. Other tensors are written as they
  ///     are. What is read of such a file is the rounded numbers; a layer that is
  ///     ``RecurrentModule/converted(to:)`` the format has these already.
  /// - Throws: ``RecurrentError/fileInaccessible(path:operation:reason:)`` if the file cannot be
  ///   written, ``RecurrentError/invalidValue(argument:expected:actual:)`` if a tensor is called
  ///   `__metadata__`, or as the scales of another, or if a matrix cannot be rounded, being of
  ///   `Double` or, for I8, of numbers that are not finite,
  ///   ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for a shape that
  ///   readers do not accept, of more than 1024 axes or of a size 0 beside others whose bytes
  ///   cannot be counted, ``RecurrentError/invalidSize(argument:expected:actual:)`` if the header
  ///   would take more bytes than they accept.
  /// - Complexity: O(elements).
  public static func write<Scalar: TensorScalar>(
    _ tensors: StateDictionary<Scalar>, metadata: [String: String] = [:], toPath path: String,
    weights: WeightFormat = .float
  ) throws(RecurrentError) {
    try stage(tensors, metadata: metadata, toPath: path, weights: weights).commit()
  }

  /// Writes tensors beside the file that they are to replace; see ``write(_:metadata:toPath:weights:)``.
  ///
  /// - Parameters:
  ///   - tensors: The tensors by name.
  ///   - metadata: Strings about the file, by name.
  ///   - path: Where the file is to stand.
  ///   - weights: What matrices are rounded to.
  /// - Returns: The staged file, to be committed.
  /// - Throws: As ``write(_:metadata:toPath:weights:)``.
  package static func stage<Scalar: TensorScalar>(
    _ tensors: StateDictionary<Scalar>, metadata: [String: String] = [:], toPath path: String,
    weights: WeightFormat = .float
  ) throws(RecurrentError) -> AtomicFile {
    let stored = try stored(tensors, as: weights)
    let header = try headerBytes(stored, metadata: metadata)
    return try AtomicFile.stage(toPath: path) { (file) throws(RecurrentError) in
      try file.append(header)
      for tensor in stored {
        switch tensor.numbers {
        case .scalars(let scalars): try file.append(of: scalars)
        case .halves(let halves): try file.append(of: halves)
        case .bytes(let bytes): try file.append(bytes)
        }
      }
    }
  }

  /// The tensors of a file, with what a format puts beside them.
  private static func stored<Scalar: TensorScalar>(
    _ tensors: StateDictionary<Scalar>, as format: WeightFormat
  ) throws(RecurrentError) -> [StoredTensor<Scalar>] {
    var stored: [StoredTensor<Scalar>] = []
    for (name, tensor) in tensors {
      let parts = try StoredTensor.stored(name, tensor, as: format)
      for part in parts.dropFirst() where tensors[part.name] != nil {
        throw .invalidValue(
          argument: "tensors", expected: "no tensor under the name of \(name)'s scales", actual: part.name)
      }
      stored += parts
    }
    return stored
  }

  /// What a file of these tensors holds.
  ///
  /// - Parameters:
  ///   - tensors: The tensors by name.
  ///   - metadata: Strings about the file, by name.
  /// - Returns: The bytes that ``write(_:metadata:toPath:weights:)`` writes.
  /// - Throws: As ``write(_:metadata:toPath:weights:)``, but for the file itself.
  /// - Complexity: O(elements).
  @_spi(Fuzzing) public static func bytes<Scalar: TensorScalar>(
    of tensors: StateDictionary<Scalar>, metadata: [String: String] = [:]
  ) throws(RecurrentError) -> [UInt8] {
    var bytes = try headerBytes(stored(tensors, as: .float), metadata: metadata)
    for (_, tensor) in tensors { tensor.scalars.withUnsafeBytes { bytes += $0 } }
    return bytes
  }

  /// The header with its length, padded by spaces so that the data stands at a multiple of 8 bytes.
  private static func headerBytes<Scalar: TensorScalar>(
    _ tensors: [StoredTensor<Scalar>], metadata: [String: String]
  ) throws(RecurrentError) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let sorted = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      let pairs = sorted.map { "\(quoted($0.key)):\(quoted($0.value))" }
      members.append("\(quoted(SafetensorsHeader.metadataKey)):{\(pairs.joined(separator: ","))}")
    }
    var end = 0
    for tensor in tensors {
      let name = tensor.name
      guard ExactName(name) != ExactName(SafetensorsHeader.metadataKey) else {
        throw .invalidValue(
          argument: "tensors", expected: "names other than that of the metadata", actual: name)
      }
      guard tensor.shape.rank <= SafetensorsHeader.greatestRank,
        tensor.type.byteCount(of: tensor.shape.dimensions) != nil
      else {
        throw .shapeMismatch(
          argument: name,
          expected:
            "at most \(SafetensorsHeader.greatestRank) axes, and sizes whose product can be counted in bytes",
          actual: tensor.shape)
      }
      let start = end
      end += tensor.byteCount
      let sizes = tensor.shape.dimensions.map(String.init).joined(separator: ",")
      members.append(
        "\(quoted(name)):{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(sizes)],"
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

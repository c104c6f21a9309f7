/// A safetensors file, open for reading: named tensors of any number type, and strings about them.
///
///     let file = try SafetensorsFile(path: "model.safetensors")
///     let weight = try file.tensor("rnn.weight_ih_l0", as: Float.self)
///     let state = try file.stateDictionary(as: Float.self, prefix: "rnn.")
///
/// The file is mapped into memory, not read: opening it costs what the header costs, and only the
/// tensors that are asked for are loaded. A file must not be shortened while it is open; replace it
/// by a new one, as ``write(_:metadata:toPath:)`` does. All is checked when the file is opened, as
/// strictly as by the reference implementation, so that a hostile file is refused with a
/// ``RecurrentError``.
///
/// ### Source
/// The format's description and reference implementation, https://github.com/huggingface/safetensors.
public struct SafetensorsFile: Sendable {
  /// The strings about the file, by name.
  public var metadata: [String: String] { header.metadata }

  private let file: MappedFile
  private let header: SafetensorsHeader
  private let positions: [ExactName: Int]
  private static let format = "a safetensors file"

  /// Opens a file and checks its header.
  ///
  /// - Parameter path: The file's path.
  /// - Throws: ``RecurrentError/fileInaccessible(path:operation:reason:)`` if the file cannot be opened
  ///   or is not a regular one, ``RecurrentError/malformedFile(path:expected:actual:)`` if it is not
  ///   a valid safetensors file.
  /// - Complexity: O(header), and O(t log t) for t tensors.
  public init(path: String) throws(RecurrentError) {
    try self.init(MappedFile(path: path, format: SafetensorsFile.format))
  }

  /// Reads what would stand in a file, for those who make such bytes by the million to test the reader.
  ///
  /// - Parameter bytes: The bytes of a whole file, which are copied.
  /// - Throws: ``RecurrentError/malformedFile(path:expected:actual:)`` if they are not those of a valid safetensors file.
  /// - Complexity: O(bytes), and O(t log t) for t tensors.
  @_spi(Fuzzing) public init(copying bytes: [UInt8]) throws(RecurrentError) {
    try self.init(MappedFile(copying: bytes, format: SafetensorsFile.format))
  }

  private init(_ file: MappedFile) throws(RecurrentError) {
    self.file = file
    header = try file.withBytes { (bytes) throws(RecurrentError) in
      try SafetensorsHeader(bytes, path: file.path)
    }
    // The scanner has made sure that every name comes once.
    positions = Dictionary(
      header.entries.enumerated().map { ($0.element.name, $0.offset) },
      uniquingKeysWith: { first, _ in first })
  }

  /// The path that the file was opened at.
  public var path: String { file.path }

  /// The names of all tensors in the order of their data; tensors without data at one place stand
  /// in the header's order.
  ///
  /// - Complexity: O(tensors).
  public var tensorNames: [String] { header.entries.map(\.name.text) }

  /// The shape of a tensor.
  ///
  /// - Parameter name: The tensor's name, compared byte by byte.
  /// - Returns: The shape, or `nil` where there is no tensor of that name.
  public func shape(of name: String) -> Shape? { entry(name)?.shape }

  /// The number type of a tensor as the format calls it, for example "F32".
  ///
  /// - Parameter name: The tensor's name, compared byte by byte.
  /// - Returns: The type, or `nil` where there is no tensor of that name.
  public func scalarType(of name: String) -> String? { entry(name)?.type.rawValue }

  /// Reads a tensor.
  ///
  /// `Float` reads F32, BF16 and F16; `Double` reads F64 too. All of these conversions are exact.
  ///
  /// - Parameters:
  ///   - name: The tensor's name, compared byte by byte.
  ///   - type: The number type of the result.
  /// - Returns: The tensor in the file's shape.
  /// - Throws: ``RecurrentError/missingTensor(path:name:)`` if there is no tensor of that name,
  ///   ``RecurrentError/scalarTypeMismatch(path:tensor:expected:actual:)`` if its numbers do not fit
  ///   the type.
  /// - Complexity: O(elements).
  public func tensor<Scalar: TensorScalar>(
    _ name: String, as type: Scalar.Type = Scalar.self
  ) throws(RecurrentError) -> Tensor<Scalar> {
    guard let entry = entry(name) else { throw .missingTensor(path: path, name: name) }
    return try tensor(entry)
  }

  /// Reads all tensors, or those whose names begin alike.
  ///
  /// - Parameters:
  ///   - type: The number type of the result.
  ///   - prefix: How the names begin. It is compared byte by byte and left out of the result's names.
  /// - Returns: The tensors in the order of ``tensorNames``; none if no name has the prefix.
  /// - Throws: ``RecurrentError/scalarTypeMismatch(path:tensor:expected:actual:)`` if the numbers of
  ///   one of these tensors do not fit the type.
  /// - Complexity: O(elements of the result), and O(tensors).
  public func stateDictionary<Scalar: TensorScalar>(
    as type: Scalar.Type = Scalar.self, prefix: String = ""
  ) throws(RecurrentError) -> StateDictionary<Scalar> {
    var state = StateDictionary<Scalar>()
    for entry in header.entries where entry.name.text.utf8.starts(with: prefix.utf8) {
      let rest = entry.name.text.utf8.dropFirst(prefix.utf8.count)
      state[String(decoding: rest, as: UTF8.self)] = try tensor(entry) as Tensor<Scalar>
    }
    return state
  }

  private func entry(_ name: String) -> SafetensorsHeader.Entry? {
    positions[ExactName(name)].map { header.entries[$0] }
  }

  private func tensor<Scalar: TensorScalar>(
    _ entry: SafetensorsHeader.Entry
  ) throws(RecurrentError) -> Tensor<Scalar> {
    guard Scalar.readableTypes.contains(entry.type) else {
      throw .scalarTypeMismatch(
        path: path, tensor: entry.name.text,
        expected: Scalar.readableTypes.map(\.rawValue).joined(separator: ", "),
        actual: entry.type.rawValue)
    }
    let start = header.dataStart + entry.range.lowerBound
    let scalars: [Scalar] = file.withBytes { bytes in
      let data = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + entry.range.count)])
      return decodeScalars(data, type: entry.type)
    }
    return Tensor(unchecked: scalars, shape: entry.shape)
  }
}

/// A safetensors file, open for reading: named tensors of any number type, and strings about them.
///
///     let file = try SafetensorsFile(path: "model.safetensors")
///     let weight = try file.tensor("rnn.weight_ih_l0", as: Float.self)
///     let state = try file.stateDictionary(as: Float.self, prefix: "rnn.")
///
/// A file may hold tensors of types that no layer has parameters of, such as the counters of a
/// normalization, beside the weights that one wants. They are listed with shape and type, and an
/// error only where they are asked for as numbers.
///
/// The file is mapped into memory, not read: opening it costs what the header costs, and only the
/// tensors that are asked for are loaded. A file must not be shortened while it is open; replace it
/// by a new one, as ``write(_:metadata:toPath:weights:)`` does. All is checked when the file is opened, as
/// strictly as by the reference implementation, so that a hostile file is refused with a
/// ``RecurrentError``.
///
/// ### Source
/// The format's description and reference implementation,
/// https://github.com/huggingface/safetensors.
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
  /// - Throws: ``RecurrentError/fileInaccessible(path:operation:reason:)`` if the file cannot be
  ///   opened or is not a regular one, ``RecurrentError/malformedFile(path:expected:actual:)`` if
  ///   it is not a valid safetensors file.
  /// - Complexity: O(header), and O(t log t) for t tensors.
  public init(path: String) throws(RecurrentError) {
    try self.init(MappedFile(path: path, format: SafetensorsFile.format))
  }

  /// Reads what would stand in a file, for those who make such bytes by the million to test the
  /// reader.
  ///
  /// - Parameter bytes: The bytes of a whole file, which are copied.
  /// - Throws: ``RecurrentError/malformedFile(path:expected:actual:)`` if they are not those of a
  ///   valid safetensors file.
  /// - Complexity: O(bytes), and O(t log t) for t tensors.
  @_spi(Fuzzing) public init(copying bytes: [UInt8]) throws(RecurrentError) {
    try self.init(MappedFile(copying: bytes, format: SafetensorsFile.format))
  }

  private init(_ file: MappedFile) throws(RecurrentError) {
    self.file = file
    header = try file.withBytes { (bytes) throws(RecurrentError) in
      try SafetensorsHeader(bytes, path: file.path)
    }
    // The reader has made sure that every name comes once.
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

  /// The number type of a tensor as the header calls it, for example "F32"; it may be one that this
  /// version does not know.
  ///
  /// - Parameter name: The tensor's name, compared byte by byte.
  /// - Returns: The type, or `nil` where there is no tensor of that name.
  public func scalarType(of name: String) -> String? { entry(name)?.typeName }

  /// Reads a tensor.
  ///
  /// `Float` reads F32, BF16 and F16; `Double` reads F64 too. Both read BOOL, as 0 and 1, and the
  /// whole numbers I8 to I64 and U8 to U64 where the type has every one of them. All of these
  /// conversions are exact.
  ///
  /// - Parameters:
  ///   - name: The tensor's name, compared byte by byte.
  ///   - type: The number type of the result.
  /// - Returns: The tensor in the file's shape.
  /// - Throws: ``RecurrentError/missingTensor(path:name:)`` if there is no tensor of that name,
  ///   ``RecurrentError/scalarTypeMismatch(path:tensor:expected:actual:)`` if its numbers do not
  ///   fit the type, with the place of the first whole number that does not,
  ///   ``RecurrentError/memoryUnavailable(argument:byteCount:)`` if there is no memory for it.
  /// - Complexity: O(elements).
  public func tensor<Scalar: TensorScalar>(
    _ name: String, as type: Scalar.Type = Scalar.self
  ) throws(RecurrentError) -> Tensor<Scalar> {
    guard let entry = entry(name) else { throw .missingTensor(path: path, name: name) }
    return try tensor(entry)
  }

  /// Reads all tensors that can be parameters, or those of them whose names begin alike.
  ///
  /// Parameters are floating-point numbers. A matrix of I8 with the scales of its rows beside it, a
  /// vector of F32 under its name with `_scale` behind it, is one too: each whole number times its
  /// row's scale; the scales are no tensor of the result. Other tensors of other types (whole numbers and truth values,
  /// and those that are not read at all, such as F8_E4M3) are left out and listed in
  /// ``StateDictionary/omittedKeys``: loading a layer passes them over, and names the type where it
  /// is a parameter that the layer needs.
  ///
  /// - Parameters:
  ///   - type: The number type of the result.
  ///   - prefix: How the names begin. It is compared byte by byte and left out of the result's
  ///     names.
  /// - Returns: The tensors in the order of ``tensorNames``; none if no name has the prefix.
  /// - Throws: ``RecurrentError/scalarTypeMismatch(path:tensor:expected:actual:)`` if one of these
  ///   tensors is of F64 and the type is `Float`,
  ///   ``RecurrentError/memoryUnavailable(argument:byteCount:)`` if there is no memory for one.
  /// - Complexity: O(elements of the result), and O(tensors).
  public func stateDictionary<Scalar: TensorScalar>(
    as type: Scalar.Type = Scalar.self, prefix: String = ""
  ) throws(RecurrentError) -> StateDictionary<Scalar> {
    try stateDictionary(prefix: prefix) { _ in true }
  }

  /// Reads the tensors that can be parameters behind a prefix, those alone whose names behind it
  /// are wanted.
  package func stateDictionary<Scalar: TensorScalar>(
    prefix: String, where isWanted: (String) -> Bool
  ) throws(RecurrentError) -> StateDictionary<Scalar> {
    var state = StateDictionary<Scalar>()
    for entry in header.entries {
      guard let key = entry.name.text.rest(after: prefix), isWanted(key) else { continue }
      if isScales(entry) { continue }
      if let scales = scales(of: entry) {
        state[key] = try scaled(tensor(entry), by: tensor(scales))
      } else if entry.type.map({ Double.readableTypes.contains($0) }) ?? false {
        state[key] = try tensor(entry) as Tensor<Scalar>
      } else {
        state.omit(key, because: mismatch(entry, Scalar.self))
      }
    }
    return state
  }

  /// The scales of a matrix of whole numbers, where it has some.
  private func scales(of entry: SafetensorsHeader.Entry) -> SafetensorsHeader.Entry? {
    guard entry.type == .int8, entry.shape.rank == 2 else { return nil }
    return self.entry(entry.name.text + StoredTensor<Float>.scaleSuffix).flatMap {
      $0.type == .float32 && $0.shape.dimensions == [entry.shape[0]] ? $0 : nil
    }
  }

  /// Whether a tensor has the scales of another.
  private func isScales(_ entry: SafetensorsHeader.Entry) -> Bool {
    let (name, suffix) = (entry.name.text, StoredTensor<Float>.scaleSuffix)
    guard entry.type == .float32, name.utf8.count > suffix.utf8.count, name.hasSuffix(suffix) else {
      return false
    }
    return self.entry(String(name.dropLast(suffix.count))).map { scales(of: $0) != nil } ?? false
  }

  /// Multiplies each row by its scale.
  private func scaled<Scalar: TensorScalar>(
    _ matrix: Tensor<Scalar>, by scales: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    let depth = matrix.shape[1]
    var scalars = matrix.scalars
    for row in scales.scalars.indices {
      let scale = scales.scalars[row]
      for k in (row * depth)..<((row + 1) * depth) { scalars[k] *= scale }
    }
    return Tensor(unchecked: scalars, shape: matrix.shape)
  }

  private func entry(_ name: String) -> SafetensorsHeader.Entry? {
    positions[ExactName(name)].map { header.entries[$0] }
  }

  private func tensor<Scalar: TensorScalar>(
    _ entry: SafetensorsHeader.Entry
  ) throws(RecurrentError) -> Tensor<Scalar> {
    guard let type = entry.type, Scalar.reads(type) else { throw mismatch(entry, Scalar.self) }
    try Memory.require(
      entry.shape.dimensions, size: MemoryLayout<Scalar>.size, for: "\(path): \(entry.name.text)")
    let start = header.dataStart + entry.range.lowerBound
    do {
      let scalars: [Scalar] = try file.withBytes { (bytes) throws(InexactElement) in
        let data = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + entry.range.count)])
        return try decodeScalars(data, type: type)
      }
      return Tensor(unchecked: scalars, shape: entry.shape)
    } catch {
      throw .scalarTypeMismatch(
        path: path, tensor: entry.name.text, expected: "\(Scalar.name) without rounding",
        actual: "\(error.digits) of \(entry.typeName) at \(entry.shape.indices(ofElement: error.index))")
    }
  }

  private func mismatch<Scalar: TensorScalar>(
    _ entry: SafetensorsHeader.Entry, _: Scalar.Type
  ) -> RecurrentError {
    .scalarTypeMismatch(
      path: path, tensor: entry.name.text, expected: Scalar.readableTypeNames, actual: entry.typeName)
  }
}

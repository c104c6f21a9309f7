/// A .npy file, open for reading: one array of numbers.
///
///     let input = try NumPyFile(path: "input.npy").tensor(as: Float.self)
///     try NumPyFile.write(output, toPath: "output.npy")
///
/// Versions 1.0, 2.0 and 3.0 of the format are read, in C order and in Fortran order:
/// floating-point numbers of 2, 4 and 8 bytes, whole numbers of 1 to 8 bytes with and without sign,
/// and truth values, in either order of bytes. The file is mapped into memory and must not be
/// shortened while it is open. All is checked when the file is opened, so that a hostile file is
/// refused with a ``RecurrentError``.
///
/// ### Source
/// NumPy's documentation, `numpy.lib.format`.
public struct NumPyFile: Sendable {
  /// The sizes of the axes, outermost first.
  public let shape: Shape
  /// The number type as NumPy calls it, for example "<f4".
  public let scalarType: String
  /// Whether the file holds the first axis varying fastest. Tensors never do.
  public let isFortranOrder: Bool

  private let file: MappedFile
  private let type: NumPyNumberType
  private let dataStart: Int
  private static let format = "a .npy file"

  /// Opens a file and checks its header.
  ///
  /// - Parameter path: The file's path.
  /// - Throws: ``RecurrentError/fileInaccessible(path:operation:reason:)`` if the file cannot be
  ///   opened or is not a regular one, ``RecurrentError/malformedFile(path:expected:actual:)`` if
  ///   it is not a valid .npy file or holds a structured type,
  ///   ``RecurrentError/scalarTypeMismatch(path:tensor:expected:actual:)`` if it holds something
  ///   other than real numbers and truth values.
  /// - Complexity: O(header).
  public init(path: String) throws(RecurrentError) {
    try self.init(MappedFile(path: path, format: NumPyFile.format))
  }

  /// Reads what would stand in a file, for those who make such bytes by the million to test the
  /// reader.
  ///
  /// - Parameter bytes: The bytes of a whole file, which are copied.
  /// - Throws: As ``init(path:)``, but for the file itself.
  /// - Complexity: O(bytes).
  @_spi(Fuzzing) public init(copying bytes: [UInt8]) throws(RecurrentError) {
    try self.init(MappedFile(copying: bytes, format: NumPyFile.format))
  }

  private init(_ file: MappedFile) throws(RecurrentError) {
    let path = file.path
    let header: NumPyHeader
    do {
      header = try file.withBytes { (bytes) throws(HeaderFault) in try NumPyHeader(bytes) }
    } catch {
      let kind = file.withBytes { (bytes) in FileKind(of: bytes) }
      if let kind, kind != .numPy {
        throw .malformedFile(path: path, expected: NumPyFile.format, actual: kind.explanation(path: path))
      }
      throw .malformedFile(path: path, expected: error.expected, actual: error.actual)
    }
    guard let type = NumPyNumberType(header.description) else {
      throw .scalarTypeMismatch(
        path: path, tensor: "the array", expected: "f2, f4, f8, whole or truth values",
        actual: NumPyNumberType.explain(header.description))
    }
    guard let byteCount = type.element.byteCount(of: header.dimensions) else {
      throw .malformedFile(
        path: path, expected: "a shape whose bytes can be counted", actual: "\(header.dimensions)")
    }
    guard file.bytes.count - header.dataStart == byteCount else {
      throw .malformedFile(
        path: path, expected: "\(byteCount) bytes for \(header.description) \(header.dimensions)",
        actual: "\(file.bytes.count - header.dataStart) bytes after the header")
    }
    shape = Shape(header.dimensions)
    scalarType = header.description
    isFortranOrder = header.isFortranOrder
    self.file = file
    self.type = type
    dataStart = header.dataStart
  }

  /// Reads the array.
  ///
  /// `Float` reads numbers of 2 and 4 bytes, `Double` those of 8 too. Both read truth values, as 0
  /// and 1, and whole numbers where the type has every one of them. All of these conversions are
  /// exact.
  ///
  /// - Parameter scalar: The number type of the result.
  /// - Returns: The tensor in the file's shape, in C order whatever the file's.
  /// - Throws: ``RecurrentError/scalarTypeMismatch(path:tensor:expected:actual:)`` if `Float` is
  ///   asked for and the file holds floating-point numbers of 8 bytes, or the type does not have a
  ///   whole number, with the place of the first such one,
  ///   ``RecurrentError/memoryUnavailable(argument:byteCount:)`` if there is no memory for the
  ///   tensor.
  /// - Complexity: O(elements).
  public func tensor<Scalar: TensorScalar>(
    as scalar: Scalar.Type = Scalar.self
  ) throws(RecurrentError) -> Tensor<Scalar> {
    guard Scalar.reads(type.element) else {
      throw .scalarTypeMismatch(path: file.path, tensor: "the array", expected: "<f4", actual: scalarType)
    }
    // The numbers stand in memory twice where their order changes.
    let size = MemoryLayout<Scalar>.size * (isFortranOrder ? 2 : 1)
    try Memory.require(shape.dimensions, size: size, for: file.path)
    do {
      let scalars: [Scalar] = try file.withBytes { (bytes) throws(InexactElement) in
        try decodeScalars(
          UnsafeRawBufferPointer(rebasing: bytes[dataStart...]), type: type.element,
          isBigEndian: type.isBigEndian)
      }
      return Tensor(
        unchecked: isFortranOrder ? reverseAxes(scalars, to: shape) : scalars, shape: shape)
    } catch {
      let place = shape.indices(ofElement: error.index, isFortranOrder: isFortranOrder)
      throw .scalarTypeMismatch(
        path: file.path, tensor: "the array", expected: "\(Scalar.name) without rounding",
        actual: "\(error.digits) of \(scalarType) at \(place)")
    }
  }
}

/// Copies scalars whose first axis varies fastest into the order in which the last one does.
///
/// - Complexity: O(scalars): axes of size one, which would have to be passed again and again, are
///   left out.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func reverseAxes<Scalar: TensorScalar>(_ source: [Scalar], to shape: Shape) -> [Scalar] {
  let sizes = shape.dimensions.filter { $0 != 1 }
  guard sizes.count > 1, !source.isEmpty else { return source }
  var strides: [Int] = []
  var stride = 1
  for size in sizes {
    strides.append(stride)
    stride *= size
  }
  var indices = [Int](repeating: 0, count: sizes.count)
  var offset = 0
  return source.indices.map { _ in
    let scalar = source[offset]
    var axis = sizes.count - 1
    while axis >= 0 {
      indices[axis] += 1
      offset += strides[axis]
      if indices[axis] < sizes[axis] { break }
      offset -= strides[axis] * sizes[axis]
      indices[axis] = 0
      axis -= 1
    }
    return scalar
  }
}

extension NumPyFile {
  /// Writes a tensor to a .npy file, byte for byte as NumPy does: in C order, in version 1.0.
  ///
  /// A file at the path is replaced in one step, and stays as it was if writing fails.
  ///
  /// - Parameters:
  ///   - tensor: The tensor. `Float` is written as <f4, `Double` as <f8.
  ///   - path: Where the file is to stand.
  /// - Throws: ``RecurrentError/fileInaccessible(path:operation:reason:)`` if the file cannot be
  ///   written, ``RecurrentError/invalidSize(argument:expected:actual:)`` if the tensor has so many
  ///   axes that the header has no room for them,
  ///   ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for a size 0 beside others whose
  ///   bytes cannot be counted, which no reader accepts.
  /// - Complexity: O(elements).
  public static func write<Scalar: TensorScalar>(
    _ tensor: Tensor<Scalar>, toPath path: String
  ) throws(RecurrentError) {
    try stage(tensor, toPath: path).commit()
  }

  /// Writes a tensor beside the file that it is to replace; see ``write(_:toPath:)``.
  ///
  /// - Parameters:
  ///   - tensor: The tensor.
  ///   - path: Where the file is to stand.
  /// - Returns: The staged file, to be committed.
  /// - Throws: As ``write(_:toPath:)``.
  package static func stage<Scalar: TensorScalar>(
    _ tensor: Tensor<Scalar>, toPath path: String
  ) throws(RecurrentError) -> AtomicFile {
    let header = try headerBytes(tensor)
    return try AtomicFile.stage(toPath: path) { (file) throws(RecurrentError) in
      try file.append(header)
      try file.append(of: tensor.scalars)
    }
  }

  /// What a file of a tensor holds.
  ///
  /// - Parameter tensor: The tensor.
  /// - Returns: The bytes that ``write(_:toPath:)`` writes.
  /// - Throws: As ``write(_:toPath:)``, but for the file itself.
  /// - Complexity: O(elements).
  @_spi(Fuzzing) public static func bytes<Scalar: TensorScalar>(
    of tensor: Tensor<Scalar>
  ) throws(RecurrentError) -> [UInt8] {
    var bytes = try headerBytes(tensor)
    tensor.scalars.withUnsafeBytes { bytes += $0 }
    return bytes
  }

  private static func headerBytes<Scalar: TensorScalar>(
    _ tensor: Tensor<Scalar>
  ) throws(RecurrentError) -> [UInt8] {
    let type = Scalar.elementType == .float32 ? "<f4" : "<f8"
    guard Scalar.elementType.byteCount(of: tensor.shape.dimensions) != nil else {
      throw .shapeMismatch(
        argument: "tensor", expected: "sizes whose product can be counted in bytes", actual: tensor.shape)
    }
    let sizes = tensor.shape.dimensions.map(String.init)
    let tuple = sizes.count == 1 ? "(\(sizes[0]),)" : "(\(sizes.joined(separator: ", ")))"
    var text = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(tuple), }"
    // NumPy leaves room for the first size to grow to 21 digits, so that a file can be appended to.
    if let first = sizes.first { text += String(repeating: " ", count: 21 - first.utf8.count) }
    // The data stands at a multiple of 64 bytes, after at least one more space and a newline.
    let prefix = magic(length: 0).count
    let padding = 64 - (prefix + text.utf8.count + 1) % 64
    let length = text.utf8.count + padding + 1
    guard length <= UInt16.max else {
      throw .invalidSize(
        argument: "tensor", expected: "a shape that fits a header of at most \(UInt16.max) bytes",
        actual: length)
    }
    return magic(length: length) + Array(text.utf8)
      + Array(repeating: UInt8(ascii: " "), count: padding) + [UInt8(ascii: "\n")]
  }

  /// The magic bytes, the version 1.0 and the header's length.
  private static func magic(length: Int) -> [UInt8] {
    NumPyHeader.magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
  }
}

@_spi(Fuzzing) import Recurrent

/// What holds for every sequence of bytes that a reader of files is given: it is refused as
/// malformed or of another type, or all that it holds can be read, written, and read again to the
/// same bits.
///
/// The bytes are taken as they come, and once more with the length that their header has, which a
/// random change rarely hits.
///
/// Tests ask it of the corpus, and the fuzzer of what it invents.
public enum ReaderProperties {
  /// The property does not hold, for this reason.
  public struct Violation: Error, CustomStringConvertible {
    public let description: String
  }

  /// Asks the reader of safetensors files.
  public static func checkSafetensors(_ bytes: [UInt8]) throws {
    try checkSafetensorsFile(bytes)
    let rest = bytes.dropFirst(8)
    guard let end = rest.lastIndex(of: UInt8(ascii: "}")) else { return }
    let length = UInt64(end + 1 - rest.startIndex)
    try checkSafetensorsFile((0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) } + rest)
  }

  private static func checkSafetensorsFile(_ bytes: [UInt8]) throws {
    guard let file = try unlessRefused({ () throws(RecurrentError) in try SafetensorsFile(copying: bytes) })
    else { return }
    try checkRoundTrip(file, Float.self)
    try checkRoundTrip(file, Double.self)
  }

  /// Asks the reader of .npy files.
  public static func checkNumPy(_ bytes: [UInt8]) throws {
    try checkNumPyFile(bytes)
    let rest = bytes.dropFirst(10)
    guard let end = rest.lastIndex(of: UInt8(ascii: "}")) else { return }
    let length = end + 1 - rest.startIndex
    // Version 1.0, whose length has two bytes.
    let prefix = [0x93] + Array("NUMPY".utf8) + [1, 0]
    try checkNumPyFile(prefix + [0, 8].map { UInt8(truncatingIfNeeded: length >> $0) } + rest)
  }

  private static func checkNumPyFile(_ bytes: [UInt8]) throws {
    guard let file = try unlessRefused({ () throws(RecurrentError) in try NumPyFile(copying: bytes) })
    else { return }
    try checkRoundTrip(file, Float.self)
    try checkRoundTrip(file, Double.self)
  }

  /// What a call gives; `nil` where it refuses its input for a reason that it may have.
  private static func unlessRefused<Result>(
    _ call: () throws(RecurrentError) -> Result
  ) throws -> Result? {
    do {
      return try call()
    } catch {
      switch error {
      // Bytes that are no file, numbers that the type does not have, and shapes that cannot be
      // written.
      case .malformedFile, .scalarTypeMismatch, .invalidSize, .shapeMismatch: return nil
      default: throw error
      }
    }
  }

  private static func checkRoundTrip<Scalar: TensorScalar>(
    _ file: SafetensorsFile, _: Scalar.Type
  ) throws {
    var tensors = StateDictionary<Scalar>()
    for name in file.tensorNames {
      tensors[name] = try unlessRefused { () throws(RecurrentError) in try file.tensor(name) }
      try require(tensors[name]?.shape ?? file.shape(of: name) == file.shape(of: name), "a shape differs")
    }
    let written = try unlessRefused { () throws(RecurrentError) in
      try SafetensorsFile.bytes(of: tensors, metadata: file.metadata)
    }
    guard let written else { return }
    let copy = try SafetensorsFile(copying: written)
    try require(sameStrings(copy.metadata, file.metadata), "other metadata were read than were written")
    let state: StateDictionary<Scalar> = try copy.stateDictionary()
    try require(
      state.keys.map { Array($0.utf8) } == tensors.keys.map { Array($0.utf8) }, "the names differ")
    for name in state.keys { try require(same(state[name], tensors[name]), "the tensor \(name) differs") }
    try require(
      try SafetensorsFile.bytes(of: state, metadata: copy.metadata) == written,
      "the copy is written otherwise")
  }

  private static func checkRoundTrip<Scalar: TensorScalar>(
    _ file: NumPyFile, _: Scalar.Type
  ) throws {
    let read: Tensor<Scalar>? = try unlessRefused { () throws(RecurrentError) in try file.tensor() }
    guard let tensor = read else { return }
    try require(tensor.shape == file.shape, "the tensor has another shape than the file")
    let written = try unlessRefused { () throws(RecurrentError) in try NumPyFile.bytes(of: tensor) }
    guard let written else { return }
    let copy = try NumPyFile(copying: written)
    try require(!copy.isFortranOrder, "a file in Fortran order was written")
    try require(same(try copy.tensor(), tensor), "the tensor differs")
  }

  private static func same<Scalar: TensorScalar>(_ a: Tensor<Scalar>?, _ b: Tensor<Scalar>?) -> Bool {
    guard let a, let b, a.shape == b.shape else { return false }
    return a.scalars.withUnsafeBytes { a in b.scalars.withUnsafeBytes { a.elementsEqual($0) } }
  }

  /// Whether the strings have the same bytes: as strings of Swift, canonically equivalent ones are
  /// equal.
  private static func sameStrings(_ a: [String: String], _ b: [String: String]) -> Bool {
    func bytes(_ strings: [String: String]) -> [[UInt8]: [UInt8]] {
      Dictionary(uniqueKeysWithValues: strings.map { (Array($0.key.utf8), Array($0.value.utf8)) })
    }
    return bytes(a) == bytes(b)
  }

  private static func require(_ holds: Bool, _ reason: String) throws {
    guard holds else { throw Violation(description: reason) }
  }
}

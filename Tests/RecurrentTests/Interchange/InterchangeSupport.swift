import Foundation
import Testing

@testable import Recurrent

/// A folder for one test, removed with the object.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "recurrent-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
  }

  func path(_ name: String) -> String { url.appending(path: name).path }

  func write(_ bytes: [UInt8], as name: String = "file") throws -> String {
    let path = path(name)
    try Data(bytes).write(to: URL(filePath: path))
    return path
  }

  func contents() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
  }
}

func bytes(at path: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(filePath: path)))
}

/// Replaces a file's bytes by as many others, without making a new file.
func overwrite(_ path: String, with bytes: UnsafeRawBufferPointer) throws {
  let descriptor = open(path, O_WRONLY)
  defer { close(descriptor) }
  try #require(pwrite(descriptor, bytes.baseAddress, bytes.count, 0) == bytes.count)
}

/// The bytes of a safetensors file with any header.
func safetensors(_ header: String, data: Int = 0) -> [UInt8] {
  let text = Array(header.utf8)
  return littleEndian(UInt64(text.count)) + text + [UInt8](repeating: 0, count: data)
}

/// The bytes of a .npy file with any header.
func numpy(_ header: String, data: Int = 0, major: UInt8 = 1, minor: UInt8 = 0) -> [UInt8] {
  let text = Array(header.utf8)
  let length = littleEndian(UInt64(text.count)).prefix(major == 1 ? 2 : 4)
  return [0x93] + Array("NUMPY".utf8) + [major, minor] + length + text
    + [UInt8](repeating: 0, count: data)
}

func littleEndian(_ number: UInt64) -> [UInt8] {
  (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
}

/// Reads all of a safetensors file that can be read, as its user would.
func readAllSafetensors(_ path: String) throws(RecurrentError) {
  let file = try SafetensorsFile(path: path)
  for name in file.tensorNames {
    do {
      _ = try file.tensor(name, as: Double.self)
    } catch .scalarTypeMismatch {}
  }
}

/// Whether a file is refused as malformed, and with which words.
func malformation(_ body: () throws(RecurrentError) -> Void) -> String? {
  do {
    try body()
    return nil
  } catch {
    guard case .malformedFile(_, let expected, let actual) = error else { return nil }
    return "expected \(expected), got \(actual)"
  }
}

/// The bits of every number, all NaN being one.
func bits<Scalar: TensorScalar>(_ scalars: [Scalar]) -> [UInt64] {
  scalars.map { $0.isNaN ? UInt64.max : Double($0).bitPattern }
}

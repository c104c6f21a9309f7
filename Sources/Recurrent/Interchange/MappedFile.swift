#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A regular file, or a copy of what could stand in one, whose bytes stand in memory as long as the
/// object lives.
///
/// The system loads a file's pages when they are read. Whoever shortens the file meanwhile takes
/// the pages away from under the reader, which ends the process: replace files as ``AtomicFile``
/// does instead of overwriting them.
// The bytes are never written, and they are given back only with the last reference.
package final class MappedFile: @unchecked Sendable {
  /// Where the file was found.
  package let path: String
  /// All bytes. They are valid only as long as the object lives.
  package let bytes: UnsafeRawBufferPointer
  private let isMapped: Bool

  /// Maps a file.
  ///
  /// - Parameters:
  ///   - path: The file's path.
  ///   - format: What the file should be, for the message about an empty one.
  /// - Throws: `fileInaccessible` if it cannot be opened or is not a regular file, `malformedFile`
  ///   if it is empty.
  package init(path: String, format: String) throws(RecurrentError) {
    try POSIX.checkPath(path, operation: "open")
    // Without O_NONBLOCK, opening a named pipe waits for someone who writes to it.
    let descriptor = POSIX.retrying { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw POSIX.failure("open", path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw POSIX.failure("examine", path) }
    guard POSIX.isRegular(status) else {
      throw .fileInaccessible(path: path, operation: "read", reason: "not a regular file")
    }
    guard status.st_size > 0, let size = Int(exactly: status.st_size) else {
      throw .malformedFile(path: path, expected: format, actual: "an empty file")
    }
    guard
      let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED
    else { throw POSIX.failure("map", path) }
    self.path = path
    bytes = UnsafeRawBufferPointer(start: start, count: size)
    isMapped = true
  }

  /// Copies bytes into memory of their own, which ends where they end, so that a sanitizer sees
  /// what is read beyond them.
  ///
  /// - Parameters:
  ///   - contents: What would stand in a file.
  ///   - format: What they should be, for the message about no bytes.
  /// - Throws: `malformedFile` if there are none.
  init(copying contents: [UInt8], format: String) throws(RecurrentError) {
    path = "bytes in memory"
    guard !contents.isEmpty else {
      throw .malformedFile(path: path, expected: format, actual: "no bytes")
    }
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: contents.count, alignment: 1)
    copy.copyBytes(from: contents)
    bytes = UnsafeRawBufferPointer(copy)
    isMapped = false
  }

  deinit {
    if isMapped {
      munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    } else {
      bytes.deallocate()
    }
  }

  /// Calls a closure with the bytes, which stay mapped until it returns.
  package func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withExtendedLifetime(self) { () throws(Failure) in try body(bytes) }
  }
}

/// What every use of the system's calls shares.
enum POSIX {
  /// Repeats a call as long as signals interrupt it.
  static func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
      let result = call()
      if result != -1 || errno != EINTR { return result }
    }
  }

  /// Writes as much as the system takes at once.
  ///
  /// - Returns: The number of bytes written, or −1.
  static func writeSome(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
    // Systems refuse or cut what exceeds 2 GiB.
    retrying { write(descriptor, bytes.baseAddress, min(bytes.count, 1 << 30)) }
  }

  /// The error of the call that just failed.
  static func failure(_ operation: String, _ path: String) -> RecurrentError {
    .fileInaccessible(path: path, operation: operation, reason: String(cString: strerror(errno)))
  }

  /// Refuses a path that the system would read only in part or not at all.
  static func checkPath(_ path: String, operation: String) throws(RecurrentError) {
    guard !path.utf8.contains(0) else {
      throw .fileInaccessible(path: path, operation: operation, reason: "the path has a NUL")
    }
  }

  /// Whether a file's status is that of a regular file.
  static func isRegular(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFREG }
}

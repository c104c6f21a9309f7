#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A file that appears whole or not at all.
///
/// Staging writes a temporary file beside the target and brings it to the disk; `commit` puts it in
/// the target's place in one step. Whoever opens the target sees the old bytes or the new ones,
/// never a part. Several files can be staged before the first is committed, so that a failure to
/// write one leaves all the old ones.
///
/// The new file takes over the permissions of the one it replaces, but not its owner. A symbolic
/// link stays, and what it points to is replaced. A process that is killed while it stages leaves
/// a file `.recurrent-….tmp`, which goes when the next process writes into the folder.
package final class AtomicFile {
  /// The path as it was given, for messages.
  package let path: String

  private let target: String
  private let temporary: String
  private var descriptor: Int32
  private var isPending = true

  /// Writes a whole file beside the target and brings it to the disk.
  ///
  /// - Parameters:
  ///   - path: The target, which stays as it is.
  ///   - body: Appends the contents.
  /// - Returns: The staged file; it vanishes unless it is committed.
  /// - Throws: `fileInaccessible`, after removing the temporary file.
  package static func stage(
    toPath path: String, _ body: (AtomicFile) throws(RecurrentError) -> Void
  ) throws(RecurrentError) -> AtomicFile {
    let file = try AtomicFile(path: path)
    do {
      try body(file)
      try file.finish()
    } catch {
      file.discard()
      throw error
    }
    return file
  }

  /// Writes a file in one step.
  ///
  /// - Parameters:
  ///   - chunks: The contents in order.
  ///   - path: The target, which is replaced if it exists.
  /// - Throws: `fileInaccessible`; the target is then what it was.
  package static func write(_ chunks: [[UInt8]], toPath path: String) throws(RecurrentError) {
    let file = try stage(toPath: path) { (file) throws(RecurrentError) in
      for chunk in chunks { try file.append(chunk) }
    }
    try file.commit()
  }

  private init(path: String) throws(RecurrentError) {
    try POSIX.checkPath(path, operation: "write")
    self.path = path
    target = AtomicFile.destination(of: path)
    var status = stat()
    let replaces = stat(target, &status) == 0
    // Renaming over a device or a pipe would remove it, and a folder cannot be replaced.
    guard !replaces || POSIX.isRegular(status) else {
      throw .fileInaccessible(path: path, operation: "write", reason: "not a regular file")
    }
    guard !target.isEmpty, !target.utf8.elementsEqual("/".utf8), target.utf8.last != 0x2F else {
      throw .fileInaccessible(path: path, operation: "write", reason: "the path names no file")
    }
    let folder = AtomicFile.folder(of: target)
    StagingFile.sweep(folder)
    // The system subtracts the umask. What replaces a private file is never open to others.
    guard let file = StagingFile.create(in: folder, mode: replaces ? 0o600 : 0o666) else {
      throw POSIX.failure("write", path)
    }
    (temporary, descriptor) = file
    guard !replaces || fchmod(descriptor, status.st_mode & 0o7777) == 0 else {
      let failure = POSIX.failure("set the permissions of", path)
      discard()
      throw failure
    }
  }

  deinit {
    discard()
  }

  /// Appends bytes.
  ///
  /// - Parameter bytes: What comes next in the file.
  /// - Throws: `fileInaccessible` if the system cannot write them all.
  package func append(_ bytes: [UInt8]) throws(RecurrentError) {
    try append(of: bytes)
  }

  /// Appends the bytes of numbers, as they stand in memory.
  func append<Element>(of array: [Element]) throws(RecurrentError) {
    try array.withUnsafeBufferPointer { (buffer) throws(RecurrentError) in
      var rest = UnsafeRawBufferPointer(buffer)
      while !rest.isEmpty {
        let written = POSIX.writeSome(rest, to: descriptor)
        guard written > 0 else { throw POSIX.failure("write", path) }
        rest = UnsafeRawBufferPointer(rebasing: rest[written...])
      }
    }
  }

  /// Brings the file to the disk; the descriptor stays open, and with it the lock that tells that
  /// the file is wanted.
  private func finish() throws(RecurrentError) {
    guard POSIX.retrying({ fsync(descriptor) }) == 0 else { throw POSIX.failure("write", path) }
  }

  /// Puts the staged file in the target's place.
  ///
  /// - Throws: `fileInaccessible`; the target is then what it was, and the staged file is gone.
  package func commit() throws(RecurrentError) {
    guard isPending else {
      throw .fileInaccessible(path: path, operation: "write", reason: "already committed or discarded")
    }
    guard rename(temporary, target) == 0 else {
      let failure = POSIX.failure("write", path)
      discard()
      throw failure
    }
    isPending = false
    close(descriptor)
    descriptor = -1
    // The file is complete by now. A folder that cannot be brought to the disk is no reason to
    // report that it was not written; some file systems do not offer it at all.
    let folder = POSIX.retrying {
      open(AtomicFile.folder(of: target) + ".", O_RDONLY | O_CLOEXEC | O_DIRECTORY)
    }
    if folder >= 0 {
      _ = POSIX.retrying { fsync(folder) }
      close(folder)
    }
  }

  /// Removes the staged file; does nothing after `commit` or a second time.
  package func discard() {
    if descriptor >= 0 {
      close(descriptor)
      descriptor = -1
    }
    if isPending {
      unlink(temporary)
      isPending = false
    }
  }

  /// What a path stands for: for a symbolic link, the file at its end.
  private static func destination(of path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The path up to the last slash, or an empty string for the working folder.
  private static func folder(of path: String) -> String {
    let bytes = path.utf8
    guard let slash = bytes.lastIndex(of: 0x2F) else { return "" }
    return String(decoding: bytes[...slash], as: UTF8.self)
  }
}

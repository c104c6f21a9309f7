#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

internal import Synchronization

/// The temporary files of ``AtomicFile``: how they are named, and how those of dead processes are
/// told and removed.
///
/// A file is locked (`flock`) from its beginning until it is committed or discarded, and the system
/// ends a lock with the process that holds it. A file whose lock can be had belongs to nobody,
/// then; a process id in its name would prove nothing, since ids are used again. Locks of a network
/// file system may hold for one machine alone: the name carries which machine made the file, and of
/// those of other ones only such are removed that have not changed for a day.
enum StagingFile {
  private static let prefix = ".recurrent-"
  private static let suffix = ".tmp"
  /// After so many seconds without a change, a file of another machine is not being written any
  /// more.
  private static let greatestAge = 86_400

  /// Creates and locks a file of a new name.
  ///
  /// - Parameters:
  ///   - folder: The folder's path with a slash at the end, or an empty string for the working
  ///     folder.
  ///   - mode: The permissions, of which the system subtracts the umask.
  /// - Returns: The path and the descriptor, which holds the lock; `nil` where the system refuses.
  static func create(in folder: String, mode: mode_t) -> (path: String, descriptor: Int32)? {
    while true {
      let name = "\(prefix)\(machine)-\(String(UInt64.random(in: .min ... .max), radix: 16))\(suffix)"
      let path = folder + name
      let descriptor = POSIX.retrying { open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode) }
      guard descriptor >= 0 else { return nil }
      // Where there are no locks, nobody else gets one either, and nothing is ever swept.
      let isContested = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
      if !isContested, stands(descriptor, at: path) { return (path, descriptor) }
      // Another process swept the file between its creation and its lock.
      close(descriptor)
    }
  }

  /// Removes the files of dead processes from a folder; once for each folder and process.
  ///
  /// - Parameter folder: As of ``create(in:mode:)``. What cannot be read or removed stays.
  static func sweep(_ folder: String) {
    let path = folder.isEmpty ? "." : folder
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    let identity = FolderIdentity(
      path: path, device: UInt64(truncatingIfNeeded: status.st_dev), file: UInt64(status.st_ino))
    guard swept.withLock({ $0.insert(identity).inserted }), let entries = opendir(path) else { return }
    defer { closedir(entries) }
    while let entry = readdir(entries) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.utf8.starts(with: prefix.utf8), name.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) {
        removeIfAbandoned(
          folder + name, isOwn: machine != "0" && name.utf8.starts(with: "\(prefix)\(machine)-".utf8))
      }
    }
  }

  /// A folder; its number alone may have belonged to another one that is no more.
  private struct FolderIdentity: Hashable {
    var path: String
    var device, file: UInt64
  }

  private static let swept = Mutex<Set<FolderIdentity>>([])

  private static func removeIfAbandoned(_ path: String, isOwn: Bool) {
    // A lock over a network asks for a descriptor that may write; a file may forbid that to its
    // owner.
    let flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
    var descriptor = POSIX.retrying { open(path, O_RDWR | flags) }
    if descriptor < 0 { descriptor = POSIX.retrying { open(path, O_RDONLY | flags) } }
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, POSIX.isRegular(status) else { return }
    guard isOwn || time(nil) - modificationTime(status) > greatestAge else { return }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, stands(descriptor, at: path) else { return }
    unlink(path)
  }

  /// Whether a path still names the file of a descriptor.
  private static func stands(_ descriptor: Int32, at path: String) -> Bool {
    var (own, named) = (stat(), stat())
    return fstat(descriptor, &own) == 0 && lstat(path, &named) == 0 && own.st_dev == named.st_dev
      && own.st_ino == named.st_ino
  }

  private static func modificationTime(_ status: stat) -> Int {
    #if canImport(Darwin)
      status.st_mtimespec.tv_sec
    #else
      status.st_mtim.tv_sec
    #endif
  }

  /// Names this machine since it started; all containers on it have the same name. "0" where the
  /// system does not tell.
  private static let machine: String = {
    var bytes = [UInt8](repeating: 0, count: 64)
    #if canImport(Darwin)
      var count = bytes.count
      guard sysctlbyname("kern.bootsessionuuid", &bytes, &count, nil, 0) == 0 else { return "0" }
    #else
      let descriptor = POSIX.retrying { open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC) }
      guard descriptor >= 0 else { return "0" }
      defer { close(descriptor) }
      let count = POSIX.retrying { read(descriptor, &bytes, bytes.count) }
    #endif
    let digits = bytes.prefix(max(0, count)).filter { Character(Unicode.Scalar($0)).isHexDigit }
    return digits.isEmpty ? "0" : String(decoding: digits.prefix(16), as: UTF8.self)
  }()
}

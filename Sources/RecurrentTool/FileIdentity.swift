import Foundation

/// What tells one file from another, however its path is written.
enum FileIdentity: Equatable {
  /// A file that is there, by the system's numbers of its device and its inode.
  case existing(device: UInt64, inode: UInt64)
  /// A file that is not there yet, by its folder and its name.
  case new(device: UInt64, folder: UInt64, name: [UInt8])

  /// Recognizes a file at the end of all links; `nil` where not even its folder is there.
  init?(path: String) {
    if let (device, inode) = Self.numbers(path) {
      self = .existing(device: device, inode: inode)
      return
    }
    var path = path
    // A link may lead to a file that is not there yet. Systems follow about so many.
    for _ in 0..<40 {
      guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else { break }
      path = target.hasPrefix("/") ? target : Self.split(path).folder + target
    }
    let (folder, name) = Self.split(path)
    guard !name.isEmpty, let (device, inode) = Self.numbers(folder) else { return nil }
    self = .new(device: device, folder: inode, name: Array(name.utf8))
  }

  /// Recognizes a stream that leads to a regular file; `nil` for terminals, pipes and devices.
  init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    self = .existing(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }

  /// Whether two paths lead to one file.
  ///
  /// Two that are not there yet, in one folder and with names that differ in case or in how accents
  /// are written, are one on some file systems; the folder is asked by a file that is removed at
  /// once.
  static func areSame(_ a: String, _ b: String) -> Bool {
    guard let first = FileIdentity(path: a), let second = FileIdentity(path: b) else { return false }
    if first == second { return true }
    guard case .new(let device, let folder, let name) = first,
      case .new(device, folder, let other) = second
    else { return false }
    let names = [name, other].map { String(decoding: $0, as: UTF8.self) }
    guard names[0].lowercased() == names[1].lowercased() else { return false }
    let stem = split(a).folder + ".recurrent-\(String(UInt64.random(in: .min ... .max), radix: 16))-"
    let probe = "\(stem)\(names[0]).tmp"
    let descriptor = open(probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return false }
    close(descriptor)
    defer { unlink(probe) }
    return numbers("\(stem)\(names[1]).tmp") != nil
  }

  private static func numbers(_ path: String) -> (device: UInt64, inode: UInt64)? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return (UInt64(status.st_dev), UInt64(status.st_ino))
  }

  /// The path of a folder, which ends in a slash, and the name in it, without the slashes behind
  /// it.
  private static func split(_ path: String) -> (folder: String, name: String) {
    var bytes = path.utf8[...]
    while bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return ("./", String(bytes) ?? "") }
    return (String(bytes[...slash]) ?? "", String(bytes[bytes.index(after: slash)...]) ?? "")
  }
}

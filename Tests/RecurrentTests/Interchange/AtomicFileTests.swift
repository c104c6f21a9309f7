import Foundation
import Testing

@testable import Recurrent

@Suite struct AtomicFileTests {
  private let old: [UInt8] = Array("old".utf8)
  private let new: [UInt8] = Array("new and longer".utf8)

  private func permissions(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  @Test func writesAndReplaces() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("x")
    try AtomicFile.write([old], toPath: path)
    #expect(try bytes(at: path) == old)
    try AtomicFile.write([Array(new.prefix(3)), [], Array(new.dropFirst(3))], toPath: path)
    #expect(try bytes(at: path) == new)
    #expect(try folder.contents() == ["x"])
  }

  @Test func targetChangesOnlyOnCommit() throws {
    let folder = try TemporaryFolder()
    let paths = [try folder.write(old, as: "a"), try folder.write(old, as: "b")]
    let staged = try paths.map { path in
      try AtomicFile.stage(toPath: path) { (file) throws(RecurrentError) in try file.append(new) }
    }
    #expect(try paths.map { try bytes(at: $0) } == [old, old])
    for file in staged { try file.commit() }
    #expect(try paths.map { try bytes(at: $0) } == [new, new])
    #expect(throws: RecurrentError.self) { try staged[0].commit() }
    #expect(try folder.contents() == ["a", "b"])
  }

  @Test func discardedAndForgottenFilesLeaveNothing() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(old, as: "a")
    let staged = try NumPyFile.stage(Tensor<Float>([1]), toPath: path)
    #expect(try folder.contents().count == 2)
    staged.discard()
    staged.discard()
    #expect(throws: RecurrentError.self) { try staged.commit() }
    _ = try SafetensorsFile.stage(["a": Tensor<Float>([1])], toPath: path)
    #expect(try folder.contents() == ["a"])
    #expect(try bytes(at: path) == old)
  }

  @Test func failureWhileStagingLeavesTheOldFile() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(old, as: "a")
    #expect(throws: RecurrentError.emptySequence(argument: "test")) {
      try AtomicFile.stage(toPath: path) { (file) throws(RecurrentError) in
        try file.append(new)
        throw .emptySequence(argument: "test")
      }
    }
    #expect(try bytes(at: path) == old)
    #expect(try folder.contents() == ["a"])
  }

  @Test func failureToCommitLeavesTheOldFolder() throws {
    let folder = try TemporaryFolder()
    let staged = try NumPyFile.stage(Tensor<Float>([1]), toPath: folder.path("a"))
    try FileManager.default.createDirectory(
      atPath: folder.path("a"), withIntermediateDirectories: false)
    #expect(throws: RecurrentError.self) { try staged.commit() }
    #expect(try folder.contents() == ["a"])
  }

  @Test func foldersDevicesAndNamelessPathsAreNoTargets() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: folder.path("sub"), withIntermediateDirectories: false)
    let targets = [
      folder.path("sub"), folder.path("sub") + "/", folder.path("absent") + "/", folder.path("absent/x"),
      "/dev/null", "/", ".", "", "a\u{0}b", folder.path(String(repeating: "x", count: 300)),
    ]
    for target in targets {
      #expect {
        try AtomicFile.write([new], toPath: target)
      } throws: {
        guard case .fileInaccessible(target, _, _) = $0 as? RecurrentError else { return false }
        return true
      }
    }
    #expect(try folder.contents() == ["sub"])
    #expect(FileManager.default.fileExists(atPath: "/dev/null"))
  }

  @Test(.enabled(if: geteuid() != 0, "the superuser writes anywhere"))
  func folderWithoutPermissionLeavesTheOldFile() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(old, as: "a")
    chmod(folder.url.path, 0o555)
    defer { chmod(folder.url.path, 0o755) }
    #expect(throws: RecurrentError.self) { try AtomicFile.write([new], toPath: path) }
    #expect(try bytes(at: path) == old)
    #expect(try folder.contents() == ["a"])
  }

  @Test func permissionsAreThoseOfTheReplacedFile() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(old, as: "a")
    for mode in [0o600, 0o640, 0o444, 0o666] {
      chmod(path, mode_t(mode))
      try AtomicFile.write([new], toPath: path)
      #expect(try permissions(path) == mode)
    }
    // A new file has what the umask leaves, like any other.
    let other = folder.path("b")
    try AtomicFile.write([new], toPath: other)
    let plain = folder.path("c")
    let descriptor = open(plain, O_CREAT | O_WRONLY, 0o666)
    close(descriptor)
    #expect(try permissions(other) == permissions(plain))
  }

  @Test func symbolicLinksStay() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(old, as: "a")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link"), withDestinationPath: "a")
    try AtomicFile.write([new], toPath: folder.path("link"))
    #expect(try bytes(at: path) == new)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("link")) == "a")
  }

  @Test func onlyRegularFilesAreRead() throws {
    let folder = try TemporaryFolder()
    let pipe = folder.path("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    let empty = try folder.write([], as: "empty")
    for path in [pipe, folder.url.path, "/dev/zero", "a\u{0}b", ""] {
      for read in [{ _ = try SafetensorsFile(path: path) }, { _ = try NumPyFile(path: path) }] {
        #expect {
          try read()
        } throws: {
          guard case .fileInaccessible(path, _, _) = $0 as? RecurrentError else { return false }
          return true
        }
      }
    }
    #expect(malformation { () throws(RecurrentError) in _ = try NumPyFile(path: empty) } != nil)
    #expect(malformation { () throws(RecurrentError) in _ = try SafetensorsFile(path: empty) } != nil)
  }
}

import Foundation
import Testing

@testable import Recurrent

@Suite("Temporary files of dead processes") struct StagingFileTests {
  private let contents: [UInt8] = [1, 2, 3]

  @Test func theFileOfAKilledProcessGoesWithTheNextWrite() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("checkpoint")
    for _ in 0..<3 {
      await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
        _ = try AtomicFile.stage(toPath: path) { (file) throws(RecurrentError) in
          try file.append([UInt8](repeating: 1, count: 100_000))
          kill(getpid(), SIGKILL)
        }
      }
    }
    // Each process has swept what the one before it left.
    #expect(try folder.contents().count == 1)
    #expect(try folder.contents().allSatisfy { $0.hasPrefix(".recurrent-") && $0.hasSuffix(".tmp") })
    try AtomicFile.write([contents], toPath: path)
    #expect(try folder.contents() == ["checkpoint"])
    #expect(try bytes(at: path) == contents)
  }

  @Test func theFileOfALivingProcessStays() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a")
    let staged = try AtomicFile.stage(toPath: path) { (file) throws(RecurrentError) in
      try file.append(contents)
    }
    #expect(try folder.contents().count == 1)
    await #expect(processExitsWith: .success) { [path = path as String] in
      try AtomicFile.write([[4]], toPath: path + "b")
    }
    #expect(try folder.contents().count == 2)
    try staged.commit()
    #expect(try bytes(at: path) == contents)
    #expect(try folder.contents() == ["a", "ab"])
  }

  @Test func whatMayBelongToAnotherMachineStaysForADay() throws {
    let names = [".recurrent-1f.tmp", ".recurrent-0123456789abcdef-7.tmp"]
    for (age, isKept) in [(3600.0, true), (90_000, false)] {
      let folder = try TemporaryFolder()
      for name in names {
        let path = try folder.write(contents, as: name)
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: path)
      }
      try AtomicFile.write([contents], toPath: folder.path("x"))
      #expect(try folder.contents() == (isKept ? names.sorted() : []) + ["x"])
    }
  }

  @Test func filesOfOtherNamesAndKindsStay() throws {
    let folder = try TemporaryFolder()
    let old = Date(timeIntervalSinceNow: -1e6)
    let names = [".recurrent", ".recurrent-1.tmp.txt", "recurrent-1.tmp", "x.tmp"]
    for name in names {
      try FileManager.default.setAttributes(
        [.modificationDate: old], ofItemAtPath: folder.write(contents, as: name))
    }
    let subfolder = folder.path(".recurrent-2.tmp")
    try FileManager.default.createDirectory(atPath: subfolder, withIntermediateDirectories: false)
    try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: subfolder)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path(".recurrent-3.tmp"), withDestinationPath: "x.tmp")
    try AtomicFile.write([contents], toPath: folder.path("y"))
    #expect(try Set(folder.contents()) == Set(names + [".recurrent-2.tmp", ".recurrent-3.tmp", "y"]))
  }

  @Test(.timeLimit(.minutes(1))) func manyThreadsWriteIntoOneFolder() async throws {
    let folder = try TemporaryFolder()
    let paths = (0..<64).map { folder.path("\($0)") }
    try await withThrowingTaskGroup { group in
      for path in paths { group.addTask { try AtomicFile.write([[7]], toPath: path) } }
      try await group.waitForAll()
    }
    #expect(try folder.contents().count == paths.count)
  }
}

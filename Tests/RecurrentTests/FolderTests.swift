import Foundation
import Testing

/// The folders of the library are floors: a name that one declares is used by those above it alone.
@Suite struct FolderTests {
  private struct File {
    let folder: String
    let code: String
  }

  /// The files of the library, without comments and texts. Those that stand in no folder are the
  /// errors, which name the types that they carry.
  private static func files() throws -> [File] {
    let root = URL(filePath: #filePath).appending(path: "../../../Sources/Recurrent").standardized
    let paths = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
    return try (paths?.allObjects as? [URL] ?? []).compactMap { url in
      let folder = url.deletingLastPathComponent()
      guard url.pathExtension == "swift", folder.path != root.path else { return nil }
      let code = try String(contentsOf: url, encoding: .utf8)
        .replacing(/\/\/.*/, with: "").replacing(/"[^"\n]*"/, with: "")
      return File(folder: folder.lastPathComponent, code: code)
    }
  }

  @Test("no two folders of the library depend on each other")
  func circles() throws {
    let files = try Self.files()
    #expect(files.count > 100)
    var homes: [Substring: String] = [:]
    for file in files {
      for match in file.code.matches(
        of:
          /(?m)^(?:(?:@\S+|public|package|final|indirect) +)*(?:struct|class|enum|protocol|typealias) +(\w+)/)
      {
        homes[match.1] = file.folder
      }
    }
    var dependencies: [String: Set<String>] = [:]
    for file in files {
      for match in file.code.matches(of: /\b[A-Z]\w+/) {
        if let home = homes[match.0], home != file.folder {
          dependencies[file.folder, default: []].insert(home)
        }
      }
    }
    #expect(dependencies["Layers"]?.isSuperset(of: ["Unrolling", "Tensors"]) == true)
    // Whatever a folder reaches does not reach it.
    for folder in dependencies.keys.sorted() {
      var reached: Set<String> = []
      var next = dependencies[folder] ?? []
      while let other = next.popFirst() {
        guard reached.insert(other).inserted else { continue }
        next.formUnion(dependencies[other] ?? [])
      }
      #expect(!reached.contains(folder), "\(folder) → \(reached.sorted()) → \(folder)")
    }
  }
}

import Foundation
import Testing

/// Lines that an earlier revision has written, against which every later one is compared.
///
/// `RECURRENT_RECORD=1 swift test --filter Golden` writes them anew, for changes that are meant.
struct GoldenFile {
  let name: String

  private var path: String {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/\(name)").path
  }

  /// Compares lines with those of the file, one by one, or writes them there.
  func compare(_ lines: [String]) throws {
    if ProcessInfo.processInfo.environment["RECURRENT_RECORD"] == "1" {
      try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
      return
    }
    let recorded = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    #expect(lines.count == recorded.count)
    let different = zip(lines, recorded).filter { $0 != $1 }
    for (line, expected) in different.prefix(5) {
      Issue.record("expected \(expected)\n     got \(line)")
    }
    #expect(different.isEmpty, "\(different.count) of \(lines.count) lines differ from \(name)")
  }
}

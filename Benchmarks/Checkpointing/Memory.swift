import BenchmarkSupport
import Foundation

/// The resident memory of this process, in bytes.
///
/// Source: Linux, Documentation/filesystems/proc.rst, table 1-2.
struct Memory {
  /// What it is now.
  let resident: Int
  /// The most that it has been.
  let peak: Int

  /// Reads it from the system, which must be Linux.
  init() throws {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    func bytes(_ field: String) throws -> Int {
      let line = status.split(separator: "\n").first { $0.hasPrefix("\(field):") }
      let words = line?.split(whereSeparator: \.isWhitespace)
      guard let words, words.count == 3, let count = Int(words[1]), words[2] == "kB" else {
        throw WrongResult("no \(field) in kB among the process's status")
      }
      return count << 10
    }
    resident = try bytes("VmRSS")
    peak = try bytes("VmHWM")
  }
}

import Foundation
import Recurrent

/// The memory that the process may use. An allocation beyond it would end the process without a
/// word.
enum AvailableMemory {
  /// The machine's memory, or what is left where the process has a limit.
  static var byteCount: Double {
    let physical = Double(ProcessInfo.processInfo.physicalMemory)
    var limit = rlimit()
    guard getrlimit(addressSpace, &limit) == 0 else { return physical }
    return min(physical, max(Double(limit.rlim_cur) - used, 0))
  }

  /// The addresses in use, as Linux tells in pages; 0 elsewhere.
  private static var used: Double {
    let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
      .first
    return (pages.flatMap { Double($0) } ?? 0) * Double(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// Refuses what needs more.
  ///
  /// - Parameters:
  ///   - byteCount: What is needed, by an estimate.
  ///   - argument: What asks for it.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)``.
  static func check(_ byteCount: Double, for argument: String) throws(RecurrentError) {
    let available = Self.byteCount
    guard byteCount <= available else {
      throw .invalidValue(
        argument: argument, expected: "sizes that \(gigabytes(available)) of memory are enough for",
        actual: "sizes that take about \(gigabytes(byteCount))")
    }
  }

  private static func gigabytes(_ byteCount: Double) -> String {
    DecimalText.rounded(byteCount / 1e9, digits: 3) + " GB"
  }

  #if canImport(Glibc)
    private static var addressSpace: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_AS.rawValue) }
  #else
    private static var addressSpace: Int32 { Int32(RLIMIT_AS) }
  #endif
}

import Foundation
import Recurrent

/// A backend that takes part in a comparison.
public struct Contender: Sendable, CustomStringConvertible {
  /// Who multiplies.
  public let backend: Backend
  /// The instructions of the Swift backend.
  public let instructions: InstructionSet

  /// The backends of this build, with the instructions that calls of this process use.
  public static let all: [Contender] = {
    let named = ProcessInfo.processInfo.environment["RECURRENT_INSTRUCTIONS"]
    let instructions = named.flatMap(InstructionSet.init) ?? InstructionSet.available.last ?? .sse2
    return Backend.available.map { Contender(backend: $0, instructions: instructions) }
  }()

  /// As titles name it.
  public var description: String {
    backend == .swift ? "swift \(instructions.rawValue)" : "OpenBLAS \(OpenBLASLibrary.coreName ?? "")"
  }

  /// Gives OpenBLAS its threads, if it is OpenBLAS that multiplies.
  public func use(threads: Int) throws {
    if backend == .openBLAS { try OpenBLASLibrary.setThreadCount(threads) }
  }
}

/// "1 thread", "2 threads".
public func counted(_ count: Int, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : "s")"
}

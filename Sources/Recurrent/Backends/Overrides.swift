#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// What the environment decides where the program leaves it open.
///
/// | variable                 | values                             | takes the place of                 |
/// | ------------------------ | ---------------------------------- | ---------------------------------- |
/// | `RECURRENT_BACKEND`      | `automatic`, `openblas`, `swift`   | `Backend.automatic`                |
/// | `RECURRENT_THREADS`      | 1 to 1024                          | the number of available processors |
/// | `RECURRENT_INSTRUCTIONS` | `sse2`, `avx2`, `avx512`, (`neon`) | the widest available set           |
///
/// A value that cannot be honoured is an error of every call, not a silent change.
struct Overrides: Sendable {
  var backend: Backend?
  var threadCount: Int?
  var instructions: InstructionSet?

  /// The overrides of this process, read once.
  static let current = Result { () throws(RecurrentError) in
    try Overrides(environment: ProcessInfo.processInfo.environment)
  }

  /// Reads the three variables; an empty one counts as not set.
  init(environment: [String: String]) throws(RecurrentError) {
    let value = { (name: String) in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let name = value("RECURRENT_BACKEND") {
      guard let backend = Backend(rawValue: name) else {
        throw .invalidOverride(
          variable: "RECURRENT_BACKEND", expected: Self.list(Backend.allCases), actual: name)
      }
      guard backend.isAvailable else {
        throw .backendUnavailable(
          backend, reason: "RECURRENT_BACKEND asks for it, but \(Backend.notLinked)")
      }
      self.backend = backend
    }
    if let text = value("RECURRENT_THREADS") {
      guard let count = Int(text), (1...1024).contains(count) else {
        throw .invalidOverride(
          variable: "RECURRENT_THREADS", expected: "1 to 1024", actual: text)
      }
      threadCount = count
    }
    if let name = value("RECURRENT_INSTRUCTIONS") {
      guard let set = InstructionSet(rawValue: name), InstructionSet.available.contains(set) else {
        throw .invalidOverride(
          variable: "RECURRENT_INSTRUCTIONS",
          expected: "\(Self.list(InstructionSet.available)) on this processor", actual: name)
      }
      instructions = set
    }
  }

  private static func list<Value: RawRepresentable<String>>(_ values: [Value]) -> String {
    values.map(\.rawValue).joined(separator: ", ")
  }
}

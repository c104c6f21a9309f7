import ArgumentParser
import Recurrent

/// `recurrent info`: what this build and this machine offer.
struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Show the version, the backends and the instruction sets.")

  func run() throws {
    let execution = try Execution(resolving: .automatic, threadCount: nil)
    let sets = InstructionSet.available.map(\.rawValue).joined(separator: ", ")
    let backends = Backend.available.map(\.rawValue).joined(separator: ", ")
    print("version:       \(PackageVersion.current)")
    print("backends:      \(backends) (chosen: \(execution.backend.rawValue))")
    print("OpenBLAS:      \(openBLAS)")
    print("instructions:  found \(sets); picked \(execution.instructions.rawValue)")
    print("threads:       \(execution.threadCount)")
  }

  private var openBLAS: String {
    guard let configuration = OpenBLASLibrary.configuration, let core = OpenBLASLibrary.coreName,
      let threads = OpenBLASLibrary.threadCount
    else { return "not in this build" }
    return "\(configuration.trimmedEnd); core \(core); threads \(threads)"
  }
}

extension String {
  /// The text without spaces at its end.
  fileprivate var trimmedEnd: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}

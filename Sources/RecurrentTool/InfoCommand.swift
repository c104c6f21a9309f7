import ArgumentParser
import Recurrent

/// `recurrent info`: what this build and this machine offer.
struct InfoCommand: FileCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Show the version, the backends and the instruction sets.")

  var files: FilePlan { FilePlan(prints: true) }

  func run() throws {
    let execution = try Execution(resolving: .automatic, threadCount: nil)
    let sets = InstructionSet.available.map(\.rawValue).joined(separator: ", ")
    let backends = Backend.available.map(\.rawValue).joined(separator: ", ")
    try StandardOutput.writeLine(
      """
      version:       \(PackageVersion.current)
      backends:      \(backends) (chosen: \(execution.backend.rawValue))
      OpenBLAS:      \(openBLAS)
      instructions:  found \(sets); picked \(execution.instructions.rawValue)
      threads:       \(execution.threadCount)
      """)
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

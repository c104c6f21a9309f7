import ArgumentParser
import Foundation
import Recurrent

/// The command `recurrent`.
@main
struct RecurrentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recurrent",
    abstract: "Recurrent neural networks on CPUs: run a model, forecast a series, compare the backends.",
    discussion: """
      The environment decides what is left open: RECURRENT_BACKEND (automatic, openblas, swift), \
      RECURRENT_THREADS (1 to 1024), RECURRENT_INSTRUCTIONS (sse2, avx2, avx512).

      What is written to a file is there whole or not at all: files that cannot be written, and outputs that would overwrite \
      an input or each other by whatever path, are refused before any work.

      Exit codes: 0 success, 1 bad data or output that cannot be written, 64 wrong usage.
      """,
    version: PackageVersion.current,
    subcommands: [
      InfoCommand.self, RunCommand.self, ForecastCommand.self, SeriesCommand.self, BenchCommand.self,
    ])

  /// Parses, checks the files that the command declares, runs it, and ends with its exit code.
  static func main() {
    StandardStreams.prepare()
    do {
      do {
        var command = try parseAsRoot()
        try (command as? any FileCommand)?.files.check()
        try command.run()
      } catch  where exitCode(for: error).isSuccess {
        // Help and version, which were asked for.
        try StandardOutput.writeLine(fullMessage(for: error))
      }
      try StandardOutput.finish()
    } catch {
      StandardError.write(printableLines(fullMessage(for: error)) + "\n")
      Foundation.exit(exitCode(for: error).rawValue)
    }
  }
}

extension Backend: ExpressibleByArgument {}
extension Nonlinearity: ExpressibleByArgument {}
extension WeightFormat: ExpressibleByArgument {}

/// `--threads`, as several commands take it.
struct ThreadOptions: ParsableArguments {
  @Option(help: "The threads that a call may use, 1 to 1024.")
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads: expected 1 to 1024, got \(threads)")
    }
  }

  /// Gives OpenBLAS the same number: here it has been asked for.
  func apply() throws {
    if let threads, OpenBLASLibrary.isLinked { try OpenBLASLibrary.setThreadCount(threads) }
  }
}

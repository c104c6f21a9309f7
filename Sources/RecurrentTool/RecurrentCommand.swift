import ArgumentParser
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

      Exit codes: 0 success, 1 bad data, 64 wrong usage.
      """,
    version: PackageVersion.current,
    subcommands: [
      InfoCommand.self, RunCommand.self, ForecastCommand.self, SeriesCommand.self, BenchCommand.self,
    ])
}

extension Backend: ExpressibleByArgument {}
extension Nonlinearity: ExpressibleByArgument {}

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

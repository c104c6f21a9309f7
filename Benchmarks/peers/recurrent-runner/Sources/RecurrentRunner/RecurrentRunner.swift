import Foundation
import Recurrent

/// Recurrent's runner: the protocol that the README of the peers documents, with a backend as the
/// argument before the folder.
@main
struct RecurrentRunner {
  static func main() throws {
    do {
      let given = try RunnerCase(Array(CommandLine.arguments.dropFirst()))
      guard given.backend.isAvailable else { throw RunnerError.noSuchBackend(given.backend) }
      if OpenBLASLibrary.isLinked { try OpenBLASLibrary.setThreadCount(given.setting("threads")) }
      let subject = try Subject(given)
      for (name, tensor) in try subject.results() {
        try NumPyFile.write(tensor, toPath: "\(given.folder)/results/\(name).npy")
      }
      reply("ready \(PackageVersion.current), backend \(given.backend.rawValue), \(subject.setting)")
      try serve(subject)
    } catch let error as RunnerError where error.isAbsence {
      reply("unsupported \(error)")
    }
  }

  /// Times calls as often as it is told to, until standard input ends.
  private static func serve(_ subject: Subject) throws {
    while let line = readLine() {
      let words = line.split(separator: " ")
      guard words.count == 2, words[0] == "time", let seconds = Double(words[1]) else {
        throw RunnerError.protocolViolation(expected: "time SECONDS", actual: line)
      }
      reply(try timed(for: seconds, subject.call))
    }
  }

  /// Calls once untimed, then at least twice and until the time is up; the answer to `time`.
  private static func timed(for seconds: Double, _ call: () throws -> Void) throws -> String {
    let clock = ContinuousClock()
    try call()
    var times: [Double] = []
    let end = clock.now + .seconds(seconds)
    while times.count < 2 || clock.now < end {
      times.append(try clock.measure(call) / .seconds(1))
    }
    times.sort()
    let (lower, upper) = (times[(times.count - 1) / 2], times[times.count / 2])
    return "times \(times.count) \((lower + upper) / 2) \(times[0])"
  }

  /// Writes a line at once, though standard output is a pipe.
  private static func reply(_ line: String) {
    print(line)
    fflush(nil)
  }
}

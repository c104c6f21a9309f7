import Foundation
import Recurrent

/// Recurrent's runner: the protocol of `runners/protocol.py`, with a backend as the fifth argument.
@main
struct RecurrentRunner {
  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard arguments.count == 5, let threadCount = Int(arguments[3]),
      let backend = Backend(rawValue: arguments[4])
    else {
      throw RunnerError.protocolViolation(
        expected: "FOLDER CELL PASS THREADS BACKEND", actual: arguments.description)
    }
    do {
      guard backend.isAvailable else { throw RunnerError.noSuchBackend(backend) }
      if OpenBLASLibrary.isLinked { try OpenBLASLibrary.setThreadCount(threadCount) }
      let subject = try Subject(
        folder: arguments[0], cell: arguments[1], pass: arguments[2], threadCount: threadCount,
        backend: backend)
      for (name, tensor) in try subject.results() {
        try NumPyFile.write(tensor, toPath: "\(arguments[0])/\(name).npy")
      }
      reply("ready \(PackageVersion.current), backend \(backend.rawValue)")
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

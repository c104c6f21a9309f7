import Foundation
import Recurrent

/// Recurrent's runner: the protocol of `runners/protocol.py`, with a backend as the fifth argument.
@main
struct RecurrentRunner {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard arguments.count == 5, let threadCount = Int(arguments[4]),
      let backend = Backend(rawValue: arguments[5])
    else {
      throw RunnerError(description: "expected FOLDER CELL PASS THREADS BACKEND, got \(arguments)")
    }
    guard arguments[2] == "rnn", arguments[3] == "forward", backend.isAvailable else {
      reply("unsupported")
      return
    }
    try serve(folder: arguments[1], threadCount: threadCount, backend: backend)
  }

  private static func serve(folder: String, threadCount: Int, backend: Backend) throws {
    if OpenBLASLibrary.isLinked { try OpenBLASLibrary.setThreadCount(threadCount) }
    let model = try SafetensorsFile(path: "\(folder)/model.safetensors")
    var rnn = try RNN<Float>(stateDictionary: model.stateDictionary())
    rnn.threadCount = threadCount
    rnn.backend = backend
    let x = try NumPyFile(path: "\(folder)/x.npy").tensor(as: Float.self)
    try NumPyFile.write(rnn(x).output, toPath: "\(folder)/y.npy")
    reply("ready \(PackageVersion.current), backend \(backend.rawValue)")
    while let line = readLine() {
      let words = line.split(separator: " ")
      guard words.count == 2, words[0] == "time", let seconds = Double(words[1]) else {
        throw RunnerError(description: "expected time SECONDS, got \(line)")
      }
      reply(try timed(for: seconds) { _ = try rnn(x) })
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

/// What the driver did wrong.
struct RunnerError: Error, CustomStringConvertible {
  let description: String
}

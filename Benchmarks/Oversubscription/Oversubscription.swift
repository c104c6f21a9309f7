import Foundation
import Recurrent

/// Measures what is left of the throughput when there are more threads than processors: the calls
/// per second of one process alone, of two processes side by side, and of four tasks in one
/// process, each with as many threads as there are processors.
///
///     Oversubscription [seconds of each measurement]
///
/// The shapes are one for each way in which a call is shared out to threads.
@main
struct Oversubscription {
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst()
    if let load = try Load(arguments: arguments) { return try await load.run() }
    let seconds = arguments.first.flatMap(Double.init) ?? 0.5
    let threads = ProcessInfo.processInfo.activeProcessorCount
    print(
      "\(threads) processors, \(threads) threads for each call, medians of \(rounds) rounds of \(seconds) s")
    print(row("shape", "split by", "who runs", "calls/s", "of alone"))
    for (shape, split) in shapes {
      var alone = 0.0
      for crowd in Crowd.all {
        let total = try crowd.callsPerSecond(shape, threads: threads, seconds: seconds)
        if crowd.isAlone { alone = total }
        let share = String(format: "%.2f", total / alone)
        print(row("\(shape)", split, crowd.name, String(format: "%.1f", total), share))
      }
    }
  }

  private static let shapes = [
    (LoadShape(steps: 100, rows: 16, inputSize: 128, hiddenSize: 128, layerCount: 1), "rows"),
    (LoadShape(steps: 100, rows: 1, inputSize: 512, hiddenSize: 512, layerCount: 1), "columns"),
    (LoadShape(steps: 100, rows: 1, inputSize: 64, hiddenSize: 64, layerCount: 4), "layers"),
  ]

  private static func row(_ texts: String...) -> String {
    zip(texts, [36, 10, 30, 10, 10]).map { text, width in
      text.padding(toLength: width, withPad: " ", startingAt: 0)
    }.joined().trimmingCharacters(in: .whitespaces)
  }
}

/// The median of so many rounds counts.
private let rounds = 5

/// How many processes run at once, and how many tasks in each call the layer.
private struct Crowd {
  let name: String
  let processes: Int
  let tasks: Int

  static let all = [
    Crowd(name: "one process", processes: 1, tasks: 1),
    Crowd(name: "two processes", processes: 2, tasks: 1),
    Crowd(name: "four tasks in one process", processes: 1, tasks: 4),
  ]

  var isAlone: Bool { processes == 1 && tasks == 1 }

  /// The calls per second of all together.
  func callsPerSecond(_ shape: LoadShape, threads: Int, seconds: Double) throws -> Double {
    var totals: [Double] = []
    for _ in 0..<rounds {
      // Time to start and to warm up.
      let start = Date().timeIntervalSince1970 + 0.5
      let load = Load(shape: shape, threads: threads, tasks: tasks, start: start, seconds: seconds)
      let running = try (0..<processes).map { _ in try load.launch() }
      totals.append(try running.map { try $0.result() }.reduce(0, +))
    }
    return totals.sorted()[rounds / 2]
  }
}

import Foundation
@_spi(Benchmarks) import Recurrent

/// Compares the plan that the library chooses for a pass with all that it could have chosen: how a
/// pass is divided among how many threads, how many time steps make a chunk, which instructions.
///
///     Plans [cases] [seed]
///
/// The sizes are drawn at random. All cases are measured again and again, so that what else the
/// machine does for some seconds is not the fate of one of them.
@main
struct Plans {
  private static let sweeps = 6
  private static let roundsPerSweep = 5
  /// What a case must exceed to be counted as one where another plan is clearly faster.
  private static let clear = 1.1

  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
    let (count, seed) = (arguments.first ?? 60, arguments.dropFirst().first ?? 1)
    let processors = ProcessInfo.processInfo.activeProcessorCount
    var generator = SeededGenerator(seed: seed)
    var comparisons = try (0..<count).map { _ in
      try Comparison(DrawnCase(threadCounts: 1...processors, using: &generator))
    }
    for _ in 0..<sweeps {
      for index in comparisons.indices { try comparisons[index].race(rounds: roundsPerSweep) }
    }
    print(
      """
      \(count) cases, seed \(seed), up to \(processors) threads.
      Plans: split × threads, time steps of a chunk, instructions.
      µs: the least of \(sweeps) × \(roundsPerSweep) rounds. ratio: chosen / best. median: of the ratios of each round.

      """)
    print(row(["case", "chosen", "µs", "best", "µs", "ratio", "median", "plans"]))
    for comparison in comparisons { print(row(comparison.columns)) }
    print("\n" + row(["group", "cases", "mean", "worst", "over \(clear)", "both"]))
    for pass in BenchmarkPlan.Pass.allCases {
      for threads in 1...processors {
        let group = comparisons.filter { $0.drawn.pass == pass && $0.drawn.threadCount == threads }
        if !group.isEmpty { print(summary("\(pass.rawValue), \(threads) thr.", group)) }
      }
    }
    print(summary("all", comparisons))
    print("\nmean: geometric, of the ratios. both: the median is over \(clear) too.")
  }

  private static func summary(_ name: String, _ comparisons: [Comparison]) -> String {
    let worst = comparisons.map(\.ratio).max() ?? 1
    let mean = exp(comparisons.map { log($0.ratio) }.reduce(0, +) / Double(comparisons.count))
    let over = comparisons.filter { $0.ratio > clear }
    let both = over.filter { $0.medianRatio > clear }
    return row(
      [name, "\(comparisons.count)"] + [mean, worst].map { String(format: "%.3f", $0) }
        + ["\(over.count)", "\(both.count)"])
  }

  /// The first column is that of a case, the others are as wide as plans or numbers.
  private static func row(_ texts: [String]) -> String {
    zip(texts, texts.count > 6 ? [66, 24, 11, 24, 11, 8, 8, 5] : [20, 7, 8, 8, 10, 5]).map { text, width in
      text.padding(toLength: max(width, text.count + 1), withPad: " ", startingAt: 0)
    }.joined().trimmingCharacters(in: .whitespaces)
  }
}

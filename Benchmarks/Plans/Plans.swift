import Foundation
@_spi(Benchmarks) import Recurrent

/// Compares the plan that the library chooses for a pass with all that it could have chosen: how a
/// pass is divided among how many threads, how many time steps make a chunk, which instructions.
///
///     Plans [cases] [seed]
///
/// The sizes are drawn at random. All plans of a case take turns in some rounds; then the fastest
/// and the chosen one alone take turns in others, and these times count, as the fastest of many is
/// partly luck.
@main
struct Plans {
  private static let rounds = (all: 15, two: 31)
  /// What a case must exceed to be counted as one where another plan is clearly faster.
  private static let clear = 1.1

  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
    let (count, seed) = (arguments.first ?? 60, arguments.dropFirst().first ?? 1)
    let processors = ProcessInfo.processInfo.activeProcessorCount
    print(
      """
      \(count) cases, seed \(seed), up to \(processors) threads.
      Plans: split × threads, time steps of a chunk, instructions. Times: least of \(rounds.two) rounds, in µs.
      ratio: chosen / best. median: of the ratios of each round.

      """)
    print(row(["case", "chosen", "µs", "best", "µs", "ratio", "median", "plans"]))
    var generator = SeededGenerator(seed: seed)
    var results: [(drawn: DrawnCase, comparison: Comparison)] = []
    for _ in 0..<count {
      let drawn = DrawnCase(threadCounts: 1...processors, using: &generator)
      let comparison = try Comparison(of: Subject(drawn), rounds: rounds)
      print(row(["\(drawn)"] + comparison.columns))
      fflush(nil)
      results.append((drawn, comparison))
    }

    print()
    print(row(["group", "cases", "mean", "worst", "over \(clear)", "both"]))
    for pass in BenchmarkPlan.Pass.allCases {
      for threads in 1...processors {
        let group = results.filter { $0.drawn.pass == pass && $0.drawn.threadCount == threads }
        guard !group.isEmpty else { continue }
        print(summary("\(pass.rawValue), \(threads) thr.", group.map(\.comparison)))
      }
    }
    print(summary("all", results.map(\.comparison)))
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

/// A chosen plan, and the best of those that were there.
struct Comparison {
  private let chosen: BenchmarkPlan
  private let best: BenchmarkPlan
  private let chosenSeconds: Double
  private let bestSeconds: Double
  /// Of the times of each round, the median.
  let medianRatio: Double
  private let planCount: Int

  /// Measures.
  init(of subject: Subject, rounds: (all: Int, two: Int)) throws {
    chosen = try subject.chosenPlan()
    let plans = [chosen] + subject.plans.filter { [chosen] in $0 != chosen }
    let calls = try plans.map(subject.checkedCall)
    let first = try Race(calls, rounds: rounds.all).least
    let winner = first.indices.min { first[$0] < first[$1] } ?? 0
    (best, planCount) = (plans[winner], plans.count)
    let race = try Race(winner == 0 ? [calls[0]] : [calls[0], calls[winner]], rounds: rounds.two)
    chosenSeconds = race.least[0]
    bestSeconds = race.least[race.least.count - 1]
    let ratios = zip(race.times[0], race.times[race.times.count - 1]).map { $0 / $1 }.sorted()
    medianRatio = ratios[ratios.count / 2]
  }

  /// The time of the chosen plan as a multiple of the best one's. Below 1, the best one of the first
  /// rounds was not it.
  var ratio: Double { chosenSeconds / bestSeconds }

  /// What the table has beside the case.
  var columns: [String] {
    [
      "\(chosen)", String(format: "%.1f", 1e6 * chosenSeconds), "\(best)",
      String(format: "%.1f", 1e6 * bestSeconds), String(format: "%.3f", ratio),
      String(format: "%.3f", medianRatio), "\(planCount)",
    ]
  }
}

import Foundation
@_spi(Benchmarks) import Recurrent

/// The chosen plan of a case, and the best of those that there are.
///
/// Races are for two purposes in turn: some find the best plan, the others give the times. The
/// fastest of many is partly luck, and would have it in its time if one race did both.
struct Comparison {
  let drawn: DrawnCase
  /// The chosen one first.
  private let plans: [BenchmarkPlan]
  private let calls: [() throws -> Void]
  private var finding: [[Double]]
  private var timing: [[Double]]

  /// Prepares the calls, and throws where a result is wrong.
  init(_ drawn: DrawnCase) throws {
    let subject = try Subject(drawn)
    let chosen = try subject.chosenPlan()
    self.drawn = drawn
    plans = [chosen] + subject.plans.filter { $0 != chosen }
    calls = try plans.map(subject.checkedCall)
    finding = Array(repeating: [], count: plans.count)
    timing = finding
  }

  /// Lets all plans take turns twice.
  mutating func race(rounds: Int) throws {
    for (index, times) in try Race(calls, rounds: rounds).times.enumerated() { finding[index] += times }
    for (index, times) in try Race(calls, rounds: rounds).times.enumerated() { timing[index] += times }
  }

  private var best: Int {
    let least = finding.map { $0.min() ?? .infinity }
    return least.indices.min { least[$0] < least[$1] } ?? 0
  }

  /// The least time of a plan. What else the machine does only adds to times.
  private func seconds(_ plan: Int) -> Double { timing[plan].min() ?? .infinity }

  /// The time of the chosen plan as a multiple of the best one's. Below 1, that was found to be the
  /// best by chance.
  var ratio: Double { seconds(0) / seconds(best) }

  /// Of the ratios of each round, the median.
  var medianRatio: Double {
    let ratios = zip(timing[0], timing[best]).map { $0 / $1 }.sorted()
    return ratios[ratios.count / 2]
  }

  /// What the table has of it.
  var columns: [String] {
    let (chosen, best) = (1e6 * seconds(0), 1e6 * seconds(best))
    return [
      "\(drawn)", "\(plans[0])", String(format: "%.1f", chosen), "\(plans[self.best])",
      String(format: "%.1f", best), String(format: "%.3f", ratio), String(format: "%.3f", medianRatio),
      "\(plans.count)",
    ]
  }
}

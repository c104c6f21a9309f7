import Foundation

/// Calls that take turns.
struct Race {
  /// Seconds of each round, by call.
  let times: [[Double]]

  /// Times every call once in each round, the last first in every other one. Short calls are
  /// repeated for a fifth of a millisecond. Before its time counts, each is called once: it finds
  /// its threads awake and its weights in the cache.
  init(_ calls: [() throws -> Void], rounds: Int) throws {
    let clock = ContinuousClock()
    func seconds(_ repetitions: Int, _ call: () throws -> Void) throws -> Double {
      try clock.measure { for _ in 0..<repetitions { try call() } } / .seconds(1) / Double(repetitions)
    }
    let repetitions = try calls.map { call in
      try call()
      return max(1, Int(2e-4 / (try seconds(2, call))))
    }
    var times = [[Double]](repeating: [], count: calls.count)
    for round in 0..<rounds {
      for index in calls.indices {
        let index = round.isMultiple(of: 2) ? index : calls.count - 1 - index
        try calls[index]()
        times[index].append(try seconds(repetitions[index], calls[index]))
      }
    }
    self.times = times
  }
}

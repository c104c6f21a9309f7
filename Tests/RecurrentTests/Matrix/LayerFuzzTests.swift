import Foundation
import RecurrentTestSupport
import Synchronization
import Testing

@testable import Recurrent

/// Cases without end: `make fuzz-layers SECONDS=…`.
///
/// | variable                 | meaning                                                        |
/// | ------------------------ | -------------------------------------------------------------- |
/// | `RECURRENT_FUZZ_SECONDS` | how long; 1 if not set                                         |
/// | `RECURRENT_FUZZ_SEED`    | the first case; the number of the day since 1970 if not set    |
@Suite struct LayerFuzzTests {
  @Test("no case that was drawn differs from its definition, from itself in a bit, or from a new layer")
  func drawn() async {
    let seconds = Self.number("RECURRENT_FUZZ_SECONDS") ?? 1
    let seed = Self.number("RECURRENT_FUZZ_SEED") ?? UInt64(Date().timeIntervalSince1970 / 86_400)
    let end = Date().addingTimeInterval(Double(seconds))
    let run = FuzzRun(seed: seed)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<max(1, ProcessInfo.processInfo.activeProcessorCount) {
        group.addTask {
          // At least one case each, however long it takes.
          repeat { run.check(LayerCase.random(seed: run.nextSeed())) } while Date() < end && !run.hasFailed
        }
      }
    }
    let counts = run.counts
    print("fuzz-layers: seed \(seed), \(seconds) s: \(counts)")
    #expect(counts.cases > 0 || run.hasFailed)
  }

  private static func number(_ variable: String) -> UInt64? {
    ProcessInfo.processInfo.environment[variable].flatMap { UInt64($0) }
  }
}

/// What all who check cases have in common.
private final class FuzzRun: Sendable {
  /// What has been compared.
  struct Counts: CustomStringConvertible {
    var cases = 0
    var results = 0
    var numbers = 0
    var vacuous = 0
    var identities = 0
    var histories = 0

    var description: String {
      """
      \(cases) cases, \(results) results with \(numbers) numbers within their bounds, \(vacuous) of which prove nothing, \
      \(identities) identities in bits, \(histories) histories of changes
      """
    }
  }

  private struct State {
    var next: UInt64
    var counts = Counts()
    var hasFailed = false
  }

  private let state: Mutex<State>

  init(seed: UInt64) {
    state = Mutex(State(next: seed << 32))
  }

  var counts: Counts { state.withLock { $0.counts } }
  var hasFailed: Bool { state.withLock { $0.hasFailed } }

  func nextSeed() -> UInt64 {
    state.withLock { state in
      state.next += 1
      return state.next
    }
  }

  /// Checks a case, and records what fails.
  func check(_ layerCase: LayerCase) {
    let (counts, failure) = counts(of: layerCase)
    if let failure {
      state.withLock { $0.hasFailed = true }
      layerCase.record(failure) { self.counts(of: $0).failure }
      return
    }
    state.withLock { state in
      state.counts.cases += 1
      state.counts.results += counts.results
      state.counts.numbers += counts.numbers
      state.counts.vacuous += counts.vacuous
      state.counts.identities += counts.identities
      state.counts.histories += counts.histories
    }
  }

  private func counts(of layerCase: LayerCase) -> (counts: Counts, failure: String?) {
    var counts = Counts()
    let failure = layerCase.failure { count, vacuous in
      counts.results += 1
      counts.numbers += count
      counts.vacuous += vacuous
    }
    if let failure { return (counts, failure) }
    let identities = Mutex(0)
    if let failure = layerCase.failureInBits(proof: { _ in identities.withLock { $0 += 1 } }) {
      return (counts, failure)
    }
    counts.identities = identities.withLock { $0 }
    guard layerCase.seed % 4 == 0, let mutations = LayerMutations(layerCase) else { return (counts, nil) }
    counts.histories = 1
    return (counts, mutations.failure(after: 6))
  }
}

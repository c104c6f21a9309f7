import Foundation
import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Every option of every layer with every other one, against the definition in `Double`.
@Suite struct LayerMatrixTests {
  /// All cases, or the one in the environment variable `RECURRENT_LAYER_CASE`.
  static let cases: [LayerCase] = {
    guard let line = ProcessInfo.processInfo.environment["RECURRENT_LAYER_CASE"], !line.isEmpty else {
      return LayerCase.pairwise
    }
    guard let layerCase = LayerCase(line), layerCase.isPossible else {
      preconditionFailure("RECURRENT_LAYER_CASE: expected a case such as \(LayerCase([:], seed: 1))")
    }
    return [layerCase]
  }()

  @Test("every pair of values that go together occurs in a case")
  func pairs() {
    let missing = Set(LayerCase.possiblePairs).subtracting(LayerCase.pairwise.flatMap(\.pairs))
    #expect(missing.isEmpty, "\(missing.count) pairs, such as \(missing.first.map { "\($0)" } ?? "")")
    for layerCase in LayerCase.pairwise { #expect(layerCase.isPossible, "\(layerCase)") }
    // Every value of every axis is in some pair.
    for (axis, values) in LayerCase.values {
      for value in values { #expect(LayerCase.pairwise.contains { $0[axis] == value }, "\(axis) \(value)") }
    }
  }

  @Test("a case can be read again from the line that it prints")
  func lines() {
    for layerCase in LayerCase.pairwise { #expect(LayerCase(layerCase.description) == layerCase) }
    #expect(LayerCase("subject") == nil)
    #expect(LayerCase("sizes=3") == nil)
  }

  @Test("outputs, states and gradients are those of the definition on every engine", arguments: cases)
  func definition(_ layerCase: LayerCase) {
    var (count, vacuous) = (0, 0)
    let failure = layerCase.failure {
      count += $0
      vacuous += $1
    }
    if let failure { layerCase.record(failure) { $0.failure() } }
    // Bounds follow every rounding, and a quotient by a deviation makes them grow most. Elsewhere
    // bounds that grow beyond sense would prove nothing.
    let isNormalized = layerCase.definedCell == .layerNormalizedLSTM
    #expect(
      isNormalized || vacuous * 20 <= count, "\(vacuous) of \(count) bounds prove nothing: \(layerCase)")
  }

  @Test("what is the same computation has the same bits", arguments: cases)
  func bits(_ layerCase: LayerCase) {
    if let failure = layerCase.failureInBits() { layerCase.record(failure) { $0.failureInBits() } }
  }
}

extension LayerCase {
  /// Records a failure, with the simplest case that fails in the same way.
  func record(_ failure: String, by check: (LayerCase) -> String?) {
    let least = shrunk { check($0) != nil }
    Issue.record(
      """
      \(self):
        \(failure)
      the simplest that fails: \(check(least) ?? "")
        run it alone: RECURRENT_LAYER_CASE="\(least)" swift test --filter LayerMatrixTests
      """)
  }
}

import RecurrentTestSupport

@testable import Recurrent

/// Two values on two axes.
struct AxisPair: Hashable, Sendable {
  let a: LayerCase.Axis
  let x: String
  let b: LayerCase.Axis
  let y: String
}

extension LayerCase {
  /// All pairs of values that go together.
  static let possiblePairs: [AxisPair] = Axis.allCases.enumerated().flatMap { index, a in
    Axis.allCases.dropFirst(index + 1).flatMap { b in
      (values[a] ?? []).flatMap { x in
        (values[b] ?? []).compactMap { y in excludes(a, x, b, y) ? nil : AxisPair(a: a, x: x, b: b, y: y) }
      }
    }
  }

  /// The pairs that a case has.
  var pairs: [AxisPair] {
    Axis.allCases.enumerated().flatMap { index, a in
      Axis.allCases.dropFirst(index + 1).map { AxisPair(a: a, x: self[a], b: $0, y: self[$0]) }
    }
  }

  /// Cases in which every pair of values occurs, as far as trying finds them.
  ///
  /// Each begins with a pair that is still missing, and takes on the other axes the value that
  /// brings most missing pairs.
  ///
  /// ### Source
  /// D. M. Cohen et al., "The AETG system: an approach to testing based on combinatorial design",
  /// IEEE Transactions on Software Engineering 23 (1997).
  static let pairwise: [LayerCase] = {
    var generator = SeededGenerator(seed: 20)
    var missing = Set(possiblePairs)
    var cases: [LayerCase] = []
    for pair in possiblePairs where missing.contains(pair) {
      // A third value may not go with the two, so there are several tries.
      for _ in 0..<20 {
        guard let found = complete(pair, missing, &generator) else { continue }
        missing.subtract(found.pairs)
        cases.append(found)
        break
      }
    }
    return cases
  }()

  private static func complete(
    _ pair: AxisPair, _ missing: Set<AxisPair>, _ generator: inout SeededGenerator
  ) -> LayerCase? {
    var result = LayerCase([pair.a: pair.x, pair.b: pair.y], seed: generator.next() % 1_000_000)
    var done = [pair.a, pair.b]
    for axis in Axis.allCases.shuffled(using: &generator) where !done.contains(axis) {
      let allowed = (values[axis] ?? []).filter { value in
        done.allSatisfy { !excludes(axis, value, $0, result[$0]) }
      }
      let scored = allowed.shuffled(using: &generator).map { value in
        let gain = done.count { other in
          missing.contains(AxisPair(a: axis, x: value, b: other, y: result[other]))
            || missing.contains(AxisPair(a: other, x: result[other], b: axis, y: value))
        }
        return (value: value, gain: gain)
      }
      guard let best = scored.max(by: { $0.gain < $1.gain }) else { return nil }
      result[axis] = best.value
      done.append(axis)
    }
    return result
  }
}

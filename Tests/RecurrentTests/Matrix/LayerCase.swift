import Testing
import RecurrentTestSupport

@testable import Recurrent

/// One case of the matrix: a value on each axis, and a seed.
///
/// Its description is a line such as `subject=lstm directions=bidirectional … seed=17`, from which
/// `init(_:)` makes the same case again.
struct LayerCase: Sendable, Equatable {
  /// What a case is made of.
  enum Axis: String, Sendable, CaseIterable {
    case subject, directions, layers, lengths, batch, steps, input, hidden, order, resets, zoneout, dropout
    case bias, state, pass, scalar, threads, split
  }

  /// What is tried.
  static let values: [Axis: [String]] = [
    .subject: [
      "rnnTanh", "rnnReLU", "lstm", "projectedLSTM", "gru", "layerNormalizedLSTM", "minimalGatedUnit",
      "rnnTanhCell", "rnnReLUCell", "lstmCell", "gruCell",
    ],
    .directions: ["forward", "bidirectional"],
    .layers: ["1", "2", "3"],
    // The longest sequence has all steps, and stands alone in the last 1, 2 or many of them.
    .lengths: ["equal", "tail1", "tail2", "tailMany", "emptyRows", "unsorted"],
    // The tiles of the kernels have 2 or 6 rows.
    .batch: ["1", "0", "2", "3", "5", "6", "7", "13", "unbatched"],
    .steps: ["1", "2", "3", "9"],
    // Their panels have 4 to 64 columns.
    .input: ["1", "2", "5", "16", "33"],
    .hidden: ["2", "1", "3", "4", "5", "7", "8", "9", "15", "16", "17", "31", "33"],
    .order: ["timeMajor", "batchFirst"],
    .resets: ["none", "some", "first"],
    .zoneout: ["none", "expected", "drawn"],
    .dropout: ["none", "everyStep", "variational"],
    .bias: ["yes", "no"],
    .state: ["zeros", "given"],
    .pass: ["call", "outputGradient", "stateGradient", "bothGradients", "checkpoints", "stream", "inPlace"],
    .scalar: ["double", "float"],
    .threads: ["1", "2", "3"],
    .split: ["chosen", "rows", "columns", "layers"],
  ]

  private var chosen: [Axis: String]
  /// From which all numbers follow.
  var seed: UInt64

  init(_ chosen: [Axis: String], seed: UInt64) {
    self.chosen = chosen
    self.seed = seed
  }

  subscript(_ axis: Axis) -> String {
    get { chosen[axis] ?? Self.values[axis]?.first ?? "" }
    set { chosen[axis] = newValue }
  }

  func number(_ axis: Axis) -> Int { Int(self[axis]) ?? 1 }

  /// A case from a seed: any values that go together, and sizes beside those of the matrix.
  static func random(seed: UInt64) -> LayerCase {
    var generator = SeededGenerator(seed: seed)
    var result = LayerCase([:], seed: seed)
    var done: [Axis] = []
    for axis in Axis.allCases.shuffled(using: &generator) {
      let allowed = (values[axis] ?? []).filter { value in
        done.allSatisfy { !excludes(axis, value, $0, result[$0]) }
      }
      result[axis] = allowed.randomElement(using: &generator) ?? ""
      done.append(axis)
    }
    guard Bool.random(using: &generator) else { return result }
    let sizes: [(Axis, Int)] = [(.input, 40), (.hidden, 40), (.batch, 20)]
    for (axis, most) in sizes where axis != .batch || result.number(.batch) > 2 {
      result[axis] = "\(Int.random(in: (axis == .batch ? 3 : 1)...most, using: &generator))"
    }
    if result[.subject] == "projectedLSTM", result.number(.hidden) < 2 { result[.hidden] = "2" }
    return result
  }
}

extension LayerCase {
  /// What the layer computes.
  var definedCell: DefinedCell {
    let name = isCell ? String(self[.subject].dropLast(4)) : self[.subject]
    return DefinedCell(rawValue: name) ?? .rnnTanh
  }

  /// Whether the case is a cell that is called in a loop, not a layer.
  var isCell: Bool { self[.subject].hasSuffix("Cell") }
  var directions: Directions { self[.directions] == "forward" ? .forward : .bidirectional }
  var batchFirst: Bool { self[.order] == "batchFirst" }
  var isUnbatched: Bool { self[.batch] == "unbatched" }
  /// B.
  var rows: Int { isUnbatched ? 1 : number(.batch) }
  var steps: Int { number(.steps) }
  var hasNoise: Bool { self[.zoneout] == "drawn" || self[.dropout] != "none" }

  /// T of each sequence.
  var lengths: [Int] {
    var generator = SeededGenerator(seed: seed ^ 0x1E46)
    func others(upTo longest: Int) -> [Int] {
      (1..<rows).map { _ in Int.random(in: max(1, longest - 2)...max(1, longest), using: &generator) }
    }
    switch self[.lengths] {
    case "tail1": return others(upTo: steps - 1) + [steps]
    case "tail2": return [steps] + others(upTo: steps - 2)
    case "tailMany": return others(upTo: steps - 5) + [steps]
    case "emptyRows": return [0, steps] + (2..<max(2, rows)).map { $0 % 3 == 0 ? 0 : steps }
    case "unsorted":
      return (0..<rows).map { $0 == rows / 2 ? steps : Int.random(in: 1...steps, using: &generator) }
    default: return Array(repeating: steps, count: rows)
    }
  }

  /// Whether two values do not go together.
  static func excludes(_ a: Axis, _ valueA: String, _ b: Axis, _ valueB: String) -> Bool {
    isExcluded(a, valueA, b, valueB) || isExcluded(b, valueB, a, valueA)
  }

  private static func isExcluded(_ a: Axis, _ x: String, _ b: Axis, _ y: String) -> Bool {
    let isCell = a == .subject && x.hasSuffix("Cell")
    let steps = b == .steps ? Int(y) ?? 1 : 1
    let rows = b == .batch ? (y == "unbatched" ? 1 : Int(y) ?? 1) : 2
    return switch (a, b) {
    // A cell alone is one layer that reads forward, and has no options.
    case (.subject, _) where isCell && b != .pass: !isOfCell(b, y)
    case (.subject, .pass) where isCell: !["call", "inPlace"].contains(y)
    case (.subject, .pass): y == "inPlace"
    case (.subject, .zoneout): !["lstm", "projectedLSTM", "gru"].contains(x) && y != "none"
    case (.subject, .hidden): x == "projectedLSTM" && y == "1"
    // A formula that sees its whole row has no columns to share out.
    case (.subject, .split): ["layerNormalizedLSTM", "minimalGatedUnit"].contains(x) && y == "columns"
    case (.layers, .dropout): x == "1" && y != "none"
    case (.layers, .split): x == "1" && y == "layers"
    case (.directions, .pass): x != "forward" && ["checkpoints", "stream"].contains(y)
    case (.directions, .split): x != "forward" && ["columns", "layers"].contains(y)
    case (.lengths, .batch): x != "equal" && rows < 2
    case (.lengths, .steps):
      ["equal": 1, "emptyRows": 1, "tail1": 2, "tail2": 3, "tailMany": 9, "unsorted": 2][x]! > steps
    case (.lengths, .order): x != "equal" && y != "timeMajor"
    case (.lengths, .resets): x != "equal" && y != "none"
    case (.resets, .steps): x == "some" && steps < 2
    // Noise is drawn in training alone.
    case (.dropout, .pass): x != "none" && ["call", "stream"].contains(y)
    case (.zoneout, .pass): x == "drawn" && ["call", "stream"].contains(y)
    case (.pass, _) where x == "inPlace" && b != .subject: !isOfCell(b, y)
    // A stream has sequences of equal steps, in the order in which they come.
    case (.pass, .batch) where x == "stream": y == "unbatched"
    case (.pass, .lengths) where x == "stream", (.pass, .resets) where x == "stream",
      (.pass, .order) where x == "stream", (.pass, .split) where x == "stream":
      !isOfCell(b, y)
    default: false
    }
  }

  /// Whether a cell alone can have a value.
  private static func isOfCell(_ axis: Axis, _ value: String) -> Bool {
    switch axis {
    case .directions, .layers, .lengths, .order, .resets, .zoneout, .dropout, .split:
      value == values[axis]?.first
    default: true
    }
  }

  /// Whether all values go together.
  var isPossible: Bool {
    for (index, a) in Axis.allCases.enumerated() {
      for b in Axis.allCases.dropFirst(index + 1) where Self.excludes(a, self[a], b, self[b]) { return false }
    }
    return true
  }
}

extension LayerCase: CustomStringConvertible, CustomTestStringConvertible {
  var description: String {
    (Axis.allCases.map { "\($0.rawValue)=\(self[$0])" } + ["seed=\(seed)"]).joined(separator: " ")
  }

  var testDescription: String { description }

  /// Reads a line such as ``description`` gives.
  init?(_ line: String) {
    self.init([:], seed: 0)
    for word in line.split(separator: " ") {
      let parts = word.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2 else { return nil }
      if parts[0] == "seed", let seed = UInt64(parts[1]) {
        self.seed = seed
      } else if let axis = Axis(rawValue: String(parts[0])) {
        self[axis] = String(parts[1])
      } else {
        return nil
      }
    }
  }

  /// The simplest case that still fails, one axis after the other.
  func shrunk(while fails: (LayerCase) -> Bool) -> LayerCase {
    var best = self
    var changed = true
    while changed {
      changed = false
      for axis in Axis.allCases {
        for value in Self.values[axis] ?? [] {
          guard value != best[axis] else { break }
          var candidate = best
          candidate[axis] = value
          guard candidate.isPossible, fails(candidate) else { continue }
          best = candidate
          changed = true
          break
        }
      }
    }
    return best
  }
}

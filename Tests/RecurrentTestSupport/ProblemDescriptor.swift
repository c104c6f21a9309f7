import Foundation
import Recurrent
import Testing

/// One case of a recurrent layer, from which everything follows: sizes, options, seed, and who
/// computes it.
///
/// Its description is a line such as `rnn tanh bias l2 t5 b3 i4 h7 float swift avx2 seed 17`.
/// Suites that run descriptors run only the one in the environment variable `RECURRENT_CASE` where
/// that is set.
public struct ProblemDescriptor: Sendable, Equatable {
  /// The scalar type.
  public enum ScalarKind: String, Sendable, CaseIterable {
    case float, double
  }

  /// A line that is no descriptor.
  public struct MalformedLine: Error, CustomStringConvertible {
    /// The line.
    public var line: String
    /// What was expected, and the line.
    public var description: String {
      "expected a case such as \"\(ProblemDescriptor(seed: 17))\", got \"\(line)\""
    }
  }

  public var nonlinearity = Nonlinearity.tanh
  public var bias = true
  public var layerCount = 2
  public var steps = 5
  /// B; `nil` for an unbatched sequence.
  public var batch: Int? = 3
  public var inputSize = 4
  public var hiddenSize = 7
  public var batchFirst = false
  /// Whether the pass starts from a state of its own.
  public var hasState = false
  public var scalar = ScalarKind.float
  public var backend = Backend.swift
  public var instructions = InstructionSet.available[InstructionSet.available.count - 1]
  public var threadCount = 1
  public var seed: UInt64

  /// A small case.
  public init(seed: UInt64) {
    self.seed = seed
  }

  /// B, 1 for an unbatched sequence.
  public var rows: Int { batch ?? 1 }

  /// Who computes it.
  package var execution: Execution {
    Execution(backend: backend, instructions: instructions, threadCount: threadCount)
  }

  /// The cases to run: all, or the one that `RECURRENT_CASE` names.
  public static func selected(from cases: [ProblemDescriptor]) -> [ProblemDescriptor] {
    guard let line = ProcessInfo.processInfo.environment["RECURRENT_CASE"], !line.isEmpty else {
      return cases
    }
    do {
      return [try ProblemDescriptor(line)]
    } catch {
      preconditionFailure("RECURRENT_CASE: \(error)")
    }
  }
}

extension ProblemDescriptor: CustomStringConvertible, CustomTestStringConvertible {
  /// The line from which ``init(_:)`` makes the same case again.
  public var description: String {
    var words = ["rnn", nonlinearity.rawValue, bias ? "bias" : "nobias", "l\(layerCount)", "t\(steps)"]
    words += [batch.map { "b\($0)" } ?? "unbatched", "i\(inputSize)", "h\(hiddenSize)"]
    if batchFirst { words.append("batchfirst") }
    if hasState { words.append("state") }
    words += [scalar.rawValue, backend.rawValue, instructions.rawValue]
    if threadCount != 1 { words.append("threads\(threadCount)") }
    return (words + ["seed", "\(seed)"]).joined(separator: " ")
  }

  /// The line.
  public var testDescription: String { description }

  /// Reads a line such as ``description`` gives.
  public init(_ line: String) throws {
    let failure = MalformedLine(line: line)
    var words = line.split(separator: " ").map(String.init)
    guard words.first == "rnn", words.count > 3, words[words.count - 2] == "seed",
      let seed = UInt64(words[words.count - 1])
    else { throw failure }
    self.init(seed: seed)
    words.removeFirst()
    words.removeLast(2)
    for word in words where !(takeName(word) || takeNumber(word)) { throw failure }
  }

  private mutating func takeName(_ word: String) -> Bool {
    switch word {
    case "bias": bias = true
    case "nobias": bias = false
    case "unbatched": batch = nil
    case "batchfirst": batchFirst = true
    case "state": hasState = true
    default:
      if let value = Nonlinearity(rawValue: word) {
        nonlinearity = value
      } else if let value = ScalarKind(rawValue: word) {
        scalar = value
      } else if let value = Backend(rawValue: word) {
        backend = value
      } else if let value = InstructionSet(rawValue: word) {
        instructions = value
      } else {
        return false
      }
    }
    return true
  }

  private mutating func takeNumber(_ word: String) -> Bool {
    let name = word.prefix { $0.isLetter }
    guard let value = Int(word.dropFirst(name.count)), value >= 0 else { return false }
    switch name {
    case "l": layerCount = value
    case "t": steps = value
    case "b": batch = value
    case "i": inputSize = value
    case "h": hiddenSize = value
    case "threads": threadCount = value
    default: return false
    }
    return true
  }
}

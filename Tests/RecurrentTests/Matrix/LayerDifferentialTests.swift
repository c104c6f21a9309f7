import Foundation
import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Cases that PyTorch has, computed by it in `Double`: `make test-differential`.
///
/// | variable                       | meaning                                                        |
/// | ------------------------------ | -------------------------------------------------------------- |
/// | `RECURRENT_DIFFERENTIAL_CASES` | how many; 300 if not set                                       |
/// | `RECURRENT_FUZZ_SEED`          | the first case; the number of the day since 1970 if not set    |
/// | `RECURRENT_LAYER_CASE`         | the only case                                                  |
@Suite(.enabled(if: Python.hasTorch, "needs a Python with torch, numpy and safetensors"))
struct LayerDifferentialTests {
  /// What has been compared.
  private struct Counts {
    var results = 0
    var numbers = 0
    var vacuous = 0

    mutating func add(_ other: Counts) {
      results += other.results
      numbers += other.numbers
      vacuous += other.vacuous
    }
  }

  @Test("every engine, and the definition that they are tested against, compute what PyTorch does")
  func drawn() async throws {
    let count = Self.number("RECURRENT_DIFFERENTIAL_CASES") ?? 300
    let seed = Self.number("RECURRENT_FUZZ_SEED") ?? UInt64(Date().timeIntervalSince1970 / 86_400)
    let cases = Self.cases(count: count, seed: seed)
    try #require(!cases.isEmpty, "PyTorch has no such case")
    let folder = try TemporaryFolder()
    for (index, layerCase) in cases.enumerated() {
      try layerCase.write(toPath: folder.path("\(index).safetensors"))
    }
    let script = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../Utilities/ReferenceImplementations/run_layer_cases.py").standardized
    let (status, text) = try Python.run([script.path, folder.url.path])
    try #require(status == 0, "\(text)")

    let paths = cases.indices.map { folder.path("\($0).results.safetensors") }
    let workers = max(1, ProcessInfo.processInfo.activeProcessorCount)
    let counts = await withTaskGroup(of: Counts.self) { group in
      for first in 0..<workers {
        group.addTask {
          stride(from: first, to: cases.count, by: workers).reduce(into: Counts()) { counts, index in
            Self.check(cases[index], paths[index], &counts)
          }
        }
      }
      return await group.reduce(into: Counts()) { $0.add($1) }
    }
    print(
      """
      test-differential: seed \(seed), \(text.trimmingCharacters(in: .whitespacesAndNewlines)), \(counts.results) results \
      with \(counts.numbers) numbers compared, within \(counts.vacuous) bounds that prove nothing
      """)
    #expect(counts.vacuous * 20 <= counts.numbers)
  }

  /// The cases of a run.
  private static func cases(count: UInt64, seed: UInt64) -> [LayerCase] {
    let only = ProcessInfo.processInfo.environment["RECURRENT_LAYER_CASE"] ?? ""
    guard only.isEmpty else { return LayerMatrixTests.cases.compactMap(\.ofPyTorch) }
    var cases: [LayerCase] = []
    var next = seed << 32
    while cases.count < count {
      next += 1
      if let layerCase = LayerCase.random(seed: next).ofPyTorch { cases.append(layerCase) }
    }
    return cases
  }

  private static func number(_ variable: String) -> UInt64? {
    ProcessInfo.processInfo.environment[variable].flatMap { UInt64($0) }
  }

  /// Checks a case against what PyTorch has written, and records what differs.
  private static func check(_ layerCase: LayerCase, _ path: String, _ counts: inout Counts) {
    let problem = LayerCaseProblem<Double>(layerCase)
    let definition = problem.definition()
    var differences: [String] = []
    do {
      let peer = try LayerCaseResults(
        ofPyTorch: SafetensorsFile(path: path).stateDictionary(), problem)
      func compare(
        _ who: String, _ results: LayerCaseResults<Double>, _ expected: LayerDefinition<Double>.Results
      ) {
        let (names, peers) = (results.all.map(\.name), peer.all.map(\.name))
        if names != peers { differences.append("\(who): expected \(peers), got \(names)") }
        let difference = results.difference(from: expected)
        if let worst = difference.worst { differences.append("\(who): \(worst)") }
        counts.results += 1
        counts.numbers += difference.count
        counts.vacuous += difference.vacuous
      }
      compare("PyTorch, against the definition", peer, definition)
      let around = definition.centered(on: peer)
      for engine in LayerEngine.all {
        do {
          compare("\(engine), against PyTorch", try problem.results(layerCase.execution(engine)), around)
        } catch {
          differences.append("\(engine): \(error)")
        }
      }
    } catch {
      differences.append("PyTorch: \(error)")
    }
    guard !differences.isEmpty else { return }
    Issue.record(
      """
      \(layerCase):
        \(differences.joined(separator: "\n  "))
        run it alone: RECURRENT_LAYER_CASE="\(layerCase)" make test-differential
      """)
  }
}

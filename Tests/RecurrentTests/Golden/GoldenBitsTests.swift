import RecurrentTestSupport
import Testing

@testable import Recurrent

/// The bits of outputs, states and gradients are those of the revision that wrote
/// `golden-bits.txt`: a change of structure changes none.
@Suite struct GoldenBitsTests {
  /// Cases of the matrix, which reach every option, and drawn ones, a quarter of which have sizes
  /// that fill many tiles.
  private static let cases: [LayerCase] =
    LayerCase.pairwise
    + (0..<150).map { number in
      var layerCase = LayerCase.random(seed: 0x601D << 32 | UInt64(number))
      guard number.isMultiple(of: 4) else { return layerCase }
      layerCase[.hidden] = ["48", "64", "100", "128"][number / 4 % 4]
      layerCase[.input] = ["1", "64", "37"][number % 3]
      layerCase[.steps] = ["9", "20"][number / 16 % 2]
      if layerCase.number(.batch) > 2 { layerCase[.batch] = ["8", "12", "16", "25"][number / 4 % 4] }
      return layerCase
    }

  @Test("no bit has changed, on one thread and on two")
  func bits() throws {
    let fused = LayerEngine.all.first { $0.backend == .swift && $0.instructions != .sse2 }
    let separate = LayerEngine.all.first { $0.backend == .swift && $0.instructions == .sse2 }
    // Instruction sets with fused multiply-adds agree in every bit; each processor has either one
    // of them or none.
    guard let fused, let separate else { return }
    let lines = try Self.cases.map { layerCase in
      let digests =
        layerCase[.scalar] == "float"
        ? try digests(LayerCaseProblem<Float>(layerCase), [fused, separate])
        : try digests(LayerCaseProblem<Double>(layerCase), [fused, separate])
      return "\(digests.joined(separator: " ")) \(layerCase)"
    }
    try GoldenFile(name: "golden-bits.txt").compare(lines)
  }

  private func digests<Scalar: TensorScalar>(
    _ problem: LayerCaseProblem<Scalar>, _ engines: [LayerEngine]
  ) throws -> [String] {
    try engines.map { engine in
      let digests = try [1, 2].map { threads in
        let results = try problem.results(problem.layerCase.execution(engine, threads: threads))
        return digest(ofBits: results.all.map(\.numbers))
      }
      #expect(digests[0] == digests[1], "\(engine) \(problem.layerCase)")
      return digests[0]
    }
  }
}

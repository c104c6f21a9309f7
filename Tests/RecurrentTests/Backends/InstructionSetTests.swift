import RecurrentTestSupport
import Testing

@testable import Recurrent

@Suite struct InstructionSetTests {
  @Test(
    "small steps that fill half a vector take half vectors, and more of them where 512 bits are computed in halves",
    arguments: [
      (1, 1, 4, true), (1, 8, 4, true), (4, 8, 4, true), (9, 8, 4, true), (1, 4, 8, true), (1, 9, 4, false),
      (1, 16, 4, false), (1, 20, 4, false), (3, 20, 4, false), (1, 24, 4, false), (1, 12, 8, false),
    ])
  func narrowed(rows: Int, columns: Int, scalarSize: Int, fillHalf: Bool) {
    let fitting = { (set: InstructionSet, isHalved: Bool) in
      set.fitting(rows: rows, columns: columns, scalarSize: scalarSize, isHalved: isHalved)
    }
    #expect(fitting(.avx512, true) == .avx2)
    #expect(fitting(.avx512, false) == (fillHalf ? .avx2 : .avx512))
    for set in [InstructionSet.sse2, .avx2, .neon] { #expect(fitting(set, true) == set) }
  }

  @Test(
    "steps of more rows or columns keep the widest vectors, and so do sizes that no layer can have",
    arguments: [
      (10, 8, 4), (2, 16, 4), (4, 20, 4), (1, 25, 4), (1, 32, 4), (1, 20, 8), (1, .max, 4), (.max, 8, 4),
    ])
  func kept(rows: Int, columns: Int, scalarSize: Int) {
    #expect(
      InstructionSet.avx512.fitting(rows: rows, columns: columns, scalarSize: scalarSize, isHalved: true)
        == .avx512)
  }

  @Test("only a call that leaves the instructions open may narrow them, and only of plain cells")
  func mayNarrow() throws {
    let named = Execution(backend: .swift, instructions: .avx512)
    #expect(named.instructions(rows: 1, hiddenSize: 8, scalarSize: 4, hasFormula: false) == .avx512)
    var open = named
    open.mayNarrow = true
    #expect(
      open.instructions(rows: 1, hiddenSize: 8, scalarSize: 4, hasFormula: false)
        == InstructionSet.avx512.fitting(rows: 1, columns: 8, scalarSize: 4))
    #expect(open.instructions(rows: 1, hiddenSize: 8, scalarSize: 4, hasFormula: true) == .avx512)
  }

  @Test("a small layer that chooses its instructions gives the bits of the widest ones")
  func bits() throws {
    let execution = try Execution(resolving: .swift, threadCount: 1)
    for (rows, hiddenSize) in [(1, 8), (1, 16), (3, 20), (1, 24), (4, 16)] {
      var generator = SeededGenerator(seed: UInt64(hiddenSize))
      let layer = RNN<Float>(inputSize: 5, hiddenSize: hiddenSize, layerCount: 2, using: &generator)
      let input = Tensor<Float>.normal([7, rows, 5], using: &generator)
      let chosen = try layer.run(input, from: nil, execution: execution)
      let widest = try layer.run(
        input, from: nil,
        execution: Execution(backend: .swift, instructions: execution.instructions))
      expectBitwiseEqual(chosen.output, widest.output, "\(rows) rows of \(hiddenSize)")
    }
  }
}

import RecurrentTestSupport
import Testing

@testable import Recurrent
@testable import VectorKernels

@Suite struct PrefetchTests {
  private let depth = 1000
  private let width = 64

  /// What a product of 400 columns asks for at each term of the tiles of a strip: the first byte,
  /// and how far it moves in all.
  private func asked(
    column: Int, tiles: Int = 5, depth: Int = 1000, fromEnd: Bool = false
  ) -> (first: Int, bytes: Int) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 1) { memory in
      guard let base = memory.baseAddress else { return (0, 0) }
      var product = Product(
        rows: 6 * tiles, columns: 400, depth: depth, a: UnsafePointer(base),
        aLayout: RowLayout(rowStride: depth),
        panels: UnsafePointer(base), start: nil, c: base, cLayout: RowLayout(rowStride: 400),
        activation: .identity)
      product.startsAtEnd = fromEnd
      product.planPrefetch(of: column, width: width, tiles: tiles)
      return (product.prefetchPlace - UnsafeRawPointer(base), product.prefetchStride * tiles * depth)
    }
  }

  @Test("the weights of the next strip are asked for, all of them, in the direction of the product")
  func next() {
    let strip = width * depth * MemoryLayout<Float>.size
    for (column, fromEnd, next) in [(64, false, 128), (320, false, 384), (64, true, 0), (384, true, 320)] {
      let asked = asked(column: column, fromEnd: fromEnd)
      #expect(asked.first == next * depth * MemoryLayout<Float>.size, "from \(column)")
      #expect(asked.bytes >= strip && asked.bytes <= strip + 5 * depth, "from \(column)")
    }
  }

  @Test("nothing moves after the last strip, for a single tile, and for weights that the cache keeps")
  func nothing() {
    #expect(asked(column: 384).bytes == 0)
    #expect(asked(column: 0, fromEnd: true).bytes == 0)
    #expect(asked(column: 64, tiles: 1).bytes == 0)
    #expect(asked(column: 64, depth: 300).bytes == 0)
  }

  @Test(
    "a product of more weights than the cache keeps has the bits of its rows alone",
    arguments: InstructionSet.available)
  func bits(instructions: InstructionSet) throws {
    var generator = SeededGenerator(seed: 3)
    let layer = RNN<Float>(inputSize: 410, hiddenSize: 403, using: &generator)
    let input = Tensor<Float>.normal([3, 13, 410], using: &generator)
    let execution = Execution(backend: .swift, instructions: instructions)
    let whole = try layer.run(input, from: nil, execution: execution).output
    for row in 0..<13 {
      let alone = try Tensor.stack(input.map { try Tensor.stack([$0[row]]) })
      let output = try layer.run(alone, from: nil, execution: execution).output
      for step in 0..<3 { expectBitwiseEqual(output[step][0], whole[step][row], "row \(row)") }
    }
  }
}

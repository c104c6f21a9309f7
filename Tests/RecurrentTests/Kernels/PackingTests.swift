import Testing
import VectorKernels

@testable import Recurrent

@Suite struct PackingTests {
  @Test(
    "panels hold vectors of columns by depth, padded with zeros, for both orders of the source",
    arguments: InstructionSet.available)
  func panels(instructions: InstructionSet) {
    let kernels = instructions.kernels.float
    let width = kernels.panelWidth
    for columns in [1, width - 1, width, width + 1, 2 * width, 3 * width - 1] {
      for depth in [1, 5] {
        // Element (column, k) is its own name, never zero.
        let element = { (column: Int, k: Int) in Float(column * depth + k + 1) }
        let padded = (columns + width - 1) / width * width
        var expected: [Float] = []
        for first in stride(from: 0, to: columns, by: width) {
          for k in 0..<depth {
            for column in first..<(first + width) {
              expected.append(column < columns ? element(column, k) : 0)
            }
          }
        }
        let byColumn = (0..<columns).flatMap { column in (0..<depth).map { element(column, $0) } }
        let byDepth = (0..<depth).flatMap { k in (0..<columns).map { element($0, k) } }
        #expect(pack(kernels, byColumn, columns, depth, (depth, 1), padded) == expected)
        #expect(pack(kernels, byDepth, columns, depth, (1, columns), padded) == expected)
      }
    }
  }

  private func pack(
    _ kernels: KernelTable<Float>, _ source: [Float], _ columns: Int, _ depth: Int,
    _ strides: (column: Int, depth: Int), _ padded: Int
  ) -> [Float] {
    var target = [Float](repeating: .nan, count: padded * depth)
    source.withUnsafeBufferPointer { source in
      target.withUnsafeMutableBufferPointer {
        kernels.pack(
          PackingSource(
            base: source.baseAddress!, columns: columns, depth: depth,
            columnStride: strides.column, depthStride: strides.depth),
          $0.baseAddress!)
      }
    }
    return target
  }

  @Test("a layout is uniform exactly where its first rows stand at one stride")
  func uniformLayouts() {
    #expect(RowLayout(rowStride: 5).isUniform(rows: 1000))
    #expect(RowLayout(rowStride: 5, rowsPerBlock: 3, blockStride: 15).isUniform(rows: 9))
    #expect(RowLayout(rowStride: 5, rowsPerBlock: 3, blockStride: 16).isUniform(rows: 3))
    #expect(!RowLayout(rowStride: 5, rowsPerBlock: 3, blockStride: 16).isUniform(rows: 4))
    let batchMajor = RowLayout(rowStride: 40, rowsPerBlock: 3, blockStride: 5)
    #expect(
      batchMajor.reordered(rows: 24) == RowLayout(rowStride: 5, rowsPerBlock: 8, blockStride: 40))
  }
}

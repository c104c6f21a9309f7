import RecurrentTestSupport
import Testing

@testable import Recurrent

@Suite struct MatrixRowsTests {
  @Test("blocks that are given from the last to the first stand from the lowest address to the highest")
  func reversed() {
    var scalars = [Float](repeating: 0, count: 24)
    scalars.withUnsafeMutableBufferPointer { scalars in
      let base = scalars.baseAddress!
      let rows = MatrixRows(
        base: base + 16, rowStride: 4, rowsPerBlock: 2, blockStride: -8, blockCount: 3)
      #expect(rows.base == base)
      #expect(rows.layout.rowStride == 4 && rows.layout.blockStride == 8)
      #expect(rows.layout.isUniform(rows: 6))
      #expect(rows.isReversed)
      #expect(rows.first.base == base + 16)
      #expect(rows.inGivenOrder.base == base + 16 && rows.inGivenOrder.layout.blockStride == -8)
      // A single block has no direction.
      let one = MatrixRows(base: base, rowStride: 4, rowsPerBlock: 2, blockStride: -8, blockCount: 1)
      #expect(!one.isReversed && one.base == base)
    }
  }

  @Test("rows that overlap, or stand at no positive distance, are refused")
  func overlapping() async {
    await #expect(processExitsWith: .failure) {
      _ = MatrixRows(base: UnsafeMutablePointer<Float>.allocate(capacity: 8), rowStride: 0)
    }
    await #expect(processExitsWith: .failure) {
      _ = MatrixRows(
        base: UnsafeMutablePointer<Float>.allocate(capacity: 8), rowStride: 2, rowsPerBlock: 3,
        blockStride: 4, blockCount: 3)
    }
  }

  @Test("a call that BLAS would refuse does not return", .enabled(if: Backend.openBLAS.isAvailable))
  func refused() async {
    await #expect(processExitsWith: .failure) {
      let scalars = UnsafeMutablePointer<Float>.allocate(capacity: 64)
      OpenBLASRoutines<Float>.float?.multiplyByTransposed(2, 2, 3, scalars, -3, scalars, scalars, 2)
    }
    await #expect(processExitsWith: .failure) {
      let scalars = UnsafeMutablePointer<Double>.allocate(capacity: 64)
      OpenBLASRoutines<Double>.double?.multiplyTransposed(
        2, 3, 2, scalars, 2, scalars, 3, scalars, 2)
    }
  }

  @Test(
    "a layer that adds what it reads in both directions gives what can be computed by hand",
    arguments: Backend.available)
  func byHand(_ backend: Backend) throws {
    let (one, two) = (TrackedNumber<Double>(1), TrackedNumber<Double>(2))
    let (first, last) = (one.hyperbolicTangent(), two.hyperbolicTangent())
    let expected = [first, (one + last).hyperbolicTangent(), (two + first).hyperbolicTangent(), last]
    for shape in [[2, 1, 1], [1, 2, 1], [2, 1]] as [Shape] {
      var rnn = RNN<Double>(
        inputSize: 1, hiddenSize: 1, bias: false, batchFirst: shape == [1, 2, 1],
        directions: .bidirectional)
      rnn.backend = backend
      for cell in rnn.parameters.indices {
        rnn.parameters[cell].weightIH = Tensor(unchecked: [1], shape: [1, 1])
        rnn.parameters[cell].weightHH = Tensor(unchecked: [1], shape: [1, 1])
      }
      let output = try rnn(Tensor(unchecked: [1, 2], shape: shape)).output
      expectClose(
        output, expected.map(\.value), bound: expected.map(\.error), "\(backend.rawValue), \(shape)")
    }
  }
}

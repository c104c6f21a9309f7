import Recurrent
import Testing

/// What is a programming error traps, as it does in `Array`.
@Suite struct TensorPreconditionTests {
  @Test("an index beyond the end traps")
  func beyondEnd() async {
    await #expect(processExitsWith: .failure) { _ = Tensor<Float>.zeros([2, 3])[0, 3] }
  }

  @Test("a negative index traps")
  func negative() async {
    await #expect(processExitsWith: .failure) { _ = Tensor<Float>.zeros([2, 3])[1, -1] }
  }

  @Test("a number of indices other than the rank traps")
  func indexCount() async {
    await #expect(processExitsWith: .failure) { _ = Tensor<Float>.zeros([2, 3])[0, 0, 0] }
  }

  @Test("a slice beyond the end traps")
  func slice() async {
    await #expect(processExitsWith: .failure) { _ = Tensor<Float>.zeros([2, 3])[2] }
  }

  @Test("a range beyond the end traps")
  func range() async {
    await #expect(processExitsWith: .failure) { _ = Tensor<Float>.zeros([2, 3])[1..<3] }
  }

  @Test("slicing a tensor of rank 0 traps")
  func rankZero() async {
    await #expect(processExitsWith: .failure) { _ = Tensor<Float>(1)[0] }
  }

  @Test("assigning a slice of another shape traps")
  func sliceShape() async {
    await #expect(processExitsWith: .failure) {
      var tensor = Tensor<Float>.zeros([2, 3])
      tensor[0] = .zeros([2])
    }
  }

  @Test("the only scalar of a tensor that has two traps")
  func scalar() async {
    await #expect(processExitsWith: .failure) { _ = Tensor<Float>.zeros([2]).scalar }
  }

  @Test("changing the number of scalars traps")
  func scalarCount() async {
    await #expect(processExitsWith: .failure) {
      var tensor = Tensor<Float>.zeros([2])
      tensor.scalars.append(1)
    }
  }

  @Test("a negative size traps")
  func negativeSize() async {
    await #expect(processExitsWith: .failure) { _ = Tensor<Float>.zeros([-1]) }
  }
}

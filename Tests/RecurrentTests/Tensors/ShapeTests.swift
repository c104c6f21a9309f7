import Recurrent
import Testing

@Suite struct ShapeTests {
  @Test("a literal, an array and a description name the same sizes")
  func literal() {
    let shape: Shape = [10, 3, 100]
    #expect(shape == Shape([10, 3, 100]))
    #expect(shape.dimensions == [10, 3, 100])
    #expect(shape.description == "[10, 3, 100]")
    #expect(shape.rank == 3)
    #expect(shape[1] == 3)
    #expect(shape != [3, 10, 100])
  }

  @Test("the empty shape has one element and no axis")
  func empty() {
    let shape: Shape = []
    #expect(shape.elementCount == 1)
    #expect(shape.rank == 0)
    #expect(shape.description == "[]")
  }

  @Test(
    "the element count is the product of the sizes, nil where one is negative or it overflows",
    arguments: [
      ([2, 3, 5], 30), ([], 1), ([0], 0), ([7, 0, 5], 0), ([Int.max, 0], 0), ([Int.max, 2, 0], nil),
      ([Int.max, 1], Int.max), ([-1], nil), ([-1, 0], nil), ([Int.max, 2], nil), ([1 << 32, 1 << 32], nil),
    ] as [([Int], Int?)])
  func elementCount(dimensions: [Int], count: Int?) {
    #expect(Shape.elementCount(of: dimensions) == count)
    if let count { #expect(Shape(dimensions).elementCount == count) }
  }

  @Test("a negative size traps")
  func negative() async {
    await #expect(processExitsWith: .failure) { _ = Shape([3, -1]) }
  }

  @Test("a product that is no Int traps")
  func overflow() async {
    await #expect(processExitsWith: .failure) { _ = Shape([Int.max, 2]) }
  }

  @Test("an axis that is not there traps")
  func axis() async {
    await #expect(processExitsWith: .failure) {
      let shape: Shape = [2, 3]
      _ = shape[2]
    }
  }
}

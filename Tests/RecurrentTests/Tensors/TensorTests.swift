import Recurrent
import Testing

@Suite struct TensorTests {
  static let counting = Tensor<Float>.counting([2, 3, 4])

  @Test("an array that does not fill the shape throws both counts", arguments: [0, 5, 7])
  func scalarCount(count: Int) {
    let error = #expect(throws: RecurrentError.self) {
      try Tensor<Double>([Double](repeating: 1, count: count), shape: [2, 3])
    }
    #expect(error == .scalarCountMismatch(shape: [2, 3], actual: count))
    #expect(error?.description == "a tensor of shape [2, 3] takes 6 scalars, got \(count)")
  }

  @Test("every way of creation gives the shape and the scalars it names")
  func creation() throws {
    #expect(try Tensor<Float>([1, 2, 3, 4], shape: [2, 2]).scalars == [1, 2, 3, 4])
    #expect(Tensor<Float>([1, 2, 3]).shape == [3])
    #expect(Tensor<Float>(7).shape == [])
    #expect(Tensor<Float>(7).scalar == 7)
    #expect(Tensor<Float>(repeating: 2, shape: [2, 2]).scalars == [2, 2, 2, 2])
    #expect(Tensor<Double>.zeros([2, 0, 3]).scalars.isEmpty)
    #expect(Tensor<Double>.zeros([3]).scalars == [0, 0, 0])
    #expect(try Tensor<Float>([5], shape: [1, 1, 1]).scalar == 5)
  }

  @Test("indices address scalars in row-major order, for reading and for writing")
  func indexing() {
    var tensor = Self.counting
    for i in 0..<2 {
      for j in 0..<3 {
        for k in 0..<4 { #expect(tensor[i, j, k] == Float((i * 3 + j) * 4 + k)) }
      }
    }
    tensor[1, 0, 2] = -1
    #expect(tensor.scalars[14] == -1)
    #expect(tensor.scalars.filter { $0 < 0 }.count == 1)
  }

  @Test("slices along the first axis hold their part of the scalars")
  func slices() {
    let tensor = Self.counting
    #expect(tensor[1].shape == [3, 4])
    #expect(tensor[1].scalars == (12..<24).map(Float.init))
    #expect(tensor[1][2][3].scalar == 23)
    #expect(tensor[1..<2].shape == [1, 3, 4])
    #expect(tensor[1...].scalars == (12..<24).map(Float.init))
    #expect(tensor[..<1].scalars == (0..<12).map(Float.init))
    #expect(tensor[2..<2].shape == [0, 3, 4])
    #expect(tensor[0...1] == tensor)
  }

  @Test("a slice that is assigned replaces its part and nothing else")
  func sliceAssignment() {
    var tensor = Self.counting
    tensor[0] = .zeros([3, 4])
    #expect(tensor.scalars == [Float](repeating: 0, count: 12) + (12..<24).map(Float.init))
    #expect(tensor.shape == [2, 3, 4])
  }

  @Test("iteration gives the slices in order")
  func iteration() {
    let tensor = Self.counting
    #expect(Array(tensor) == [tensor[0], tensor[1]])
    #expect(tensor.underestimatedCount == 2)
    #expect(Array(Tensor<Float>.zeros([0, 3])).isEmpty)
  }

  @Test("stacking the slices of a tensor gives the tensor")
  func stack() throws {
    #expect(try Tensor.stack(Array(Self.counting)) == Self.counting)
    #expect(try Tensor.stack([Tensor<Float>(1), Tensor<Float>(2)]) == Tensor<Float>([1, 2]))
  }

  @Test("stacking nothing or unequal shapes throws")
  func stackErrors() {
    #expect(throws: RecurrentError.emptySequence(argument: "tensors")) {
      try Tensor<Float>.stack([])
    }
    #expect(
      throws: RecurrentError.shapeMismatch(
        argument: "tensors[1]", expected: "[2]", actual: [3])
    ) {
      try Tensor<Float>.stack([.zeros([2]), .zeros([3])])
    }
  }

  @Test(
    "reshaping keeps the scalars, and −1 becomes what the others leave",
    arguments: [
      ([24], [24]), ([4, 6], [4, 6]), ([-1], [24]), ([2, -1], [2, 12]), ([-1, 3, 2], [4, 3, 2]),
      ([1, 24, 1], [1, 24, 1]),
    ])
  func reshape(dimensions: [Int], expected: [Int]) throws {
    let reshaped = try Self.counting.reshaped(to: dimensions)
    #expect(reshaped.shape == Shape(expected))
    #expect(reshaped.scalars == Self.counting.scalars)
  }

  @Test(
    "sizes that do not multiply to the number of elements throw",
    arguments: [[23], [5, -1], [-1, -1], [-2, -12], [0, -1], [], [Int.max, 2], [-2, 12]])
  func reshapeErrors(dimensions: [Int]) {
    #expect(
      throws: RecurrentError.shapeMismatch(
        argument: "reshaped(to: \(dimensions))", expected: "a shape of 24 elements",
        actual: [2, 3, 4])
    ) {
      try Self.counting.reshaped(to: dimensions)
    }
  }

  @Test("an empty tensor takes a −1 beside sizes that are not zero only")
  func reshapeEmpty() throws {
    let empty = Tensor<Float>.zeros([0, 3])
    #expect(try empty.reshaped(to: [-1, 5]).shape == [0, 5])
    #expect(throws: RecurrentError.self) { try empty.reshaped(to: [-1, 0]) }
  }

  @Test(
    "transposing exchanges two axes, counted from either end",
    arguments: [(0, 1), (1, 0), (0, 2), (1, 2), (-1, 0), (-2, -1), (2, 2)])
  func transpose(first: Int, second: Int) throws {
    let tensor = Self.counting
    let transposed = try tensor.transposed(first, second)
    var order = [0, 1, 2]
    order.swapAt((first + 3) % 3, (second + 3) % 3)
    #expect(transposed.shape == Shape(order.map { tensor.shape[$0] }))
    for i in 0..<2 {
      for j in 0..<3 {
        for k in 0..<4 {
          let indices = order.map { [i, j, k][$0] }
          #expect(transposed[indices[0], indices[1], indices[2]] == tensor[i, j, k])
        }
      }
    }
    #expect(try transposed.transposed(first, second) == tensor)
  }

  @Test("an axis that is not there throws", arguments: [(0, 3), (-4, 0), (3, 3)])
  func transposeErrors(first: Int, second: Int) {
    let missing = (-3..<3).contains(first) ? second : first
    #expect(throws: RecurrentError.invalidAxis(missing, shape: [2, 3, 4])) {
      try Self.counting.transposed(first, second)
    }
  }

  @Test("converting between Float and Double rounds to the nearest and keeps the shape")
  func conversion() {
    let doubles = Tensor<Double>(repeating: 0.1, shape: [2, 2])
    let floats = Tensor<Float>(doubles)
    #expect(floats == Tensor<Float>(repeating: 0.1, shape: [2, 2]))
    #expect(Tensor<Double>(floats).scalars[3] == Double(Float(0.1)))
    #expect(Tensor<Float>(Tensor<Double>([1e300, -.infinity])).scalars == [.infinity, -.infinity])
    #expect(Tensor<Float>(Tensor<Double>([.nan])).scalar.isNaN)
  }

  @Test("a copy is independent of what it was copied from")
  func copies() {
    let original = Self.counting
    var copy = original
    copy[0, 0, 0] = 100
    copy.scalars[1] = 200
    copy[1] = .zeros([3, 4])
    #expect(original == Tensor.counting([2, 3, 4]))
    #expect(copy.scalars.prefix(3) == [100, 200, 2])
  }

  @Test("tensors are equal where shapes and scalars are")
  func equality() throws {
    #expect(try Self.counting.reshaped(to: [24]) != Self.counting)
    #expect(Tensor<Float>([.nan]) != Tensor<Float>([.nan]))
    #expect(Tensor<Float>([0]) == Tensor<Float>([-0.0]))
  }
}

extension Tensor {
  /// 0, 1, 2, … in a shape.
  static func counting(_ shape: Shape) -> Tensor {
    var tensor = Tensor.zeros(shape)
    for index in 0..<shape.elementCount { tensor.scalars[index] = Scalar(index) }
    return tensor
  }
}

import Recurrent
import Testing

@Suite struct TensorComparisonTests {
  @Test(
    "elements agree within both tolerances, or where they are the same infinity",
    arguments: [
      (1.0, 1.0, true), (1.0, 1.05, true), (1.0, 1.3, false), (0, 0.01, true), (0, 0.02, false),
      (.infinity, .infinity, true), (-.infinity, -.infinity, true), (.infinity, -.infinity, false),
      (.infinity, 1, false), (1, .infinity, false), (-1, -.infinity, false), (.nan, .nan, false),
      (.nan, 1, false), (1, .nan, false), (0, -0.0, true),
    ] as [(Double, Double, Bool)])
  func tolerances(a: Double, b: Double, agree: Bool) {
    let equal = Tensor([3, a]).isApproximatelyEqual(
      to: Tensor([3, b]), absoluteTolerance: 0.01, relativeTolerance: 0.1)
    #expect(equal == agree)
  }

  @Test("tensors of different shapes never agree")
  func shapes() throws {
    let row = Tensor<Float>.zeros([1, 4])
    #expect(!row.isApproximatelyEqual(to: .zeros([4]), absoluteTolerance: 1))
    #expect(throws: RecurrentError.shapeMismatch(argument: "other", expected: "[1, 4]", actual: [4])) {
      try row.greatestDifference(from: .zeros([4]))
    }
  }

  @Test("the greatest difference is that of the worst pair")
  func greatestDifference() throws {
    let a = Tensor<Double>([1, 2, 3])
    #expect(try a.greatestDifference(from: Tensor([1, 4, 2.5])) == 2)
    #expect(try a.greatestDifference(from: a) == 0)
    #expect(try Tensor<Double>([]).greatestDifference(from: Tensor([])) == 0)
  }

  @Test("NaN anywhere makes the greatest difference NaN, equal infinities differ by nothing")
  func greatestDifferenceSpecials() throws {
    let infinite = Tensor<Float>([.infinity, 1])
    #expect(try infinite.greatestDifference(from: infinite) == 0)
    #expect(try infinite.greatestDifference(from: Tensor([1, 1])) == .infinity)
    #expect(try infinite.greatestDifference(from: Tensor([-.infinity, 1])) == .infinity)
    #expect(try Tensor<Float>([.nan, 5]).greatestDifference(from: Tensor([.nan, 1])).isNaN)
    #expect(try Tensor<Float>([9, 5]).greatestDifference(from: Tensor([1, .nan])).isNaN)
  }
}

import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Accumulation, scaling, norms and clipping of gradients.
@Suite struct GradientDictionaryTests {
  private let gradients: StateDictionary<Double> = [
    "a": Tensor([3, -4]), "b": Tensor([12]), "empty": .zeros([0]),
  ]

  @Test("dictionaries are added by name, whatever their order")
  func adding() throws {
    var sum = gradients
    try sum.add(["b": Tensor([0.5]), "empty": .zeros([0]), "a": Tensor([1, 1])])
    #expect(sum == ["a": Tensor([4, -3]), "b": Tensor([12.5]), "empty": .zeros([0])])
  }

  @Test("dictionaries of other names or shapes are not added, and nothing changes")
  func addingOthers() {
    let others: [StateDictionary<Double>] = [
      [:], ["a": Tensor([1, 1]), "b": Tensor([1, 2]), "empty": .zeros([0])],
      ["a": Tensor([1, 1]), "b": Tensor([1]), "empty": .zeros([0]), "c": Tensor([1])],
    ]
    for other in others {
      var sum = gradients
      let error = #expect(throws: RecurrentError.self) { try sum.add(other) }
      guard case .stateDictionaryMismatch = error else {
        Issue.record("got \(String(describing: error))")
        continue
      }
      #expect(sum == gradients)
    }
  }

  @Test("the norm is that of all scalars together")
  func norm() {
    #expect(gradients.norm == 13)
    #expect(StateDictionary<Float>().norm == 0)
    // The squares are beyond Float.
    let large: StateDictionary<Float> = ["a": Tensor([0x3p80, 0x4p80])]
    #expect(large.norm == 0x5p80)
  }

  @Test("scaling multiplies every scalar")
  func scaling() {
    var scaled = gradients
    scaled.scale(by: 0.5)
    #expect(scaled == ["a": Tensor([1.5, -2]), "b": Tensor([6]), "empty": .zeros([0])])
  }

  @Test("tensors are changed in their own memory")
  func inPlace() {
    var state: StateDictionary<Float> = ["a": .zeros([100])]
    let before = state["a"]?.scalars.withUnsafeBufferPointer { $0.baseAddress }
    state["a"]?.scalars[3] = 1
    state.scale(by: 2)
    #expect(state["a"]?.scalars[3] == 2)
    #expect(state["a"]?.scalars.withUnsafeBufferPointer { $0.baseAddress } == before)
  }

  @Test("clipping by norm and by value gives PyTorch's gradients and norm")
  func fixtures() throws {
    try checkClipping(Double.self)
    try checkClipping(Float.self)
  }

  private func checkClipping<Scalar: TensorScalar>(_: Scalar.Type) throws {
    let file = try #require(Fixture.all(ofKind: "Clipping").first).file()
    let gradients: StateDictionary<Scalar> = try file.storedDictionary("gradients.")
    // The sum of squares and its root, in Double on both sides, and a rounding to the scalar.
    var squares = TrackedNumber<Double>(0)
    for scalar in gradients.flatMap({ $0.value.scalars }) {
      squares = squares + TrackedNumber(Double(scalar)) * TrackedNumber(Double(scalar))
    }
    let norm = squares.squareRoot().converted(to: Scalar.self)
    for index in 0..<3 {
      let limit: Scalar = try file.stored("limit.\(index)").scalar
      var clipped = gradients
      let returned = try clipped.clip(toNorm: limit)
      expectClose(
        Tensor(returned), try file.tensor("norm", as: Double.self).scalars, bound: [norm.error], "norm")
      let factor =
        TrackedNumber<Scalar>(Double(limit)) / (norm + TrackedNumber(rounding: 1e-6))
      for (key, value) in try file.stateDictionary(as: Double.self, prefix: "clipped.\(index).") {
        let bound = try #require(gradients[key]).scalars.map { scalar in
          factor.value >= 1 ? 0 : (factor * TrackedNumber(Double(scalar))).error
        }
        expectClose(try #require(clipped[key]), value.scalars, bound: bound, "clipped \(index) \(key)")
      }
    }
    var clipped = gradients
    try clipped.clip(toValue: try file.stored("value_limit").scalar)
    #expect(clipped == (try file.storedDictionary("value_clipped.")))
  }

  @Test("what is not finite is clipped as PyTorch clips it")
  func notFinite() throws {
    var gradients: StateDictionary<Float> = ["a": Tensor([1, .infinity, 2])]
    #expect(try gradients.clip(toNorm: 1) == .infinity)
    #expect(gradients["a"]?.scalars[0] == 0 && gradients["a"]?.scalars[1].isNaN == true)
    gradients = ["a": Tensor([1, .nan, -.infinity])]
    try gradients.clip(toValue: 0.5)
    #expect(gradients["a"]?.scalars[0] == 0.5 && gradients["a"]?.scalars[2] == -0.5)
    #expect(gradients["a"]?.scalars[1].isNaN == true)
    #expect(try gradients.clip(toNorm: 1).isNaN)
    #expect(gradients["a"]?.scalars.allSatisfy(\.isNaN) == true)
  }

  @Test("a limit that is no limit throws", arguments: [-1, -Double.leastNonzeroMagnitude, .nan])
  func limits(limit: Double) {
    var gradients = gradients
    #expect(throws: RecurrentError.self) { try gradients.clip(toNorm: limit) }
    #expect(throws: RecurrentError.self) { try gradients.clip(toValue: limit) }
    #expect(gradients == self.gradients)
  }
}

import RecurrentTestSupport
import Testing

@testable import Recurrent

@Suite struct NormalizationTests {
  private let samples: Tensor<Double> = {
    var generator = SeededGenerator(seed: 12)
    var tensor = Tensor<Double>.normal([50, 2, 3], mean: 5, standardDeviation: 3, using: &generator)
    for index in stride(from: 2, to: 300, by: 3) { tensor.scalars[index] = 0.1 }
    return tensor
  }()

  /// The numbers of a feature.
  private func feature(_ feature: Int, _ tensor: Tensor<Double>) -> [Double] {
    stride(from: feature, to: tensor.scalars.count, by: 3).map { tensor.scalars[$0] }
  }

  @Test("standardized features have mean 0 and standard deviation 1, and constants are 0")
  func standardizing() throws {
    let normalized = try Normalization(standardizing: samples)(samples)
    // 100 numbers below 8 in magnitude, their mean and deviation rounded before.
    let bound = Tolerance.sumBound(termCount: 400, magnitude: 8, Double.self)
    for index in 0..<2 {
      let column = feature(index, normalized)
      expectClose(
        Tensor([column.reduce(0, +) / 100, column.reduce(0) { $0 + $1 * $1 } / 100]), [0, 1],
        bound: [bound, 8 * bound], "feature \(index)")
    }
    // The mean of equal numbers may be off by rounding, and nothing blows that up.
    expectClose(
      Tensor(feature(2, normalized)), Array(repeating: 0, count: 100),
      bound: Array(repeating: bound, count: 100), "the constant")
  }

  @Test("rescaled features reach from 0 to 1, and constants are 0")
  func rescaling() throws {
    let normalized = try Normalization(rescaling: samples)(samples)
    for index in 0..<2 {
      #expect(feature(index, normalized).min() == 0 && feature(index, normalized).max() == 1)
    }
    #expect(feature(2, normalized).allSatisfy { $0 == 0 })
  }

  @Test("the inverse brings the numbers back")
  func inverse() throws {
    for normalization in try [Normalization(standardizing: samples), Normalization(rescaling: samples)] {
      let back = try normalization.inverted(normalization(samples))
      // Four roundings of numbers below 32 in magnitude.
      let bound = Tolerance.sumBound(termCount: 4, magnitude: 64, Double.self)
      expectClose(back, samples.scalars, bound: Array(repeating: bound, count: 300), "inverse")
      let some = try normalization.selecting([1])
      #expect(some.featureCount == 1)
      #expect(try some(Tensor([7])).scalars[0] == normalization(Tensor([0, 7, 0])).scalars[1])
    }
  }

  @Test("it is saved with a model and comes back")
  func saved() throws {
    let normalization = try Normalization(standardizing: Tensor<Float>(samples))
    #expect(normalization.stateDictionary.keys == ["offset", "scale"])
    #expect(try Normalization(stateDictionary: normalization.stateDictionary) == normalization)
    let wrong: [StateDictionary<Float>] = [
      [:], ["offset": Tensor([1])], ["offset": Tensor([1]), "scale": Tensor([1, 2])],
      ["offset": Tensor([1]), "scale": Tensor([1]), "more": Tensor([1])],
      ["offset": Tensor([1]), "scale": Tensor([0])], ["offset": Tensor([.nan]), "scale": Tensor([1])],
      ["offset": Tensor(1), "scale": Tensor(1)],
    ]
    for dictionary in wrong {
      #expect(throws: RecurrentError.self) { try Normalization(stateDictionary: dictionary) }
    }
  }

  @Test("a spread that vanishes in the scalar leaves finite numbers")
  func tinySpread() throws {
    let samples = try Tensor<Float>([0, .leastNonzeroMagnitude], shape: [2, 1])
    for normalization in try [Normalization(standardizing: samples), Normalization(rescaling: samples)] {
      #expect(try normalization(samples).scalars.allSatisfy(\.isFinite))
    }
  }

  @Test("what cannot be normalized throws")
  func refused() throws {
    #expect(throws: RecurrentError.emptySequence(argument: "samples")) {
      try Normalization(standardizing: Tensor<Float>.zeros([0, 2]))
    }
    #expect(throws: RecurrentError.shapeMismatch(argument: "samples", expected: "[…, F]", actual: [3])) {
      try Normalization(rescaling: Tensor<Float>([1, 2, 3]))
    }
    let gap = try Tensor<Float>([1, 2, .nan, 4], shape: [2, 2])
    #expect(
      throws: RecurrentError.invalidValue(
        argument: "samples", expected: "finite numbers", actual: "nan in row 1")
    ) { try Normalization(standardizing: gap) }
    let normalization = try Normalization(rescaling: Tensor<Float>([1, 2], shape: [2, 1]))
    #expect(throws: RecurrentError.self) { try normalization(.zeros([2, 2])) }
    #expect(throws: RecurrentError.self) { try normalization.inverted(Tensor(1)) }
    #expect(throws: RecurrentError.self) { try normalization.selecting([1]) }
  }
}

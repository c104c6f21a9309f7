import Recurrent
import Testing

@Suite struct TensorRandomTests {
  @Test("a seed gives the same numbers each time, another seed gives others")
  func reproducible() {
    var (a, b, c) = (SeededGenerator(seed: 1), SeededGenerator(seed: 1), SeededGenerator(seed: 2))
    let first = Tensor<Float>.uniform([50], using: &a)
    #expect(first == Tensor<Float>.uniform([50], using: &b))
    #expect(first != Tensor<Float>.uniform([50], using: &c))
    #expect(Tensor<Double>.normal([50], using: &a) == Tensor<Double>.normal([50], using: &b))
    #expect(Tensor<Double>.normal([50], using: &a) != Tensor<Double>.normal([50], using: &c))
  }

  @Test("the generator is SplitMix64")
  func splitMix() {
    // The published sequence for the seed 1234567.
    var generator = SeededGenerator(seed: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
    ]
    #expect(expected == (0..<3).map { _ in generator.next() })
  }

  @Test("uniform numbers stay in their range, reach all of it and have its moments")
  func uniform() {
    var generator = SeededGenerator(seed: 3)
    let tensor = Tensor<Float>.uniform([100, 200], in: -3...5, using: &generator)
    #expect(tensor.shape == [100, 200])
    let values = tensor.scalars.map { Double($0) }
    #expect(values.allSatisfy { $0 >= -3 && $0 <= 5 })
    #expect(values.contains { $0 < -2.99 } && values.contains { $0 > 4.99 })
    // Of a range of width 8: variance 64 / 12, fourth central moment 8⁴ / 80.
    let (mean, variance) = moments(values)
    #expect(isLikely(mean, expected: 1, variance: 16.0 / 3))
    #expect(isLikely(variance, expected: 16.0 / 3, variance: 51.2 - 256.0 / 9))
  }

  @Test("a range of one number gives that number")
  func degenerateRange() {
    var generator = SeededGenerator(seed: 4)
    #expect(Tensor<Double>.uniform([3], in: 2...2, using: &generator).scalars == [2, 2, 2])
  }

  @Test("normal numbers have the mean and the standard deviation that are asked for")
  func normal() {
    var generator = SeededGenerator(seed: 5)
    let values = Tensor<Double>.normal(
      [20_000], mean: -2, standardDeviation: 3, using: &generator
    ).scalars
    let (mean, variance) = moments(values)
    #expect(isLikely(mean, expected: -2, variance: 9))
    #expect(isLikely(variance, expected: 9, variance: 162))
    // 31.73 % of all normal numbers lie more than one deviation off.
    let shareBeyondOne = Double(values.filter { ($0 + 2).magnitude > 3 }.count) / 20_000
    #expect(isLikely(shareBeyondOne, expected: 0.3173, variance: 0.3173 * 0.6827))
    #expect(values.allSatisfy { $0.isFinite })
  }

  @Test("without a generator, two tensors differ")
  func systemGenerator() {
    #expect(Tensor<Float>.uniform([20]) != Tensor<Float>.uniform([20]))
    #expect(Tensor<Float>.normal([20]) != Tensor<Float>.normal([20]))
  }

  /// Whether a mean of 20 000 numbers of this variance is within six standard deviations.
  private func isLikely(_ mean: Double, expected: Double, variance: Double) -> Bool {
    (mean - expected).magnitude < 6 * (variance / 20_000).squareRoot()
  }

  private func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    return (mean, variance)
  }
}

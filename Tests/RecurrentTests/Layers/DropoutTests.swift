import RecurrentTestSupport
import Testing

@testable import Recurrent

@Suite struct DropoutTests {
  /// Which elements a call drops.
  private func mask(_ dropout: Dropout, _ count: Int, _ generator: inout SeededGenerator) throws -> [Bool] {
    let ones = Tensor<Float>(repeating: 1, shape: [count])
    return try dropout(ones, using: &generator).scalars.map { $0 == 0 }
  }

  @Test("an element's number is that of the generator's sequence, without walking along it")
  func counter() {
    for seed in [0, 1, UInt64.max] {
      var generator = SeededGenerator(seed: seed)
      for index in 0..<100 { #expect(SeededGenerator.number(index, seed: seed) == generator.next()) }
    }
  }

  @Test("a generator whose state is set goes on as the other one")
  func generatorState() {
    var generator = SeededGenerator(seed: 7)
    _ = generator.next()
    var other = SeededGenerator(seed: 0)
    other.state = generator.state
    #expect(other == generator && other.next() == generator.next())
    let third = SeededGenerator(seed: generator.state)
    #expect(third == generator)
  }

  @Test("what is dropped depends on the seed, the call and the element, not on axes or number types")
  func determined() throws {
    let dropout = Dropout(probability: 0.4)
    var (a, b, c) = (SeededGenerator(seed: 5), SeededGenerator(seed: 5), SeededGenerator(seed: 6))
    let x = Tensor<Float>(repeating: 1, shape: [8, 3, 4])
    let first = try dropout(x, using: &a)
    let flat = try dropout(Tensor<Double>(repeating: 1, shape: [96]), using: &b)
    #expect(first.scalars.map { $0 == 0 } == flat.scalars.map { $0 == 0 })
    // A longer tensor begins with the same elements.
    b = SeededGenerator(seed: 5)
    #expect(try mask(dropout, 200, &b).prefix(96) == flat.scalars.map { $0 == 0 }[...])
    #expect(try dropout(x, using: &a) != first)
    #expect(try dropout(x, using: &c) != first)
    // One number for each call.
    #expect(a.state == SeededGenerator(seed: 5).state &+ 2 &* (c.state &- SeededGenerator(seed: 6).state))
  }

  @Test("elements are dropped with their probability, and the others keep the expectation")
  func share() throws {
    var generator = SeededGenerator(seed: 8)
    let count = 100_000
    for probability in [0.1, 0.5, 0.9] {
      let dropout = Dropout(probability: probability)
      let first = try mask(dropout, count, &generator)
      let second = try mask(dropout, count, &generator)
      let share = { (mask: [Bool]) in Double(mask.count { $0 }) / Double(mask.count) }
      let bound = Tolerance.share(probability: probability, trials: count)
      #expect((share(first) - probability).magnitude < bound)
      // Neighbours and calls are independent: both are dropped with the product of the
      // probabilities.
      let joint = probability * probability
      for pairs in [zip(first, first.dropFirst()).map { $0 && $1 }, zip(first, second).map { $0 && $1 }] {
        #expect(
          (share(pairs) - joint).magnitude < 2 * Tolerance.share(probability: joint, trials: count / 2))
      }
      let kept = try dropout(Tensor<Double>([1, 2, 3, 4, 5, 6, 7, 8]), using: &generator)
      for (index, value) in kept.scalars.enumerated() where value != 0 {
        #expect(value == Double(index + 1) * (1 / (1 - probability)))
      }
    }
  }

  @Test("the probabilities 0 and 1 drop nothing and all")
  func ends() throws {
    var generator = SeededGenerator(seed: 9)
    let x = Tensor<Float>([1, -2, .infinity])
    #expect(try Dropout(probability: 0)(x, using: &generator) == x)
    #expect(try Dropout(probability: 1)(x, using: &generator) == .zeros([3]))
    let least = try mask(Dropout(probability: .leastNonzeroMagnitude), 1000, &generator)
    #expect(!least.contains(true))
    // All but one of 2⁵³: its threshold still fits 64 bits.
    #expect(try mask(Dropout(probability: (1.0).nextDown), 1000, &generator).allSatisfy { $0 })
  }

  @Test("a pullback drops the same elements of the gradient, as often as it is called")
  func pullback() throws {
    var generator = SeededGenerator(seed: 10)
    let x = Tensor<Double>.normal([5, 7], using: &generator)
    let dy = Tensor<Double>.normal([5, 7], using: &generator)
    let dropout = Dropout(probability: 0.3)
    let (y, pullback) = try dropout.valueWithPullback(at: x, using: &generator)
    let dx = try pullback(dy)
    for index in 0..<35 {
      let scale = y.scalars[index] == 0 ? 0 : 1 / (1 - dropout.probability)
      #expect(y.scalars[index] == x.scalars[index] * scale)
      #expect(dx.scalars[index] == dy.scalars[index] * scale)
    }
    #expect(try pullback(dy) == dx)
    #expect(
      throws: RecurrentError.shapeMismatch(argument: "outputGradient", expected: "[5, 7]", actual: [35])
    ) {
      try pullback(Tensor<Double>.zeros([35]))
    }
  }

  @Test("a probability out of range throws, and takes no number", arguments: [-0.1, 1.1, .nan, .infinity])
  func refused(probability: Double) {
    var generator = SeededGenerator(seed: 11)
    let before = generator
    #expect(throws: RecurrentError.self) {
      try Dropout(probability: probability)(Tensor<Float>([1]), using: &generator)
    }
    #expect(generator == before)
  }
}

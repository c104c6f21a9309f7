import RecurrentTestSupport
import Testing

@testable import Recurrent

/// A loss under the name that it has in the fixture.
private struct NamedLoss: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let loss: any RegressionLoss
  /// The reference for one difference d: the loss and its derivative.
  let terms: @Sendable (TrackedNumber<Double>) -> (TrackedNumber<Double>, TrackedNumber<Double>)

  static let all = [
    NamedLoss(testDescription: "mse", loss: MeanSquaredError()) { d in (d * d, TrackedNumber(2) * d) },
    NamedLoss(testDescription: "l1", loss: MeanAbsoluteError()) { d in
      let sign = TrackedNumber<Double>(d.value == 0 ? 0 : d.value.sign == .minus ? -1 : 1)
      return (sign * d, sign)
    },
    huber("huber", HuberLoss(), delta: 1),
    huber("huber_half", HuberLoss(delta: 0.5), delta: 0.5),
  ]

  private static func huber(_ name: String, _ loss: HuberLoss, delta: Double) -> NamedLoss {
    NamedLoss(testDescription: name, loss: loss) { d in
      let half = TrackedNumber<Double>(0.5)
      guard d.value.magnitude > delta else { return (half * d * d, d) }
      let force = TrackedNumber<Double>(d.value < 0 ? -delta : delta)
      return (force * d - half * force * force, force)
    }
  }
}

@Suite struct LossTests {
  @Test("losses and gradients are PyTorch's", arguments: NamedLoss.all)
  fileprivate func fixtures(loss: NamedLoss) throws {
    try check(loss, Double.self)
    try check(loss, Float.self)
  }

  private func check<Scalar: TensorScalar>(_ named: NamedLoss, _: Scalar.Type) throws {
    let file = try #require(Fixture.all(ofKind: "Losses").first).file()
    let prediction: Tensor<Scalar> = try file.stored("prediction")
    let target: Tensor<Scalar> = try file.stored("target")
    let count = TrackedNumber<Double>(Double(prediction.scalars.count))
    var sum = TrackedNumber<Double>(0)
    var bounds: [Double] = []
    for (p, t) in zip(prediction.scalars, target.scalars) {
      let (value, derivative) = named.terms(TrackedNumber(Double(p)) - TrackedNumber(Double(t)))
      sum = sum + value
      bounds.append((derivative / count).converted(to: Scalar.self).error)
    }
    let (value, gradient) = try named.loss.valueWithGradient(of: prediction, target: target)
    let name = named.testDescription
    expectClose(
      Tensor(value), try file.tensor("\(name).value", as: Double.self).scalars,
      bound: [(sum / count).converted(to: Scalar.self).error], name)
    #expect(gradient.shape == prediction.shape)
    expectClose(
      gradient, try file.tensor("\(name).gradient", as: Double.self).scalars, bound: bounds, name)
    let alone = try named.loss.value(of: prediction, target: target)
    #expect(haveSameBits(alone, value))
  }

  @Test("gradients are the slopes of the losses")
  func centralDifferences() throws {
    var generator = SeededGenerator(seed: 4)
    let target = Tensor<Double>.uniform([3, 4], in: -2...2, using: &generator)
    var prediction = Tensor<Double>.uniform([3, 4], in: -2...2, using: &generator)
    // Away from the corners of the losses, where there is no slope or no third derivative.
    for index in prediction.scalars.indices {
      let difference = (prediction.scalars[index] - target.scalars[index]).magnitude
      if [0, 0.5, 1].contains(where: { (difference - $0).magnitude < 0.01 }) {
        prediction.scalars[index] += 0.05
      }
    }
    for named in NamedLoss.all {
      try checkSlopes(at: prediction, named.testDescription) {
        try named.loss.valueWithGradient(of: $0, target: target)
      }
    }
  }

  private func checkSlopes(
    at point: Tensor<Double>, _ context: String,
    _ loss: (Tensor<Double>) throws -> (value: Double, gradient: Tensor<Double>)
  ) throws {
    let (value, gradient) = try loss(point)
    let slopes = try point.scalars.indices.map { index in
      var (left, right) = (point, point)
      left.scalars[index] -= Tolerance.differenceStep
      right.scalars[index] += Tolerance.differenceStep
      return try (loss(right).value - loss(left).value) / (2 * Tolerance.differenceStep)
    }
    // All terms are positive and below 4·4; a few dozen operations each.
    let valueError = Tolerance.sumBound(
      termCount: 8 * point.scalars.count, magnitude: max(value, 16), Double.self)
    let bound = Tolerance.centralDifference(valueError: valueError, thirdDerivative: 0)
    expectClose(
      gradient, slopes, bound: Array(repeating: bound, count: slopes.count), context)
  }

  @Test("NaN among the predictions is NaN in the loss and at its place in the gradient")
  func notNumbers() throws {
    let prediction = Tensor<Float>([1, .nan, 3])
    for named in NamedLoss.all {
      let (value, gradient) = try named.loss.valueWithGradient(of: prediction, target: .zeros([3]))
      #expect(value.isNaN)
      #expect(gradient.scalars.map(\.isNaN) == [false, true, false])
    }
  }

  @Test("shapes that do not fit and no elements throw")
  func refused() {
    let logits = Tensor<Float>.zeros([2, 3])
    for named in NamedLoss.all {
      #expect(
        throws: RecurrentError.shapeMismatch(argument: "target", expected: "[2, 3]", actual: [6])
      ) { try named.loss.value(of: logits, target: .zeros([6])) }
      #expect(throws: RecurrentError.emptySequence(argument: "prediction")) {
        try named.loss.valueWithGradient(of: Tensor<Float>.zeros([0, 3]), target: .zeros([0, 3]))
      }
    }
    for delta in [0, -1, Double.nan] {
      #expect(throws: RecurrentError.self) {
        try HuberLoss(delta: delta).value(of: logits, target: logits)
      }
    }
  }
}

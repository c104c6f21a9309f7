import RecurrentTestSupport
import Testing

@testable import Recurrent

@Suite struct SoftmaxCrossEntropyTests {
  /// The Swift kernels of every instruction set.
  private static let executions = InstructionSet.available.map {
    Execution(backend: .swift, instructions: $0)
  }

  @Test(
    "losses and gradients are PyTorch's, with ignored classes, weights and smoothing",
    arguments: Fixture.all(ofKind: "CrossEntropy"))
  func fixtures(fixture: Fixture) throws {
    let file = try fixture.file()
    let weights =
      try file.tensorNames.contains("weights") ? file.tensor("weights", as: Double.self).scalars : nil
    let loss = SoftmaxCrossEntropy(
      weights: weights, ignoreIndex: file.metadata["ignore_index"].flatMap { Int($0) },
      labelSmoothing: try file.number("label_smoothing"))
    try check(loss, file, prefix: "", Double.self)
    try check(loss, file, prefix: "", Float.self)
  }

  @Test("the fixtures are there: every combination of three options")
  func fixtureCount() {
    #expect(Fixture.all(ofKind: "CrossEntropy").count == 8)
  }

  @Test("without options, the loss and its gradient are PyTorch's, with extreme logits among them")
  func plain() throws {
    let file = try #require(Fixture.all(ofKind: "Losses").first).file()
    try check(SoftmaxCrossEntropy(), file, prefix: "cross_entropy.", Double.self)
    try check(SoftmaxCrossEntropy(), file, prefix: "cross_entropy.", Float.self)
  }

  private func check<Scalar: TensorScalar>(
    _ loss: SoftmaxCrossEntropy, _ file: SafetensorsFile, prefix: String, _: Scalar.Type
  ) throws {
    let logits: Tensor<Scalar> = try file.stored("logits")
    let classes = try file.tensor("classes", as: Double.self).scalars.map { Int($0) }
    try check(
      loss, logits, classes, "\(Scalar.self)",
      value: file.tensor("\(prefix)value", as: Double.self).scalar,
      gradient: file.tensor("\(prefix)gradient", as: Double.self).scalars)
  }

  /// Checks against what is expected or, where that is `nil`, the definition.
  private func check<Scalar: TensorScalar>(
    _ loss: SoftmaxCrossEntropy, _ logits: Tensor<Scalar>, _ classes: [Int], _ name: String,
    value: Double? = nil, gradient: [Double]? = nil
  ) throws {
    let reference = ReferenceCrossEntropy(
      loss, logits: logits, classes: classes, subtracts: gradient != nil)
    for execution in Self.executions {
      let context = "\(name) on \(execution.instructions)"
      let result = try loss.valueWithGradient(of: logits, classes: classes, execution: execution)
      expectClose(
        Tensor(result.value), [value ?? reference.value], bound: [reference.valueBound], "value, \(context)")
      expectClose(
        result.gradient, gradient ?? reference.gradient, bound: reference.gradientBounds,
        "gradient, \(context)")
      #expect(result.gradient.shape == logits.shape)
      let alone = try loss.value(of: logits, classes: classes, execution: execution)
      #expect(haveSameBits(alone, result.value), "the value alone, \(context)")
    }
  }

  @Test("losses and gradients are those of the definition, on drawn shapes and options")
  func definition() throws {
    var generator = SeededGenerator(seed: 19)
    let sizes = [1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 63, 100, 1023, 1024, 1025, 2500]
    for count in sizes {
      for _ in 0..<3 { try checkDrawn(classCount: count, &generator) }
    }
  }

  private func checkDrawn(classCount: Int, _ generator: inout SeededGenerator) throws {
    let rows = Int.random(in: 1...5, using: &generator)
    let spread: Double = [0.1, 3, 40].randomElement(using: &generator) ?? 1
    let weights =
      Bool.random(using: &generator)
      ? (0..<classCount).map { _ in Double.random(in: 0.1...2, using: &generator) } : nil
    let loss = SoftmaxCrossEntropy(
      weights: weights, ignoreIndex: Bool.random(using: &generator) ? -100 : nil,
      labelSmoothing: [0, 0.1, 1].randomElement(using: &generator) ?? 0)
    var classes = (0..<rows).map { _ in Int.random(in: 0..<classCount, using: &generator) }
    if loss.ignoreIndex != nil, rows > 1 { classes[Int.random(in: 1..<rows, using: &generator)] = -100 }
    let logits = Tensor<Double>.normal([rows, classCount], using: &generator)
    let scaled = try Tensor(logits.scalars.map { Float($0 * spread) }, shape: logits.shape)
    let name = "\(rows) rows of \(classCount) classes, spread \(spread), \(loss.labelSmoothing)"
    try check(loss, scaled, classes, "Float, \(name)")
    try check(loss, Tensor<Double>(scaled), classes, "Double, \(name)")
  }

  @Test("the bits do not depend on threads, nor on instruction sets that fuse")
  func bits() throws {
    var generator = SeededGenerator(seed: 20)
    let logits = Tensor<Float>.normal([23, 1500], using: &generator)
    let classes = (0..<23).map { $0 % 7 == 3 ? 5 : Int.random(in: 0..<1500, using: &generator) }
    let weights = (0..<1500).map { _ in Double.random(in: 0...2, using: &generator) }
    for loss in [
      SoftmaxCrossEntropy(), SoftmaxCrossEntropy(weights: weights, ignoreIndex: 5, labelSmoothing: 0.1),
    ] {
      var fused: (value: Float, gradient: Tensor<Float>)?
      for instructions in InstructionSet.available {
        var execution = Execution(backend: .swift, instructions: instructions)
        let alone = try loss.valueWithGradient(of: logits, classes: classes, execution: execution)
        execution.forcesThreads = true
        for threadCount in [2, 3, 16] {
          execution.threadCount = threadCount
          let shared = try loss.valueWithGradient(of: logits, classes: classes, execution: execution)
          #expect(haveSameBits(shared.value, alone.value))
          expectBitwiseEqual(shared.gradient, alone.gradient, "\(threadCount) threads, \(instructions)")
        }
        guard instructions.hasFusedMultiplyAdd else { continue }
        let expected = fused ?? alone
        #expect(haveSameBits(alone.value, expected.value))
        expectBitwiseEqual(alone.gradient, expected.gradient, "\(instructions)")
        fused = expected
      }
    }
  }

  @Test("gradients are the slopes of the loss, whatever the options")
  func slopes() throws {
    var generator = SeededGenerator(seed: 4)
    let point = Tensor<Double>.uniform([3, 4], in: -2...2, using: &generator)
    let classes = [1, 3, 0]
    for loss in [
      SoftmaxCrossEntropy(), SoftmaxCrossEntropy(ignoreIndex: 3),
      SoftmaxCrossEntropy(weights: [0.5, 2, 0, 1.5], labelSmoothing: 0.3),
    ] {
      let gradient = try loss.valueWithGradient(of: point, classes: classes).gradient
      let slopes = try point.scalars.indices.map { index in
        var (left, right) = (point, point)
        left.scalars[index] -= Tolerance.differenceStep
        right.scalars[index] += Tolerance.differenceStep
        let difference = try loss.value(of: right, classes: classes) - loss.value(of: left, classes: classes)
        return difference / (2 * Tolerance.differenceStep)
      }
      // Each row's loss is below 16 and has some hundred roundings; |p(1 − p)(1 − 2p)| ≤ √3/18 for a
      // softmax p, and a row's part of the mean is at most 1.
      let bound = Tolerance.centralDifference(
        valueError: Tolerance.sumBound(termCount: 100, magnitude: 16, Double.self), thirdDerivative: 0.1)
      expectClose(gradient, slopes, bound: Array(repeating: bound, count: 12), "\(loss)")
    }
  }

  @Test("where no row counts, the loss is NaN, as in PyTorch, and the gradient 0")
  func nothingCounts() throws {
    let logits = Tensor<Float>([1, 2, 3, .nan])
    let loss = SoftmaxCrossEntropy(ignoreIndex: -1)
    let (value, gradient) = try loss.valueWithGradient(of: logits.reshaped(to: [2, 2]), classes: [-1, -1])
    #expect(value.isNaN)
    #expect(gradient.scalars == [0, 0, 0, 0])
  }

  @Test("one class costs nothing")
  func oneClass() throws {
    let logits = try Tensor<Float>([5, -1e30, 0], shape: [3, 1])
    for loss in [SoftmaxCrossEntropy(), SoftmaxCrossEntropy(weights: [3], labelSmoothing: 0.5)] {
      let (value, gradient) = try loss.valueWithGradient(of: logits, classes: [0, 0, 0])
      #expect(value == 0)
      #expect(gradient.scalars.allSatisfy { $0 == 0 })
    }
  }

  @Test("a logit of −∞ has no part in the softmax, and costs everything as the class")
  func infinities() throws {
    let logits = try Tensor<Float>([0, -.infinity, 0, 0], shape: [1, 4])
    let masked = try SoftmaxCrossEntropy().valueWithGradient(of: logits, classes: [0])
    try check(SoftmaxCrossEntropy(), logits, [0], "−∞")
    #expect(masked.gradient.scalars[1] == 0)
    let wanted = try SoftmaxCrossEntropy().valueWithGradient(of: logits, classes: [1])
    #expect(wanted.value == .infinity)
    #expect(wanted.gradient.scalars[1] == -1)
    for value in [Float.infinity, -.infinity] {
      let all = Tensor<Float>([value, value, value])
      let (loss, gradient) = try SoftmaxCrossEntropy().valueWithGradient(of: all, classes: [1])
      #expect(loss.isNaN && gradient.scalars.allSatisfy(\.isNaN))
    }
  }

  @Test("huge logits neither overflow nor lose what a nearly certain class costs")
  func huge() throws {
    let huge = Tensor<Float>([3e38, -3e38, 3e38])
    let (value, gradient) = try SoftmaxCrossEntropy().valueWithGradient(of: huge, classes: [1])
    #expect(value == .infinity || value > 3e38)
    #expect(gradient.scalars[1] == -1 && gradient.scalars[0] == 0.5)
    // 1 − p = e^-30 has no digits in Float; the bound is a few roundings of it.
    let certain = Tensor<Float>([30, 0])
    try check(SoftmaxCrossEntropy(), certain, [0], "certain")
    let reference = ReferenceCrossEntropy(SoftmaxCrossEntropy(), logits: certain, classes: [0])
    #expect(reference.valueBound < reference.value / 1000)
    #expect(reference.gradientBounds[0] < reference.value / 1000)
  }

  @Test("NaN among a row's logits is NaN in the loss and in all of its gradient")
  func notNumbers() throws {
    for place in [0, 4, 17, 36] {
      for label in [0, 4, 20] {
        var logits = Tensor<Float>.zeros([2, 37])
        logits.scalars[place] = .nan
        let (value, gradient) = try SoftmaxCrossEntropy().valueWithGradient(of: logits, classes: [label, 0])
        #expect(value.isNaN)
        #expect(gradient.scalars[..<37].allSatisfy { $0.isNaN })
        #expect(!gradient.scalars[37...].contains { $0.isNaN })
      }
    }
  }

  @Test("logits that somebody else holds stay as they are")
  func held() throws {
    let logits = Tensor<Float>([1, 2, 3])
    let copy = logits
    _ = try SoftmaxCrossEntropy().valueWithGradient(of: logits, classes: [0])
    #expect(copy == logits && logits.scalars == [1, 2, 3])
  }

  @Test("no rows, classes out of range, and options out of range throw")
  func refused() {
    let logits = Tensor<Float>.zeros([2, 3])
    let loss = SoftmaxCrossEntropy()
    for classes in [[], [0], [0, 1, 2], [0, 3], [-1, 0]] {
      #expect(throws: RecurrentError.self) { try loss.value(of: logits, classes: classes) }
    }
    #expect(
      throws: RecurrentError.invalidSize(argument: "classes[1]", expected: "0 to 2", actual: 3)
    ) { try loss.value(of: logits, classes: [0, 3]) }
    #expect(throws: RecurrentError.self) { try loss.value(of: Tensor<Float>(1), classes: [0]) }
    for shape: Shape in [[0, 3], [2, 0]] {
      #expect(throws: RecurrentError.emptySequence(argument: "logits")) {
        try loss.valueWithGradient(of: Tensor<Float>.zeros(shape), classes: [])
      }
    }
    #expect(
      throws: RecurrentError.invalidSize(
        argument: "weights", expected: "one for each of 3 classes", actual: 2)
    ) { try SoftmaxCrossEntropy(weights: [1, 2]).value(of: logits, classes: [0, 1]) }
    for weight in [-1, .nan, Double.infinity] {
      #expect(
        throws: RecurrentError.invalidValue(
          argument: "weights[2]", expected: "a finite number of at least 0", actual: "\(weight)")
      ) { try SoftmaxCrossEntropy(weights: [1, 0, weight]).value(of: logits, classes: [0, 1]) }
    }
    for smoothing in [-0.1, 1.1, .nan] {
      #expect(
        throws: RecurrentError.invalidValue(
          argument: "labelSmoothing", expected: "0 to 1", actual: "\(smoothing)")
      ) { try SoftmaxCrossEntropy(labelSmoothing: smoothing).value(of: logits, classes: [0, 1]) }
    }
  }
}

import RecurrentTestSupport
import Testing

@testable import Recurrent

/// What all optimizers have in common.
@Suite struct OptimizerTests {
  private static let all: [any Optimizer<Float>] = [
    SGD(learningRate: 0.1), SGD(learningRate: 0.1, momentum: 0.9, nesterov: true), Adam(), AdamW(),
    RMSprop(), RMSprop(momentum: 0.9, centered: true),
  ]

  private func model(_ seed: UInt64 = 1) -> TwoLayerModel<Float> {
    var generator = SeededGenerator(seed: seed)
    return TwoLayerModel(
      hidden: Linear(inputSize: 3, outputSize: 4, using: &generator),
      head: Linear(inputSize: 4, outputSize: 2, using: &generator))
  }

  /// Gradients that are different in every step.
  private func gradients(_ model: TwoLayerModel<Float>, step: UInt64) -> StateDictionary<Float> {
    var generator = SeededGenerator(seed: 100 + step)
    return StateDictionary(
      model.stateDictionary.map { ($0.key, .uniform($0.value.shape, in: -1...1, using: &generator)) })
  }

  @Test("an optimizer that is restored goes on with the same bits", arguments: all.indices)
  func resumed(index: Int) throws {
    try checkResumed(Self.all[index])
  }

  private func checkResumed<Rule: Optimizer<Float>>(_ fresh: Rule) throws {
    var (whole, first) = (fresh, fresh)
    var (wholeModel, model) = (model(), model())
    for step in 0..<7 { try whole.update(&wholeModel, with: gradients(wholeModel, step: UInt64(step))) }
    for step in 0..<3 { try first.update(&model, with: gradients(model, step: UInt64(step))) }
    var second = fresh
    try second.restore(first.state, stepCount: first.stepCount, for: model)
    #expect(second.state == first.state && second.stepCount == 3)
    for step in 3..<7 { try second.update(&model, with: gradients(model, step: UInt64(step))) }
    for (key, tensor) in wholeModel.stateDictionary {
      expectBitwiseEqual(try #require(model.stateDictionary[key]), tensor, "\(Rule.self) \(key)")
    }
    #expect(second.state == whole.state)
  }

  @Test("gradients in another order, and other names beside, are told apart", arguments: all.indices)
  func gradientNames(index: Int) throws {
    try checkGradientNames(Self.all[index])
  }

  private func checkGradientNames<Rule: Optimizer<Float>>(_ fresh: Rule) throws {
    var (first, second, third) = (fresh, fresh, fresh)
    var (a, b, c) = (model(), model(), model())
    let forward = gradients(a, step: 0)
    try first.update(&a, with: forward)
    try second.update(&b, with: StateDictionary(forward.reversed().map { ($0.key, $0.value) }))
    #expect(a.stateDictionary == b.stateDictionary)
    var missing = forward
    missing["head.bias"] = nil
    var misshapen = forward
    misshapen["head.bias"] = .zeros([3])
    var unexpected = forward
    unexpected["tail"] = .zeros([3])
    let before = c.stateDictionary
    for wrong in [missing, misshapen, unexpected] {
      let error = #expect(throws: RecurrentError.self) { try third.update(&c, with: wrong) }
      guard case .stateDictionaryMismatch = error else {
        Issue.record("got \(String(describing: error))")
        continue
      }
    }
    #expect(c.stateDictionary == before && third.stepCount == 0 && third.state.isEmpty)
  }

  @Test("an optimizer refuses another model than the one whose moments it keeps")
  func otherModel() throws {
    var optimizer = Adam<Float>()
    var first = model()
    try optimizer.update(&first, with: gradients(first, step: 0))
    var other = Linear<Float>(inputSize: 3, outputSize: 4)
    let error = #expect(throws: RecurrentError.self) {
      try optimizer.update(&other, with: other.stateDictionary)
    }
    guard case .stateDictionaryMismatch(let mismatch) = error else {
      Issue.record("got \(String(describing: error))")
      return
    }
    #expect(mismatch.missing == ["weight", "bias"])
    #expect(mismatch.unexpected == ["hidden.weight", "hidden.bias", "head.weight", "head.bias"])
  }

  @Test("a state that is not the optimizer's is not restored")
  func foreignState() throws {
    var optimizer = Adam<Float>()
    var trained = model()
    try optimizer.update(&trained, with: gradients(trained, step: 0))
    let state = optimizer.state
    var missing = state
    missing["exp_avg_sq.head.bias"] = nil
    var misshapen = state
    misshapen["exp_avg.head.bias"] = .zeros([1])
    var unexpected = state
    unexpected["momentum_buffer.head.bias"] = .zeros([2])
    for (wrong, stepCount) in [
      (missing, 1), (misshapen, 1), (unexpected, 1), (state, 0), ([:], 1), (state, -1),
    ] {
      var restored = optimizer
      #expect(throws: RecurrentError.self) {
        try restored.restore(wrong, stepCount: stepCount, for: trained)
      }
      #expect(restored.state == state && restored.stepCount == 1)
    }
  }

  @Test("a hyperparameter out of range makes an update throw its name, and changes nothing")
  func hyperparameters() {
    let cases: [(any Optimizer<Float>, String)] = [
      (SGD(learningRate: -1), "learningRate"), (SGD(learningRate: .nan), "learningRate"),
      (SGD(momentum: -0.1), "momentum"), (SGD(momentum: 0.9, dampening: .infinity), "dampening"),
      (SGD(weightDecay: -1), "weightDecay"), (SGD(nesterov: true), "nesterov"),
      (SGD(momentum: 0.9, dampening: 0.1, nesterov: true), "nesterov"),
      (Adam(learningRate: .infinity), "learningRate"), (Adam(beta1: 1), "beta1"),
      (Adam(beta2: -0.1), "beta2"), (Adam(epsilon: -1), "epsilon"), (Adam(weightDecay: .nan), "weightDecay"),
      (AdamW(weightDecay: -1), "weightDecay"), (AdamW(weightDecay: .nan), "weightDecay"),
      (AdamW(beta1: .nan), "beta1"), (RMSprop(alpha: 1), "alpha"), (RMSprop(epsilon: .nan), "epsilon"),
      (RMSprop(weightDecay: -1), "weightDecay"), (RMSprop(momentum: -1), "momentum"),
      (RMSprop(learningRate: -1), "learningRate"),
    ]
    for (optimizer, name) in cases { checkRefusal(optimizer, name) }
  }

  private func checkRefusal<Rule: Optimizer<Float>>(_ fresh: Rule, _ name: String) {
    var (optimizer, model) = (fresh, model())
    let before = model.stateDictionary
    let error = #expect(throws: RecurrentError.self) {
      try optimizer.update(&model, with: gradients(model, step: 0))
    }
    guard case .invalidValue(let argument, _, _) = error else {
      Issue.record("\(optimizer): got \(String(describing: error))")
      return
    }
    #expect(argument == name)
    #expect(model.stateDictionary == before && optimizer.stepCount == 0)
  }

  @Test("parameters are changed in their own memory")
  func inPlace() throws {
    var optimizer = Adam<Float>()
    var model = model()
    func addresses() -> [UnsafePointer<Float>?] {
      var result: [UnsafePointer<Float>?] = []
      model.forEachParameter { _, tensor in
        tensor.scalars.withUnsafeBufferPointer { result.append($0.baseAddress) }
      }
      return result
    }
    let before = addresses()
    try optimizer.update(&model, with: gradients(model, step: 0))
    #expect(addresses() == before)
  }

  @Test("equal gradients, whose variance is rounding alone, leave centred RMSprop finite")
  func centeredWithoutVariance() throws {
    var optimizer = RMSprop<Float>(alpha: 0.5, centered: true)
    var model = BareModel<Float>(parameters: ["p": Tensor([1, 1, 1])])
    for _ in 0..<200 { try optimizer.update(&model, with: ["p": Tensor([0.1, 0.3, -0.7])]) }
    #expect(model.parameters["p"]?.scalars.allSatisfy(\.isFinite) == true)
  }
}

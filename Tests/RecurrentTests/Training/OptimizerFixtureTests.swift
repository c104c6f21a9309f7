import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Optimizers against PyTorch's steps.
@Suite struct OptimizerFixtureTests {
  @Test("the fixtures are there, for every optimizer")
  func fixtures() throws {
    let names = try Fixture.all(ofKind: "Optimizer").map { try $0.file().metadata["optimizer"] }
    #expect(names.count >= 13)
    #expect(Set(names) == ["SGD", "Adam", "AdamW", "RMSprop"])
  }

  @Test("twenty steps and the state behind them are PyTorch's", arguments: Fixture.all(ofKind: "Optimizer"))
  func steps(fixture: Fixture) throws {
    try check(fixture, Double.self)
    try check(fixture, Float.self)
  }

  @Test("the defaults are PyTorch's")
  func defaults() throws {
    for fixture in Fixture.all(ofKind: "Optimizer") {
      let file = try fixture.file()
      let number = { (name: String) in try file.number(name) }
      switch fixture.name {
      case "optimizer-adam.safetensors":
        let adam = Adam<Double>()
        #expect(try adam.learningRate == number("lr") && adam.epsilon == number("eps"))
        #expect(try adam.beta1 == number("beta1") && adam.beta2 == number("beta2"))
        #expect(try adam.weightDecay == number("weight_decay"))
      case "optimizer-adamw.safetensors":
        let adam = AdamW<Double>()
        #expect(try adam.learningRate == number("lr") && adam.epsilon == number("eps"))
        #expect(try adam.beta1 == number("beta1") && adam.beta2 == number("beta2"))
        #expect(try adam.weightDecay == number("weight_decay"))
      case "optimizer-rmsprop.safetensors":
        let rms = RMSprop<Double>()
        #expect(try rms.learningRate == number("lr") && rms.epsilon == number("eps"))
        #expect(try rms.alpha == number("alpha") && rms.momentum == number("momentum"))
        #expect(try rms.weightDecay == number("weight_decay") && !rms.centered)
      default: break
      }
    }
    // Its fixtures all name a learning rate.
    #expect(SGD<Double>().learningRate == 1e-3)
  }

  private func check<Scalar: TensorScalar>(_ fixture: Fixture, _: Scalar.Type) throws {
    let file = try fixture.file()
    switch try #require(file.metadata["optimizer"]) {
    case "SGD":
      try run(
        SGD<Scalar>(
          learningRate: file.number("lr"), momentum: file.number("momentum"),
          dampening: file.number("dampening"), weightDecay: file.number("weight_decay"),
          nesterov: file.metadata["nesterov"] == "true"), file, fixture.name)
    case "Adam":
      try run(
        Adam<Scalar>(
          learningRate: file.number("lr"), beta1: file.number("beta1"), beta2: file.number("beta2"),
          epsilon: file.number("eps"), weightDecay: file.number("weight_decay")), file, fixture.name)
    case "AdamW":
      try run(
        AdamW<Scalar>(
          learningRate: file.number("lr"), beta1: file.number("beta1"), beta2: file.number("beta2"),
          epsilon: file.number("eps"), weightDecay: file.number("weight_decay")), file, fixture.name)
    default:
      try run(
        RMSprop<Scalar>(
          learningRate: file.number("lr"), alpha: file.number("alpha"), epsilon: file.number("eps"),
          weightDecay: file.number("weight_decay"), momentum: file.number("momentum"),
          centered: file.metadata["centered"] == "true"), file, fixture.name)
    }
  }

  /// Runs the optimizer and the reference side by side: the reference tells how close to PyTorch's
  /// numbers it must come.
  private func run<Rule: Optimizer>(
    _ optimizer: Rule, _ file: SafetensorsFile, _ context: String
  ) throws {
    typealias Scalar = Rule.Scalar
    var optimizer = optimizer
    var model = BareModel<Scalar>(parameters: try file.storedDictionary("parameters."))
    let gradients: StateDictionary<Double> = try file.stateDictionary(prefix: "gradients.")
    let trajectory: StateDictionary<Double> = try file.stateDictionary(prefix: "trajectory.")
    var options = file.metadata.compactMapValues { Double($0) }
    for (key, value) in file.metadata where value == "true" { options[key] = 1 }
    let reference = ReferenceOptimizer<Scalar>(
      name: try #require(file.metadata["optimizer"]), options: options)
    var references = model.parameters.map { key, tensor in
      (
        key: key,
        elements: tensor.scalars.map { (rule: reference, number: TrackedNumber<Scalar>(Double($0))) }
      )
    }
    for step in 0..<Int(try file.number("steps")) {
      try optimizer.update(
        &model, with: StateDictionary(gradients.map { ($0.key, Tensor($0.value[step])) }))
      for index in references.indices {
        let key = references[index].key
        let slope = try #require(gradients[key])[step]
        for element in references[index].elements.indices {
          let before = references[index].elements[element].number
          references[index].elements[element].number =
            references[index].elements[element].rule.update(before, TrackedNumber(slope.scalars[element]))
        }
        expectClose(
          try #require(model.parameters[key]), try #require(trajectory[key])[step].scalars,
          bound: references[index].elements.map(\.number.error), "\(context) \(key), step \(step)")
      }
    }
    #expect(optimizer.stepCount == Int(try file.number("steps")))
    let expected: StateDictionary<Double> = try file.stateDictionary(prefix: "state.")
    #expect(Set(optimizer.state.keys) == Set(expected.keys))
    for (key, value) in optimizer.state {
      let parts = key.split(separator: ".").map(String.init)
      let elements = try #require(references.first { $0.key == parts[1] }).elements
      expectClose(
        value, try #require(expected[key]).scalars,
        bound: elements.map { $0.rule.memory[parts[0]]?.error ?? 0 }, "\(context) \(key)")
    }
  }
}

import Foundation
import Recurrent
import RecurrentTestSupport
import Testing

/// Whole runs of training against PyTorch's: forward, loss, backward and optimizer, ten times.
///
/// A third run, by numbers that carry the bounds of their errors, tells how close the two must
/// come. Each of them may differ from it by the bound of its own type, since PyTorch computes in
/// `Double`. The bound grows with every update: in `Float` it says something about the first losses
/// only.
@Suite struct TrainingFixtureTests {
  @Test("the fixtures are there, for momentum and for Adam")
  func fixtures() throws {
    let names = try Fixture.all(ofKind: "Training").map { try $0.file().metadata["optimizer"] }
    #expect(Set(names) == ["SGD", "Adam"])
  }

  @Test(
    "ten losses and the parameters behind them are PyTorch's", arguments: Fixture.all(ofKind: "Training"),
    Backend.available)
  func losses(fixture: Fixture, backend: Backend) throws {
    try check(fixture, backend, Double.self)
    try check(fixture, backend, Float.self)
  }

  @Test(
    "weights that PyTorch has trained give its outputs", arguments: Fixture.all(ofKind: "Training"),
    Backend.available)
  func outputs(fixture: Fixture, backend: Backend) throws {
    try checkOutput(fixture, backend, Double.self)
    try checkOutput(fixture, backend, Float.self)
  }

  private func check<Scalar: TensorScalar>(
    _ fixture: Fixture, _ backend: Backend, _: Scalar.Type
  ) throws {
    let file = try fixture.file()
    var model: SequenceModel<Scalar> = try file.model("parameters.", backend)
    switch try #require(file.metadata["optimizer"]) {
    case "SGD":
      let rule = try SGD<Scalar>(
        learningRate: file.number("lr"), momentum: file.number("momentum"))
      try run(&model, rule, file, "\(fixture.name) \(backend)")
    default:
      let rule = try Adam<Scalar>(
        learningRate: file.number("lr"), beta1: file.number("beta1"), beta2: file.number("beta2"),
        epsilon: file.number("eps"))
      try run(&model, rule, file, "\(fixture.name) \(backend)")
    }
  }

  private func run<Rule: Optimizer>(
    _ model: inout SequenceModel<Rule.Scalar>, _ optimizer: Rule, _ file: SafetensorsFile,
    _ context: String
  ) throws {
    typealias Scalar = Rule.Scalar
    var optimizer = optimizer
    let (x, target): (Tensor<Scalar>, Tensor<Scalar>) = try (file.stored("input"), file.stored("target"))
    var losses: [Scalar] = []
    for _ in 0..<Int(try file.number("steps")) {
      let (loss, gradients) = try model.lossWithGradients(x, target)
      losses.append(loss)
      try optimizer.update(&model, with: gradients)
    }
    let own = try ReferenceRun<Scalar>(file)
    let peer = try ReferenceRun<Double>(file)
    let expected = try file.tensor("losses", as: Double.self).scalars
    let bounds = zip(own.losses, peer.losses).map { $0.error + $1.error }
    let count = zip(bounds, expected).prefix { !Tolerance.isVacuous($0, for: $1) }.count
    #expect(count >= (Scalar.self == Double.self ? losses.count : 3), "\(context): \(bounds)")
    expectClose(
      Tensor(losses)[..<count], Array(expected.prefix(count)), bound: Array(bounds.prefix(count)),
      "\(context) losses")
    guard count == losses.count else { return }
    let trained: StateDictionary<Double> = try file.stateDictionary(prefix: "trained.")
    #expect(Set(trained.keys) == Set(model.stateDictionary.keys))
    for (name, value) in model.stateDictionary {
      let bound = zip(
        try #require(own.model.parameters[name]).numbers,
        try #require(peer.model.parameters[name]).numbers
      ).map { $0.error + $1.error }
      expectClose(value, try #require(trained[name]).scalars, bound: bound, "\(context) \(name)")
    }
  }

  private func checkOutput<Scalar: TensorScalar>(
    _ fixture: Fixture, _ backend: Backend, _: Scalar.Type
  ) throws {
    let file = try fixture.file()
    let model: SequenceModel<Scalar> = try file.model("trained.", backend)
    let trained: StateDictionary<Double> = try file.stateDictionary(prefix: "trained.")
    let input = try file.tensor("input", as: Double.self)
    let own = ReferenceSequenceModel<Scalar>(trained, layers: model.rnn.layerCount).output(input)
    let peer = ReferenceSequenceModel<Double>(trained, layers: model.rnn.layerCount).output(input)
    expectClose(
      try model(Tensor(input)), try file.tensor("output", as: Double.self).scalars,
      bound: zip(own, peer).map { $0.error + $1.error }, "\(fixture.name) \(backend) output")
  }
}

extension SafetensorsFile {
  /// The model of the parameters behind a prefix.
  fileprivate func model<Scalar: TensorScalar>(
    _ prefix: String, _ backend: Backend
  ) throws -> SequenceModel<Scalar> {
    var model = SequenceModel<Scalar>(
      rnn: try RNN(stateDictionary: storedDictionary(prefix + "rnn.")),
      head: try Linear(stateDictionary: storedDictionary(prefix + "head.")))
    model.rnn.backend = backend
    model.head.backend = backend
    return model
  }
}

/// A fixture's run by the equations, with the errors that an implementation in `Scalar` may make.
private struct ReferenceRun<Scalar: TensorScalar> {
  var model: ReferenceSequenceModel<Scalar>
  var losses: [TrackedNumber<Scalar>] = []

  init(_ file: SafetensorsFile) throws {
    model = ReferenceSequenceModel(try file.stateDictionary(prefix: "parameters."), layers: 2)
    let rule = ReferenceOptimizer<Scalar>(
      name: try #require(file.metadata["optimizer"]),
      options: file.metadata.compactMapValues { Double($0) })
    var rules = model.parameters.mapValues { $0.numbers.map { _ in rule } }
    let (x, target): (Tensor<Double>, Tensor<Double>) = try (file.stored("input"), file.stored("target"))
    for _ in 0..<Int(try file.number("steps")) {
      let (loss, gradients) = model.lossWithGradients(x, target)
      losses.append(loss)
      for (name, slopes) in gradients {
        var rule = try #require(rules[name])
        var parameter = try #require(model.parameters[name])
        for index in slopes.indices {
          parameter.numbers[index] = rule[index].update(parameter.numbers[index], slopes[index])
        }
        (rules[name], model.parameters[name]) = (rule, parameter)
      }
    }
  }
}

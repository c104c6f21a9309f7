/// A run of training at one moment: all that it takes to go on as if it had never stopped.
///
///     try Checkpoint(model: model, optimizer: optimizer, generator: generator, epoch: epoch)
///       .write(toPath: "run.safetensors")
///
///     let checkpoint = try Checkpoint<Float>(path: "run.safetensors")
///     try checkpoint.restore(&model, &optimizer)
///     generator = checkpoint.generator
///
/// A checkpoint is one safetensors file, which appears whole or not at all: a process that is
/// killed while it writes leaves the last whole one. Tensors are written in the model's own type,
/// and a run that is resumed gives the bits of one that was not interrupted.
public struct Checkpoint<Scalar: TensorScalar>: Sendable, Equatable {
  /// The parameters.
  public var model: StateDictionary<Scalar>
  /// The parameters of the best epoch, where early stopping keeps them; else empty.
  public var best: StateDictionary<Scalar>
  /// Tensors that belong to the model and are not trained, such as those of a ``Normalization``.
  public var buffers: StateDictionary<Scalar>
  /// What the optimizer remembers.
  public var optimizer: StateDictionary<Scalar>
  /// The optimizer's updates.
  public var optimizerStepCount: Int
  /// The optimizer's learning rate.
  public var learningRate: Double
  /// The source of randomness.
  public var generator: SeededGenerator
  /// The epochs that are complete.
  public var epoch: Int
  /// The updates of this run; as many as the optimizer's where it began with the run.
  public var step: Int
  /// Further numbers, by name: what a schedule or early stopping remembers, or losses of yours.
  public var numbers: [String: Double]
  /// Strings of yours, by name.
  public var metadata: [String: String]

  /// Takes the state of a run.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - optimizer: The optimizer.
  ///   - generator: The source of randomness.
  ///   - epoch: The epochs that are complete.
  ///   - step: The updates of this run; those of the optimizer if `nil`.
  ///   - buffers: Tensors that belong to the model and are not trained.
  ///   - numbers: Further numbers, by name.
  ///   - metadata: Strings of yours, by name.
  public init<Rule: Optimizer<Scalar>>(
    model: some Parameterized<Scalar>, optimizer: Rule, generator: SeededGenerator, epoch: Int,
    step: Int? = nil, buffers: StateDictionary<Scalar> = [:], numbers: [String: Double] = [:],
    metadata: [String: String] = [:]
  ) {
    self.model = model.stateDictionary
    best = [:]
    self.buffers = buffers
    self.optimizer = optimizer.state
    optimizerStepCount = optimizer.stepCount
    learningRate = optimizer.learningRate
    self.generator = generator
    self.epoch = epoch
    self.step = step ?? optimizer.stepCount
    self.numbers = numbers
    self.metadata = metadata
  }

  /// Puts the parameters into a model of the same kind, and the state into an optimizer of the same
  /// kind.
  ///
  /// Hyperparameters other than the learning rate are not saved; they are part of the program.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - optimizer: The optimizer.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` if model or optimizer have other
  ///   parameters, ``RecurrentError/invalidSize(argument:expected:actual:)`` for a counter that is
  ///   negative or more than 2⁵³; both are then unchanged.
  public func restore<Model: Parameterized<Scalar>, Rule: Optimizer<Scalar>>(
    _ model: inout Model, _ optimizer: inout Rule
  ) throws(RecurrentError) {
    try requireCounters()
    var (restoredModel, restoredOptimizer) = (model, optimizer)
    try restoredModel.load(self.model)
    try restoredOptimizer.restore(self.optimizer, stepCount: optimizerStepCount, for: restoredModel)
    restoredOptimizer.learningRate = learningRate
    (model, optimizer) = (restoredModel, restoredOptimizer)
  }

  /// Checks the counters, which are open to assignment: counting goes on from them.
  func requireCounters() throws(RecurrentError) {
    try Counter.require("epoch", epoch)
    try Counter.require("step", step)
    try Counter.require("optimizerStepCount", optimizerStepCount)
  }
}

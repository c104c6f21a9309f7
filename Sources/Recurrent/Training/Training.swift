/// A run of training: a model, an optimizer and a generator, and how far they have come.
///
///     var training = Training(model, optimizer: Adam(learningRate: 1e-2), generator: SeededGenerator(seed: 1))
///     training.earlyStopping = try EarlyStopping(patience: 10)
///     try training.run(epochs: 100) { generator in
///       try windows.batches(of: 32, using: &generator)
///     } gradients: { model, batch, _ in
///       let (prediction, pullback) = try model.valueWithPullback(at: batch.input)
///       let (loss, gradient) = try MeanSquaredError().valueWithGradient(of: prediction, target: batch.target)
///       return (loss, try pullback(gradient))
///     } validation: { model in
///       try meanLoss(of: model, over: validationWindows)
///     } afterEpoch: { training, report in
///       print(report.epoch, report.loss, report.validationLoss ?? .nan)
///       try training.checkpoint.write(toPath: "run.safetensors")
///     }
///
/// Nothing is hidden: ``runEpoch(over:gradients:)`` is the loop over batches,
/// ``finishEpoch(loss:)`` what follows it, and a loop of your own may call them, or do without this
/// type altogether.
///
/// A run depends on its model, optimizer, generator and batches alone. Resumed from a
/// ``checkpoint`` that was taken after an epoch, it gives the same bits as if it had not stopped.
public struct Training<Model: Parameterized, Rule: Optimizer>: Sendable
where Rule.Scalar == Model.Scalar {
  /// The number type of the parameters.
  public typealias Scalar = Model.Scalar

  /// Computes the loss of a batch and its gradients, with the names and shapes of the model's
  /// parameters; the generator is for what is random in it, such as ``Dropout``.
  public typealias LossWithGradients<Batch> = (
    _ model: Model, _ batch: Batch, _ generator: inout SeededGenerator
  ) throws -> (loss: Scalar, gradients: StateDictionary<Scalar>)

  /// The model.
  public var model: Model
  /// The optimizer.
  public var optimizer: Rule
  /// The source of all randomness of the run.
  public var generator: SeededGenerator

  /// The batches whose mean gradient makes one update, at least 1: a large batch in pieces that fit
  /// the memory.
  public var accumulationCount = 1
  /// The greatest norm of the gradients of an update, if they are to be clipped.
  public var gradientNormLimit: Scalar?
  /// When to stop; it looks at the loss that ``finishEpoch(loss:)`` is given.
  public var earlyStopping: EarlyStopping?
  /// When to lower the learning rate; it looks at the loss that ``finishEpoch(loss:)`` is given.
  public var plateau: ReduceOnPlateau?

  /// The epochs that are complete.
  public private(set) var epoch = 0
  /// The updates so far.
  public private(set) var step = 0
  /// The parameters of the best epoch, where ``earlyStopping`` is set and an epoch is complete;
  /// else empty.
  public private(set) var bestParameters: StateDictionary<Scalar> = [:]

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - optimizer: The optimizer.
  ///   - generator: The source of all randomness of the run.
  public init(_ model: Model, optimizer: Rule, generator: SeededGenerator) {
    self.model = model
    self.optimizer = optimizer
    self.generator = generator
  }

  /// Whether ``earlyStopping`` has seen enough.
  public var shouldStop: Bool { earlyStopping?.shouldStop ?? false }

  /// Runs through batches once, and updates the model.
  ///
  /// - Parameters:
  ///   - batches: The batches.
  ///   - lossWithGradients: Computes the loss of a batch and its gradients.
  /// - Returns: The mean of the batches' losses.
  /// - Throws: What the closure throws; ``RecurrentError/emptySequence(argument:)`` if there is no
  ///   batch, ``RecurrentError/invalidSize(argument:expected:actual:)`` for an
  ///   ``accumulationCount`` below 1, and what ``Optimizer/update(_:with:)`` and
  ///   ``StateDictionary/clip(toNorm:)`` throw. Updates before the error stay.
  @discardableResult
  public mutating func runEpoch<Batches: Sequence>(
    over batches: Batches, gradients lossWithGradients: LossWithGradients<Batches.Element>
  ) throws -> Double {
    guard accumulationCount >= 1 else {
      throw RecurrentError.invalidSize(
        argument: "accumulationCount", expected: "1 or more", actual: accumulationCount)
    }
    var (total, count) = (0.0, 0)
    var sum: StateDictionary<Scalar> = [:]
    var summands = 0
    for batch in batches {
      let (loss, gradients) = try lossWithGradients(model, batch, &generator)
      total += Double(loss)
      count += 1
      if summands == 0 { sum = gradients } else { try sum.add(gradients) }
      summands += 1
      if summands == accumulationCount {
        try update(&sum, summands)
        summands = 0
      }
    }
    if summands > 0 { try update(&sum, summands) }
    guard count > 0 else { throw RecurrentError.emptySequence(argument: "batches") }
    return total / Double(count)
  }

  /// One update by the mean of some gradients.
  private mutating func update(
    _ sum: inout StateDictionary<Scalar>, _ summands: Int
  ) throws(RecurrentError) {
    if summands > 1 { sum.scale(by: 1 / Scalar(summands)) }
    if let gradientNormLimit { try sum.clip(toNorm: gradientNormLimit) }
    try optimizer.update(&model, with: sum)
    step += 1
  }

  /// Counts an epoch, and shows its loss to ``earlyStopping`` and ``plateau``.
  ///
  /// - Parameter loss: The loss to judge by: that of validation where there is one.
  public mutating func finishEpoch(loss: Double) {
    epoch += 1
    if earlyStopping?.observe(loss) == true { bestParameters = model.stateDictionary }
    if let rate = plateau?.learningRate(after: loss) { optimizer.learningRate = rate }
  }

  /// Trains until so many epochs are complete, those before included, or ``shouldStop``.
  ///
  /// - Parameters:
  ///   - epochs: The number of epochs in all.
  ///   - schedule: The learning rate of each epoch; the optimizer's own if `nil`.
  ///   - batches: Makes the batches of an epoch; it may shuffle by the generator.
  ///   - lossWithGradients: Computes the loss of a batch and its gradients.
  ///   - validation: Computes the loss that the run is judged by; the mean loss of the batches if
  ///     `nil`.
  ///   - afterEpoch: Is called after every epoch, with the run as it stands. What it throws ends
  ///     the run.
  /// - Throws: What the closures and ``runEpoch(over:gradients:)`` throw. The model is what the
  ///   updates before have made of it.
  public mutating func run<Batches: Sequence>(
    epochs: Int, schedule: (any LearningRateSchedule)? = nil,
    batches: (_ generator: inout SeededGenerator) throws -> Batches,
    gradients lossWithGradients: LossWithGradients<Batches.Element>,
    validation: ((_ model: Model) throws -> Double)? = nil,
    afterEpoch: (_ training: Training, _ report: EpochReport) throws -> Void = { _, _ in }
  ) throws {
    while epoch < epochs, !shouldStop {
      if let schedule { optimizer.learningRate = schedule.learningRate(at: epoch) }
      let rate = optimizer.learningRate
      let loss = try runEpoch(over: batches(&generator), gradients: lossWithGradients)
      let validationLoss = try validation?(model)
      finishEpoch(loss: validationLoss ?? loss)
      try afterEpoch(
        self,
        EpochReport(
          epoch: epoch, step: step, loss: loss, validationLoss: validationLoss, learningRate: rate))
    }
  }
}

/// What one epoch of training came to.
public struct EpochReport: Sendable, Equatable {
  /// The epochs that are complete, this one included.
  public var epoch: Int
  /// The updates so far.
  public var step: Int
  /// The mean of the batches' losses, each before its own update.
  public var loss: Double
  /// The loss of validation, if there is one.
  public var validationLoss: Double?
  /// The learning rate of the epoch.
  public var learningRate: Double
}

extension Training {
  private static var stoppingPrefix: String { "earlyStopping." }
  private static var plateauPrefix: String { "plateau." }

  /// The run as it stands, to be written to a file.
  ///
  /// Options, such as ``accumulationCount`` and the hyperparameters of the optimizer, are not in
  /// it; they are part of the program.
  public var checkpoint: Checkpoint<Scalar> {
    var checkpoint = Checkpoint<Scalar>(
      model: model, optimizer: optimizer, generator: generator, epoch: epoch, step: step)
    checkpoint.best = bestParameters
    for (name, number) in earlyStopping?.state ?? [:] {
      checkpoint.numbers[Self.stoppingPrefix + name] = number
    }
    for (name, number) in plateau?.state ?? [:] {
      checkpoint.numbers[Self.plateauPrefix + name] = number
    }
    return checkpoint
  }

  /// Goes on where a run of the same program stood.
  ///
  /// - Parameter checkpoint: The other run's ``checkpoint``.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` if model or optimizer have other
  ///   parameters, ``RecurrentError/invalidSize(argument:expected:actual:)`` for a counter that is
  ///   negative or more than 2⁵³, ``RecurrentError/invalidValue(argument:expected:actual:)`` if
  ///   ``earlyStopping`` or ``plateau`` is set and the checkpoint has nothing for it. The run is
  ///   then unchanged.
  public mutating func restore(_ checkpoint: Checkpoint<Scalar>) throws(RecurrentError) {
    func numbers(_ prefix: String) -> [String: Double] {
      var own: [String: Double] = [:]
      for (key, number) in checkpoint.numbers {
        if let name = key.rest(after: prefix) { own[name] = number }
      }
      return own
    }
    var restored = self
    try checkpoint.restore(&restored.model, &restored.optimizer)
    try restored.earlyStopping?.restore(numbers(Self.stoppingPrefix))
    try restored.plateau?.restore(numbers(Self.plateauPrefix))
    if !checkpoint.best.isEmpty {
      var best = restored.model
      try best.load(checkpoint.best)
    }
    restored.bestParameters = checkpoint.best
    restored.generator = checkpoint.generator
    restored.epoch = checkpoint.epoch
    restored.step = checkpoint.step
    self = restored
  }
}

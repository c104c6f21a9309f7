#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A learning rate for every epoch, or for every step: which of the two, the loop decides that
/// asks.
///
///     let schedule = try WarmUp(epochs: 5, then: CosineAnnealing(from: 1e-2, epochs: 95))
///     for epoch in 0..<100 {
///       optimizer.learningRate = schedule.learningRate(at: epoch)
///       …
///     }
///
/// A schedule is a function of the epoch alone, so that a resumed run needs nothing of it;
/// ``ReduceOnPlateau``, which looks at how training goes, is a value with a state instead.
public protocol LearningRateSchedule: Sendable {
  /// The learning rate of an epoch.
  ///
  /// - Parameter epoch: The epoch, counted from 0; before, the rate is that of epoch 0.
  /// - Returns: The rate.
  func learningRate(at epoch: Int) -> Double
}

/// A rate that falls by a factor every so many epochs: initial · factor^⌊epoch / period⌋.
///
/// ### Source
/// The formula is that of PyTorch's `StepLR`.
public struct StepDecay: LearningRateSchedule, Equatable {
  private let initial: Double
  private let period: Int
  private let factor: Double

  /// Creates the schedule.
  ///
  /// - Parameters:
  ///   - initial: The rate of the first epoch; 0 or more.
  ///   - period: The epochs of one rate; at least 1.
  ///   - factor: What the rate is multiplied by; 0 or more.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` or
  ///   ``RecurrentError/invalidSize(argument:expected:actual:)`` for a number out of range.
  public init(from initial: Double, every period: Int, factor: Double = 0.1) throws(RecurrentError) {
    try Hyperparameter.require("from", initial, atLeast: 0)
    try Hyperparameter.require("factor", factor, atLeast: 0)
    try requireEpochs("every", period)
    self.initial = initial
    self.period = period
    self.factor = factor
  }

  public func learningRate(at epoch: Int) -> Double {
    initial * pow(factor, Double(max(0, epoch) / period))
  }
}

/// A rate that falls along half a cosine to its least, and rises again in as many epochs:
/// minimum + (initial − minimum) · (1 + cos(π · epoch / epochs)) / 2.
///
/// ### Source
/// I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017,
/// without restarts; the formula is that of PyTorch's `CosineAnnealingLR`.
public struct CosineAnnealing: LearningRateSchedule, Equatable {
  private let initial: Double
  private let epochs: Int
  private let minimum: Double

  /// Creates the schedule.
  ///
  /// - Parameters:
  ///   - initial: The rate of the first epoch; 0 or more.
  ///   - epochs: The epochs until the least rate; at least 1.
  ///   - minimum: The least rate; 0 or more.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` or
  ///   ``RecurrentError/invalidSize(argument:expected:actual:)`` for a number out of range.
  public init(from initial: Double, epochs: Int, minimum: Double = 0) throws(RecurrentError) {
    try Hyperparameter.require("from", initial, atLeast: 0)
    try Hyperparameter.require("minimum", minimum, atLeast: 0)
    try requireEpochs("epochs", epochs)
    self.initial = initial
    self.epochs = epochs
    self.minimum = minimum
  }

  public func learningRate(at epoch: Int) -> Double {
    let phase = Double.pi * Double(max(0, epoch)) / Double(epochs)
    return minimum + (initial - minimum) * (1 + cos(phase)) / 2
  }
}

/// One rate for all epochs, for instance behind a warm-up.
public struct ConstantRate: LearningRateSchedule, Equatable {
  private let rate: Double

  /// Creates the schedule.
  ///
  /// - Parameter rate: The rate; 0 or more.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for a number out of
  ///   range.
  public init(_ rate: Double) throws(RecurrentError) {
    try Hyperparameter.require("rate", rate, atLeast: 0)
    self.rate = rate
  }

  public func learningRate(at epoch: Int) -> Double { rate }
}

/// A rate that rises on a line to the first one of another schedule, which then begins.
///
/// In the epochs e < n before, the rate is r₀ · (s + (1 − s) · e / n), with r₀ the other schedule's
/// first rate and s the share to start from.
///
/// ### Source
/// P. Goyal et al., "Accurate, large minibatch SGD", arXiv 1706.02677, § 2.2; the formula is that
/// of PyTorch's `LinearLR`, chained by its `SequentialLR`.
public struct WarmUp<Following: LearningRateSchedule>: LearningRateSchedule {
  private let epochs: Int
  private let share: Double
  private let following: Following

  /// Creates the schedule.
  ///
  /// - Parameters:
  ///   - epochs: n, the epochs before the other schedule begins; at least 1.
  ///   - share: s, the share of the rate in the first epoch; more than 0 and at most 1.
  ///   - following: The other schedule; its epoch 0 is the epoch n of this one.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` or
  ///   ``RecurrentError/invalidSize(argument:expected:actual:)`` for a number out of range.
  public init(
    epochs: Int, from share: Double = 1 / 3, then following: Following
  ) throws(RecurrentError) {
    guard share > 0, share <= 1 else {
      throw .invalidValue(argument: "from", expected: "more than 0 and at most 1", actual: "\(share)")
    }
    try requireEpochs("epochs", epochs)
    self.epochs = epochs
    self.share = share
    self.following = following
  }

  public func learningRate(at epoch: Int) -> Double {
    guard epoch < epochs else { return following.learningRate(at: epoch - epochs) }
    let progress = Double(max(0, epoch)) / Double(epochs)
    return following.learningRate(at: 0) * (share + (1 - share) * progress)
  }
}

extension WarmUp: Equatable where Following: Equatable {}

private func requireEpochs(_ argument: String, _ epochs: Int) throws(RecurrentError) {
  guard epochs >= 1 else {
    throw .invalidSize(argument: argument, expected: "1 or more", actual: epochs)
  }
}

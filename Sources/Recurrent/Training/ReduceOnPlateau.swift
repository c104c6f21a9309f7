/// A learning rate that falls when a metric has not improved for some epochs.
///
///     var plateau = try ReduceOnPlateau(from: 1e-2, factor: 0.5, patience: 5)
///     optimizer.learningRate = plateau.learningRate(after: validationLoss)     // once for each epoch
///
/// ### Source
/// The rule and its defaults are those of PyTorch's `ReduceLROnPlateau`.
public struct ReduceOnPlateau: Sendable, Equatable {
  /// What makes a metric better than the best so far.
  public enum Improvement: Sendable, Equatable {
    /// Lower, by a share of the best.
    case lowerByShare(Double)
    /// Lower, by an amount.
    case lowerBy(Double)
    /// Higher, by a share of the best.
    case higherByShare(Double)
    /// Higher, by an amount.
    case higherBy(Double)

    fileprivate var amount: Double {
      switch self {
      case .lowerByShare(let amount), .lowerBy(let amount), .higherByShare(let amount),
        .higherBy(let amount):
        amount
      }
    }

    /// Worse than every metric.
    fileprivate var worst: Double {
      switch self {
      case .lowerByShare, .lowerBy: .infinity
      case .higherByShare, .higherBy: -.infinity
      }
    }

    fileprivate func isBetter(_ metric: Double, than best: Double) -> Bool {
      switch self {
      case .lowerByShare(let share): metric < best * (1 - share)
      case .lowerBy(let amount): metric < best - amount
      case .higherByShare(let share): metric > best * (share + 1)
      case .higherBy(let amount): metric > best + amount
      }
    }
  }

  /// The rate now.
  public private(set) var learningRate: Double
  /// The best metric so far; infinite before the first.
  public private(set) var best: Double
  /// The epochs since the last improvement, reduction or pause.
  public private(set) var badEpochCount = 0
  /// The epochs that are left of a pause after a reduction.
  public private(set) var pausedEpochCount = 0

  private let factor: Double
  private let patience: Int
  private let improvement: Improvement
  private let pause: Int
  private let minimum: Double
  private let leastReduction: Double

  /// Creates the rule.
  ///
  /// - Parameters:
  ///   - initial: The rate of the first epoch; 0 or more.
  ///   - factor: What the rate is multiplied by; at least 0 and less than 1.
  ///   - patience: The epochs without improvement that pass; 0 or more.
  ///   - improvement: What counts as an improvement.
  ///   - pause: The epochs after a reduction in which nothing is counted; 0 or more.
  ///   - minimum: The least rate; 0 or more.
  ///   - leastReduction: A reduction by no more than this is left out; 0 or more.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` or
  ///   ``RecurrentError/invalidSize(argument:expected:actual:)`` for a number out of range.
  public init(
    from initial: Double, factor: Double = 0.1, patience: Int = 10,
    improvement: Improvement = .lowerByShare(1e-4), pause: Int = 0, minimum: Double = 0,
    leastReduction: Double = 1e-8
  ) throws(RecurrentError) {
    try Hyperparameter.require("from", initial, atLeast: 0)
    try Hyperparameter.require("factor", factor, in: 0..<1)
    try Hyperparameter.require("improvement", improvement.amount, atLeast: 0)
    try Hyperparameter.require("minimum", minimum, atLeast: 0)
    try Hyperparameter.require("leastReduction", leastReduction, atLeast: 0)
    for (argument, count) in [("patience", patience), ("pause", pause)] where count < 0 {
      throw .invalidSize(argument: argument, expected: "0 or more", actual: count)
    }
    learningRate = initial
    best = improvement.worst
    self.factor = factor
    self.patience = patience
    self.improvement = improvement
    self.pause = pause
    self.minimum = minimum
    self.leastReduction = leastReduction
  }

  /// Takes the metric of an epoch, and gives the rate of the next one.
  ///
  /// - Parameter metric: The metric; NaN is never an improvement.
  /// - Returns: The rate.
  public mutating func learningRate(after metric: Double) -> Double {
    if improvement.isBetter(metric, than: best) {
      best = metric
      badEpochCount = 0
    } else {
      badEpochCount += 1
    }
    if pausedEpochCount > 0 {
      pausedEpochCount -= 1
      badEpochCount = 0
    }
    if badEpochCount > patience {
      let reduced = max(learningRate * factor, minimum)
      if learningRate - reduced > leastReduction { learningRate = reduced }
      pausedEpochCount = pause
      badEpochCount = 0
    }
    return learningRate
  }

  /// All that a resumed run needs, by name; for ``Checkpoint/numbers``.
  public var state: [String: Double] {
    [
      "learningRate": learningRate, "best": best, "badEpochCount": Double(badEpochCount),
      "pausedEpochCount": Double(pausedEpochCount),
    ]
  }

  /// Goes on where another rule of the same kind stood.
  ///
  /// - Parameter state: The other one's ``state``.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` if a number is missing or
  ///   none that a rule has; nothing is changed then.
  public mutating func restore(_ state: [String: Double]) throws(RecurrentError) {
    let numbers = SavedNumbers(state)
    let rate = try numbers.number("learningRate", atLeast: 0)
    let best = try numbers.number("best")
    let bad = try numbers.count("badEpochCount")
    pausedEpochCount = try numbers.count("pausedEpochCount")
    (learningRate, self.best, badEpochCount) = (rate, best, bad)
  }
}

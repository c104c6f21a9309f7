/// Tells when training no longer helps: when a loss has not fallen for some epochs.
///
///     var stopping = try EarlyStopping(patience: 10)
///     if stopping.observe(validationLoss) { best = model.stateDictionary }
///     if stopping.shouldStop { break }
public struct EarlyStopping: Sendable, Equatable {
  /// The epochs without improvement after which training stops.
  public let patience: Int
  /// By how much a loss must be lower than the best to count as an improvement.
  public let leastImprovement: Double
  /// The best loss so far; infinite before the first.
  public private(set) var best = Double.infinity
  /// The epochs since the best one.
  public private(set) var badEpochCount = 0

  /// Creates the rule.
  ///
  /// - Parameters:
  ///   - patience: The epochs without improvement after which training stops; at least 1.
  ///   - leastImprovement: By how much a loss must be lower than the best; 0 or more.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` or
  ///   ``RecurrentError/invalidSize(argument:expected:actual:)`` for a number out of range.
  public init(patience: Int, leastImprovement: Double = 0) throws(RecurrentError) {
    guard patience >= 1 else {
      throw .invalidSize(argument: "patience", expected: "1 or more", actual: patience)
    }
    try Hyperparameter.require("leastImprovement", leastImprovement, atLeast: 0)
    self.patience = patience
    self.leastImprovement = leastImprovement
  }

  /// Whether the loss has not improved for ``patience`` epochs.
  public var shouldStop: Bool { badEpochCount >= patience }

  /// Takes the loss of an epoch.
  ///
  /// - Parameter loss: The loss; NaN is never an improvement.
  /// - Returns: Whether it is the best so far.
  @discardableResult
  public mutating func observe(_ loss: Double) -> Bool {
    let isBetter = loss < best - leastImprovement
    if isBetter { best = loss }
    badEpochCount = isBetter ? 0 : badEpochCount + 1
    return isBetter
  }

  /// All that a resumed run needs, by name; for ``Checkpoint/numbers``.
  public var state: [String: Double] { ["best": best, "badEpochCount": Double(badEpochCount)] }

  /// Goes on where another rule of the same kind stood.
  ///
  /// - Parameter state: The other one's ``state``.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` if a number is missing or
  ///   none that a rule has; nothing is changed then.
  public mutating func restore(_ state: [String: Double]) throws(RecurrentError) {
    let numbers = SavedNumbers(state)
    let best = try numbers.number("best")
    badEpochCount = try numbers.count("badEpochCount")
    self.best = best
  }
}

/// Numbers by name, that come from a file.
struct SavedNumbers {
  private let numbers: [String: Double]

  init(_ numbers: [String: Double]) {
    self.numbers = numbers
  }

  func number(_ name: String, atLeast least: Double = -.infinity) throws(RecurrentError) -> Double {
    guard let number = numbers[name], number >= least else { throw invalid(name, "a number") }
    return number
  }

  func count(_ name: String) throws(RecurrentError) -> Int {
    guard let number = numbers[name], let count = Int(exactly: number), (0...Counter.greatest).contains(count)
    else {
      throw invalid(name, "a whole number from 0 to \(Counter.greatest)")
    }
    return count
  }

  private func invalid(_ name: String, _ expected: String) -> RecurrentError {
    .invalidValue(
      argument: name, expected: expected, actual: numbers[name].map { "\($0)" } ?? "nothing")
  }
}

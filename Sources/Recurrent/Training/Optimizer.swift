/// A rule that turns gradients into steps of the parameters.
///
///     var optimizer = Adam<Float>(learningRate: 1e-2)
///     for batch in batches {
///       let (loss, gradients) = try lossWithGradients(model, batch)
///       try optimizer.update(&model, with: gradients)
///     }
///
/// An optimizer is a value: a copy goes on by itself. What it remembers of each parameter belongs
/// to one model, the first that it updates. Hyperparameters are numbers in `Double`; a step is
/// computed in the parameters' own type, element by element, so that results do not depend on
/// threads or vectors.
public protocol Optimizer<Scalar>: Sendable {
  /// The number type of the parameters.
  associatedtype Scalar: TensorScalar

  /// The length of steps; a schedule may change it between updates.
  var learningRate: Double { get set }

  /// The number of updates so far.
  var stepCount: Int { get }

  /// What the optimizer remembers of each parameter: PyTorch's name of it, a point, and the
  /// parameter's name, for example `exp_avg.rnn.weight_ih_l0`. It is empty before the first update.
  var state: StateDictionary<Scalar> { get }

  /// Changes the parameters of a model by one step.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - gradients: The gradients of the loss, with exactly the names and shapes of the parameters.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` if gradients do not fit the
  ///   parameters, or these are others than in the update before,
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for a hyperparameter out of
  ///   range. Nothing is changed then.
  /// - Complexity: O(scalars).
  mutating func update<Model: Parameterized<Scalar>>(
    _ model: inout Model, with gradients: StateDictionary<Scalar>
  ) throws(RecurrentError)

  /// Goes on where another optimizer of the same kind stood.
  ///
  /// - Parameters:
  ///   - state: What the other one remembered.
  ///   - stepCount: The number of its updates.
  ///   - model: The model that it has updated.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` if the state is not that of such an
  ///   optimizer of this model, ``RecurrentError/invalidSize(argument:expected:actual:)`` for a
  ///   number that is negative or more than 2⁵³. Nothing is changed then.
  mutating func restore(
    _ state: StateDictionary<Scalar>, stepCount: Int, for model: some Parameterized<Scalar>
  ) throws(RecurrentError)
}

/// Checks of hyperparameters.
enum Hyperparameter {
  static func require(_ name: String, _ value: Double, atLeast least: Double) throws(RecurrentError) {
    guard value.isFinite, value >= least else {
      throw .invalidValue(
        argument: name, expected: "a finite number of at least \(least)", actual: "\(value)")
    }
  }

  static func require(_ name: String, _ value: Double, in range: Range<Double>) throws(RecurrentError) {
    guard range.contains(value) else {
      throw .invalidValue(
        argument: name, expected: "at least \(range.lowerBound) and less than \(range.upperBound)",
        actual: "\(value)")
    }
  }
}

/// Counters of updates and epochs that come from a file, or go into one.
enum Counter {
  /// 2⁵³, up to which `Double` has every whole number: no run comes near it, and counting on from
  /// it does not overflow.
  static let greatest = 1 << 53

  static func require(_ name: String, _ count: Int) throws(RecurrentError) {
    guard (0...greatest).contains(count) else {
      throw .invalidSize(argument: name, expected: "0 to \(greatest)", actual: count)
    }
  }
}

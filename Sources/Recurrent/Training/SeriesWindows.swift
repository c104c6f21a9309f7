/// Windows over a series: what a forecaster is shown, and what it should answer.
///
///     let windows = try SeriesWindows(series, inputLength: 24, horizon: 12)
///     let (training, validation) = try windows.split(validation: 0.2)
///     for batch in try training.batches(of: 32, using: &generator) {
///       // batch.input [24, 32, F], batch.target [12, 32, F]
///     }
///
/// The window that begins at step s has the input of the steps s to s + W − 1 and the target of the
/// steps s + offset to s + offset + N − 1. By default the target follows the input; with an offset
/// of 1 and a horizon of W, a network learns to foretell the next step at every step.
///
/// Shapes: T steps of the series, F features, W input length, N horizon, B batch, G features of the
/// target.
public struct SeriesWindows<Scalar: TensorScalar>: Sendable {
  /// The series, `[T, F]`.
  public let series: Tensor<Scalar>
  /// W, the steps of an input.
  public let inputLength: Int
  /// N, the steps of a target.
  public let horizon: Int
  /// The steps from an input's first to its target's first.
  public let offset: Int
  /// The features that targets have, in their order.
  public let targetFeatures: [Int]
  /// The steps from one window's first to the next one's.
  public let stride: Int

  /// The first step of the first window.
  private var firstStep = 0
  /// The number of windows.
  public private(set) var count: Int

  /// Lays windows over a series.
  ///
  /// - Parameters:
  ///   - series: The series, `[T, F]`.
  ///   - inputLength: W, the steps of an input; at least 1.
  ///   - horizon: N, the steps of a target; at least 1.
  ///   - offset: The steps from an input's first to its target's first, 0 or more; W if `nil`.
  ///   - targetFeatures: The features of targets; all if `nil`.
  ///   - stride: The steps from one window's first to the next one's; at least 1.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` if the series is no
  ///   matrix, ``RecurrentError/invalidSize(argument:expected:actual:)`` for a length, offset,
  ///   stride or feature out of range, or a series that is too short for one window.
  public init(
    _ series: Tensor<Scalar>, inputLength: Int, horizon: Int, offset: Int? = nil,
    targetFeatures: [Int]? = nil, stride: Int = 1
  ) throws(RecurrentError) {
    guard series.shape.rank == 2 else {
      throw .shapeMismatch(argument: "series", expected: "[T, F]", actual: series.shape)
    }
    let offset = offset ?? inputLength
    let bounds = [
      ("inputLength", inputLength, 1), ("horizon", horizon, 1), ("offset", offset, 0),
      ("stride", stride, 1),
    ]
    for (argument, size, least) in bounds where size < least || size > Int(Int32.max) {
      throw .invalidSize(argument: argument, expected: "\(least) to \(Int32.max)", actual: size)
    }
    // Before the features are listed: beside no steps there may be any number of them.
    let span = Swift.max(inputLength, offset + horizon)
    let room = series.shape[0] - span
    guard room >= 0 else {
      throw .invalidSize(
        argument: "series", expected: "at least \(span) steps for one window", actual: series.shape[0])
    }
    let features = series.shape[1]
    let targetFeatures = targetFeatures ?? Array(0..<features)
    if let feature = targetFeatures.first(where: { !(0..<features).contains($0) }) {
      throw .invalidSize(
        argument: "targetFeatures", expected: "0 to \(features - 1)", actual: feature)
    }
    self.series = series
    self.inputLength = inputLength
    self.horizon = horizon
    self.offset = offset
    self.targetFeatures = targetFeatures
    self.stride = stride
    count = room / stride + 1
  }

  /// The steps that a window covers, input and target.
  private var span: Int { Swift.max(inputLength, offset + horizon) }

  /// The first step of a window's input.
  ///
  /// - Precondition: The index is in 0..<count.
  public func firstStep(of index: Int) -> Int {
    precondition((0..<count).contains(index), "window \(index) is out of range for \(count) windows")
    return firstStep + index * stride
  }

  /// Splits the windows at a step: what is learnt from lies before, what is foretold in validation
  /// lies behind.
  ///
  /// - Parameter step: The step s, 0 to T.
  /// - Returns: `training`, the windows that lie in the steps before s altogether, and
  ///   `validation`, those whose targets lie from s on. Inputs of validation reach back over s: the
  ///   past is known when one forecasts.
  /// - Throws: ``RecurrentError/invalidSize(argument:expected:actual:)`` if either part has no
  ///   window.
  public func split(
    at step: Int
  ) throws(RecurrentError) -> (training: SeriesWindows, validation: SeriesWindows) {
    var (training, validation) = (self, self)
    training.count = windowCount(beginningBy: step, span)
    let skipped = windowCount(beginningBy: step, offset + 1)
    validation.count = count - skipped
    validation.firstStep = firstStep + skipped * stride
    guard training.count > 0, validation.count > 0 else {
      throw .invalidSize(
        argument: "step", expected: "windows on both sides of the split", actual: step)
    }
    return (training, validation)
  }

  /// The windows that begin so many steps before `step`, or earlier.
  private func windowCount(beginningBy step: Int, _ steps: Int) -> Int {
    // A window's steps lie in the series, and so does their sum.
    guard step >= firstStep + steps else { return 0 }
    return Swift.min(count, (step - steps - firstStep) / stride + 1)
  }

  /// Splits the windows by time, the last part of the series for validation.
  ///
  /// - Parameter fraction: The part of the steps, more than 0 and less than 1, whose targets
  ///   validate.
  /// - Returns: The windows to train with and those to validate with, as of ``split(at:)``.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for a fraction out of
  ///   range, and what ``split(at:)`` throws.
  public func split(
    validation fraction: Double
  ) throws(RecurrentError) -> (training: SeriesWindows, validation: SeriesWindows) {
    guard fraction > 0, fraction < 1 else {
      throw .invalidValue(
        argument: "validation", expected: "more than 0 and less than 1", actual: "\(fraction)")
    }
    let steps = series.shape[0]
    return try split(at: steps - Int((Double(steps) * fraction).rounded()))
  }
}

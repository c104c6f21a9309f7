import Recurrent

/// A recurrent layer that reads a window, and a linear one that tells all steps that follow from its last state.
///
/// Shapes: T the window's steps, B windows, N the steps ahead, L layers, H hidden size.
struct ForecastNetwork: Parameterized {
  private var rnn: RNN<Float>
  private var head: Linear<Float>

  /// How many steps ahead it sees.
  var horizon: Int { head.outputSize }

  /// Draws the parameters.
  init(_ options: ForecasterOptions, using generator: inout SeededGenerator) {
    rnn = Self.recurrentLayer(options, using: &generator)
    head = Linear(inputSize: options.hiddenSize, outputSize: options.horizon, using: &generator)
  }

  /// The most units that one thread is given.
  private static let largestAlone = 128

  private static func recurrentLayer(
    _ options: ForecasterOptions, using generator: inout SeededGenerator
  ) -> RNN<Float> {
    var layer = RNN<Float>(
      inputSize: 1, hiddenSize: options.hiddenSize, layerCount: options.layerCount, using: &generator)
    // Small windows of a small network are nothing to share out, and threads that wait for each other at every step are slow
    // where the processor has other work.
    if options.hiddenSize <= largestAlone { layer.threadCount = 1 }
    return layer
  }

  mutating func forEachParameter(_ body: (String, inout Tensor<Float>) throws -> Void) rethrows {
    try rnn.forEachParameter(under: "rnn", body)
    try head.forEachParameter(under: "head", body)
  }

  /// Forecasts what follows windows.
  ///
  /// - Parameter input: `[T, B, 1]`.
  /// - Returns: `[B, N]`.
  /// - Throws: ``RecurrentError`` for what the layers cannot run on.
  func callAsFunction(_ input: Tensor<Float>) throws(RecurrentError) -> Tensor<Float> {
    try head(rnn(input).finalState[rnn.layerCount - 1])
  }

  /// The mean squared error over some windows.
  func loss(_ batch: SeriesBatch<Float>) throws(RecurrentError) -> Float {
    try MeanSquaredError().value(of: self(batch.input), target: Self.target(batch))
  }

  /// The mean squared error over some windows, and its gradients.
  func lossWithGradients(
    _ batch: SeriesBatch<Float>
  ) throws(RecurrentError) -> (loss: Float, gradients: StateDictionary<Float>) {
    let (_, states, rnnPullback) = try rnn.valueWithPullback(at: batch.input)
    let (prediction, headPullback) = try head.valueWithPullback(at: states[rnn.layerCount - 1])
    let (loss, gradient) = try MeanSquaredError()
      .valueWithGradient(of: prediction, target: Self.target(batch))
    let headGradients = try headPullback(gradient)
    // The head sees the last layer's state only.
    let below = [Float](repeating: 0, count: (rnn.layerCount - 1) * headGradients.input.scalars.count)
    let stateGradient = try Tensor(below + headGradients.input.scalars, shape: states.shape)
    let rnnGradients = try rnnPullback(nil, finalStateGradient: stateGradient)
    return (
      loss,
      StateDictionary(nesting: [
        "rnn": rnnGradients.stateDictionary, "head": headGradients.parameters.stateDictionary,
      ])
    )
  }

  /// What follows each window, `[B, N]`.
  private static func target(_ batch: SeriesBatch<Float>) throws(RecurrentError) -> Tensor<Float> {
    let steps = batch.target.shape[0]
    return try batch.target.reshaped(to: [steps, batch.target.shape[1]]).transposed()
  }
}

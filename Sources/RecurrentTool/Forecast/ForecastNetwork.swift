import Recurrent

/// A recurrent layer that reads a window, and a linear one that tells all steps that follow from
/// its last state.
///
/// Shapes: T the window's steps, B windows, N the steps ahead, L layers, H hidden size.
struct ForecastNetwork: Parameterized {
  private let cell: CellKind
  private var layer: any DifferentiableRecurrentLayer<Float>
  private var head: Linear<Float>

  /// How many steps ahead it sees.
  var horizon: Int { head.outputSize }

  /// Draws the parameters.
  init(_ options: ForecasterOptions, using generator: inout SeededGenerator) {
    cell = options.cell
    layer = Self.recurrentLayer(options, using: &generator)
    head = Linear(inputSize: options.hiddenSize, outputSize: options.horizon, using: &generator)
  }

  /// The most units that one thread is given.
  private static let largestAlone = 128

  private static func recurrentLayer(
    _ options: ForecasterOptions, using generator: inout SeededGenerator
  ) -> any DifferentiableRecurrentLayer<Float> {
    var layer: any DifferentiableRecurrentLayer<Float> = options.cell.layer(
      inputSize: 1, hiddenSize: options.hiddenSize, layerCount: options.layerCount, using: &generator)
    // Small windows of a small network are nothing to share out, and threads that wait for each
    // other at every step are slow where the processor has other work.
    if options.hiddenSize <= largestAlone { layer.threadCount = 1 }
    return layer
  }

  mutating func forEachParameter(_ body: (String, inout Tensor<Float>) throws -> Void) rethrows {
    try layer.forEachParameter(under: cell.rawValue, body)
    try head.forEachParameter(under: "head", body)
  }

  /// Forecasts what follows windows.
  ///
  /// - Parameter input: `[T, B, 1]`.
  /// - Returns: `[B, N]`.
  /// - Throws: ``RecurrentError`` for what the layers cannot run on.
  func callAsFunction(_ input: Tensor<Float>) throws(RecurrentError) -> Tensor<Float> {
    try head(Self.lastState(of: layer, input))
  }

  /// The mean squared error over some windows.
  func loss(_ batch: SeriesBatch<Float>) throws(RecurrentError) -> Float {
    try MeanSquaredError().value(of: self(batch.input), target: Self.target(batch))
  }

  /// The mean squared error over some windows, and its gradients.
  func lossWithGradients(
    _ batch: SeriesBatch<Float>
  ) throws(RecurrentError) -> (loss: Float, gradients: StateDictionary<Float>) {
    try lossWithGradients(batch, through: layer)
  }

  /// h of the last layer after the last step, `[B, H]`.
  private static func lastState(
    of layer: some RecurrentLayer<Float>, _ input: Tensor<Float>
  ) throws(RecurrentError) -> Tensor<Float> {
    try layer(input).finalState.hidden[layer.layerCount - 1]
  }

  private func lossWithGradients<Layer: DifferentiableRecurrentLayer<Float>>(
    _ batch: SeriesBatch<Float>, through layer: Layer
  ) throws(RecurrentError) -> (loss: Float, gradients: StateDictionary<Float>) {
    let (_, state, pullback) = try layer.valueWithPullback(at: batch.input)
    let (prediction, headPullback) = try head.valueWithPullback(at: state.hidden[layer.layerCount - 1])
    let (loss, gradient) = try MeanSquaredError()
      .valueWithGradient(of: prediction, target: Self.target(batch))
    let headGradients = try headPullback(gradient)
    // The head sees h of the last layer only.
    let below = [Float](repeating: 0, count: (layer.layerCount - 1) * headGradients.input.scalars.count)
    let hidden = try Tensor(below + headGradients.input.scalars, shape: state.hidden.shape)
    let gradients = try pullback(nil, finalStateGradient: Layer.State(hidden: hidden, cellState: nil))
    return (
      loss,
      StateDictionary(nesting: [
        cell.rawValue: gradients.stateDictionary, "head": headGradients.parameters.stateDictionary,
      ])
    )
  }

  /// What follows each window, `[B, N]`.
  private static func target(_ batch: SeriesBatch<Float>) throws(RecurrentError) -> Tensor<Float> {
    let steps = batch.target.shape[0]
    return try batch.target.reshaped(to: [steps, batch.target.shape[1]]).transposed()
  }
}

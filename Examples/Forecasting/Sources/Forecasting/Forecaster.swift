import Recurrent

/// A model of one's own: recurrent layers that read a series, and an affine one that tells the next
/// value at every step.
struct Forecaster: Parameterized {
  var rnn: RNN<Float>
  var head: Linear<Float>

  init(features: Int, hiddenSize: Int, using generator: inout SeededGenerator) {
    rnn = RNN(inputSize: features, hiddenSize: hiddenSize, using: &generator)
    head = Linear(inputSize: hiddenSize, outputSize: features, using: &generator)
  }

  mutating func forEachParameter(_ body: (String, inout Tensor<Float>) throws -> Void) rethrows {
    try rnn.forEachParameter(under: "rnn", body)
    try head.forEachParameter(under: "head", body)
  }

  /// The value that follows each step: `[T, B, F]` from `[T, B, F]`.
  func callAsFunction(_ x: Tensor<Float>) throws -> Tensor<Float> {
    try head(rnn(x).output)
  }

  /// The mean squared error of a batch, and its gradients under the parameters' names.
  func lossWithGradients(
    on batch: SeriesBatch<Float>
  ) throws -> (loss: Float, gradients: StateDictionary<Float>) {
    let (states, _, pullback) = try rnn.valueWithPullback(at: batch.input)
    let (prediction, headPullback) = try head.valueWithPullback(at: states)
    let (loss, gradient) = try MeanSquaredError().valueWithGradient(
      of: prediction, target: batch.target)
    let headGradients = try headPullback(gradient)
    let rnnGradients = try pullback(headGradients.input)
    return (
      loss,
      StateDictionary(nesting: [
        "rnn": rnnGradients.stateDictionary, "head": headGradients.parameters.stateDictionary,
      ])
    )
  }

  /// Follows a series `[T, F]`, then goes on from its own values: `[count, F]`.
  func forecast(_ count: Int, after history: Tensor<Float>) throws -> Tensor<Float> {
    var (states, state) = try rnn(history)
    var values: [Tensor<Float>] = []
    while values.count < count {
      let next = try head(states[states.shape[0] - 1])
      values.append(next)
      (states, state) = try rnn(.stack([next]), state)
    }
    return try .stack(values)
  }
}

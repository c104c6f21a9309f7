import Recurrent

/// Recurrent layers, and an affine one on each of their outputs, in a struct of its user's.
struct SequenceModel<Scalar: TensorScalar>: Parameterized {
  var rnn: RNN<Scalar>
  var head: Linear<Scalar>

  mutating func forEachParameter(_ body: (String, inout Tensor<Scalar>) throws -> Void) rethrows {
    try rnn.forEachParameter(under: "rnn", body)
    try head.forEachParameter(under: "head", body)
  }

  /// `[T, B, O]` from `[T, B, I]`.
  func callAsFunction(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    try head(rnn(x).output)
  }

  /// The mean squared error on `[T, B, I]` with targets `[T, B, O]`, and its gradients.
  func lossWithGradients(
    _ x: Tensor<Scalar>, _ target: Tensor<Scalar>
  ) throws -> (loss: Scalar, gradients: StateDictionary<Scalar>) {
    let (features, _, pullback) = try rnn.valueWithPullback(at: x)
    let (prediction, headPullback) = try head.valueWithPullback(at: features)
    let (loss, gradient) = try MeanSquaredError().valueWithGradient(of: prediction, target: target)
    let headGradients = try headPullback(gradient)
    let gradients = try pullback(headGradients.input)
    return (
      loss,
      StateDictionary(nesting: [
        "rnn": gradients.stateDictionary, "head": headGradients.parameters.stateDictionary,
      ])
    )
  }
}

import Recurrent
import RecurrentTestSupport
import Testing

/// A model as a user writes one: a recurrent layer, and an affine one on its last state.
struct SequenceRegressor: Parameterized {
  var rnn: RNN<Float>
  var head: Linear<Float>

  mutating func forEachParameter(_ body: (String, inout Tensor<Float>) throws -> Void) rethrows {
    try rnn.forEachParameter(under: "rnn", body)
    try head.forEachParameter(under: "head", body)
  }

  /// The mean squared error of predictions `[B, O]` from sequences `[T, B, I]`, and its gradients.
  func lossWithGradients(
    _ x: Tensor<Float>, _ target: Tensor<Float>
  ) throws -> (loss: Float, gradients: StateDictionary<Float>) {
    let (_, states, pullback) = try rnn.valueWithPullback(at: x)
    let last = rnn.layerCount - 1
    let (prediction, headPullback) = try head.valueWithPullback(at: states[last])
    let (loss, gradient) = try MeanSquaredError().valueWithGradient(of: prediction, target: target)
    let headGradients = try headPullback(gradient)
    var stateGradient = Tensor<Float>.zeros(states.shape)
    stateGradient[last] = headGradients.input
    let gradients = try pullback(nil, finalStateGradient: stateGradient)
    return (
      loss,
      StateDictionary(nesting: [
        "rnn": gradients.stateDictionary, "head": headGradients.parameters.stateDictionary,
      ])
    )
  }
}

/// The sum of five bits, PyTorch's own end-to-end test of its recurrent layers
/// (test/cpp/api/rnn.cpp): two layers of 32 features and Adam with a learning rate of 0.01 reach a
/// running error of 0.01 within 1500 steps.
@Suite struct BitSumTests {
  @Test(
    "two recurrent layers learn to add five bits within 1500 steps", arguments: [Nonlinearity.tanh, .relu],
    Backend.available)
  func learns(nonlinearity: Nonlinearity, backend: Backend) throws {
    var generator = SeededGenerator(seed: 0)
    var model = SequenceRegressor(
      rnn: RNN(
        inputSize: 1, hiddenSize: 32, layerCount: 2, nonlinearity: nonlinearity, using: &generator),
      head: Linear(inputSize: 32, outputSize: 1, using: &generator))
    model.rnn.backend = backend
    var optimizer = Adam<Float>(learningRate: 1e-2)
    var runningError: Float = 1
    var steps = 0
    while runningError > 0.01, steps < 1500 {
      let rows = 16
      var bits = Tensor<Float>.zeros([5, rows, 1])
      for index in bits.scalars.indices {
        bits.scalars[index] = Bool.random(using: &generator) ? 1 : 0
      }
      var sums = Tensor<Float>.zeros([rows, 1])
      for row in 0..<rows { sums[row, 0] = (0..<5).reduce(0) { $0 + bits[$1, row, 0] } }
      let (loss, gradients) = try model.lossWithGradients(bits, sums)
      try optimizer.update(&model, with: gradients)
      runningError = runningError * 0.99 + loss * 0.01
      steps += 1
    }
    #expect(runningError <= 0.01, "after \(steps) steps")
  }
}

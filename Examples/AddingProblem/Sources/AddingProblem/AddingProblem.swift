import Recurrent

// A model of one's own, trained: the adding problem.
//
// A sequence has two features: numbers from 0 to 1, and marks, 1 at two steps and 0 elsewhere. The
// model is to give the sum of the two marked numbers, so it must carry them over the steps between.
// Who always answers 1 has a mean squared error of 1/6. Plain layers with random weights stay
// there; ReLU and identity weights do not.
//
//     swift run -c release AddingProblem [steps [seed]]
//
// Source: Q. V. Le, N. Jaitly, G. E. Hinton, "A simple way to initialize recurrent networks of
// rectified linear units", 2015.

/// A recurrent layer, and an affine one on its last state.
struct Adder: Parameterized {
  var rnn: RNN<Float>
  var head: Linear<Float>

  init(hiddenSize: Int, using generator: inout SeededGenerator) throws {
    rnn = RNN(inputSize: 2, hiddenSize: hiddenSize, nonlinearity: .relu, using: &generator)
    // Without an input, the state stays as it is.
    rnn.parameters[0].weightHH = try Initializer.identity().tensor(
      [hiddenSize, hiddenSize], using: &generator)
    rnn.parameters[0].weightIH = .normal(
      [hiddenSize, 2], standardDeviation: 0.1, using: &generator)
    rnn.parameters[0].biasIH = .zeros([hiddenSize])
    rnn.parameters[0].biasHH = .zeros([hiddenSize])
    head = Linear(inputSize: hiddenSize, outputSize: 1, using: &generator)
  }

  mutating func forEachParameter(_ body: (String, inout Tensor<Float>) throws -> Void) rethrows {
    try rnn.forEachParameter(under: "rnn", body)
    try head.forEachParameter(under: "head", body)
  }

  /// The mean squared error on sequences `[T, B, 2]` with sums `[B, 1]`, and its gradients.
  func lossWithGradients(
    _ x: Tensor<Float>, _ sums: Tensor<Float>
  ) throws -> (loss: Float, gradients: StateDictionary<Float>) {
    let (_, finalState, pullback) = try rnn.valueWithPullback(at: x)
    let (prediction, headPullback) = try head.valueWithPullback(at: finalState[0])
    let (loss, gradient) = try MeanSquaredError().valueWithGradient(of: prediction, target: sums)
    let head = try headPullback(gradient)
    let rnn = try pullback(nil, finalStateGradient: Tensor.stack([head.input]))
    return (
      loss,
      StateDictionary(nesting: ["rnn": rnn.stateDictionary, "head": head.parameters.stateDictionary])
    )
  }
}

/// Sequences and their sums.
func batch(
  steps: Int, rows: Int, using generator: inout SeededGenerator
) -> (x: Tensor<Float>, sums: Tensor<Float>) {
  var x = Tensor<Float>.zeros([steps, rows, 2])
  var sums = Tensor<Float>.zeros([rows, 1])
  for row in 0..<rows {
    for step in 0..<steps { x[step, row, 0] = .random(in: 0..<1, using: &generator) }
    // One mark in each half.
    for half in [0..<(steps / 2), (steps / 2)..<steps] {
      let step = Int.random(in: half, using: &generator)
      x[step, row, 1] = 1
      sums[row, 0] += x[step, row, 0]
    }
  }
  return (x, sums)
}

@main
struct AddingProblem {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    let steps = arguments.first.flatMap { Int($0) } ?? 100
    let seed = arguments.dropFirst().first.flatMap { UInt64($0) } ?? 1
    var generator = SeededGenerator(seed: seed)
    var model = try Adder(hiddenSize: 100, using: &generator)
    var optimizer = Adam<Float>(learningRate: 1e-3)
    let held = batch(steps: steps, rows: 500, using: &generator)
    print("T = \(steps), seed \(seed); always 1: mean squared error 0.167")
    let clock = ContinuousClock()
    let start = clock.now
    for step in 1...20_000 {
      let (x, sums) = batch(steps: steps, rows: 32, using: &generator)
      var (_, gradients) = try model.lossWithGradients(x, sums)
      try gradients.clip(toNorm: 1)
      try optimizer.update(&model, with: gradients)
      if step % 500 == 0 {
        let error = try model.lossWithGradients(held.x, held.sums).loss
        print("step \(step): held-out mean squared error \(error), after \(clock.now - start)")
        if error < 0.01 {
          // The held-out sequences have chosen the moment; these have not.
          let fresh = batch(steps: steps, rows: 2000, using: &generator)
          let test = try model.lossWithGradients(fresh.x, fresh.sums).loss
          print("learnt: mean squared error \(test) on 2000 more sequences")
          return
        }
      }
    }
    print("not learnt")
  }
}

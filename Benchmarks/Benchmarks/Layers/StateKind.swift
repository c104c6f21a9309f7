import Recurrent

/// Layers without bias of one shape whose states are ordinary numbers, or subnormal ones, which
/// some processors treat many times slower. They differ in nothing that decides how many operations
/// there are.
enum StateKind: CaseIterable {
  /// h = tanh(Q·h + W·x) with an orthogonal Q and inputs at all steps.
  case ordinary
  /// h = tanh(Q·h) from a state of subnormal numbers: they stay what they are, since Q keeps their
  /// length and tanh gives them back, and every product with a weight is one too.
  case subnormal
  /// h = tanh(h/2 + W·x), an input at the first step only: the state halves at each step, is
  /// subnormal in 23 of them and then 0.
  case fading
  /// h = tanh(¾·h + W·x), an input at the first step only: subnormal after some 300 steps, and to
  /// the end, since ¾ of the least numbers is rounded to themselves.
  case decaying

  static let shape = LayerShape(1000, 16, 256, 256)

  /// What a title begins with.
  var title: String {
    switch self {
    case .ordinary: "States that are ordinary numbers: a forward pass"
    case .subnormal: "States that are subnormal at all steps: a forward pass"
    case .fading: "States that fade to 0 by halves, 23 steps of them subnormal: a forward pass"
    case .decaying: "States that decay and are subnormal at 7 of 10 steps: a forward pass"
    }
  }

  /// The share of the states that must be subnormal for the benchmark to be what it says.
  var shareOfSubnormals: ClosedRange<Double> {
    switch self {
    case .ordinary: 0...0
    case .subnormal: 0.99...1
    case .fading: 0.01...0.03
    case .decaying: 0.6...0.8
    }
  }

  /// A layer, its input and its initial state.
  func example() throws -> (rnn: RNN<Float>, x: Tensor<Float>, initialState: Tensor<Float>) {
    var generator = SeededGenerator(seed: 20)
    let (steps, rows, size) = (Self.shape.steps, Self.shape.rows, Self.shape.hiddenSize)
    var rnn = RNN<Float>(inputSize: Self.shape.inputSize, hiddenSize: size, bias: false, using: &generator)
    var x = Tensor<Float>.zeros([steps, rows, Self.shape.inputSize])
    var state = Tensor<Float>.zeros([1, rows, size])
    switch self {
    case .ordinary:
      x = .normal(x.shape, using: &generator)
      try rnn.initialize(.weightHH, with: .orthogonal(), using: &generator)
    case .subnormal:
      try rnn.initialize(.weightHH, with: .orthogonal(), using: &generator)
      let least = Float.leastNormalMagnitude
      state = .uniform(state.shape, in: -least / 2...least / 2, using: &generator)
    case .fading, .decaying:
      let first = Tensor<Float>.normal([1, rows, Self.shape.inputSize], using: &generator)
      x.scalars.replaceSubrange(0..<first.scalars.count, with: first.scalars)
      let scale = self == .fading ? 0.5 : 0.75
      try rnn.initialize(.weightHH, with: .identity(scale: scale), using: &generator)
    }
    return (rnn, x, state)
  }
}

extension Tensor<Float> {
  /// The share of the elements that are subnormal.
  var shareOfSubnormals: Double {
    Double(scalars.count { $0.isSubnormal }) / Double(scalars.count)
  }
}

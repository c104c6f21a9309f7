import Recurrent

/// A recurrent layer and an affine one, which gives each frame of a signal a score.
struct Model: Sendable {
  var gru: GRU<Float>
  var head: Linear<Float>

  init(features: Int, hiddenSize: Int, using generator: inout SeededGenerator) {
    gru = GRU(inputSize: features, hiddenSize: hiddenSize, using: &generator)
    head = Linear(inputSize: hiddenSize, outputSize: 1, using: &generator)
    // So that a session has the same bits whoever computes it.
    gru.backend = .swift
    head.backend = .swift
  }
}

import Benchmark
import BenchmarkSupport
import Recurrent

/// A batch of sequences of 1 to T steps: packed, so that only the steps that there are cost time,
/// and padded to T steps each.
func raggedBenchmarks() {
  for (steps, hiddenSize) in [(64, 64), (64, 256)] {
    let batch = RaggedBatch(steps: steps, hiddenSize: hiddenSize)
    ragged(batch, "RNN", RNN<Float>(inputSize: hiddenSize, hiddenSize: hiddenSize))
    ragged(batch, "LSTM", LSTM<Float>(inputSize: hiddenSize, hiddenSize: hiddenSize))
    ragged(batch, "GRU", GRU<Float>(inputSize: hiddenSize, hiddenSize: hiddenSize))
  }
}

/// As many sequences as steps: one of each length, in an order that has no pattern.
private struct RaggedBatch: Sendable, CustomStringConvertible {
  let steps: Int
  let hiddenSize: Int
  let lengths: [Int]
  /// `[T, T, H]`.
  let padded: Tensor<Float>

  init(steps: Int, hiddenSize: Int) {
    self.steps = steps
    self.hiddenSize = hiddenSize
    var generator = SeededGenerator(seed: 21)
    lengths = (1...steps).shuffled(using: &generator)
    padded = .normal([steps, steps, hiddenSize], using: &generator)
  }

  var description: String { "1 to \(steps) steps, \(steps) of them, H \(hiddenSize)" }
}

/// What the three layers offer to sequences of both forms.
private protocol SequenceLayer: Sendable {
  /// Runs a padded batch.
  func outputs(_ padded: Tensor<Float>) throws -> Tensor<Float>
  /// Runs packed sequences.
  func outputs(_ packed: PackedSequence<Float>) throws -> PackedSequence<Float>
  /// Runs a padded batch forward and back.
  func train(_ padded: Tensor<Float>, _ gradient: Tensor<Float>) throws
  /// Runs packed sequences forward and back.
  func train(_ packed: PackedSequence<Float>, _ gradient: Tensor<Float>) throws
}

extension RNN<Float>: SequenceLayer {
  func outputs(_ padded: Tensor<Float>) throws -> Tensor<Float> { try self(padded).output }
  func outputs(_ packed: PackedSequence<Float>) throws -> PackedSequence<Float> { try self(packed).output }
  func train(_ padded: Tensor<Float>, _ gradient: Tensor<Float>) throws {
    blackHole(try valueWithPullback(at: padded).pullback(gradient))
  }
  func train(_ packed: PackedSequence<Float>, _ gradient: Tensor<Float>) throws {
    blackHole(try valueWithPullback(at: packed).pullback(gradient))
  }
}

extension LSTM<Float>: SequenceLayer {
  func outputs(_ padded: Tensor<Float>) throws -> Tensor<Float> { try self(padded).output }
  func outputs(_ packed: PackedSequence<Float>) throws -> PackedSequence<Float> { try self(packed).output }
  func train(_ padded: Tensor<Float>, _ gradient: Tensor<Float>) throws {
    blackHole(try valueWithPullback(at: padded).pullback(gradient))
  }
  func train(_ packed: PackedSequence<Float>, _ gradient: Tensor<Float>) throws {
    blackHole(try valueWithPullback(at: packed).pullback(gradient))
  }
}

extension GRU<Float>: SequenceLayer {
  func outputs(_ padded: Tensor<Float>) throws -> Tensor<Float> { try self(padded).output }
  func outputs(_ packed: PackedSequence<Float>) throws -> PackedSequence<Float> { try self(packed).output }
  func train(_ padded: Tensor<Float>, _ gradient: Tensor<Float>) throws {
    blackHole(try valueWithPullback(at: padded).pullback(gradient))
  }
  func train(_ packed: PackedSequence<Float>, _ gradient: Tensor<Float>) throws {
    blackHole(try valueWithPullback(at: packed).pullback(gradient))
  }
}

/// Times one layer in both forms, forward and in training, once the steps that there are have been
/// found to agree.
private func ragged(_ batch: RaggedBatch, _ name: String, _ layer: some SequenceLayer) {
  let gates = name == "LSTM" ? 4.0 : name == "GRU" ? 3.0 : 1.0
  let cells = Double(batch.steps * batch.steps * batch.hiddenSize * batch.hiddenSize)
  let operations = 4 * gates * cells
  for pass in ["forward", "forward and back"] {
    let cost = pass == "forward" ? operations : 3 * operations
    time("Sequences of \(batch): \(name) \(pass), padded", operations: cost) {
      let gradient = Tensor<Float>(repeating: 1, shape: batch.padded.shape)
      return { calls in
        for _ in 0..<calls {
          if pass == "forward" {
            blackHole(try layer.outputs(batch.padded))
          } else {
            try layer.train(batch.padded, gradient)
          }
        }
      }
    }
    time("Sequences of \(batch): \(name) \(pass), packed", operations: cost / 2) {
      let packed = try PackedSequence(padded: batch.padded, lengths: batch.lengths)
      let outputs = try layer.outputs(packed)
      let expected = try PackedSequence(padded: layer.outputs(batch.padded), lengths: batch.lengths)
      guard outputs == expected else {
        throw WrongResult("outputs that differ from those of the padded batch")
      }
      let gradient = Tensor<Float>(repeating: 1, shape: outputs.data.shape)
      return { calls in
        for _ in 0..<calls {
          if pass == "forward" {
            blackHole(try layer.outputs(packed))
          } else {
            try layer.train(packed, gradient)
          }
        }
      }
    }
  }
}

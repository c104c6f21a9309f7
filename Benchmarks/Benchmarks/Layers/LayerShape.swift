import Recurrent

/// The sizes of one pass of one layer.
struct LayerShape: Sendable, CustomStringConvertible {
  /// T.
  var steps: Int
  /// B.
  var rows: Int
  /// I.
  var inputSize: Int
  /// H.
  var hiddenSize: Int

  init(_ steps: Int, _ rows: Int, _ inputSize: Int, _ hiddenSize: Int) {
    self.steps = steps
    self.rows = rows
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
  }

  /// From streaming to batches that fill the caches.
  static let grid = [
    LayerShape(100, 1, 16, 16), LayerShape(100, 1, 64, 64), LayerShape(100, 1, 128, 128),
    LayerShape(100, 1, 256, 256), LayerShape(100, 1, 512, 512), LayerShape(50, 1, 1024, 1024),
    LayerShape(50, 1, 2048, 2048), LayerShape(10, 3, 100, 20), LayerShape(1000, 1, 1, 32),
    LayerShape(1000, 4, 1, 64), LayerShape(100, 8, 64, 64), LayerShape(100, 16, 128, 128),
    LayerShape(100, 32, 256, 256), LayerShape(50, 64, 512, 512), LayerShape(20, 64, 1024, 1024),
    LayerShape(20, 128, 1024, 1024), LayerShape(20, 128, 2048, 2048),
  ]

  /// Those of the grid that may be worth a second thread.
  static let gridOnTwoThreads = [
    LayerShape(100, 1, 64, 64), LayerShape(100, 1, 256, 256), LayerShape(100, 1, 512, 512),
    LayerShape(50, 1, 1024, 1024), LayerShape(50, 1, 2048, 2048), LayerShape(100, 8, 64, 64),
    LayerShape(100, 16, 128, 128), LayerShape(100, 32, 256, 256), LayerShape(50, 64, 512, 512),
    LayerShape(20, 64, 1024, 1024), LayerShape(20, 128, 2048, 2048),
  ]

  /// Those of the grid that training is timed on.
  static let trainingGrid = [
    LayerShape(100, 1, 64, 64), LayerShape(100, 1, 256, 256), LayerShape(100, 1, 512, 512),
    LayerShape(10, 3, 100, 20), LayerShape(1000, 1, 1, 32), LayerShape(100, 8, 64, 64),
    LayerShape(100, 16, 128, 128), LayerShape(100, 32, 256, 256), LayerShape(50, 64, 512, 512),
    LayerShape(20, 64, 1024, 1024),
  ]

  /// The floating-point operations of the products of a forward pass.
  var operations: Double {
    2 * Double(steps) * Double(rows) * Double(hiddenSize) * Double(inputSize + hiddenSize)
  }

  /// Those of training, which has each product three times: forward, for the gradient of its
  /// weights, and for that of what they are multiplied with.
  var trainingOperations: Double { 3 * operations }

  /// A layer with tanh, and an input.
  func example() -> (rnn: RNN<Float>, x: Tensor<Float>) {
    var generator = SeededGenerator(seed: 20)
    let rnn = RNN<Float>(inputSize: inputSize, hiddenSize: hiddenSize, using: &generator)
    return (rnn, .normal([steps, rows, inputSize], using: &generator))
  }

  var description: String { "T \(steps), B \(rows), I \(inputSize), H \(hiddenSize)" }
}

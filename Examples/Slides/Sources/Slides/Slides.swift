import Foundation
import Recurrent

/// The slides' programs, one after the other, and a model that PyTorch has trained.
@main
struct Slides {
  static func main() throws {
    try singleLayer()
    parameters()
    try fourLayers()
    try cellLoop()
    try chainedCells()
    try trainedModel()
  }

  /// One layer over a sequence of ten steps.
  static func singleLayer() throws {
    title("Single layer RNN")
    let rnn = RNN<Float>(inputSize: 100, hiddenSize: 20, layerCount: 1)
    print(rnn)
    let x = Tensor<Float>.normal([10, 3, 100])
    let (out, h) = try rnn(x, .zeros([1, 3, 20]))
    print(out.shape, h.shape)
  }

  /// The parameters' names and shapes.
  static func parameters() {
    title("Parameters of one layer, and of two")
    for layerCount in 1...2 {
      let rnn = RNN<Float>(inputSize: 100, hiddenSize: 10, layerCount: layerCount)
      print(rnn)
      for (name, tensor) in rnn.stateDictionary { print("  \(name) \(tensor.shape)") }
    }
  }

  /// Four layers, each on the output of the one below, from a state of zeros.
  static func fourLayers() throws {
    title("4 layer RNN")
    let rnn = RNN<Float>(inputSize: 100, hiddenSize: 20, layerCount: 4)
    print(rnn)
    let x = Tensor<Float>.normal([10, 3, 100])
    let (out, h) = try rnn(x)
    print(out.shape, h.shape)
  }

  /// A cell, called in a loop over time.
  static func cellLoop() throws {
    title("One cell in a loop")
    let x = Tensor<Float>.normal([10, 3, 100])
    let cell1 = RNNCell<Float>(inputSize: 100, hiddenSize: 20)
    var h1 = Tensor<Float>.zeros([3, 20])
    for xt in x {
      h1 = try cell1(xt, h1)
    }
    print(h1.shape)
  }

  /// Two cells of different sizes, one on top of the other.
  static func chainedCells() throws {
    title("Two cells, chained")
    let x = Tensor<Float>.normal([10, 3, 100])
    let cell1 = RNNCell<Float>(inputSize: 100, hiddenSize: 30)
    let cell2 = RNNCell<Float>(inputSize: 30, hiddenSize: 20)
    var h1 = Tensor<Float>.zeros([3, 30])
    var h2 = Tensor<Float>.zeros([3, 20])
    for xt in x {
      h1 = try cell1(xt, h1)
      h2 = try cell2(h1, h2)
    }
    print(h2.shape)
  }

  /// A model from PyTorch, on every backend, beside PyTorch's own output.
  static func trainedModel() throws {
    title("A PyTorch-trained model on every backend")
    let folder = Bundle.module.bundlePath + "/Model"
    let file = try SafetensorsFile(path: folder + "/sine-model.safetensors")
    let input: Tensor<Float> = try NumPyFile(path: folder + "/sine-input.npy").tensor()
    let expected: Tensor<Float> = try NumPyFile(path: folder + "/sine-output.npy").tensor()

    var rnn = try RNN<Float>(stateDictionary: file.stateDictionary(prefix: "rnn."))
    print(rnn, "trained with PyTorch", file.metadata["torch"] ?? "?")
    print("input \(input.shape), output \(expected.shape)")
    for backend in Backend.available {
      rnn.backend = backend
      let (output, _) = try rnn(input)
      let difference = try output.greatestDifference(from: expected)
      print("  \(backend.rawValue): greatest difference from PyTorch's output \(difference)")
    }
  }

  static func title(_ text: String) {
    print("\n\(text)\n" + String(repeating: "-", count: text.count))
  }
}

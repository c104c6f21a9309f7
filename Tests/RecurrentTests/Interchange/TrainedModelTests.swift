import Foundation
import Recurrent
import RecurrentTestSupport
import Testing

extension Python {
  static let hasTorch = (try? run(["-c", "import numpy, safetensors, torch"]).status) == 0
}

@Suite(.enabled(if: Python.hasTorch, "needs a Python with torch, numpy and safetensors"))
struct TrainedModelTests {
  @Test("weights that were trained here load in PyTorch and give the same outputs", arguments: [1, 3])
  func loads(layerCount: Int) throws {
    try check(layerCount, Float.self)
    try check(layerCount, Double.self)
  }

  private func check<Scalar: TensorScalar>(_ layerCount: Int, _: Scalar.Type) throws {
    var generator = SeededGenerator(seed: UInt64(layerCount))
    var model = SequenceModel<Scalar>(
      rnn: RNN(inputSize: 2, hiddenSize: 4, layerCount: layerCount, using: &generator),
      head: Linear(inputSize: 4, outputSize: 3, using: &generator))
    let x = Tensor<Scalar>.normal([5, 3, 2], using: &generator)
    let target = Tensor<Scalar>.normal([5, 3, 3], using: &generator)
    let untrained = model.stateDictionary
    var optimizer = Adam<Scalar>(learningRate: 1e-2)
    for _ in 0..<20 {
      try optimizer.update(&model, with: model.lossWithGradients(x, target).gradients)
    }
    #expect(model.stateDictionary != untrained)

    let folder = try TemporaryFolder()
    let (file, input, output) = (
      folder.path("model.safetensors"), folder.path("input.npy"), folder.path("output.npy")
    )
    try SafetensorsFile.write(model.stateDictionary, toPath: file)
    try NumPyFile.write(x, toPath: input)
    let script = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../Utilities/ReferenceImplementations/run_sequence_model.py").standardized
    let (status, text) = try Python.run([script.path, file, input, output])
    try #require(status == 0, "\(text)")

    let trained = StateDictionary(model.stateDictionary.map { ($0.key, Tensor<Double>($0.value)) })
    let own = ReferenceSequenceModel<Scalar>(trained, layers: layerCount).output(Tensor(x))
    let peer = ReferenceSequenceModel<Double>(trained, layers: layerCount).output(Tensor(x))
    expectClose(
      try model(x), try NumPyFile(path: output).tensor(as: Double.self).scalars,
      bound: zip(own, peer).map { $0.error + $1.error }, "\(layerCount) layers of \(Scalar.self)")
  }
}

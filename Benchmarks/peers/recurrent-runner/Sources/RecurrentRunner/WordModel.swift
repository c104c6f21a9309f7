import Recurrent

/// Layers of LSTMs, and a linear one over all words.
private struct WordModel: Parameterized {
  var lstm: LSTM<Float>
  var head: Linear<Float>

  mutating func forEachParameter(_ body: (String, inout Tensor<Float>) throws -> Void) rethrows {
    try lstm.forEachParameter(under: "lstm", body)
    try head.forEachParameter(under: "head", body)
  }
}

/// The training of a word model on one batch.
private final class WordModelTraining {
  private(set) var model: WordModel
  private var optimizer: SGD<Float>
  private let x: Tensor<Float>
  private let classes: [Int]

  init(_ given: RunnerCase) throws {
    let parameters = try given.parameters()
    var lstm = try LSTM(stateDictionary: parameters.nested(under: "lstm"))
    var head = try Linear(stateDictionary: parameters.nested(under: "head"))
    let threadCount: Int = try given.setting("threads")
    (lstm.threadCount, lstm.backend) = (threadCount, given.backend)
    (head.threadCount, head.backend) = (threadCount, given.backend)
    model = WordModel(lstm: lstm, head: head)
    optimizer = SGD(learningRate: try given.setting("learning-rate"))
    x = try given.array("x")
    classes = try given.array("targets").scalars.map { Int($0) }
  }

  /// One step; its loss before the update.
  func step() throws -> Float {
    let (hidden, _, lstmPullback) = try model.lstm.valueWithPullback(at: x)
    let (logits, headPullback) = try model.head.valueWithPullback(at: hidden)
    let (loss, gradient) = try SoftmaxCrossEntropy().valueWithGradient(of: logits, classes: classes)
    let head = try headPullback(gradient)
    let lstm = try lstmPullback(head.input)
    try optimizer.update(
      &model,
      with: StateDictionary(nesting: [
        "lstm": lstm.stateDictionary, "head": head.parameters.stateDictionary,
      ]))
    return loss
  }
}

extension Subject {
  /// A training step of a word model: the loss, and all parameters after it.
  static func wordModel(_ given: RunnerCase) throws -> Subject {
    let training = try WordModelTraining(given)
    return Subject(
      setting: "SGD", call: { _ = try training.step() },
      results: {
        var files = ["loss": Tensor(try training.step())]
        for (name, tensor) in training.model.stateDictionary { files["parameter_\(name)"] = tensor }
        return files
      })
  }
}

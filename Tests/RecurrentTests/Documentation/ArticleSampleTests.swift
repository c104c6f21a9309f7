import Recurrent
import Testing

// What the articles quote, in programs that run.

private struct Model: Parameterized {
  var rnn = RNN<Float>(inputSize: 4, hiddenSize: 8)
  var head = Linear<Float>(inputSize: 8, outputSize: 2)

  mutating func forEachParameter(_ body: (String, inout Tensor<Float>) throws -> Void) rethrows {
    try rnn.forEachParameter(under: "rnn", body)
    try head.forEachParameter(under: "head", body)
  }
}

@Suite struct ArticleSampleTests {
  @Test("layers and cells are called as PyTorch's are")
  func layers() throws {
    let x = Tensor<Float>.normal([10, 3, 100])
    let h0 = Tensor<Float>.zeros([4, 3, 20])
    let rnn = RNN<Float>(inputSize: 100, hiddenSize: 20, layerCount: 4)
    let (out, h) = try rnn(x, h0)
    #expect(try out == rnn(x).output)
    #expect(h.shape == [4, 3, 20])

    let options = RNN<Float>(
      inputSize: 100, hiddenSize: 20, nonlinearity: .relu, bias: false, batchFirst: true)
    #expect(try options(x.transposed()).output.shape == [3, 10, 20])

    let cell = RNNCell<Float>(inputSize: 100, hiddenSize: 20)
    var state = Tensor<Float>.zeros([3, 20])
    var states: [Tensor<Float>] = []
    for xt in x {
      state = try cell(xt, state)
      states.append(state)
    }
    #expect(try Tensor.stack(states).shape == [10, 3, 20])

    let head = Linear<Float>(inputSize: 20, outputSize: 1)
    #expect(try head(out).shape == [10, 3, 1])
  }

  @Test("layers with gates, both directions and sequences of unequal lengths are called as PyTorch's are")
  func sequences() throws {
    do {
      let x = Tensor<Float>.normal([10, 3, 100])
      let (h0, c0) = (Tensor<Float>.zeros([1, 3, 20]), Tensor<Float>.zeros([1, 3, 20]))
      let gru = GRU<Float>(inputSize: 100, hiddenSize: 20)
      #expect(try gru(x, h0).output.shape == [10, 3, 20])
      let lstm = LSTM<Float>(inputSize: 100, hiddenSize: 20)
      let (out, state) = try lstm(x, LSTMState(hidden: h0, cell: c0))
      #expect(out.shape == [10, 3, 20] && state.cell.shape == [1, 3, 20])
      let options = LSTM<Float>(
        inputSize: 100, hiddenSize: 20, directions: .bidirectional, projectionSize: 8)
      #expect(try options(x).output.shape == [10, 3, 16])
    }
    do {
      let (a, b) = (Tensor<Float>.normal([5, 4]), Tensor<Float>.normal([7, 4]))
      #expect(try PackedSequence([a, b]).lengths == [5, 7])
      let x = Tensor<Float>.normal([10, 3, 4])
      let out = try PackedSequence(padded: x, lengths: [10, 7, 2])
      #expect(try out.padded(with: -1, totalLength: 12).shape == [12, 3, 4])
    }
    let x = Tensor<Float>.normal([10, 3, 4])
    let (a, b, c) = (
      Tensor<Float>.normal([3, 4]), Tensor<Float>.normal([5, 4]), Tensor<Float>.zeros([0, 4])
    )
    let both = LSTM<Float>(inputSize: 4, hiddenSize: 8, layerCount: 2, directions: .bidirectional)
    let (y, _) = try both(x)
    #expect(y.shape == [10, 3, 16])
    let packed = try PackedSequence([a, b, c])
    let (outputs, last) = try both(packed)
    let sequences = outputs.sequences
    let table = try outputs.padded(with: 0)
    #expect(sequences.map(\.shape) == [[3, 16], [5, 16], [0, 16]])
    #expect(table.shape == [5, 3, 16] && last.hidden.shape == [4, 3, 8])
    var mask = Tensor<Float>.zeros([10, 3])
    mask[4, 1] = 1
    let (masked, _) = try both(x, resets: mask)
    #expect(masked[5][0] == y[5][0] && masked[5][1] != y[5][1])
  }

  @Test("a cell of one's own is a layer, which runs and carries gradients back")
  func customCell() throws {
    let x = Tensor<Float>.normal([10, 2, 3])
    let layer = CustomRNN(MinimalGatedUnit<Float>(), inputSize: 3, hiddenSize: 8, layerCount: 2)
    let (output, finalState) = try layer(x)
    #expect(output.shape == [10, 2, 8] && finalState.hidden.shape == [2, 2, 8])
    let (y, lastState, pullback) = try layer.valueWithPullback(at: x)
    let gradients = try pullback(y)
    #expect(y == output && lastState == finalState)
    #expect(gradients.stateDictionary.keys == layer.stateDictionary.keys)
  }

  @Test("a step of training is written down in full")
  func step() throws {
    var model = Model()
    let before = model.stateDictionary
    let x = Tensor<Float>.normal([10, 3, 4])
    let target = Tensor<Float>.normal([10, 3, 2])
    var optimizer = SGD<Float>(learningRate: 0.05, momentum: 0.9)

    let (features, _, rnnPullback) = try model.rnn.valueWithPullback(at: x)
    let (y, headPullback) = try model.head.valueWithPullback(at: features)
    let (loss, gradient) = try MeanSquaredError().valueWithGradient(of: y, target: target)
    let headGradients = try headPullback(gradient)
    let rnnGradients = try rnnPullback(headGradients.input)
    var gradients = StateDictionary(nesting: [
      "rnn": rnnGradients.stateDictionary, "head": headGradients.parameters.stateDictionary,
    ])
    try gradients.clip(toNorm: 1)
    try optimizer.update(&model, with: gradients)

    #expect(loss.isFinite && model.stateDictionary != before)
    try gradients.clip(toValue: 0.5)
  }

  @Test("optimizers, losses, schedules and batches have counterparts")
  func tools() throws {
    let optimizers: [any Optimizer<Float>] = [
      Adam<Float>(learningRate: 1e-3), AdamW<Float>(weightDecay: 0.01), RMSprop<Float>(alpha: 0.99),
    ]
    #expect(optimizers.count == 3)
    let losses: [any RegressionLoss] = [MeanAbsoluteError(), HuberLoss(delta: 1)]
    #expect(losses.count == 2)
    let logits = Tensor<Float>.normal([3, 5])
    #expect(try SoftmaxCrossEntropy().value(of: logits, classes: [0, 2, 1]) > 0)
    let weights = [1, 2, 0.5, 1, 1]
    let smoothed = SoftmaxCrossEntropy(weights: weights, ignoreIndex: -100, labelSmoothing: 0.1)
    #expect(try smoothed.value(of: logits, classes: [0, -100, 1]) > 0)

    let schedules: [any LearningRateSchedule] = [
      try StepDecay(from: 0.1, every: 30), try CosineAnnealing(from: 0.1, epochs: 100),
      try WarmUp(epochs: 5, then: ConstantRate(0.1)),
    ]
    #expect(schedules.allSatisfy { $0.learningRate(at: 0) > 0 })
    #expect(try ReduceOnPlateau(from: 0.1, patience: 10).learningRate == 0.1)

    var generator = SeededGenerator(seed: 0)
    let dropout = Dropout(probability: 0.2)
    let inputs = Tensor<Float>.normal([10, 100, 4], using: &generator)
    for indices in try MiniBatches(count: 100, size: 32, using: &generator) {
      let batch = try inputs.selecting(indices, axis: 1)
      #expect(try dropout(batch, using: &generator).shape == batch.shape)
    }
  }

  @Test("parameters are read, loaded and visited by PyTorch's names")
  func parameters() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("model.safetensors")
    var model = Model()
    try SafetensorsFile.write(model.stateDictionary, toPath: path)
    let file = try SafetensorsFile(path: path)
    try model.load(file.stateDictionary())
    let rnn = try RNN<Float>(stateDictionary: file.stateDictionary(prefix: "rnn."))
    #expect(rnn.stateDictionary == model.rnn.stateDictionary)
    var names: [String] = []
    model.forEachParameter { name, tensor in
      names.append(name)
      tensor = .zeros(tensor.shape)
    }
    #expect(names.first == "rnn.weight_ih_l0" && names.last == "head.bias")
  }

  @Test("a sequence that is too long is cut, and its gradient with it")
  func truncation() throws {
    var rnn = RNN<Float>(inputSize: 4, hiddenSize: 8)
    rnn.threadCount = 4
    let windows = [Tensor<Float>.normal([10, 3, 4]), Tensor<Float>.normal([10, 3, 4])]
    var state: Tensor<Float>?
    for window in windows {
      let (output, finalState, pullback) = try rnn.valueWithPullback(at: window, from: state)
      let gradients = try pullback(output)  // .initialState is dropped
      state = finalState
      #expect(gradients.parameters.count == 1)
    }
  }

  @Test("a stream, and a pool of sessions that come and go")
  func streams() throws {
    var forward = LSTM<Float>(inputSize: 4, hiddenSize: 8)
    forward.backend = .swift
    let frame = Tensor<Float>.normal([1, 4])
    let frames = try Tensor.stack([frame[0], frame[0]])
    var stream = try forward.stream()
    let y1 = try stream.step(frame)
    let saved = stream.state

    let pool = try forward.streamPool()
    let a = try pool.join()
    let b = try pool.join(from: saved)
    let ys = try pool.step([b, a], frames)
    let state = try pool.state(of: a)
    try pool.leave(a)

    #expect(ys[1] == y1[0] && state == saved && pool.count == 1)
    #expect(try ys[0] == stream.step(frame)[0])
  }

  @Test("an error says what was expected and what came")
  func errors() throws {
    let rnn = RNN<Float>(inputSize: 100, hiddenSize: 20)
    var message = ""
    do {
      _ = try rnn(.zeros([10, 3, 99]))
    } catch .shapeMismatch(let argument, let expected, let actual) {
      message = "\(argument): \(expected), not \(actual)"
    } catch {
      message = "\(error)"
    }
    #expect(message == "input: [T, B, 100] or [T, 100], not [10, 3, 99]")
  }

  @Test("a run with one seed is one run, whatever the threads, and goes on where it stopped")
  func runs() throws {
    func training(_ seed: UInt64, threads: Int) -> Training<Model, Adam<Float>> {
      var generator = SeededGenerator(seed: seed)
      var model = Model()
      model.rnn = RNN(inputSize: 4, hiddenSize: 8, using: &generator)
      model.head = Linear(inputSize: 8, outputSize: 2, using: &generator)
      model.rnn.backend = .swift
      model.head.backend = .swift
      model.rnn.threadCount = threads
      return Training(model, optimizer: Adam(learningRate: 1e-2), generator: generator)
    }
    var data = SeededGenerator(seed: 2)
    let series = Tensor<Float>.normal([80, 4], using: &data)
    let windows = try SeriesWindows(
      series, inputLength: 10, horizon: 10, offset: 1, targetFeatures: [0, 1])
    func train(_ run: inout Training<Model, Adam<Float>>, epochs: Int) throws {
      try run.run(epochs: epochs) { generator in
        try windows.batches(of: 8, using: &generator)
      } gradients: { model, batch, _ in
        let (features, _, pullback) = try model.rnn.valueWithPullback(at: batch.input)
        let (y, headPullback) = try model.head.valueWithPullback(at: features)
        let (loss, gradient) = try MeanSquaredError().valueWithGradient(of: y, target: batch.target)
        let head = try headPullback(gradient)
        let rnn = try pullback(head.input)
        return (
          loss,
          StateDictionary(nesting: [
            "rnn": rnn.stateDictionary, "head": head.parameters.stateDictionary,
          ])
        )
      }
    }
    var whole = training(1, threads: 1)
    try train(&whole, epochs: 4)

    let folder = try TemporaryFolder()
    let path = folder.path("run.safetensors")
    var run = training(1, threads: 2)
    try train(&run, epochs: 2)
    try run.checkpoint.write(toPath: path)

    var resumed = training(1, threads: 3)
    try resumed.restore(Checkpoint(path: path))
    try train(&resumed, epochs: 4)
    #expect(resumed.model.stateDictionary == whole.model.stateDictionary)
  }
}

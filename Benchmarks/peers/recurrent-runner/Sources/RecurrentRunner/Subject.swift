import Recurrent

/// One layer and its input: what is timed, and what it computes.
struct Subject {
  /// Calls the pass.
  let call: () throws -> Void
  /// Calls the pass, and returns what it computes by the names of the driver's files.
  let results: () throws -> [String: Tensor<Float>]

  /// Reads the layer of a cell from the driver's folder.
  ///
  /// - Throws: ``RunnerError/noSuchCell(_:)`` and ``RunnerError/noSuchPass(_:)`` for what there is not, and what reading
  ///   and calling throw.
  init(folder: String, cell: String, pass: String, threadCount: Int, backend: Backend) throws {
    let parameters: StateDictionary<Float> =
      try SafetensorsFile(path: "\(folder)/model.safetensors").stateDictionary()
    let x = try NumPyFile(path: "\(folder)/x.npy").tensor(as: Float.self)
    switch cell {
    case "rnn":
      var rnn = try RNN(stateDictionary: parameters)
      (rnn.threadCount, rnn.backend) = (threadCount, backend)
      try self.init(rnn, x, pass: pass)
    case "lstm":
      var lstm = try LSTM(stateDictionary: parameters)
      (lstm.threadCount, lstm.backend) = (threadCount, backend)
      try self.init(lstm, x, pass: pass)
    case "gru":
      var gru = try GRU(stateDictionary: parameters)
      (gru.threadCount, gru.backend) = (threadCount, backend)
      try self.init(gru, x, pass: pass)
    default:
      throw RunnerError.noSuchCell(cell)
    }
  }

  private init(_ layer: some TimedLayer, _ x: Tensor<Float>, pass: String) throws {
    switch pass {
    case "forward":
      call = { _ = try layer.output(x) }
      results = { ["y": try layer.output(x)] }
    case "training":
      call = { _ = try layer.training(x) }
      results = {
        let training = try layer.training(x)
        var files = training.files
        let cell = training.parameters[0]
        files["gradient_weight_ih"] = cell.weightIH
        files["gradient_weight_hh"] = cell.weightHH
        files["gradient_bias_ih"] = cell.biasIH
        files["gradient_bias_hh"] = cell.biasHH
        return files
      }
    default:
      throw RunnerError.noSuchPass(pass)
    }
  }
}

/// A layer, whatever its cells.
private protocol TimedLayer: Sendable {
  func output(_ x: Tensor<Float>) throws -> Tensor<Float>
  /// The output, and all gradients of its sum.
  func training(_ x: Tensor<Float>) throws -> Training
}

/// What training computes: outputs and gradients by the names of the driver's files, and those of the parameters.
private struct Training {
  var files: [String: Tensor<Float>]
  var parameters: [CellParameters<Float>]
}

/// The gradient of a sum with respect to its terms.
private func ones(like tensor: Tensor<Float>) -> Tensor<Float> {
  Tensor(repeating: 1, shape: tensor.shape)
}

extension RNN<Float>: TimedLayer {
  fileprivate func output(_ x: Tensor<Float>) throws -> Tensor<Float> { try self(x).output }

  fileprivate func training(_ x: Tensor<Float>) throws -> Training {
    let (output, _, pullback) = try valueWithPullback(at: x)
    let gradients = try pullback(ones(like: output))
    return Training(
      files: ["y": output, "gradient_x": gradients.input, "gradient_h0": gradients.initialState[0]],
      parameters: gradients.parameters)
  }
}

extension GRU<Float>: TimedLayer {
  fileprivate func output(_ x: Tensor<Float>) throws -> Tensor<Float> { try self(x).output }

  fileprivate func training(_ x: Tensor<Float>) throws -> Training {
    let (output, _, pullback) = try valueWithPullback(at: x)
    let gradients = try pullback(ones(like: output))
    return Training(
      files: ["y": output, "gradient_x": gradients.input, "gradient_h0": gradients.initialState[0]],
      parameters: gradients.parameters)
  }
}

extension LSTM<Float>: TimedLayer {
  fileprivate func output(_ x: Tensor<Float>) throws -> Tensor<Float> { try self(x).output }

  fileprivate func training(_ x: Tensor<Float>) throws -> Training {
    let (output, _, pullback) = try valueWithPullback(at: x)
    let gradients = try pullback(ones(like: output))
    return Training(
      files: [
        "y": output, "gradient_x": gradients.input,
        "gradient_h0": gradients.initialState.hidden[0], "gradient_c0": gradients.initialState.cell[0],
      ], parameters: gradients.parameters)
  }
}

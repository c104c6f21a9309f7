import Recurrent

/// One layer and its input: what is timed, and what it computes.
struct Subject {
  /// Calls the pass.
  let call: () throws -> Void
  /// Calls the pass, and returns what it computes by the names of the driver's files.
  let results: () throws -> [String: Tensor<Float>]

  /// Reads the layer of a cell from the driver's folder.
  ///
  /// - Throws: ``RunnerError/noSuchCell(_:)`` and ``RunnerError/noSuchPass(_:)`` for what there is
  ///   not, and what reading and calling throw.
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

  private init<Layer: DifferentiableRecurrentLayer<Float>>(
    _ layer: Layer, _ x: Tensor<Float>, pass: String
  ) throws {
    switch pass {
    case "forward":
      call = { _ = try layer(x) }
      results = { ["y": try layer(x).output] }
    case "training":
      let training = {
        let (output, _, pullback) = try layer.valueWithPullback(at: x)
        // The gradient of the sum of all outputs.
        return (output, try pullback(Tensor(repeating: 1, shape: output.shape)))
      }
      call = { _ = try training() }
      results = {
        let (output, gradients) = try training()
        let cell = gradients.parameters[0]
        var files = [
          "y": output, "gradient_x": gradients.input, "gradient_h0": gradients.initialState.hidden[0],
          "gradient_weight_ih": cell.weightIH, "gradient_weight_hh": cell.weightHH,
        ]
        files["gradient_c0"] = gradients.initialState.cellState?[0]
        files["gradient_bias_ih"] = cell.biasIH
        files["gradient_bias_hh"] = cell.biasHH
        return files
      }
    default:
      throw RunnerError.noSuchPass(pass)
    }
  }
}

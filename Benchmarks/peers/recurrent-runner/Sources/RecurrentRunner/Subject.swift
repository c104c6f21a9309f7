import Recurrent

/// What is timed, and what it computes.
struct Subject {
  /// Calls what the case asks for once.
  let call: () throws -> Void
  /// Calls it, and returns what it computes by the names of the files of results.
  let results: () throws -> [String: Tensor<Float>]
  /// What is worth saying of how it runs.
  let setting: String

  init(
    setting: String, call: @escaping () throws -> Void,
    results: @escaping () throws -> [String: Tensor<Float>]
  ) {
    (self.call, self.results, self.setting) = (call, results, setting)
  }

  /// Prepares a case.
  ///
  /// - Throws: ``RunnerError/noSuchCell(_:)`` and ``RunnerError/noSuchPass(_:)`` for what there is
  ///   not, and what reading and calling throw.
  init(_ given: RunnerCase) throws {
    let pass: String = try given.setting("pass")
    if pass == "model" {
      self = try Self.wordModel(given)
      return
    }
    let (parameters, x) = (try given.parameters(), try given.array("x"))
    let cell: String = try given.setting("cell")
    let threadCount: Int = try given.setting("threads")
    switch cell {
    case "rnn":
      var rnn = try RNN(stateDictionary: parameters)
      (rnn.threadCount, rnn.backend) = (threadCount, given.backend)
      self = try pass == "stream" ? .stream(rnn.stream(), x) : Self(rnn, x, pass: pass, given)
    case "lstm":
      var lstm = try LSTM(stateDictionary: parameters)
      (lstm.threadCount, lstm.backend) = (threadCount, given.backend)
      self = try pass == "stream" ? .stream(lstm.stream(), x) : Self(lstm, x, pass: pass, given)
    case "gru":
      var gru = try GRU(stateDictionary: parameters)
      (gru.threadCount, gru.backend) = (threadCount, given.backend)
      self = try pass == "stream" ? .stream(gru.stream(), x) : Self(gru, x, pass: pass, given)
    default:
      throw RunnerError.noSuchCell(cell)
    }
  }

  /// A layer's pass over whole sequences, with weights of the format that is asked for.
  private init<Layer: DifferentiableRecurrentLayer<Float>>(
    _ layer: Layer, _ x: Tensor<Float>, pass: String, _ given: RunnerCase
  ) throws {
    let name: String = try given.setting("weights")
    guard let format = WeightFormat(rawValue: name) else { throw RunnerError.noSuchWeights(name) }
    let layer = try layer.converted(to: format)
    setting = "weights in \(format.rawValue)"
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
        files["gradient_bias_ih"] = cell.biasIH
        files["gradient_bias_hh"] = cell.biasHH
        return files
      }
    default:
      throw RunnerError.noSuchPass(pass)
    }
  }
}

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
    let model = try SafetensorsFile(path: "\(folder)/model.safetensors")
    let x = try NumPyFile(path: "\(folder)/x.npy").tensor(as: Float.self)
    switch cell {
    case "rnn":
      var rnn = try RNN<Float>(stateDictionary: model.stateDictionary())
      rnn.threadCount = threadCount
      rnn.backend = backend
      try self.init(rnn, x, pass: pass)
    default:
      throw RunnerError.noSuchCell(cell)
    }
  }

  private init(_ layer: RNN<Float>, _ x: Tensor<Float>, pass: String) throws {
    switch pass {
    case "forward":
      call = { _ = try layer(x) }
      results = { ["y": try layer(x).output] }
    case "training":
      func training() throws -> (Tensor<Float>, RNNGradients<Float>) {
        let (output, _, pullback) = try layer.valueWithPullback(at: x)
        // The gradient of a sum with respect to its terms.
        return (output, try pullback(Tensor(repeating: 1, shape: output.shape)))
      }
      call = { _ = try training() }
      results = {
        let (output, gradients) = try training()
        var files = ["y": output, "gradient_x": gradients.input, "gradient_h0": gradients.initialState[0]]
        let cell = gradients.parameters[0]
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

import RecurrentTestSupport

@testable import Recurrent

// A case as PyTorch takes it and gives it back, by way of files; `run_layer_cases.py` describes
// both.

extension LayerCase {
  /// The case in `Double` without the options that PyTorch does not have, or `nil` where it has no
  /// such layer or sequences.
  var ofPyTorch: LayerCase? {
    switch definedCell {
    case .layerNormalizedLSTM, .minimalGatedUnit: return nil
    case .rnnTanh, .rnnReLU, .lstm, .projectedLSTM, .gru: break
    }
    // Packed sequences have at least one step there.
    guard !lengths.contains(0) else { return nil }
    var result = self
    for axis in [Axis.resets, .zoneout, .dropout] { result[axis] = "none" }
    result[.scalar] = "double"
    return result
  }

  /// Writes the numbers of the case for PyTorch.
  func write(toPath path: String) throws {
    let problem = LayerCaseProblem<Double>(self)
    let stack = SequenceLayer<Double>(self).stack
    var tensors = StateDictionary<Double>()
    for (key, tensor) in StateDictionary(layers: problem.parameters, directions: directions) {
      tensors["parameters.\(key)"] = tensor
    }
    func add(_ name: String, _ scalars: [Double]?, _ shape: Shape) {
      if let scalars { tensors[name] = Tensor(unchecked: scalars, shape: shape) }
    }
    let steps = problem.lengths.reduce(0, +)
    let state: Shape = [stack.cellCount, rows, problem.stateSize]
    let memory: Shape = [stack.cellCount, rows, problem.hiddenSize]
    add("input", problem.inputs.flatMap { $0 }, [steps, number(.input)])
    add("hidden", problem.hidden, state)
    add("memory", problem.memory, memory)
    add("gradient.output", problem.outputGradient, [steps, problem.outputSize])
    add("gradient.hidden", problem.hiddenGradient, state)
    add("gradient.memory", problem.memoryGradient, memory)
    var metadata = [
      "case": description,
      "lengths of sequences": problem.lengths.map(String.init).joined(separator: " "),
    ]
    for axis in Axis.allCases { metadata[axis.rawValue] = self[axis] }
    try SafetensorsFile.write(tensors, metadata: metadata, toPath: path)
  }
}

extension LayerCaseResults where Scalar == Double {
  /// What PyTorch has written for a problem, the parameters in their order there.
  init(ofPyTorch tensors: StateDictionary<Double>, _ problem: LayerCaseProblem<Double>) {
    let names = StateDictionary(layers: problem.parameters, directions: problem.layerCase.directions).keys
    func numbers(_ name: String) -> [Double]? { tensors[name]?.scalars }
    self.init(
      output: numbers("output") ?? [], hidden: numbers("hidden") ?? [], memory: numbers("memory"),
      inputGradient: numbers("gradient.input"), hiddenGradient: numbers("gradient.hidden"),
      memoryGradient: numbers("gradient.memory"),
      parameters: names.compactMap { name in
        numbers("gradient.parameters.\(name)").map { (name: name, gradient: $0) }
      })
  }
}

extension LayerDefinition.Results {
  /// The results of somebody else, who may be as far from the definition as whoever is compared
  /// with them: with bounds that are twice as wide.
  func centered(on other: LayerCaseResults<Scalar>) -> Self {
    func moved(_ numbers: [LayerDefinition.Number], _ values: [Scalar]?) -> [LayerDefinition.Number] {
      zip(numbers, values ?? []).map { LayerDefinition.Number(Double($1), error: 2 * $0.error) }
    }
    var result = self
    result.output = moved(output, other.output)
    result.hidden = moved(hidden, other.hidden)
    result.memory = moved(memory, other.memory)
    result.inputGradient = moved(inputGradient, other.inputGradient)
    result.hiddenGradient = moved(hiddenGradient, other.hiddenGradient)
    result.memoryGradient = moved(memoryGradient, other.memoryGradient)
    var gradients = other.parameters.map(\.gradient)[...]
    for index in parameters.indices {
      let cell = parameters[index]
      result.parameters[index].weightIH = moved(cell.weightIH, gradients.popFirst())
      result.parameters[index].weightHH = moved(cell.weightHH, gradients.popFirst())
      result.parameters[index].biasIH = cell.biasIH.map { moved($0, gradients.popFirst()) }
      result.parameters[index].biasHH = cell.biasHH.map { moved($0, gradients.popFirst()) }
      result.parameters[index].weightHR = cell.weightHR.map { moved($0, gradients.popFirst()) }
    }
    return result
  }
}

import Recurrent

/// The cells that have a definition.
public enum DefinedCell: String, Sendable, CaseIterable {
  case rnnTanh, rnnReLU, lstm, projectedLSTM, gru, layerNormalizedLSTM, minimalGatedUnit

  /// Whether a second state flows from step to step.
  public var carriesMemory: Bool {
    switch self {
    case .lstm, .projectedLSTM, .layerNormalizedLSTM: true
    case .rnnTanh, .rnnReLU, .gru, .minimalGatedUnit: false
    }
  }
}

/// A recurrent layer over sequences by its definition: one sequence after the other, one step after
/// the other, and every gradient by the chain rule.
///
/// All arrays are in one order, whatever the layer's: outputs and inputs sequence by sequence, each
/// `[T, features]`; states `[L·D, B, features]`.
public struct LayerDefinition<Scalar: TensorScalar> {
  public typealias Number = TrackedNumber<Scalar>

  public var cell: DefinedCell
  /// Cell by cell; in both directions the forward one first.
  public var parameters: [CellParameters<Scalar>]
  /// D.
  public var directionCount: Int
  /// The sequences, of unequal lengths.
  public var inputs: [[Scalar]]
  /// T of each.
  public var lengths: [Int]
  /// h and c before the first step; zeros for `nil`.
  public var hidden: [Scalar]?
  public var memory: [Scalar]?
  /// The steps before which a sequence begins anew.
  public var resets: [Set<Int>]
  /// The share of its value that an element keeps: of h or c, of a cell, at a step of a sequence.
  public var keptShare: ((_ memory: Bool, _ cell: Int, _ sequence: Int, _ step: Int, _ unit: Int) -> Double)?
  /// What an element of what a layer above the first takes is multiplied by.
  public var dropFactor: ((_ layer: Int, _ sequence: Int, _ step: Int, _ feature: Int) -> Double)?

  public init(
    cell: DefinedCell, parameters: [CellParameters<Scalar>], directionCount: Int, inputs: [[Scalar]],
    lengths: [Int]
  ) {
    self.cell = cell
    self.parameters = parameters
    self.directionCount = directionCount
    self.inputs = inputs
    self.lengths = lengths
    resets = Array(repeating: [], count: inputs.count)
  }

  /// The gradients of one cell.
  public struct CellGradients {
    public var weightIH: [Number]
    public var weightHH: [Number]
    public var biasIH: [Number]?
    public var biasHH: [Number]?
    public var weightHR: [Number]?
    public var weightUnit: [Number]?
  }

  /// What a layer gives, and the gradients of Σ results·their gradients.
  public struct Results {
    public var output: [Number] = []
    public var hidden: [Number] = []
    /// Empty for cells that carry none.
    public var memory: [Number] = []
    public var parameters: [CellGradients] = []
    public var inputGradient: [Number] = []
    public var hiddenGradient: [Number] = []
    public var memoryGradient: [Number] = []
  }

  /// Computes everything. Gradients of results that are `nil` are zeros; where all are, nothing is
  /// carried back.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func results(
    outputGradient: [Scalar]?, hiddenGradient: [Scalar]?, memoryGradient: [Scalar]?
  ) -> Results {
    var tape = DefinitionTape<Scalar>()
    let cells = parameters.map { TapedCell($0, &tape) }
    let sequences = zip(inputs, lengths).map { input, length in
      (0..<length).map { step in
        let features = input.count / length
        return tape.leaf(input[(step * features)..<((step + 1) * features)].map { Double($0) })
      }
    }
    func start(_ values: [Scalar]?, _ features: Int) -> [[Range<Int>]] {
      cells.indices.map { cell in
        inputs.indices.map { sequence in
          tape.leaf(
            (0..<features).map { index in
              values.map { Double($0[(cell * inputs.count + sequence) * features + index]) } ?? 0
            })
        }
      }
    }
    let stateSize = parameters[0].weightHH.shape[1]
    let initialHidden = start(hidden, stateSize)
    let initialMemory = start(memory, cells[0].size)
    var (finalHidden, finalMemory) = (initialHidden, initialMemory)
    var layerInputs = sequences
    for layer in 0..<(cells.count / directionCount) {
      var halves: [[[Range<Int>]]] = []
      for direction in 0..<directionCount {
        let index = layer * directionCount + direction
        halves.append(
          inputs.indices.map { sequence in
            run(
              cells[index], index, sequence, layerInputs[sequence], isReversed: direction == 1,
              &finalHidden[index][sequence], &finalMemory[index][sequence], &tape)
          })
      }
      layerInputs = inputs.indices.map { sequence in
        (0..<lengths[sequence]).map { step in
          let outputs = halves.map { $0[sequence][step] }
          let joined = outputs.count == 1 ? outputs[0] : tape.joined(outputs)
          guard layer < cells.count / directionCount - 1, let dropFactor else { return joined }
          return tape.scale(
            joined, by: (0..<joined.count).map { dropFactor(layer + 1, sequence, step, $0) })
        }
      }
    }
    var results = Results()
    let outputs = layerInputs.flatMap { $0 }
    results.output = outputs.flatMap { tape[$0] }
    results.hidden = finalHidden.flatMap { $0.flatMap { tape[$0] } }
    if cell.carriesMemory { results.memory = finalMemory.flatMap { $0.flatMap { tape[$0] } } }
    guard outputGradient != nil || hiddenGradient != nil || memoryGradient != nil else { return results }

    var seeds: [(Range<Int>, [Double])] = []
    func seed(_ vectors: [Range<Int>], _ gradient: [Scalar]?) {
      guard let gradient else { return }
      var next = 0
      for vector in vectors {
        seeds.append((vector, gradient[next..<(next + vector.count)].map { Double($0) }))
        next += vector.count
      }
    }
    seed(outputs, outputGradient)
    seed(finalHidden.flatMap { $0 }, hiddenGradient)
    if cell.carriesMemory { seed(finalMemory.flatMap { $0 }, memoryGradient) }
    let gradients = tape.gradients(seeds)
    results.inputGradient = sequences.flatMap { $0.flatMap { gradients[$0] } }
    results.hiddenGradient = initialHidden.flatMap { $0.flatMap { gradients[$0] } }
    if cell.carriesMemory { results.memoryGradient = initialMemory.flatMap { $0.flatMap { gradients[$0] } } }
    results.parameters = cells.map { cell in
      let part = { (range: Range<Int>) in Array(gradients[range]) }
      return CellGradients(
        weightIH: part(cell.weightIH), weightHH: part(cell.weightHH), biasIH: cell.biasIH.map(part),
        biasHH: cell.biasHH.map(part), weightHR: cell.weightHR.map(part),
        weightUnit: cell.weightUnit.map(part))
    }
    return results
  }

  /// Runs one sequence through one cell in one direction; h and c become those after its last step.
  private func run(
    _ cell: TapedCell, _ index: Int, _ sequence: Int, _ inputs: [Range<Int>], isReversed: Bool,
    _ hidden: inout Range<Int>, _ memory: inout Range<Int>, _ tape: inout DefinitionTape<Scalar>
  ) -> [Range<Int>] {
    var outputs = inputs
    let steps = isReversed ? Array(inputs.indices.reversed()) : Array(inputs.indices)
    for step in steps {
      // What a reset cuts lies between a step and the one before it, in both directions of time.
      if resets[sequence].contains(isReversed ? step + 1 : step) {
        hidden = tape.leaf(repeatElement(0, count: hidden.count))
        memory = tape.leaf(repeatElement(0, count: memory.count))
      }
      let new = cell.step(self.cell, inputs[step], hidden, memory, &tape)
      if let keptShare {
        func mix(_ old: Range<Int>, _ new: Range<Int>, isMemory: Bool) -> Range<Int> {
          tape.mix(
            old, new, share: (0..<old.count).map { keptShare(isMemory, index, sequence, step, $0) })
        }
        hidden = mix(hidden, new.hidden, isMemory: false)
        memory = self.cell.carriesMemory ? mix(memory, new.memory, isMemory: true) : new.memory
      } else {
        (hidden, memory) = new
      }
      outputs[step] = hidden
    }
    return outputs
  }
}

/// Where the parameters of a cell stand on the tape.
private struct TapedCell {
  var weightIH: Range<Int>
  var weightHH: Range<Int>
  var biasIH: Range<Int>?
  var biasHH: Range<Int>?
  var weightHR: Range<Int>?
  var weightUnit: Range<Int>?
  /// H.
  var size: Int

  init<Scalar: TensorScalar>(_ parameters: CellParameters<Scalar>, _ tape: inout DefinitionTape<Scalar>) {
    func leaf(_ tensor: Tensor<Scalar>) -> Range<Int> { tape.leaf(tensor.scalars.map { Double($0) }) }
    weightIH = leaf(parameters.weightIH)
    weightHH = leaf(parameters.weightHH)
    biasIH = parameters.biasIH.map { leaf($0) }
    biasHH = parameters.biasHH.map { leaf($0) }
    weightHR = parameters.weightHR.map { leaf($0) }
    weightUnit = parameters.weightUnit.map { leaf($0) }
    size = parameters.weightHR?.shape[1] ?? parameters.weightHH.shape[1]
  }

  /// One of several vectors of H that stand one after the other.
  private func part(_ vector: Range<Int>, _ number: Int) -> Range<Int> {
    (vector.lowerBound + number * size)..<(vector.lowerBound + (number + 1) * size)
  }

  /// h' and c', by the formula of the cell.
  func step<Scalar: TensorScalar>(
    _ kind: DefinedCell, _ x: Range<Int>, _ h: Range<Int>, _ c: Range<Int>,
    _ tape: inout DefinitionTape<Scalar>
  ) -> (hidden: Range<Int>, memory: Range<Int>) {
    let biases = [biasIH, biasHH].compactMap { $0 }
    func together() -> Range<Int> { tape.affine([(weightIH, x), (weightHH, h)], biases: biases) }
    func apart() -> (input: Range<Int>, state: Range<Int>) {
      (
        tape.affine([(weightIH, x)], biases: biasIH.map { [$0] } ?? []),
        tape.affine([(weightHH, h)], biases: biasHH.map { [$0] } ?? [])
      )
    }
    /// c' = σ(f) ⊙ c + σ(i) ⊙ tanh(g).
    func memory(_ sums: Range<Int>) -> Range<Int> {
      let (i, f) = (tape.sigmoid(part(sums, 0)), tape.sigmoid(part(sums, 1)))
      let g = tape.tanh(part(sums, 2))
      return tape.add(tape.multiply(f, c), tape.multiply(i, g))
    }
    switch kind {
    case .rnnTanh: return (tape.tanh(together()), c)
    case .rnnReLU: return (tape.relu(together()), c)
    case .lstm, .projectedLSTM:
      let sums = together()
      let newMemory = memory(sums)
      let output = tape.multiply(tape.sigmoid(part(sums, 3)), tape.tanh(newMemory))
      guard let weightHR else { return (output, newMemory) }
      return (tape.affine([(weightHR, output)], biases: []), newMemory)
    case .gru:
      let (input, state) = apart()
      let r = tape.sigmoid(tape.add(part(input, 0), part(state, 0)))
      let z = tape.sigmoid(tape.add(part(input, 1), part(state, 1)))
      let n = tape.tanh(tape.add(part(input, 2), tape.multiply(r, part(state, 2))))
      let one = tape.leaf(repeatElement(1, count: size))
      return (tape.add(tape.multiply(tape.subtract(one, z), n), tape.multiply(z, h)), c)
    case .minimalGatedUnit:
      let (input, state) = apart()
      let f = tape.sigmoid(tape.add(part(input, 0), part(state, 0)))
      let n = tape.tanh(tape.add(part(input, 1), tape.multiply(f, part(state, 1))))
      let one = tape.leaf(repeatElement(1, count: size))
      return (tape.add(tape.multiply(tape.subtract(one, f), h), tape.multiply(f, n)), c)
    case .layerNormalizedLSTM:
      guard let weightUnit else { preconditionFailure("a cell without the parameters of its units") }
      func normalized(_ vector: Range<Int>, _ gain: Int) -> Range<Int> {
        let count = vector.count / size
        let gains = part(weightUnit, gain).lowerBound..<part(weightUnit, gain + count - 1).upperBound
        let shifts =
          part(weightUnit, gain + count).lowerBound..<part(weightUnit, gain + 2 * count - 1).upperBound
        return tape.add(tape.multiply(gains, tape.normalized(vector, epsilon: 1e-5)), shifts)
      }
      let (input, state) = apart()
      let sums = tape.add(normalized(input, 0), normalized(state, 8))
      let newMemory = memory(sums)
      return (
        tape.multiply(tape.sigmoid(part(sums, 3)), tape.tanh(normalized(newMemory, 16))), newMemory
      )
    }
  }
}

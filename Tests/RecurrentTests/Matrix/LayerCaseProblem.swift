import RecurrentTestSupport

@testable import Recurrent

/// The numbers of a case: everything sequence by sequence, whatever order the layer takes.
struct LayerCaseProblem<Scalar: TensorScalar> {
  var layerCase: LayerCase
  let parameters: [CellParameters<Scalar>]
  var lengths: [Int]
  /// The sequences, `[T, I]` each.
  var inputs: [[Scalar]]
  var hidden: [Scalar]?
  var memory: [Scalar]?
  var outputGradient: [Scalar]?
  var hiddenGradient: [Scalar]?
  var memoryGradient: [Scalar]?
  /// The steps before which each sequence begins anew.
  var resets: [Set<Int>]
  let zoneout: Zoneout
  let noise: TrainingNoise?
  let checkpointInterval: Int?
  /// Which row of which sequence stands where in a tensor of all steps, time-major or packed.
  let packedOrder: [(sequence: Int, step: Int)]

  var stateSize: Int { parameters[0].weightHH.shape[1] }
  var hiddenSize: Int { parameters[0].weightHR?.shape[1] ?? stateSize }
  var outputSize: Int { layerCase.directions.count * stateSize }

  init(_ layerCase: LayerCase) {
    self.layerCase = layerCase
    var generator = SeededGenerator(seed: layerCase.seed)
    let stack = SequenceLayer<Scalar>(layerCase).stack
    parameters = stack.parameters.map { cell in
      var cell = cell
      cell.forEach { (name, tensor) in
        // So that errors do not grow from step to step by more than a few times.
        let depth = tensor.shape.rank == 2 ? Double(tensor.shape[1]) : 2
        let most = Scalar(min(1 / depth.squareRoot(), 3 / depth))
        let range = name == .weightUnit ? Scalar(0.25)...1 : -most...most
        tensor = .uniform(tensor.shape, in: range, using: &generator)
      }
      return cell
    }
    let lengths = layerCase.lengths
    self.lengths = lengths
    func draw(_ count: Int) -> [Scalar] {
      (0..<count).map { _ in Scalar(Double.random(in: -1...1, using: &generator)) }
    }
    inputs = lengths.map { draw($0 * stack.inputSize) }
    let cells = stack.cellCount * layerCase.rows
    let (hiddenCount, memoryCount) = (cells * stack.stateSize, cells * stack.hiddenSize)
    let carries = layerCase.definedCell.carriesMemory
    let isGiven = layerCase[.state] == "given"
    hidden = isGiven ? draw(hiddenCount) : nil
    memory = isGiven && carries ? draw(memoryCount) : nil
    let pass = layerCase[.pass]
    let hasGradients = ["outputGradient", "stateGradient", "bothGradients", "checkpoints"].contains(pass)
    outputGradient =
      hasGradients && pass != "stateGradient" ? draw(lengths.reduce(0, +) * stack.outputSize) : nil
    let hasState = hasGradients && pass != "outputGradient"
    hiddenGradient = hasState ? draw(hiddenCount) : nil
    memoryGradient = hasState && carries ? draw(memoryCount) : nil
    checkpointInterval = pass == "checkpoints" ? 1 + Int(layerCase.seed % 3) : nil
    resets = lengths.map { length in
      guard layerCase[.resets] != "none" else { return [] }
      var steps = Set((1..<max(1, length)).filter { _ in Double.random(in: 0..<1, using: &generator) < 0.4 })
      if layerCase[.resets] == "first", Bool.random(using: &generator) { steps.insert(0) }
      return steps
    }
    zoneout = stack.regularization.zoneout
    noise =
      layerCase.hasNoise
      ? TrainingNoise(
        probability: stack.regularization.dropout, key: layerCase.seed &+ 5,
        isSameAtEveryStep: layerCase[.dropout] == "variational") : nil
    let sorted = lengths.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
    packedOrder = (0..<layerCase.steps).flatMap { step in
      sorted.filter { lengths[$0] > step }.map { (sequence: $0, step: step) }
    }
  }

  /// The case by its definition.
  func definition() -> LayerDefinition<Scalar>.Results {
    var definition = LayerDefinition(
      cell: layerCase.definedCell, parameters: parameters, directionCount: layerCase.directions.count,
      inputs: inputs, lengths: lengths)
    definition.hidden = hidden
    definition.memory = memory
    definition.resets = resets
    var packedRows: [[Int]] = lengths.map { Array(repeating: 0, count: $0) }
    var placesInStep = packedRows
    var firstOfStep = 0
    for (row, place) in packedOrder.enumerated() {
      if row > 0, packedOrder[row - 1].step != place.step { firstOfStep = row }
      packedRows[place.sequence][place.step] = row
      placesInStep[place.sequence][place.step] = row - firstOfStep
    }
    if zoneout != Zoneout() {
      definition.keptShare = { isMemory, cell, sequence, step, unit in
        let probability = isMemory ? zoneout.memory : zoneout.hidden
        guard let noise else { return Double(Scalar(probability)) }
        let mask = DropoutMask(
          probability: probability, key: noise.zoneoutKey(ofCell: cell, cellState: isMemory))
        return mask.drops(packedRows[sequence][step] << 32 | unit) ? 1 : 0
      }
    }
    if let noise, noise.dropsInputs {
      definition.dropFactor = { layer, sequence, step, feature in
        let row = noise.isSameAtEveryStep ? placesInStep[sequence][step] : packedRows[sequence][step]
        return noise.mask(intoLayer: layer).drops(row * outputSize + feature) ? 0 : 2
      }
    }
    return definition.results(
      outputGradient: outputGradient, hiddenGradient: hiddenGradient, memoryGradient: memoryGradient)
  }
}

extension SequenceLayer {
  /// The layer of a case, with the options that it names; a cell as a layer of one.
  init(_ layerCase: LayerCase) {
    var generator = SeededGenerator(seed: layerCase.seed)
    let (input, hidden) = (layerCase.number(.input), layerCase.number(.hidden))
    let (layers, bias, batchFirst) = (
      layerCase.number(.layers), layerCase[.bias] == "yes", layerCase.batchFirst
    )
    let directions = layerCase.directions
    // A half, whose reciprocal is exact.
    let dropout = layerCase[.dropout] == "none" ? 0 : 0.5
    let isVariational = layerCase[.dropout] == "variational"
    let hasZoneout = layerCase[.zoneout] != "none"
    let zoneout = hasZoneout ? Zoneout(hidden: 0.25, memory: 0.375) : Zoneout()
    switch layerCase.definedCell {
    case .rnnTanh, .rnnReLU:
      self = SequenceLayer(
        RNN<Scalar>(
          inputSize: input, hiddenSize: hidden, layerCount: layers,
          nonlinearity: layerCase.definedCell == .rnnTanh ? .tanh : .relu, bias: bias,
          batchFirst: batchFirst, dropout: dropout, variationalDropout: isVariational,
          directions: directions, using: &generator))
    case .lstm, .projectedLSTM:
      self = SequenceLayer(
        LSTM<Scalar>(
          inputSize: input, hiddenSize: hidden, layerCount: layers, bias: bias, batchFirst: batchFirst,
          dropout: dropout, variationalDropout: isVariational, zoneout: zoneout, directions: directions,
          projectionSize: layerCase.definedCell == .lstm ? nil : max(1, hidden * 2 / 3),
          using: &generator))
    case .gru:
      self = SequenceLayer(
        GRU<Scalar>(
          inputSize: input, hiddenSize: hidden, layerCount: layers, bias: bias, batchFirst: batchFirst,
          dropout: dropout, variationalDropout: isVariational, zoneout: zoneout.hidden,
          directions: directions, using: &generator))
    case .layerNormalizedLSTM:
      self = SequenceLayer(
        CustomRNN(
          LayerNormalizedLSTM<Scalar>(), inputSize: input, hiddenSize: hidden, layerCount: layers,
          bias: bias, batchFirst: batchFirst, dropout: dropout, variationalDropout: isVariational,
          directions: directions, using: &generator))
    case .minimalGatedUnit:
      self = SequenceLayer(
        CustomRNN(
          MinimalGatedUnit<Scalar>(), inputSize: input, hiddenSize: hidden, layerCount: layers, bias: bias,
          batchFirst: batchFirst, dropout: dropout, variationalDropout: isVariational,
          directions: directions, using: &generator))
    }
  }
}

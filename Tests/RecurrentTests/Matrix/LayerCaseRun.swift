import RecurrentTestSupport

@testable import Recurrent

/// The ways in which a case can be computed.
extension LayerCaseProblem {
  /// Some rows of all, in the order of a layer that takes them so.
  struct Form {
    var shape: SequenceShape
    /// Which row of which sequence stands where.
    var order: [(sequence: Int, step: Int)]
    var isBatched = true
  }

  func layer() -> SequenceLayer<Scalar> { SequenceLayer(layerCase).with(parameters) }

  /// The form that the case names.
  func form(_ layer: SequenceLayer<Scalar>) throws -> Form {
    if layerCase[.lengths] != "equal" { return try packedForm(layer) }
    let (rows, steps, features) = (layerCase.rows, layerCase.steps, layerCase.number(.input))
    let isBatchFirst = layerCase.batchFirst && !layerCase.isUnbatched
    let order =
      isBatchFirst
      ? (0..<rows).flatMap { row in (0..<steps).map { (sequence: row, step: $0) } }
      : (0..<steps).flatMap { step in (0..<rows).map { (sequence: $0, step: step) } }
    let shape: Shape =
      layerCase.isUnbatched
      ? [steps, features] : isBatchFirst ? [rows, steps, features] : [steps, rows, features]
    var mask: Tensor<Scalar>?
    if layerCase[.resets] != "none" {
      mask = Tensor(
        unchecked: order.map { resets[$0.sequence].contains($0.step) ? 1 : 0 },
        shape: layerCase.isUnbatched ? [steps] : isBatchFirst ? [rows, steps] : [steps, rows])
    }
    return Form(
      shape: try layer.stack.checkedSequence(shape, batchFirst: layerCase.batchFirst, resets: mask),
      order: order, isBatched: !layerCase.isUnbatched)
  }

  /// The sequences packed, whatever their lengths are.
  func packedForm(_ layer: SequenceLayer<Scalar>) throws -> Form {
    let packed = try PackedSequence(
      zip(inputs, lengths).map { Tensor(unchecked: $0, shape: [$1, layerCase.number(.input)]) })
    return Form(shape: try layer.stack.checkedSequence(packed), order: packedOrder)
  }

  /// Runs the case as it says.
  func results(_ execution: Execution) throws -> LayerCaseResults<Scalar> {
    if layerCase.isCell { return try cellResults(execution) }
    let layer = layer()
    if layerCase[.pass] == "stream" { return try streamResults(layer, execution) }
    return try results(layer, form(layer), execution, checkpointInterval: checkpointInterval)
  }

  /// Runs a layer over the sequences in a form.
  func results(
    _ layer: SequenceLayer<Scalar>, _ form: Form, _ execution: Execution, checkpointInterval: Int? = nil
  ) throws -> LayerCaseResults<Scalar> {
    let problem = arranged(form)
    guard problem.outputGradient != nil || problem.hiddenGradient != nil || noise != nil else {
      let result = try layer.run(form.shape, problem, execution)
      return LayerCaseResults(
        output: canonical(result.output, form), hidden: result.hidden.scalars,
        memory: result.cell?.scalars)
    }
    let result = try layer.results(
      form.shape, problem, execution, dropout: noise, checkpointInterval: checkpointInterval)
    return LayerCaseResults(
      output: canonical(result.output, form), hidden: result.hidden.scalars, memory: result.cell?.scalars,
      inputGradient: canonical(result.input, form), hiddenGradient: result.initialHidden.scalars,
      memoryGradient: result.initialCell?.scalars,
      parameters: result.parameters.map { (name: $0.key, gradient: $0.value.scalars) })
  }

  /// The numbers of the case in the order of a form.
  private func arranged(_ form: Form) -> SequenceLayer<Scalar>.Problem {
    var firstRows = [0]
    for length in lengths { firstRows.append(firstRows[firstRows.count - 1] + length) }
    func rows(_ scalars: [Scalar], _ features: Int) -> Tensor<Scalar> {
      let ordered = form.order.flatMap { place in
        let row = firstRows[place.sequence] + place.step
        return scalars[(row * features)..<((row + 1) * features)]
      }
      return Tensor(unchecked: ordered, shape: form.shape.input.replacingLast(with: features))
    }
    func state(_ scalars: [Scalar]?, _ shape: Shape) -> Tensor<Scalar>? {
      scalars.map { Tensor(unchecked: $0, shape: shape) }
    }
    return SequenceLayer.Problem(
      input: rows(inputs.flatMap { $0 }, layerCase.number(.input)),
      hidden: state(hidden, form.shape.state), cell: state(memory, form.shape.cellState),
      outputGradient: outputGradient.map { rows($0, outputSize) },
      hiddenGradient: state(hiddenGradient, form.shape.state),
      cellGradient: state(memoryGradient, form.shape.cellState))
  }

  /// The rows of a tensor sequence by sequence.
  private func canonical(_ tensor: Tensor<Scalar>, _ form: Form) -> [Scalar] {
    let features = tensor.shape[tensor.shape.rank - 1]
    var sequences = lengths.map { [Scalar](repeating: .nan, count: $0 * features) }
    for (row, place) in form.order.enumerated() {
      sequences[place.sequence].replaceSubrange(
        (place.step * features)..<((place.step + 1) * features),
        with: tensor.scalars[(row * features)..<((row + 1) * features)])
    }
    return sequences.flatMap { $0 }
  }

  /// A step's rows of I features.
  private func rows(ofStep step: Int) -> [Scalar] {
    let features = layerCase.number(.input)
    return inputs.flatMap { $0[(step * features)..<((step + 1) * features)] }
  }

  /// The rows of steps, `[B, features]` each, sequence by sequence.
  private func canonical(_ steps: [[Scalar]], _ features: Int) -> [Scalar] {
    (0..<layerCase.rows).flatMap { row in
      steps.flatMap { $0[(row * features)..<((row + 1) * features)] }
    }
  }

  /// Runs the steps of a stream of a layer.
  func streamResults(
    _ layer: SequenceLayer<Scalar>, _ execution: Execution
  ) throws -> LayerCaseResults<Scalar> {
    let state: Shape = [layer.stack.cellCount, layerCase.rows, stateSize]
    let shape: Shape = [layer.stack.cellCount, layerCase.rows, hiddenSize]
    let results = try layer.stream(
      (0..<layerCase.steps).map {
        Tensor(unchecked: rows(ofStep: $0), shape: [layerCase.rows, layerCase.number(.input)])
      },
      hidden: hidden.map { Tensor(unchecked: $0, shape: state) },
      cell: memory.map { Tensor(unchecked: $0, shape: shape) }, execution)
    return LayerCaseResults(
      output: canonical(results.outputs.map(\.scalars), stateSize), hidden: results.hidden.scalars,
      memory: results.cell?.scalars)
  }

  /// Calls a cell in a loop over time, with states of their own or in place.
  private func cellResults(_ execution: Execution) throws -> LayerCaseResults<Scalar> {
    let size = layerCase.number(.hidden)
    let (inputSize, bias) = (layerCase.number(.input), layerCase[.bias] == "yes")
    switch layerCase.definedCell {
    case .lstm:
      return try results(LSTMCell<Scalar>(inputSize: inputSize, hiddenSize: size, bias: bias), execution)
    case .gru:
      return try results(GRUCell<Scalar>(inputSize: inputSize, hiddenSize: size, bias: bias), execution)
    default:
      let nonlinearity: Nonlinearity = layerCase.definedCell == .rnnTanh ? .tanh : .relu
      return try results(
        RNNCell<Scalar>(inputSize: inputSize, hiddenSize: size, bias: bias, nonlinearity: nonlinearity),
        execution)
    }
  }

  private func results<Cell: RecurrentCell<Scalar>>(
    _ cell: Cell, _ execution: Execution
  ) throws -> LayerCaseResults<Scalar> {
    var cell = cell
    cell.parameters = parameters[0]
    let size = layerCase.number(.hidden)
    let prefix: [Int] = layerCase.isUnbatched ? [] : [layerCase.rows]
    func tensor(_ scalars: [Scalar], _ features: Int) -> Tensor<Scalar> {
      Tensor(unchecked: scalars, shape: Shape(prefix + [features]))
    }
    var state = hidden.map {
      Cell.State(hidden: tensor($0, size), cellState: memory.map { tensor($0, size) })
    }
    var outputs: [[Scalar]] = []
    for step in 0..<layerCase.steps {
      let x = tensor(rows(ofStep: step), layerCase.number(.input))
      if layerCase[.pass] == "inPlace" {
        let zeros = tensor(Array(repeating: 0, count: layerCase.rows * size), size)
        var next =
          state ?? Cell.State(hidden: zeros, cellState: cell.stack.kind.carriesMemory ? zeros : nil)
        try computeStep(of: cell, x, updating: &next, execution)
        state = next
      } else {
        state = try cell.run(x, from: state, execution: execution)
      }
      outputs.append(state?.hidden.scalars ?? [])
    }
    return LayerCaseResults(
      output: canonical(outputs, size), hidden: state?.hidden.scalars ?? [],
      memory: state?.cellState?.scalars)
  }

  private func computeStep<Cell: RecurrentCell<Scalar>>(
    of cell: Cell, _ x: Tensor<Scalar>, updating state: inout Cell.State, _ execution: Execution
  ) throws {
    var hidden = state.hidden
    guard var cellState = state.cellState else {
      try cell._core.step(x, hidden: &hidden, execution)
      state = Cell.State(hidden: hidden, cellState: nil)
      return
    }
    try cell._core.step(x, hidden: &hidden, cellState: &cellState, execution)
    state = Cell.State(hidden: hidden, cellState: cellState)
  }
}

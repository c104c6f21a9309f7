/// What a time-major pass has between and within its layers, kept for the way back.
struct LayerHistory<Scalar: TensorScalar>: @unchecked Sendable {
  /// The outputs of the layers below the last, `[L − 1, T, B, H]`.
  let outputs: AlignedBuffer<Scalar>
  /// What the layers above took of them; `nil` where that is the same.
  let dropped: DroppedInputs<Scalar>?
  /// What cells with gates keep.
  let gates: GateHistory<Scalar>?
  /// The owners of the memory of the two.
  private let buffers: [AlignedBuffer<Scalar>]

  /// Takes memory for a pass, before which there were `stepsBefore` steps of the sequence.
  init(_ call: RecurrentStack<Scalar>.Call, stepsBefore: Int, dropout: LayerDropout?) {
    let shape = call.shape
    let size = shape.steps * shape.rows
    outputs = AlignedBuffer(count: (shape.layerCount - 1) * size * shape.hiddenSize)
    var buffers: [AlignedBuffer<Scalar>] = []
    func take(_ count: Int) -> UnsafeMutablePointer<Scalar> {
      let buffer = AlignedBuffer<Scalar>(count: count)
      buffers.append(buffer)
      return buffer.base
    }
    if let dropout {
      dropped = DroppedInputs(
        dropout: dropout, base: take(outputs.count), shape: shape, stepsBefore: stepsBefore)
    } else {
      dropped = nil
    }
    if call.ready.kind.gated != nil {
      let width = call.ready.layout.width
      gates = GateHistory(
        gates: take(shape.layerCount * size * width),
        memories: take(shape.layerCount * size * shape.hiddenSize), steps: shape.steps,
        rows: shape.rows, hiddenSize: shape.hiddenSize, width: width)
    } else {
      gates = nil
    }
    self.buffers = buffers
  }

  /// For the forward pass.
  var kept: RecurrentStack<Scalar>.Kept {
    RecurrentStack.Kept(outputs: outputs.base, gates: gates, dropped: dropped)
  }
}

/// Memory in which the gradients of the parameters are summed.
struct GradientMemory<Scalar: TensorScalar> {
  private let parameters: AlignedBuffer<Scalar>
  let cells: [CellGradientMemory<Scalar>]

  init(_ stack: RecurrentStack<Scalar>, _ layout: GateLayout) {
    let width = layout.width
    let bias = stack.hasBias ? width : 0
    let biasApart = stack.kind.takesSumsApart ? bias : 0
    let inputWeights = (0..<stack.layerCount).map { width * stack.features(intoLayer: $0) }
    let others = width * stack.hiddenSize + bias + biasApart
    parameters = AlignedBuffer(count: inputWeights.reduce(0) { $0 + $1 + others })
    parameters.base.fillWithZeros(count: parameters.count)
    var next = parameters.base
    var cells: [CellGradientMemory<Scalar>] = []
    for count in inputWeights {
      let biases = next + count + width * stack.hiddenSize
      cells.append(
        CellGradientMemory(
          weightIH: next, weightHH: next + count, biasIH: bias > 0 ? biases : nil,
          biasHH: biasApart > 0 ? biases + bias : nil))
      next += count + others
    }
    self.cells = cells
  }

  /// The gradients as values, in PyTorch's order.
  func result(_ stack: RecurrentStack<Scalar>, _ layout: GateLayout) -> [CellParameters<Scalar>] {
    let rows = layout.gateCount * layout.hiddenSize
    let matrix = { (base: UnsafeMutablePointer<Scalar>, depth: Int) in
      Tensor(unchecked: layout.restored(base, depth: depth), shape: [rows, depth])
    }
    let vector = { (base: UnsafeMutablePointer<Scalar>) in
      Tensor(unchecked: layout.restored(base, depth: 1), shape: [rows])
    }
    return cells.enumerated().map { layer, cell in
      let biasIH = cell.biasIH.map(vector)
      // Where the biases are added together, the gradient is that of either.
      return CellParameters(
        weightIH: matrix(cell.weightIH, stack.features(intoLayer: layer)),
        weightHH: matrix(cell.weightHH, stack.hiddenSize), biasIH: biasIH,
        biasHH: cell.biasHH.map(vector) ?? biasIH)
    }
  }
}

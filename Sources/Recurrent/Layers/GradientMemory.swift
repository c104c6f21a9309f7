/// Memory in which the gradients of the parameters are summed.
struct GradientMemory<Scalar: TensorScalar> {
  private let parameters: AlignedBuffer<Scalar>
  let cells: [CellGradientMemory<Scalar>]

  init(_ stack: RecurrentStack<Scalar>, _ layout: GateLayout) {
    let width = layout.width
    let bias = stack.hasBias ? width : 0
    let biasApart = stack.kind.separatesHiddenProjection ? bias : 0
    let projection = stack.projectionSize.map { $0 * stack.hiddenSize } ?? 0
    let inputWeights = (0..<stack.cellCount).map { width * stack.sizes(ofCell: $0).inputSize }
    let recurrentWeights = width * stack.stateSize
    let unitParameters = (stack.kind.customSizes?.unitParameterCount ?? 0) * stack.hiddenSize
    let others = recurrentWeights + bias + biasApart + projection + unitParameters
    parameters = AlignedBuffer(count: inputWeights.reduce(0) { $0 + $1 + others })
    parameters.base.fillWithZeros(count: parameters.count)
    var next = parameters.base
    var cells: [CellGradientMemory<Scalar>] = []
    for count in inputWeights {
      let biases = next + count + recurrentWeights
      cells.append(
        CellGradientMemory(
          weightIH: next, weightHH: next + count, biasIH: bias > 0 ? biases : nil,
          biasHH: biasApart > 0 ? biases + bias : nil,
          weightHR: projection > 0 ? biases + (bias + biasApart) : nil,
          weightUnit: unitParameters > 0 ? biases + (bias + biasApart + projection) : nil))
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
    return cells.enumerated().map { index, cell in
      let biasIH = cell.biasIH.map(vector)
      let plain = { (base: UnsafeMutablePointer<Scalar>, name: ParameterName) in
        let shape = name.shape(in: stack.sizes(ofCell: index))
        return Tensor(
          unchecked: Array(UnsafeBufferPointer(start: base, count: shape[0] * shape[1])), shape: shape)
      }
      // Where the biases are added together, the gradient is that of either.
      return CellParameters(
        weightIH: matrix(cell.weightIH, stack.sizes(ofCell: index).inputSize),
        weightHH: matrix(cell.weightHH, stack.stateSize), biasIH: biasIH,
        biasHH: cell.biasHH.map(vector) ?? biasIH, weightHR: cell.weightHR.map { plain($0, .weightHR) },
        weightUnit: cell.weightUnit.map { plain($0, .weightUnit) })
    }
  }
}

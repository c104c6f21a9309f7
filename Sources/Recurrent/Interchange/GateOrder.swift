/// The order in which a library stacks the gates of a cell in its weights.
///
/// |             | LSTM       | GRU     |
/// | ----------- | ---------- | ------- |
/// | ``pyTorch`` | i, f, g, o | r, z, n |
/// | ``keras``   | i, f, g, o | z, r, n |
/// | ``onnx``    | i, o, f, g | z, r, n |
///
/// The letters are PyTorch's; Keras and ONNX call g "c" and n "h". ``CellParameters`` have
/// PyTorch's order.
///
/// ### Source
/// The documentation of `torch.nn.LSTM` and `torch.nn.GRU`; the code of `keras.layers.LSTMCell` and
/// `keras.layers.GRUCell`; the operators LSTM and GRU of the ONNX specification.
public enum GateOrder: Sendable, CaseIterable {
  /// PyTorch's order, in which this package keeps its parameters.
  case pyTorch
  /// The order of Keras, along the last axis of its weights.
  case keras
  /// The order of the operators RNN, LSTM and GRU of ONNX.
  case onnx

  /// The gates of a cell by PyTorch's letters, in this order; `nil` where no cell has so many.
  private func gates(count: Int) -> [Character]? {
    switch (count, self) {
    case (1, _): ["h"]
    case (3, .pyTorch): ["r", "z", "n"]
    case (3, .keras), (3, .onnx): ["z", "r", "n"]
    case (4, .pyTorch), (4, .keras): ["i", "f", "g", "o"]
    case (4, .onnx): ["i", "o", "f", "g"]
    default: nil
    }
  }

  /// Brings the rows of weights, or of a bias, from this order into another one.
  ///
  /// - Parameters:
  ///   - tensor: `[G·H, …]`, the rows of the first gate first.
  ///   - gateCount: G: 1 for a plain cell, 3 for a GRU, 4 for an LSTM.
  ///   - order: The order of the result.
  /// - Returns: The same rows in the other order.
  /// - Throws: ``RecurrentError/invalidSize(argument:expected:actual:)`` for another number of
  ///   gates, ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for a tensor without rows
  ///   for every gate.
  /// - Complexity: O(elements).
  public func reordering<Scalar: TensorScalar>(
    _ tensor: Tensor<Scalar>, gateCount: Int, to order: GateOrder
  ) throws(RecurrentError) -> Tensor<Scalar> {
    guard let from = gates(count: gateCount), let to = order.gates(count: gateCount) else {
      throw .invalidSize(argument: "gateCount", expected: "1, 3 or 4", actual: gateCount)
    }
    guard tensor.shape.rank > 0, tensor.shape[0] % gateCount == 0 else {
      throw .shapeMismatch(argument: "tensor", expected: "[\(gateCount)·H, …]", actual: tensor.shape)
    }
    guard from != to else { return tensor }
    let count = tensor.scalars.count / gateCount
    let scalars = to.compactMap(from.firstIndex).flatMap { gate in
      tensor.scalars[(gate * count)..<((gate + 1) * count)]
    }
    return Tensor(unchecked: scalars, shape: tensor.shape)
  }
}

extension CellSizes {
  /// The sizes that weights tell by their shapes; `nil` where no cell has such weights.
  ///
  /// - Parameters:
  ///   - rowCount: G·H, the sums of the cell.
  ///   - hiddenSize: H.
  ///   - inputSize: I.
  init?(rowCount: Int, hiddenSize: Int, inputSize: Int) {
    guard hiddenSize > 0, rowCount % hiddenSize == 0, [1, 3, 4].contains(rowCount / hiddenSize) else {
      return nil
    }
    self.init(inputSize: inputSize, hiddenSize: hiddenSize, gateCount: rowCount / hiddenSize)
  }
}

extension CellParameters {
  /// Checks that all shapes are those of one cell without a projection, which neither Keras nor
  /// ONNX has.
  ///
  /// - Returns: The cell's sizes.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for a projection,
  ///   ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for shapes that do not fit
  ///   together.
  func sizesWithoutProjection() throws(RecurrentError) -> CellSizes {
    guard weightHR == nil else {
      throw .invalidValue(
        argument: "weight_hr", expected: "a cell without projection", actual: "one with a projection")
    }
    guard weightIH.shape.rank == 2 else {
      throw .shapeMismatch(argument: "weight_ih", expected: "[G·H, I]", actual: weightIH.shape)
    }
    guard weightHH.shape.rank == 2,
      let sizes = CellSizes(
        rowCount: weightHH.shape[0], hiddenSize: weightHH.shape[1], inputSize: weightIH.shape[1])
    else {
      throw .shapeMismatch(
        argument: "weight_hh", expected: "[G·H, H] of 1, 3 or 4 gates", actual: weightHH.shape)
    }
    // First the rows, beside which there are no sizes that no shape has.
    guard weightIH.shape[0] == weightHH.shape[0] else {
      throw .shapeMismatch(
        argument: "weight_ih", expected: "[\(weightHH.shape[0]), \(weightIH.shape[1])]",
        actual: weightIH.shape)
    }
    let tensors: [(ParameterName, Tensor<Scalar>?)] = [
      (.weightIH, weightIH), (.biasIH, biasIH), (.biasHH, biasHH),
    ]
    for (name, tensor) in tensors {
      let shape = name.shape(in: sizes)
      guard let tensor, tensor.shape != shape else { continue }
      throw .shapeMismatch(argument: name.rawValue, expected: "\(shape)", actual: tensor.shape)
    }
    return sizes
  }
}

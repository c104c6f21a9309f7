/// The weights of an operator RNN, LSTM or GRU of ONNX, of the latter with `linear_before_reset=1`.
///
///     let weights = ONNXWeights<Float>(weight: w, recurrenceWeight: r, bias: b)
///     let gru = try GRU(
///       stateDictionary: StateDictionary(layers: weights.cells(), directions: weights.directions))
///
/// They are the operator's inputs W, R and B. Which cell they belong to follows from their shapes.
/// An operator is one layer: the cells of several operators make a stack of layers. The gates stand
/// in the order ``GateOrder/onnx``. Peepholes, the input P of an LSTM, and other activations than
/// the operators' defaults belong to other cells.
///
/// Shapes: D directions, G gates (1, 3 in a GRU, 4 in an LSTM), I input size, H hidden size.
///
/// ### Source
/// The operators RNN, LSTM and GRU of the ONNX specification, version 14 of the operator set.
public struct ONNXWeights<Scalar: TensorScalar>: Sendable, Equatable {
  /// W, the weights of the input, `[D, G·H, I]`.
  public var weight: Tensor<Scalar>
  /// R, the weights of the previous state, `[D, G·H, H]`.
  public var recurrenceWeight: Tensor<Scalar>
  /// B, the biases beside the input product and behind them those beside the recurrent one,
  /// `[D, 2·G·H]`; `nil` for none.
  public var bias: Tensor<Scalar>?

  /// Creates weights from the inputs of an operator; their shapes are checked where they become
  /// ``CellParameters``.
  ///
  /// - Parameters:
  ///   - weight: W, `[D, G·H, I]`.
  ///   - recurrenceWeight: R, `[D, G·H, H]`.
  ///   - bias: B, `[D, 2·G·H]`; `nil` for none.
  public init(weight: Tensor<Scalar>, recurrenceWeight: Tensor<Scalar>, bias: Tensor<Scalar>? = nil) {
    self.weight = weight
    self.recurrenceWeight = recurrenceWeight
    self.bias = bias
  }

  /// Converts the parameters of one layer.
  ///
  /// - Parameter cells: The cell of the layer, or that of the forward and that of the reverse
  ///   direction, as ``RecurrentLayer/parameters`` has them one behind the other. They have no
  ///   projection.
  /// - Throws: ``RecurrentError/invalidSize(argument:expected:actual:)`` for another number of
  ///   cells, ``RecurrentError/invalidValue(argument:expected:actual:)`` for a projection, which
  ///   ONNX does not have, ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for shapes
  ///   that do not fit together.
  /// - Complexity: O(elements).
  public init(_ cells: [CellParameters<Scalar>]) throws(RecurrentError) {
    guard let forward = cells.first, cells.count <= 2 else {
      throw .invalidSize(
        argument: "cells", expected: "1, or 2 for both directions", actual: cells.count)
    }
    let sizes = try forward.sizesWithoutProjection()
    let rowCount = sizes.gateCount * sizes.hiddenSize
    let hasBias = cells.contains { $0.biasIH != nil || $0.biasHH != nil }
    let zeros = Tensor<Scalar>.zeros([rowCount])
    var (input, recurrent, bias): ([Scalar], [Scalar], [Scalar]) = ([], [], [])
    for cell in cells {
      _ = try cell.sizesWithoutProjection()
      for (name, tensor) in [(ParameterName.weightIH, cell.weightIH), (.weightHH, cell.weightHH)] {
        let shape = name.shape(in: sizes)
        guard tensor.shape == shape else {
          throw .shapeMismatch(
            argument: "\(name.rawValue)_reverse", expected: "\(shape)", actual: tensor.shape)
        }
      }
      func reordered(_ tensor: Tensor<Scalar>) throws(RecurrentError) -> [Scalar] {
        try GateOrder.pyTorch.reordering(tensor, gateCount: sizes.gateCount, to: .onnx).scalars
      }
      input += try reordered(cell.weightIH)
      recurrent += try reordered(cell.weightHH)
      if hasBias {
        bias += try reordered(cell.biasIH ?? zeros)
        bias += try reordered(cell.biasHH ?? zeros)
      }
    }
    weight = Tensor(unchecked: input, shape: [cells.count, rowCount, sizes.inputSize])
    recurrenceWeight = Tensor(unchecked: recurrent, shape: [cells.count, rowCount, sizes.hiddenSize])
    self.bias = hasBias ? Tensor(unchecked: bias, shape: [cells.count, 2 * rowCount]) : nil
  }

  /// Both directions where W has two, and one otherwise.
  public var directions: Directions {
    weight.shape.rank > 0 && weight.shape[0] == 2 ? .bidirectional : .forward
  }

  /// Converts to the parameters of a layer.
  ///
  /// - Returns: The cell of each direction, the forward one first. An operator whose direction is
  ///   `reverse` has one cell, for a sequence that is turned round.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for shapes that do not
  ///   fit together.
  /// - Complexity: O(elements).
  public func cells() throws(RecurrentError) -> [CellParameters<Scalar>] {
    guard weight.shape.rank == 3, [1, 2].contains(weight.shape[0]) else {
      throw .shapeMismatch(
        argument: "W", expected: "[D, G·H, I] of 1 or 2 directions", actual: weight.shape)
    }
    let (directionCount, rowCount) = (weight.shape[0], weight.shape[1])
    guard recurrenceWeight.shape.rank == 3,
      let sizes = CellSizes(
        rowCount: rowCount, hiddenSize: recurrenceWeight.shape[2], inputSize: weight.shape[2]),
      recurrenceWeight.shape.dimensions == [directionCount, rowCount, sizes.hiddenSize]
    else {
      throw .shapeMismatch(
        argument: "R", expected: "[\(directionCount), \(rowCount), H], where \(rowCount) is H, 3·H or 4·H",
        actual: recurrenceWeight.shape)
    }
    if let bias, bias.shape != [directionCount, 2 * rowCount] {
      throw .shapeMismatch(
        argument: "B", expected: "[\(directionCount), \(2 * rowCount)]", actual: bias.shape)
    }
    func reordered(_ tensor: Tensor<Scalar>) throws(RecurrentError) -> Tensor<Scalar> {
      try GateOrder.onnx.reordering(tensor, gateCount: sizes.gateCount, to: .pyTorch)
    }
    var cells: [CellParameters<Scalar>] = []
    for direction in 0..<directionCount {
      var cell = CellParameters(
        weightIH: try reordered(weight[direction]), weightHH: try reordered(recurrenceWeight[direction]))
      if let bias {
        cell.biasIH = try reordered(bias[direction][..<rowCount])
        cell.biasHH = try reordered(bias[direction][rowCount...])
      }
      cells.append(cell)
    }
    return cells
  }
}

/// The weights of one direction of a layer of Keras: `SimpleRNN`, `LSTM`, or `GRU` with
/// `reset_after=True`.
///
///     let weights = KerasWeights<Float>(kernel: kernel, recurrentKernel: recurrentKernel, bias: bias)
///     let lstm = try LSTM(stateDictionary: StateDictionary(layers: [CellParameters(weights)]))
///
/// They are what `layer.get_weights()` gives. Which cell they belong to follows from their shapes;
/// a `Bidirectional` of Keras has weights for each of its two layers. The gates stand in the last
/// axis in the order ``GateOrder/keras``.
///
/// Shapes: G gates (1, 3 in a GRU, 4 in an LSTM), I input size, H hidden size (Keras's `units`).
///
/// ### Source
/// The code of `keras.layers.SimpleRNNCell`, `LSTMCell` and `GRUCell`, Keras 3.
public struct KerasWeights<Scalar: TensorScalar>: Sendable, Equatable {
  /// `kernel`, the weights of the input, `[I, G·H]`.
  public var kernel: Tensor<Scalar>
  /// `recurrent_kernel`, the weights of the previous state, `[H, G·H]`.
  public var recurrentKernel: Tensor<Scalar>
  /// `bias`: `[G·H]`, in a GRU `[2, 3·H]`, the biases beside the input product first; `nil` with
  /// `use_bias=False`.
  public var bias: Tensor<Scalar>?

  /// Creates weights from the arrays of a layer of Keras; their shapes are checked where they
  /// become ``CellParameters``.
  ///
  /// - Parameters:
  ///   - kernel: The weights of the input, `[I, G·H]`.
  ///   - recurrentKernel: The weights of the previous state, `[H, G·H]`.
  ///   - bias: The bias, `[G·H]`, in a GRU `[2, 3·H]`; `nil` for none.
  public init(kernel: Tensor<Scalar>, recurrentKernel: Tensor<Scalar>, bias: Tensor<Scalar>? = nil) {
    self.kernel = kernel
    self.recurrentKernel = recurrentKernel
    self.bias = bias
  }

  /// Converts the parameters of a cell.
  ///
  /// A plain layer and an LSTM of Keras have one bias: the sum of the cell's two.
  ///
  /// - Parameter parameters: The parameters of a cell without projection.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for a projection, which
  ///   Keras does not have, ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for shapes
  ///   that do not fit together.
  /// - Complexity: O(elements).
  public init(_ parameters: CellParameters<Scalar>) throws(RecurrentError) {
    let sizes = try parameters.sizesWithoutProjection()
    func reordered(_ tensor: Tensor<Scalar>) throws(RecurrentError) -> Tensor<Scalar> {
      try GateOrder.pyTorch.reordering(tensor, gateCount: sizes.gateCount, to: .keras)
    }
    kernel = try reordered(parameters.weightIH).transposed()
    recurrentKernel = try reordered(parameters.weightHH).transposed()
    guard parameters.biasIH != nil || parameters.biasHH != nil else { return }
    let zeros = Tensor<Scalar>.zeros([sizes.gateCount * sizes.hiddenSize])
    let input = try reordered(parameters.biasIH ?? zeros).scalars
    let recurrent = try reordered(parameters.biasHH ?? zeros).scalars
    bias =
      sizes.gateCount == CellKind.gru.gateCount
      ? Tensor(unchecked: input + recurrent, shape: [2, input.count])
      // The bias of Keras comes back as it was: −0 plus 0 would be 0.
      : Tensor(zip(input, recurrent).map { $1 == 0 ? $0 : $0 + $1 })
  }
}

extension CellParameters {
  /// Converts the weights of a layer of Keras.
  ///
  /// The one bias of a plain layer or an LSTM becomes ``biasIH``, and ``biasHH`` zeros.
  ///
  /// - Parameter weights: The weights of one direction.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for shapes that do not
  ///   fit together; the bias `[3·H]` of a GRU with `reset_after=False` too, which is another cell.
  /// - Complexity: O(elements).
  public init(_ weights: KerasWeights<Scalar>) throws(RecurrentError) {
    let (kernel, recurrentKernel) = (weights.kernel.shape, weights.recurrentKernel.shape)
    guard kernel.rank == 2 else {
      throw .shapeMismatch(argument: "kernel", expected: "[I, G·H]", actual: kernel)
    }
    guard recurrentKernel.rank == 2,
      let sizes = CellSizes(
        rowCount: recurrentKernel[1], hiddenSize: recurrentKernel[0], inputSize: kernel[0])
    else {
      throw .shapeMismatch(
        argument: "recurrent_kernel", expected: "[H, G·H] of 1, 3 or 4 gates", actual: recurrentKernel)
    }
    guard kernel[1] == recurrentKernel[1] else {
      throw .shapeMismatch(
        argument: "kernel", expected: "[I, \(recurrentKernel[1])]", actual: kernel)
    }
    func reordered(_ tensor: Tensor<Scalar>) throws(RecurrentError) -> Tensor<Scalar> {
      try GateOrder.keras.reordering(tensor, gateCount: sizes.gateCount, to: .pyTorch)
    }
    self.init(
      weightIH: try reordered(weights.kernel.transposed()),
      weightHH: try reordered(weights.recurrentKernel.transposed()))
    guard let bias = weights.bias else { return }
    let isGRU = sizes.gateCount == CellKind.gru.gateCount
    let expected: Shape = isGRU ? [2, recurrentKernel[1]] : [recurrentKernel[1]]
    guard bias.shape == expected else {
      throw .shapeMismatch(argument: "bias", expected: "\(expected)", actual: bias.shape)
    }
    biasIH = try reordered(isGRU ? bias[0] : bias)
    biasHH = isGRU ? try reordered(bias[1]) : .zeros(expected)
  }
}

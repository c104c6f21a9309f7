/// The two states that flow from step to step in an ``LSTM``.
public struct LSTMState<Scalar: TensorScalar>: Sendable, Equatable {
  /// h, the output: `[L, B, H]` of a layer, `[B, H]` of a cell, without B where unbatched.
  public var hidden: Tensor<Scalar>
  /// c, the memory, in the same shape.
  public var cell: Tensor<Scalar>

  /// Names both.
  ///
  /// - Parameters:
  ///   - hidden: h.
  ///   - cell: c.
  public init(hidden: Tensor<Scalar>, cell: Tensor<Scalar>) {
    self.hidden = hidden
    self.cell = cell
  }
}

extension RecurrentStack {
  /// Sets the sum of the forget gate's biases of every layer of an LSTM, for those of b_ih; b_hh's become zero.
  mutating func setForgetBias(_ value: Scalar) {
    guard hasBias else { return }
    for layer in parameters.indices {
      // The second gate.
      for unit in hiddenSize..<(2 * hiddenSize) {
        parameters[layer].biasIH?.scalars[unit] = value
        parameters[layer].biasHH?.scalars[unit] = 0
      }
    }
  }
}

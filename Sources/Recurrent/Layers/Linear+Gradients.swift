/// The gradients of a loss with respect to what a ``Linear`` layer was given.
public struct LinearGradients<Scalar: TensorScalar>: Sendable, Equatable {
  /// The gradients of the parameters, in their own shapes.
  public var parameters: LinearParameters<Scalar>
  /// The gradient of the input, `[…, I]`.
  public var input: Tensor<Scalar>
}

extension Linear {
  /// Carries the gradient of a loss back through one call of a layer.
  ///
  /// It keeps the call's input and the weights of that time, and may be called more than once.
  public struct Pullback: Sendable {
    private let input: Tensor<Scalar>
    private let rows: Int
    private let outputShape: Shape
    private let hasBias: Bool
    private let execution: Execution
    /// Wᵀ [I, O].
    private let transposedWeight: BlockedMatrix<Scalar>

    fileprivate init(
      _ layer: Linear, input: Tensor<Scalar>, rows: Int, outputShape: Shape,
      engine: MatrixEngine<Scalar>, _ execution: Execution
    ) {
      self.input = input
      self.rows = rows
      self.outputShape = outputShape
      self.execution = execution
      hasBias = layer.parameters.bias != nil
      transposedWeight = BlockedMatrix(
        layer.parameters.weight.scalars, columns: layer.inputSize, depth: layer.outputSize,
        columnStride: 1, depthStride: layer.inputSize, engine, execution)
    }

    /// The gradients of a loss.
    ///
    ///     dW = dyᵀ · x,  db = Σ dy over all rows,  dx = dy · W
    ///
    /// - Parameter outputGradient: dy, the gradient of the loss with respect to the call's output,
    ///   `[…, O]`.
    /// - Returns: The gradients of parameters and input. Rows are summed in their order, so that
    ///   bits on the Swift backend depend on nothing but the numbers.
    /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape than
    ///   the output's.
    /// - Complexity: 4·rows·I·O operations.
    public func callAsFunction(
      _ outputGradient: Tensor<Scalar>
    ) throws(RecurrentError) -> LinearGradients<Scalar> {
      try outputGradient.require(outputShape, "outputGradient")
      let (inputSize, outputSize) = (transposedWeight.columns, transposedWeight.depth)
      guard rows > 0 else {
        return LinearGradients(
          parameters: LinearParameters(
            weight: .zeros([outputSize, inputSize]), bias: hasBias ? .zeros([outputSize]) : nil),
          input: Tensor(unchecked: [], shape: input.shape))
      }
      var bias = [Scalar](repeating: 0, count: hasBias ? outputSize : 0)
      let weight = [Scalar](count: outputSize * inputSize) { weight in
        outputGradient.scalars.withUnsafeBufferPointer { gradient in
          input.scalars.withUnsafeBufferPointer { input in
            bias.withUnsafeMutableBufferPointer { bias in
              guard let gradient = gradient.baseAddress, let input = input.baseAddress else { return }
              TransposedProduct(
                engine: transposedWeight.engine, a: gradient, rows: outputSize, b: input, columns: inputSize,
                depth: rows, c: weight, rowSums: hasBias ? bias.baseAddress : nil
              ).run(execution)
            }
          }
        }
      }
      return LinearGradients(
        parameters: LinearParameters(
          weight: Tensor(unchecked: weight, shape: Shape(unchecked: outputSize, inputSize)),
          bias: hasBias ? Tensor(unchecked: bias, shape: Shape(unchecked: outputSize)) : nil),
        input: Tensor(
          unchecked: transposedWeight.product(outputGradient.scalars, rows: rows, execution),
          shape: input.shape))
    }
  }

  /// Applies the layer to every row, and keeps what is needed to carry a gradient back.
  ///
  ///     let (y, pullback) = try head.valueWithPullback(at: x)
  ///     let (loss, gradient) = try MeanSquaredError().valueWithGradient(of: y, target: target)
  ///     let gradients = try pullback(gradient)     // .parameters, .input
  ///
  /// - Parameter input: x, `[…, I]`.
  /// - Returns: `output`, y `[…, O]`, and `pullback`, which turns the gradient of a loss with
  ///   respect to y into those with respect to the parameters and x.
  /// - Throws: As ``callAsFunction(_:)``.
  /// - Complexity: 2·rows·I·O operations, and O(I·O) to pack the weights in the other order.
  public func valueWithPullback(
    at input: Tensor<Scalar>
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, pullback: Pullback) {
    try valueWithPullback(
      at: input, execution: Execution(resolving: backend, threadCount: threadCount))
  }

  /// As above, by an execution that tests and tools name.
  package func valueWithPullback(
    at input: Tensor<Scalar>, execution: Execution
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, pullback: Pullback) {
    let output = try run(input, execution: execution)
    let rows = try rows(of: input)
    let engine = try prepared(rows: rows, execution).engine
    let pullback = Pullback(
      self, input: input, rows: rows, outputShape: output.shape, engine: engine, execution)
    return (output, pullback)
  }
}

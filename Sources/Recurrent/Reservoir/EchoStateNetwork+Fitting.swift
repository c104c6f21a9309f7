extension EchoStateNetwork {
  /// Learns the read-out that gives each step of a sequence from what is known before it.
  ///
  /// The network follows the sequence, and ridge regression, in `Double`, minimizes over the steps
  /// after the washout
  ///
  ///     Σ ‖[h_t, u_t] · W_outᵀ + c − target_t‖² + λ · ‖W_out‖²
  ///
  /// by QR of the states beside √λ·I.
  ///
  /// - Parameters:
  ///   - target: The sequence, `[T, B, O]` or unbatched `[T, O]`.
  ///   - input: u, `[T, B, I]` or `[T, I]`; `nil` where I is 0.
  ///   - state: Where to begin; zeros if `nil`.
  ///   - washout: The steps at the beginning to leave out of the regression, less than T: their
  ///     states still depend on where they began.
  ///   - regularization: λ, not negative. It keeps the weights small where states nearly depend on
  ///     each other, which makes what the network generates stable; 0 asks for states of full rank.
  /// - Returns: The state after the last step, from which the network can go on.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape,
  ///   ``RecurrentError/emptySequence(argument:)`` for a sequence without steps or rows,
  ///   ``RecurrentError/invalidSize(argument:expected:actual:)`` for a washout that leaves no step,
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for another λ, for numbers that
  ///   are not finite, or for states without full rank at λ = 0,
  ///   ``RecurrentError/memoryUnavailable(argument:byteCount:)`` if there is no memory for the
  ///   states. The read-out is then what it was.
  /// - Complexity: 2·T·B·H·(I + O + c·H) operations for the states, c being the connectivity, and
  ///   2·(T·B + F/2)·F² with F = H + I for the regression.
  @discardableResult
  public mutating func fit(
    _ target: Tensor<Scalar>, input: Tensor<Scalar>? = nil, from state: State? = nil, washout: Int = 100,
    regularization: Double = 1e-8
  ) throws(RecurrentError) -> State {
    let extent = try extent(of: target, "target", features: outputSize)
    guard extent.rows > 0 else { throw .emptySequence(argument: "target") }
    guard (0..<extent.steps).contains(washout) else {
      throw .invalidSize(argument: "washout", expected: "0 to \(extent.steps - 1)", actual: washout)
    }
    guard regularization >= 0, regularization.isFinite else {
      throw .invalidValue(
        argument: "regularization", expected: "a finite number that is not negative",
        actual: "\(regularization)")
    }
    // Features and targets in Double, and the factors of the regression.
    try Memory.require(
      [extent.steps - washout, extent.rows, hiddenSize + inputSize + outputSize],
      size: MemoryLayout<Scalar>.size + 3 * MemoryLayout<Double>.size, for: "target")
    let input = try self.input(input, extent)
    let (history, finalState) = try force(target.scalars, input, extent, from: state)

    let rows = (extent.steps - washout) * extent.rows
    let features = joinRows(
      Array(history.suffix(rows * hiddenSize)), hiddenSize, Array(input.suffix(rows * inputSize)), inputSize,
      rows: rows)
    let targets = Tensor<Double>(target).scalars.suffix(rows * outputSize)
    let solution = RidgeRegression.solve(
      features: Tensor<Double>(Tensor(features)).scalars, targets: Array(targets), rows: rows,
      penalty: regularization, backend: backend)
    guard let solution else {
      let isFinite = features.allSatisfy(\.isFinite) && targets.allSatisfy(\.isFinite)
      throw .invalidValue(
        argument: "regularization",
        expected: isFinite
          ? "more than 0 for states without full rank" : "states and targets that are finite",
        actual: isFinite ? "\(regularization)" : "NaN or infinity")
    }
    let weight = Tensor<Double>(
      unchecked: solution.weights, shape: [outputSize, hiddenSize + inputSize])
    readout = Readout(weight: Tensor(weight), bias: Tensor(Tensor<Double>(solution.intercepts)))
    return finalState
  }
}

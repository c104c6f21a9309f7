// Weights in fewer bits.

extension RecurrentModule {
  /// What the weights are rounded to; see ``converted(to:)``.
  public var weightFormat: WeightFormat { _core.stack.weightFormat }
}

extension RecurrentModule where Scalar == Float {
  /// The same layer or cell with weights in fewer bits, for running it: one sequence at a time, a
  /// large layer waits for its weights to come from memory.
  ///
  ///     let small = try lstm.converted(to: .int8)
  ///     let (output, _) = try small(x)
  ///
  /// The weights W_ih, W_hh and W_hr are rounded to numbers of the format; biases and the parameters
  /// of units stay as they are. Calls and streams take the rounded weights, and gradients are those of
  /// them. With ``WeightFormat/bfloat16`` the bits are those of a layer of ``WeightFormat/float`` with
  /// the same rounded weights; with ``WeightFormat/int8``, products on the Swift backend also round the
  /// rows that they multiply, to 16 bits.
  ///
  /// Weights that are assigned later are rounded when they are next used, and stay as they were
  /// assigned in ``RecurrentLayer/parameters``; so a layer that is trained learns weights that are
  /// good when rounded.
  ///
  /// On the Swift backend, matrices of more than 512 KB in `Float` are kept in the format; smaller
  /// ones, and all on OpenBLAS, as `Float` with the rounded numbers. What rounding does to results is
  /// in <doc:Numerics>.
  ///
  /// - Parameter format: What the weights are rounded to; ``WeightFormat/float`` keeps the rounded
  ///   weights, and rounds no more.
  /// - Returns: The layer or cell.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for a weight that is not
  ///   finite, where the format has a scale for its row, and what a call throws for the module's own
  ///   sizes and parameters.
  /// - Complexity: O(parameters).
  public func converted(to format: WeightFormat) throws(RecurrentError) -> Self {
    try rounded(to: format)
  }
}

extension RecurrentModule {
  /// The same for any number type; weights of `Double` are in no other format.
  ///
  /// - Throws: `invalidValue` for `Double` in another format, and what ``converted(to:)`` throws.
  package func rounded(to format: WeightFormat) throws(RecurrentError) -> Self {
    guard format == .float || Scalar.self == Float.self else {
      throw .invalidValue(
        argument: "weights", expected: "parameters of Float for \(format.rawValue)", actual: Scalar.name)
    }
    try stack.validateSizes()
    try stack.validateParameters()
    if format == .int8 { try requireFiniteWeights() }
    var converted = self
    converted.stack.parameters = stack.parameters.map { $0.rounded(to: format) }
    converted.stack.weightFormat = format
    return converted
  }

  private func requireFiniteWeights() throws(RecurrentError) {
    for (index, cell) in stack.parameters.enumerated() {
      var cell = cell
      try cell.forEach { (name, tensor) throws(RecurrentError) in
        guard name.isMatrix, let place = tensor.scalars.firstIndex(where: { !$0.isFinite }) else { return }
        throw .invalidValue(
          argument: _core.parameterNames.key(name, index), expected: "finite weights, to round them to int8",
          actual: "\(tensor.scalars[place]) at \(tensor.shape.indices(ofElement: place))")
      }
    }
  }
}

// What every call checks before it computes.

extension RecurrentStack {
  /// Checks the extent of a call, and finds the weights for it.
  @inline(__always)
  func ready(
    steps: Int, rows: Int, batchFirst: Bool, _ execution: Execution
  ) throws(RecurrentError) -> PreparedStack<Scalar> {
    try validateExtent(steps: steps, rows: rows)
    try validateZoneout()
    let ready = try prepared(
      for: execution.backend.resolved, instructions(rows: rows, execution))
    // BLAS takes the distance of two rows as 32 bits; batch-first, that is a whole sequence.
    let rowStride = (batchFirst ? steps : 1) * widestRow
    guard ready.engine.backend == .swift || rowStride <= Self.greatestSize else {
      throw .invalidSize(
        argument: "input", expected: "at most \(Self.greatestSize) numbers in a sequence on OpenBLAS",
        actual: rowStride)
    }
    return ready
  }

  /// Checks that a layer can be run one step at a time.
  func validateForSteps() throws(RecurrentError) {
    try validateSizes()
    try validateZoneout()
    guard directions == .forward else {
      throw .invalidValue(
        argument: "directions", expected: "a layer that reads forward, for steps that arrive one by one",
        actual: directions.rawValue)
    }
  }

  /// Checks that a sequence is not longer than BLAS and memory can count.
  func validateExtent(steps: Int, rows: Int) throws(RecurrentError) {
    let (count, overflows) = steps.multipliedReportingOverflow(by: rows)
    let (scalars, overflowsToo) = count.multipliedReportingOverflow(by: widestRow)
    guard !overflows, !overflowsToo, count <= Self.greatestSize, scalars <= Self.greatestScalarCount else {
      throw .invalidSize(
        argument: "input", expected: "at most \(Self.greatestSize) rows in all steps", actual: steps)
    }
  }
}

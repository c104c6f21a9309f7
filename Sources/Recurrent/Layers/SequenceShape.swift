/// What a call on a whole sequence has found in its input: the same for every kind of cell.
struct SequenceShape {
  let schedule: SequenceSchedule
  /// Whether rows stand outside of steps.
  let batchFirst: Bool
  let input: Shape
  /// `[L·D, B, P]` or, unbatched, `[L·D, P]`.
  let state: Shape
  /// `[L·D, B, H]` or, unbatched, `[L·D, H]`.
  let cellState: Shape
  /// The sequences by length, where rows of states are not in that order; `nil` where they are.
  var sortedIndices: [Int]?

  /// Brings the rows of states, if there are any, into the order of the schedule.
  @inline(__always)
  func sorted<Scalar>(_ scalars: consuming [Scalar], _ shape: Shape) -> [Scalar] {
    guard let sortedIndices, !scalars.isEmpty else { return scalars }
    return Self.reordered(scalars, shape) {
      $0.update(from: $1 + sortedIndices[$2] * shape[2], count: shape[2])
    }
  }

  /// Brings the rows of states back into the order of the call.
  @inline(__always)
  func unsorted<Scalar>(_ scalars: consuming [Scalar], _ shape: Shape) -> [Scalar] {
    guard let sortedIndices, !scalars.isEmpty else { return scalars }
    var places = sortedIndices
    for (place, index) in sortedIndices.enumerated() { places[index] = place }
    return Self.reordered(scalars, shape) { $0.update(from: $1 + places[$2] * shape[2], count: shape[2]) }
  }

  /// Fills every row of `[cells, B, features]` by a closure, which takes the row, the rows of its
  /// cell, and the row's number.
  private static func reordered<Scalar>(
    _ scalars: [Scalar], _ shape: Shape,
    _ fill: (UnsafeMutablePointer<Scalar>, UnsafePointer<Scalar>, Int) -> Void
  ) -> [Scalar] {
    var result = scalars
    result.withUnsafeMutableBufferPointer { result in
      scalars.withUnsafeBufferPointer { scalars in
        guard let result = result.baseAddress, let scalars = scalars.baseAddress else { return }
        for cell in 0..<shape[0] {
          let first = cell * shape[1] * shape[2]
          for row in 0..<shape[1] { fill(result + first + row * shape[2], scalars + first, row) }
        }
      }
    }
    return result
  }
}

extension RecurrentStack {
  /// Checks the shape of a sequence, and of a mask of the rows that are reset.
  @inline(__always)
  func checkedSequence(
    _ input: Shape, batchFirst: Bool, resets: Tensor<Scalar>? = nil
  ) throws(RecurrentError) -> SequenceShape {
    try validateSizes()
    let isBatched = input.rank == 3
    guard isBatched || input.rank == 2, input[input.rank - 1] == inputSize else {
      let order = batchFirst ? "B, T" : "T, B"
      throw .shapeMismatch(
        argument: "input", expected: "[\(order), \(inputSize)] or [T, \(inputSize)]", actual: input)
    }
    let steps = isBatched && batchFirst ? input[1] : input[0]
    let rows = isBatched ? input[batchFirst ? 0 : 1] : 1
    guard steps > 0 else { throw .emptySequence(argument: "input") }
    var schedule = SequenceSchedule(steps: steps, rows: rows)
    if let resets {
      let rows = try rowsThatReset(resets, schedule, isBatched: isBatched, batchFirst: batchFirst)
      schedule = SequenceSchedule(
        batchSizes: Array(repeating: schedule.rowCount, count: steps), rowCount: schedule.rowCount,
        resets: rows)
    }
    return SequenceShape(
      schedule: schedule, batchFirst: isBatched && batchFirst, input: input,
      state: isBatched
        ? Shape(unchecked: cellCount, rows, stateSize) : Shape(unchecked: cellCount, stateSize),
      cellState: isBatched
        ? Shape(unchecked: cellCount, rows, hiddenSize) : Shape(unchecked: cellCount, hiddenSize))
  }

  /// Reads a mask: the rows that are reset at each step.
  private func rowsThatReset(
    _ resets: Tensor<Scalar>, _ schedule: SequenceSchedule, isBatched: Bool, batchFirst: Bool
  ) throws(RecurrentError) -> [Int: [Int]] {
    let (steps, rows) = (schedule.stepCount, schedule.rowCount)
    let shape: Shape = isBatched ? (batchFirst ? [rows, steps] : [steps, rows]) : [steps]
    try resets.require(shape, "resets")
    var result: [Int: [Int]] = [:]
    for (index, value) in resets.scalars.enumerated() where value != 0 {
      guard value == 1 else {
        throw .invalidValue(argument: "resets", expected: "0 or 1", actual: "\(value)")
      }
      let (outer, inner) = index.quotientAndRemainder(dividingBy: isBatched && batchFirst ? steps : rows)
      let (step, row) = isBatched && batchFirst ? (inner, outer) : (outer, inner)
      result[step, default: []].append(row)
    }
    return result
  }

  /// Checks the features of packed sequences.
  func checkedSequence(_ input: PackedSequence<Scalar>) throws(RecurrentError) -> SequenceShape {
    try validateSizes()
    guard input.data.shape[1] == inputSize else {
      throw .shapeMismatch(argument: "input.data", expected: "[N, \(inputSize)]", actual: input.data.shape)
    }
    let rows = input.lengths.count
    return SequenceShape(
      schedule: SequenceSchedule(batchSizes: input.batchSizes, rowCount: rows), batchFirst: false,
      input: input.data.shape, state: Shape(unchecked: cellCount, rows, stateSize),
      cellState: Shape(unchecked: cellCount, rows, hiddenSize), sortedIndices: input.sortedIndices)
  }

  /// Checks the shape of one step.
  @inline(__always)
  func checkedStep(_ input: Shape) throws(RecurrentError) -> (rows: Int, state: Shape) {
    try validateSizes()
    let isBatched = input.rank == 2
    guard isBatched || input.rank == 1, input[input.rank - 1] == inputSize else {
      throw .shapeMismatch(
        argument: "input", expected: "[B, \(inputSize)] or [\(inputSize)]", actual: input)
    }
    let rows = isBatched ? input[0] : 1
    return (rows, isBatched ? Shape(unchecked: rows, hiddenSize) : Shape(unchecked: hiddenSize))
  }
}

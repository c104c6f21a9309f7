/// Sequences of unequal lengths, packed without padding.
///
///     let packed = try PackedSequence([a, b, c])            // [7, I], [3, I], [5, I]
///     let (output, finalState) = try lstm(packed)           // finalState: each sequence's own last step
///     let padded = try output.padded()                      // [7, 3, H], zeros behind the ends
///
/// Sequences are given in any order; inside they stand by length, the longest first, and all
/// results are in the order in which they were given. ``data`` holds the rows of the first step,
/// then those of the second, and so on: step t has the rows of all sequences that are longer than
/// t, ``batchSizes``[t] of them. A layer computes these rows and no others.
///
/// A sequence may have no steps at all; a layer then passes its initial state through.
///
/// Shapes: B sequences, T steps of the longest, N steps of all, F features.
///
/// ### Source
/// The form is that of PyTorch's `torch.nn.utils.rnn.PackedSequence`.
public struct PackedSequence<Scalar: TensorScalar>: Sendable, Equatable {
  /// The rows of all steps, `[N, F]`.
  public let data: Tensor<Scalar>
  /// The rows of each step, T of them.
  public let batchSizes: [Int]
  /// The lengths of the sequences, in the order in which they were given.
  public let lengths: [Int]
  /// The sequences by length, the longest first: which of those that were given stands where.
  public let sortedIndices: [Int]

  /// Packs sequences.
  ///
  /// - Parameter sequences: The sequences, `[T_b, F]` each, with one F; T_b may be 0.
  /// - Throws: ``RecurrentError/emptySequence(argument:)`` for no sequences,
  ///   ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for one of another form,
  ///   ``RecurrentError/memoryUnavailable(argument:byteCount:)`` if there is no memory for their
  ///   steps.
  /// - Complexity: O(N·F + B log B).
  public init(_ sequences: [Tensor<Scalar>]) throws(RecurrentError) {
    guard let first = sequences.first else { throw .emptySequence(argument: "sequences") }
    let features = first.shape.rank == 2 ? first.shape[1] : 0
    for (index, sequence) in sequences.enumerated()
    where sequence.shape.rank != 2 || sequence.shape[1] != features {
      throw .shapeMismatch(
        argument: "sequences[\(index)]", expected: first.shape.rank == 2 ? "[T, \(features)]" : "[T, F]",
        actual: sequence.shape)
    }
    let lengths = sequences.map { $0.shape[0] }
    try Self.requireMemory(lengths: lengths, features: features, "sequences")
    self.init(lengths: lengths, features: features) { sequence, step, target in
      target += sequences[sequence].scalars[(step * features)..<((step + 1) * features)]
    }
  }

  /// Packs a padded batch.
  ///
  /// - Parameters:
  ///   - padded: `[T, B, F]`, or `[B, T, F]` with `batchFirst`; what stands behind the end of a
  ///     sequence is not read.
  ///   - lengths: The B lengths, 0 to T.
  ///   - batchFirst: Whether the batch is the first axis.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another form,
  ///   ``RecurrentError/invalidSize(argument:expected:actual:)`` for another number of lengths, or
  ///   a length out of range, ``RecurrentError/memoryUnavailable(argument:byteCount:)`` if there is
  ///   no memory for the steps.
  /// - Complexity: O(N·F + B log B).
  public init(
    padded: Tensor<Scalar>, lengths: [Int], batchFirst: Bool = false
  ) throws(RecurrentError) {
    guard padded.shape.rank == 3 else {
      throw .shapeMismatch(
        argument: "padded", expected: batchFirst ? "[B, T, F]" : "[T, B, F]", actual: padded.shape)
    }
    let (steps, rows) = (padded.shape[batchFirst ? 1 : 0], padded.shape[batchFirst ? 0 : 1])
    guard lengths.count == rows else {
      throw .invalidSize(
        argument: "lengths", expected: "one for each of \(rows) sequences", actual: lengths.count)
    }
    for (index, length) in lengths.enumerated() where !(0...steps).contains(length) {
      throw .invalidSize(argument: "lengths[\(index)]", expected: "0 to \(steps)", actual: length)
    }
    let features = padded.shape[2]
    try Self.requireMemory(lengths: lengths, features: features, "padded")
    self.init(lengths: lengths, features: features) { sequence, step, target in
      let row = batchFirst ? sequence * steps + step : step * rows + sequence
      target += padded.scalars[(row * features)..<((row + 1) * features)]
    }
  }

  /// Checks that there is memory for the rows, and for the numbers of steps; sizes beside a size of
  /// 0 may be any.
  private static func requireMemory(
    lengths: [Int], features: Int, _ argument: String
  ) throws(RecurrentError) {
    var rows = 0
    for length in lengths {
      let (sum, overflow) = rows.addingReportingOverflow(length)
      guard !overflow, Shape(exactly: [sum, features]) != nil else {
        throw .memoryUnavailable(argument: argument, byteCount: .max)
      }
      rows = sum
    }
    try Memory.require([lengths.max() ?? 0], size: MemoryLayout<Int>.size, for: argument)
    try Memory.require([rows, features], size: MemoryLayout<Scalar>.size, for: argument)
  }

  /// Packs rows that a closure appends, of a sequence and a step of it.
  private init(lengths: [Int], features: Int, _ appendRow: (Int, Int, inout [Scalar]) -> Void) {
    self.lengths = lengths
    sortedIndices = lengths.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
    let order = sortedIndices
    var scalars: [Scalar] = []
    scalars.reserveCapacity(lengths.reduce(0, +) * features)
    var sizes: [Int] = []
    var rows = order.count
    for step in 0..<(order.first.map { lengths[$0] } ?? 0) {
      while lengths[order[rows - 1]] <= step { rows -= 1 }
      sizes.append(rows)
      for row in 0..<rows { appendRow(order[row], step, &scalars) }
    }
    batchSizes = sizes
    data = Tensor(unchecked: scalars, shape: Shape(unchecked: sizes.reduce(0, +), features))
  }

  private init(_ other: PackedSequence, data: Tensor<Scalar>) {
    self.data = data
    batchSizes = other.batchSizes
    lengths = other.lengths
    sortedIndices = other.sortedIndices
  }

  /// The same sequences with other rows: of features that were computed from these, or of
  /// gradients.
  ///
  /// - Parameter data: `[N, F′]`, in the order of ``data``.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another number of
  ///   rows.
  /// - Returns: Sequences of the same lengths.
  public func replacing(data: Tensor<Scalar>) throws(RecurrentError) -> PackedSequence {
    guard data.shape.rank == 2, data.shape[0] == self.data.shape[0] else {
      throw .shapeMismatch(argument: "data", expected: "[\(self.data.shape[0]), F]", actual: data.shape)
    }
    return PackedSequence(self, data: data)
  }

  /// The sequences, `[T_b, F]` each, in the order in which they were given.
  ///
  /// - Complexity: O(N·F).
  public var sequences: [Tensor<Scalar>] {
    let features = data.shape[1]
    var scalars = lengths.map { length in
      var scalars: [Scalar] = []
      scalars.reserveCapacity(length * features)
      return scalars
    }
    forEachRow { sequence, _, row in
      scalars[sequence] += data.scalars[(row * features)..<((row + 1) * features)]
    }
    return zip(scalars, lengths).map { Tensor(unchecked: $0, shape: Shape(unchecked: $1, features)) }
  }

  /// The sequences side by side, filled up behind their ends.
  ///
  /// - Parameters:
  ///   - value: What stands behind the ends.
  ///   - totalLength: T of the result; that of the longest sequence if `nil`.
  ///   - batchFirst: Whether the batch is the first axis.
  /// - Returns: `[T, B, F]`, or `[B, T, F]` with `batchFirst`.
  /// - Throws: ``RecurrentError/invalidSize(argument:expected:actual:)`` for a total length below
  ///   the longest, ``RecurrentError/memoryUnavailable(argument:byteCount:)`` if there is no memory
  ///   for the result.
  /// - Complexity: O(T·B·F).
  public func padded(
    with value: Scalar = 0, totalLength: Int? = nil, batchFirst: Bool = false
  ) throws(RecurrentError) -> Tensor<Scalar> {
    let (longest, rows, features) = (batchSizes.count, lengths.count, data.shape[1])
    let steps = totalLength ?? longest
    let shape = batchFirst ? [rows, steps, features] : [steps, rows, features]
    guard steps >= longest, Shape.elementCount(of: shape) != nil else {
      throw .invalidSize(argument: "totalLength", expected: "at least \(longest)", actual: steps)
    }
    try Memory.require(shape, size: MemoryLayout<Scalar>.size, for: "totalLength")
    var scalars = [Scalar](repeating: value, count: steps * rows * features)
    forEachRow { sequence, step, row in
      let target = (batchFirst ? sequence * steps + step : step * rows + sequence) * features
      scalars.replaceSubrange(
        target..<(target + features), with: data.scalars[(row * features)..<((row + 1) * features)])
    }
    return Tensor(unchecked: scalars, shape: Shape(shape))
  }

  /// Calls `body` with every row: the sequence as it was given, the step, and the row of ``data``.
  private func forEachRow(_ body: (Int, Int, Int) -> Void) {
    var row = 0
    for (step, rows) in batchSizes.enumerated() {
      for place in 0..<rows {
        body(sortedIndices[place], step, row)
        row += 1
      }
    }
  }
}

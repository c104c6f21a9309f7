/// The numbers of samples, cut into mini-batches: in their order, or shuffled by a seeded
/// generator.
///
///     for samples in try MiniBatches(count: 1000, size: 32, using: &generator) {
///       let batch = try input.selecting(samples)
///     }
///
/// The same state of a ``SeededGenerator`` gives the same order with every version of Swift.
public struct MiniBatches: Sequence, Sendable {
  private var order: [Int]
  private let size: Int

  /// Batches of 0, 1, …, count − 1 in this order.
  ///
  /// - Parameters:
  ///   - count: The number of samples; 0 or more.
  ///   - size: The samples of a batch, at least 1; the last batch has what is left.
  /// - Throws: ``RecurrentError/invalidSize(argument:expected:actual:)`` for a size out of range,
  ///   ``RecurrentError/memoryUnavailable(argument:byteCount:)`` if there is no memory for so many
  ///   numbers.
  public init(count: Int, size: Int) throws(RecurrentError) {
    guard count >= 0 else {
      throw .invalidSize(argument: "count", expected: "0 or more", actual: count)
    }
    guard size >= 1 else {
      throw .invalidSize(argument: "size", expected: "1 or more", actual: size)
    }
    try Memory.require([count], size: MemoryLayout<Int>.size, for: "count")
    order = Array(0..<count)
    // A batch is never larger than all samples, and sums with its size do not overflow.
    self.size = Swift.min(size, Swift.max(count, 1))
  }

  /// Batches of 0 to count − 1 in an order in which all orders are equally likely.
  ///
  /// - Parameters:
  ///   - count: The number of samples; 0 or more.
  ///   - size: The samples of a batch, at least 1; the last batch has what is left.
  ///   - generator: The source of randomness.
  /// - Throws: ``RecurrentError/invalidSize(argument:expected:actual:)`` for a size out of range,
  ///   ``RecurrentError/memoryUnavailable(argument:byteCount:)`` if there is no memory for so many
  ///   numbers.
  ///
  /// ### Source
  /// Fisher and Yates's shuffle in the form of R. Durstenfeld, "Algorithm 235: random permutation",
  /// CACM 7 (1964); unbiased indices by D. Lemire, "Fast random integer generation in an interval",
  /// ACM TOMACS 29 (2019).
  public init<Generator: RandomNumberGenerator>(
    count: Int, size: Int, using generator: inout Generator
  ) throws(RecurrentError) {
    try self.init(count: count, size: size)
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, Self.index(below: UInt64(last) + 1, &generator))
    }
  }

  /// The number of batches.
  public var underestimatedCount: Int { (order.count + size - 1) / size }

  /// An iterator over the batches.
  public func makeIterator() -> some IteratorProtocol<[Int]> {
    stride(from: 0, to: order.count, by: size)
      .lazy.map { [order, size] in Array(order[$0..<Swift.min($0 + size, order.count)]) }
      .makeIterator()
  }

  /// A number below a bound, each equally likely.
  private static func index<Generator: RandomNumberGenerator>(
    below bound: UInt64, _ generator: inout Generator
  ) -> Int {
    var product = generator.next().multipliedFullWidth(by: bound)
    if product.low < bound {
      // The first 2⁶⁴ mod bound of the low halves belong to a share that is larger than others by
      // one.
      let excess = (0 &- bound) % bound
      while product.low < excess { product = generator.next().multipliedFullWidth(by: bound) }
    }
    return Int(product.high)
  }
}

extension Tensor {
  /// The slices at some indices of an axis, in their order: a mini-batch of samples.
  ///
  /// - Parameters:
  ///   - indices: Indices of slices; an index may come more than once.
  ///   - axis: The axis; counted from the end where it is negative.
  /// - Returns: A tensor whose size at the axis is `indices.count`.
  /// - Throws: ``RecurrentError/invalidAxis(_:shape:)`` if the tensor has no such axis,
  ///   ``RecurrentError/invalidSize(argument:expected:actual:)`` for an index out of range,
  ///   ``RecurrentError/memoryUnavailable(argument:byteCount:)`` if there is no memory for the
  ///   result.
  /// - Complexity: O(elements of the result).
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func selecting(_ indices: [Int], axis: Int = 0) throws(RecurrentError) -> Tensor {
    let position = axis < 0 ? axis + shape.rank : axis
    guard (0..<shape.rank).contains(position) else { throw .invalidAxis(axis, shape: shape) }
    let size = shape[position]
    if let index = indices.first(where: { !(0..<size).contains($0) }) {
      throw .invalidSize(argument: "indices", expected: "0 to \(size - 1)", actual: index)
    }
    var sizes = shape.dimensions
    sizes[position] = indices.count
    guard let result = Shape(exactly: sizes) else {
      throw .memoryUnavailable(argument: "indices", byteCount: .max)
    }
    guard result.elementCount > 0 else { return Tensor(unchecked: [], shape: result) }
    try Memory.require(sizes, size: MemoryLayout<Scalar>.size, for: "indices")
    let inner = shape.dimensions[(position + 1)...].reduce(1, *)
    var selected: [Scalar] = []
    selected.reserveCapacity(result.elementCount)
    for outer in 0..<shape.dimensions[..<position].reduce(1, *) {
      for index in indices {
        let start = (outer * size + index) * inner
        selected += scalars[start..<(start + inner)]
      }
    }
    return Tensor(unchecked: selected, shape: result)
  }
}

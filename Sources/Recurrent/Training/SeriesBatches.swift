/// Windows side by side: what is shown to a network at once, and what it should answer.
public struct SeriesBatch<Scalar: TensorScalar>: Sendable, Equatable {
  /// The inputs, `[W, B, F]`, or `[B, W, F]` where batches come first.
  public var input: Tensor<Scalar>
  /// The targets, `[N, B, G]`, or `[B, N, G]` where batches come first.
  public var target: Tensor<Scalar>
}

/// The windows of a series in mini-batches, each made when it is asked for.
public struct SeriesBatches<Scalar: TensorScalar>: Sequence, Sendable {
  fileprivate let windows: SeriesWindows<Scalar>
  fileprivate let indices: MiniBatches
  fileprivate let batchFirst: Bool

  /// The number of batches.
  public var underestimatedCount: Int { indices.underestimatedCount }

  /// An iterator over the batches.
  public func makeIterator() -> some IteratorProtocol<SeriesBatch<Scalar>> {
    indices.lazy.map { [windows, batchFirst] in
      windows.batch(of: $0, batchFirst: batchFirst)
    }.makeIterator()
  }
}

extension SeriesWindows {
  /// All windows in their order, in mini-batches.
  ///
  /// - Parameters:
  ///   - size: B, the windows of a batch, at least 1; the last batch has what is left.
  ///   - batchFirst: Whether tensors are `[B, …]` instead of time-major.
  /// - Returns: The batches.
  /// - Throws: ``RecurrentError/invalidSize(argument:expected:actual:)`` for a size below 1.
  public func batches(
    of size: Int, batchFirst: Bool = false
  ) throws(RecurrentError) -> SeriesBatches<Scalar> {
    SeriesBatches(
      windows: self, indices: try MiniBatches(count: count, size: size), batchFirst: batchFirst)
  }

  /// All windows in a random order, in mini-batches.
  ///
  /// - Parameters:
  ///   - size: B, the windows of a batch, at least 1; the last batch has what is left.
  ///   - batchFirst: Whether tensors are `[B, …]` instead of time-major.
  ///   - generator: The source of randomness.
  /// - Returns: The batches.
  /// - Throws: ``RecurrentError/invalidSize(argument:expected:actual:)`` for a size below 1.
  public func batches<Generator: RandomNumberGenerator>(
    of size: Int, batchFirst: Bool = false, using generator: inout Generator
  ) throws(RecurrentError) -> SeriesBatches<Scalar> {
    SeriesBatches(
      windows: self, indices: try MiniBatches(count: count, size: size, using: &generator),
      batchFirst: batchFirst)
  }

  /// Some windows side by side.
  ///
  /// - Parameters:
  ///   - indices: The windows, by their place.
  ///   - batchFirst: Whether tensors are `[B, …]` instead of time-major.
  /// - Returns: Their inputs and targets.
  /// - Precondition: Every index is in 0..<count.
  /// - Complexity: O(elements of the result).
  public func batch(of indices: [Int], batchFirst: Bool = false) -> SeriesBatch<Scalar> {
    let starts = indices.map { firstStep(of: $0) }
    let features = Array(0..<series.shape[1])
    return SeriesBatch(
      input: gather(starts, length: inputLength, features, batchFirst),
      target: gather(starts.map { $0 + offset }, length: horizon, targetFeatures, batchFirst))
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func gather(
    _ starts: [Int], length: Int, _ features: [Int], _ batchFirst: Bool
  ) -> Tensor<Scalar> {
    var result: [Scalar] = []
    result.reserveCapacity(starts.count * length * features.count)
    let (outer, inner) = batchFirst ? (starts.count, length) : (length, starts.count)
    for first in 0..<outer {
      for second in 0..<inner {
        let (row, step) = batchFirst ? (first, second) : (second, first)
        let start = (starts[row] + step) * series.shape[1]
        for feature in features { result.append(series.scalars[start + feature]) }
      }
    }
    return Tensor(unchecked: result, shape: [outer, inner, features.count])
  }
}

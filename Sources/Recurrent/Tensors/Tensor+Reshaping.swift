extension Tensor {
  /// Joins tensors of one shape along a new first axis.
  ///
  /// - Parameter tensors: At least one tensor; all of one shape.
  /// - Returns: A tensor `[tensors.count]` + that shape.
  /// - Throws: ``RecurrentError/emptySequence(argument:)`` if there is none,
  ///   ``RecurrentError/shapeMismatch(argument:expected:actual:)`` if shapes differ,
  ///   ``RecurrentError/memoryUnavailable(argument:byteCount:)`` if there is no memory for the
  ///   result.
  /// - Complexity: O(elements of the result).
  public static func stack(_ tensors: [Tensor]) throws(RecurrentError) -> Tensor {
    guard let first = tensors.first else { throw .emptySequence(argument: "tensors") }
    for (index, tensor) in tensors.enumerated() where tensor.shape != first.shape {
      throw .shapeMismatch(
        argument: "tensors[\(index)]", expected: first.shape.description, actual: tensor.shape)
    }
    let sizes = [tensors.count] + first.shape.dimensions
    // Sizes beside a size of 0 may be any: more of them are no shape any more.
    guard let shape = Shape(exactly: sizes) else {
      throw .memoryUnavailable(argument: "tensors", byteCount: .max)
    }
    try Memory.require(sizes, size: MemoryLayout<Scalar>.size, for: "tensors")
    var scalars: [Scalar] = []
    scalars.reserveCapacity(shape.elementCount)
    for tensor in tensors { scalars += tensor.scalars }
    return Tensor(unchecked: scalars, shape: shape)
  }

  /// The same scalars in the same order under another shape.
  ///
  /// - Parameter dimensions: The new sizes. One of them may be −1: it becomes what the others
  ///   leave.
  /// - Returns: A tensor of the new shape.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` if the sizes do not
  ///   multiply to the number of elements.
  public func reshaped(to dimensions: [Int]) throws(RecurrentError) -> Tensor {
    var sizes = dimensions
    let open = sizes.indices.filter { sizes[$0] == -1 }
    if open.count == 1 {
      let rest = Shape.elementCount(of: sizes.filter { $0 != -1 }) ?? 0
      if rest > 0, scalars.count.isMultiple(of: rest) { sizes[open[0]] = scalars.count / rest }
    }
    guard Shape.elementCount(of: sizes) == scalars.count else {
      throw .shapeMismatch(
        argument: "reshaped(to: \(dimensions))",
        expected: "a shape of \(scalars.count) elements", actual: shape)
    }
    var result = self
    result.setShape(Shape(sizes))
    return result
  }

  /// The tensor with two axes exchanged.
  ///
  /// - Parameters:
  ///   - first: One axis; counted from the end where it is negative.
  ///   - second: The other axis; counted from the end where it is negative.
  /// - Returns: A tensor whose sizes at the two axes are exchanged, its scalars in row-major order.
  /// - Throws: ``RecurrentError/invalidAxis(_:shape:)`` if the tensor has no such axis.
  /// - Complexity: O(elements).
  public func transposed(_ first: Int = 0, _ second: Int = 1) throws(RecurrentError) -> Tensor {
    let a = try axis(first)
    let b = try axis(second)
    let (low, high) = (Swift.min(a, b), Swift.max(a, b))
    guard low != high else { return self }
    let sizes = shape.dimensions
    var transposed = sizes
    transposed.swapAt(low, high)
    // The loops over the sizes beside a size of 0 may have no end.
    guard !scalars.isEmpty else { return Tensor(unchecked: [], shape: Shape(transposed)) }
    // Five axes say it all: what is before, the first, between, the second and behind.
    let counts = TransposedAxes(
      outer: sizes[..<low].reduce(1, *), low: sizes[low],
      middle: sizes[(low + 1)..<high].reduce(1, *), high: sizes[high],
      inner: sizes[(high + 1)...].reduce(1, *))
    return Tensor(unchecked: transpose(scalars, counts), shape: Shape(transposed))
  }

  private func axis(_ axis: Int) throws(RecurrentError) -> Int {
    guard (-shape.rank..<shape.rank).contains(axis) else {
      throw .invalidAxis(axis, shape: shape)
    }
    return axis < 0 ? axis + shape.rank : axis
  }
}

private struct TransposedAxes {
  var outer, low, middle, high, inner: Int
}

/// Copies `[outer, low, middle, high, inner]` to `[outer, high, middle, low, inner]`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func transpose<Scalar: TensorScalar>(
  _ source: [Scalar], _ axes: TransposedAxes
) -> [Scalar] {
  [Scalar](unsafeUninitializedCapacity: source.count) { target, count in
    var next = 0
    for outer in 0..<axes.outer {
      for high in 0..<axes.high {
        for middle in 0..<axes.middle {
          for low in 0..<axes.low {
            let from =
              (((outer * axes.low + low) * axes.middle + middle) * axes.high + high) * axes.inner
            for inner in 0..<axes.inner {
              target.initializeElement(at: next, to: source[from + inner])
              next += 1
            }
          }
        }
      }
    }
    count = next
  }
}

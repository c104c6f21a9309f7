extension Tensor {
  /// One element, by an index for every axis.
  ///
  /// - Precondition: There are as many indices as axes, and each is in range.
  public subscript(_ first: Int, _ second: Int, _ rest: Int...) -> Scalar {
    get { scalars[offset([first, second] + rest)] }
    set { scalars[offset([first, second] + rest)] = newValue }
  }

  /// A slice along the first axis: `x[t]` of a tensor `[T, B, I]` is a tensor `[B, I]`.
  ///
  /// - Precondition: The index is in range, and a slice that is assigned has the slice's shape.
  /// - Complexity: O(elements of the slice).
  public subscript(_ index: Int) -> Tensor {
    get {
      let span = span(of: index..<(index + 1))
      return Tensor(unchecked: Array(scalars[span]), shape: sliceShape)
    }
    set {
      precondition(
        newValue.shape == sliceShape,
        "a slice of shape \(sliceShape) cannot take a tensor of shape \(newValue.shape)")
      scalars.replaceSubrange(span(of: index..<(index + 1)), with: newValue.scalars)
    }
  }

  /// A range of slices along the first axis: `x[2..<5]` of a tensor `[T, B, I]` is a tensor
  /// `[3, B, I]`.
  ///
  /// - Precondition: The range lies in the first axis.
  /// - Complexity: O(elements of the result).
  public subscript(_ range: some RangeExpression<Int>) -> Tensor {
    precondition(shape.rank > 0, "a tensor of rank 0 has no axis to slice")
    let range = range.relative(to: 0..<shape[0])
    let shape = Shape([range.count] + shape.dimensions.dropFirst())
    return Tensor(unchecked: Array(scalars[span(of: range)]), shape: shape)
  }

  /// The shape of a slice along the first axis.
  private var sliceShape: Shape { Shape(Array(shape.dimensions.dropFirst())) }

  /// Where a range of slices along the first axis stands in the scalars.
  private func span(of range: Range<Int>) -> Range<Int> {
    precondition(shape.rank > 0, "a tensor of rank 0 has no axis to slice")
    precondition(
      range.lowerBound >= 0 && range.upperBound <= shape[0],
      "index \(range) is out of range for the first axis of \(shape)")
    let size = sliceShape.elementCount
    return (range.lowerBound * size)..<(range.upperBound * size)
  }

  /// Where the element at a full set of indices stands in the scalars.
  private func offset(_ indices: [Int]) -> Int {
    precondition(
      indices.count == shape.rank, "\(indices.count) indices for a tensor of shape \(shape)")
    var offset = 0
    for (index, size) in zip(indices, shape.dimensions) {
      precondition(
        (0..<size).contains(index), "index \(indices) is out of range for shape \(shape)")
      offset = offset * size + index
    }
    return offset
  }
}

extension Tensor: Sequence {
  /// An iterator over the slices along the first axis.
  public struct Iterator: IteratorProtocol {
    private let tensor: Tensor
    private var index = 0

    fileprivate init(_ tensor: Tensor) {
      precondition(tensor.shape.rank > 0, "a tensor of rank 0 has no axis to iterate along")
      self.tensor = tensor
    }

    /// The next slice, or `nil` after the last.
    public mutating func next() -> Tensor? {
      guard index < tensor.shape[0] else { return nil }
      defer { index += 1 }
      return tensor[index]
    }
  }

  /// An iterator over the slices along the first axis: the steps of a tensor `[T, B, I]`.
  public func makeIterator() -> Iterator { Iterator(self) }

  /// The size of the first axis.
  public var underestimatedCount: Int { shape.rank > 0 ? shape[0] : 0 }
}

/// Which elements are dropped: a function of a key and an element's place, that nobody needs to
/// store.
struct DropoutMask: Sendable {
  /// Elements whose number is below are dropped.
  private let threshold: UInt64
  private let dropsAll: Bool
  private let scale: Double
  private let key: UInt64

  /// For a probability of 0 to 1.
  init(probability: Double, key: UInt64) {
    dropsAll = probability >= 1
    // A probability below 1 is at most 1 − 2⁻⁵³, so that the product is below 2⁶⁴.
    threshold = dropsAll ? 0 : UInt64(probability * 0x1p64)
    scale = dropsAll ? 0 : 1 / (1 - probability)
    self.key = key
  }

  /// Whether the element at a row-major offset is dropped.
  @inline(__always)
  func drops(_ index: Int) -> Bool {
    dropsAll || SeededGenerator.number(index, seed: key) < threshold
  }

  /// The tensor without the elements that are dropped, the others scaled up.
  func applied<Scalar: TensorScalar>(to tensor: Tensor<Scalar>) -> Tensor<Scalar> {
    let count = tensor.scalars.count
    let scalars = [Scalar](count: count) { target in
      tensor.scalars.withUnsafeBufferPointer { source in
        guard let source = source.baseAddress else { return }
        apply(from: source, to: target, count: count, first: 0)
      }
    }
    return Tensor(unchecked: scalars, shape: tensor.shape)
  }

  /// Copies `count` elements, the first of which stands at the row-major offset `first`: without
  /// those that are dropped, the others scaled up. Source and target may be the same.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func apply<Scalar: TensorScalar>(
    from source: UnsafePointer<Scalar>, to target: UnsafeMutablePointer<Scalar>, count: Int, first: Int
  ) {
    let scale = Scalar(scale)
    for index in 0..<count { target[index] = drops(first + index) ? 0 : source[index] * scale }
  }
}

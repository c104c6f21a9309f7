#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// The cross-entropy between the softmax of logits and classes: what a classifier is trained with.
///
///     loss = mean over all rows of log Σ_j exp(x_j) − x_c
///
/// where x are a row's logits and c is its class. The greatest logit is subtracted before
/// exponentials are taken, so that none overflows; everything is computed in `Double` and rounded
/// once.
///
///     let (value, gradient) = try SoftmaxCrossEntropy().valueWithGradient(of: logits, classes: [0, 2, 1])
///
/// ### Source
/// The definition is that of PyTorch's `nn.CrossEntropyLoss` with class indices.
public struct SoftmaxCrossEntropy: Sendable, Equatable {
  /// Creates the loss.
  public init() {}

  /// The loss.
  ///
  /// - Parameters:
  ///   - logits: x, `[…, C]` for C classes.
  ///   - classes: The class of every row, 0 to C − 1, in row-major order of the leading axes.
  /// - Returns: The mean over all rows.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for logits without a
  ///   last axis, ``RecurrentError/invalidSize(argument:expected:actual:)`` if there is not one
  ///   class for every row, or one is out of range, ``RecurrentError/emptySequence(argument:)`` if
  ///   there is no row.
  /// - Complexity: O(elements).
  public func value<Scalar: TensorScalar>(
    of logits: Tensor<Scalar>, classes: [Int]
  ) throws(RecurrentError) -> Scalar {
    try valueWithGradient(of: logits, classes: classes).value
  }

  /// The loss and its gradient, (softmax(x) − onehot(c)) / rows.
  ///
  /// - Parameters:
  ///   - logits: x, `[…, C]` for C classes.
  ///   - classes: The class of every row, 0 to C − 1, in row-major order of the leading axes.
  /// - Returns: The mean over all rows, and its gradient with respect to the logits, in their
  ///   shape.
  /// - Throws: As ``value(of:classes:)``.
  /// - Complexity: O(elements).
  public func valueWithGradient<Scalar: TensorScalar>(
    of logits: Tensor<Scalar>, classes: [Int]
  ) throws(RecurrentError) -> (value: Scalar, gradient: Tensor<Scalar>) {
    guard let classCount = logits.shape.dimensions.last else {
      throw .shapeMismatch(argument: "logits", expected: "[…, C]", actual: logits.shape)
    }
    guard !logits.scalars.isEmpty else { throw .emptySequence(argument: "logits") }
    let rows = logits.scalars.count / classCount
    guard classes.count == rows else {
      throw .invalidSize(argument: "classes", expected: "one for each of \(rows) rows", actual: classes.count)
    }
    if let row = classes.firstIndex(where: { !(0..<classCount).contains($0) }) {
      throw .invalidSize(
        argument: "classes[\(row)]", expected: "0 to \(classCount - 1)", actual: classes[row])
    }
    let (value, gradient) = crossEntropy(logits.scalars, classes, classCount: classCount)
    return (value, Tensor(unchecked: gradient, shape: logits.shape))
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func crossEntropy<Scalar: TensorScalar>(
  _ logits: [Scalar], _ classes: [Int], classCount: Int
) -> (Scalar, [Scalar]) {
  let rows = Double(classes.count)
  var total = 0.0
  var exponentials = [Double](repeating: 0, count: classCount)
  let gradient = [Scalar](unsafeUninitializedCapacity: logits.count) { target, initialized in
    initialized = logits.count
    for (row, label) in classes.enumerated() {
      let start = row * classCount
      // A comparison with NaN is false; NaN then comes through the exponentials.
      var greatest = -Double.infinity
      for index in 0..<classCount { greatest = max(greatest, Double(logits[start + index])) }
      var sum = 0.0
      for index in 0..<classCount {
        exponentials[index] = exp(Double(logits[start + index]) - greatest)
        sum += exponentials[index]
      }
      total += log(sum) - (Double(logits[start + label]) - greatest)
      for index in 0..<classCount {
        let probability = exponentials[index] / sum
        target.initializeElement(
          at: start + index, to: Scalar((index == label ? probability - 1 : probability) / rows))
      }
    }
  }
  return (Scalar(total / rows), gradient)
}

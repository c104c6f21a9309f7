/// The cross-entropy between the softmax of logits and classes: what a classifier is trained with.
///
///     loss = Σ w_c (log Σ_j exp(x_j) − x_c) / Σ w_c        over all rows
///
/// where x are a row's logits, c is its class and w_c the weight of that class, 1 if there are no
/// weights. With label smoothing ε, a row aims at its class with 1 − ε and at all C classes with
/// ε / C each:
///
///     loss = Σ ((1 − ε) w_c (s − x_c) + ε / C · Σ_j w_j (s − x_j)) / Σ w_c,   s = log Σ_j exp(x_j)
///
/// Rows whose class is ``ignoreIndex`` count nowhere, and have a gradient of 0.
///
///     let (value, gradient) = try SoftmaxCrossEntropy().valueWithGradient(of: logits, classes: [0, 2, 1])
///
/// ### Numbers
/// The greatest logit m of a row is subtracted before exponentials are taken, so that none
/// overflows. Exponentials are taken in the logits' type. The sum of all but the class's own is
/// made of blocks of 1024 columns, each in 32 lanes of `Float` or 16 of `Double`, and everything
/// that a row has once is computed in `Double`: its loss keeps its digits where the class is all
/// but certain. Rows are added in their order. With u the unit roundoff of the type, a term
/// e^(x_j − m) is off by at most (|x_j − m| + 8)·u of itself, and the sum of a block by 37·u more
/// (69·u for `Double`), however many classes there are. Bits do not depend on the threads, and are
/// the same on all instruction sets with fused multiply-add.
///
/// ### Source
/// The definition is that of PyTorch's `nn.CrossEntropyLoss` with class indices.
public struct SoftmaxCrossEntropy: Sendable, Equatable {
  /// w, the weight of each class; `nil` for 1 each.
  public let weights: [Double]?
  /// The class of rows that count nowhere; `nil` for none.
  public let ignoreIndex: Int?
  /// ε, the part of each row's aim that all classes have in common.
  public let labelSmoothing: Double

  /// Creates the loss.
  ///
  /// An initializer does not throw; an option out of range makes every use of the loss throw.
  ///
  /// - Parameters:
  ///   - weights: w, the weight of each class: C finite numbers, none negative; `nil` for 1 each.
  ///   - ignoreIndex: The class of rows that count nowhere, be it one of 0 to C − 1 or another
  ///     number; `nil` for none. PyTorch's default is −100.
  ///   - labelSmoothing: ε, 0 to 1.
  public init(weights: [Double]? = nil, ignoreIndex: Int? = nil, labelSmoothing: Double = 0) {
    self.weights = weights
    self.ignoreIndex = ignoreIndex
    self.labelSmoothing = labelSmoothing
  }

  /// The loss.
  ///
  /// - Parameters:
  ///   - logits: x, `[…, C]` for C classes.
  ///   - classes: The class of every row, 0 to C − 1 or ``ignoreIndex``, in row-major order of the
  ///     leading axes.
  /// - Returns: The mean over all rows, by the weights of their classes; NaN if none counts.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for logits without a
  ///   last axis, ``RecurrentError/invalidSize(argument:expected:actual:)`` if there is not one
  ///   class for every row, one is out of range, or there is not one weight for every class,
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for a weight or a label smoothing
  ///   out of range, ``RecurrentError/emptySequence(argument:)`` if there is no row.
  /// - Complexity: O(elements).
  public func value<Scalar: TensorScalar>(
    of logits: Tensor<Scalar>, classes: [Int]
  ) throws(RecurrentError) -> Scalar {
    try value(
      of: logits, classes: classes, execution: Execution(resolving: .automatic, threadCount: nil))
  }

  /// The loss and its gradient.
  ///
  ///     ∂loss/∂x_j = (a softmax(x)_j − (1 − ε) w_c [j = c] − ε / C · w_j) / Σ w_c,
  ///     a = (1 − ε) w_c + ε / C · Σ_j w_j
  ///
  /// which is (softmax(x) − onehot(c)) / rows without options. The gradient takes the place of the
  /// logits in memory if nobody else holds them: a caller that does not use them afterwards saves
  /// a tensor of their size.
  ///
  /// - Parameters:
  ///   - logits: x, `[…, C]` for C classes.
  ///   - classes: The class of every row, 0 to C − 1 or ``ignoreIndex``, in row-major order of the
  ///     leading axes.
  /// - Returns: The mean over all rows, by the weights of their classes, NaN if none counts; and
  ///   its gradient with respect to the logits, in their shape, which is 0 in rows that do not
  ///   count.
  /// - Throws: As ``value(of:classes:)``.
  /// - Complexity: O(elements).
  public func valueWithGradient<Scalar: TensorScalar>(
    of logits: consuming Tensor<Scalar>, classes: [Int]
  ) throws(RecurrentError) -> (value: Scalar, gradient: Tensor<Scalar>) {
    try valueWithGradient(
      of: logits, classes: classes, execution: Execution(resolving: .automatic, threadCount: nil))
  }

  /// The loss by an execution that tests and tools name.
  package func value<Scalar: TensorScalar>(
    of logits: Tensor<Scalar>, classes: [Int], execution: Execution
  ) throws(RecurrentError) -> Scalar {
    let rows = try CrossEntropyRows<Scalar>(self, logits.shape, classes, execution)
    return rows.value(of: logits.scalars)
  }

  /// The loss and its gradient by an execution that tests and tools name.
  package func valueWithGradient<Scalar: TensorScalar>(
    of logits: consuming Tensor<Scalar>, classes: [Int], execution: Execution
  ) throws(RecurrentError) -> (value: Scalar, gradient: Tensor<Scalar>) {
    let rows = try CrossEntropyRows<Scalar>(self, logits.shape, classes, execution)
    var gradient = logits
    let value = rows.replaceByGradient(&gradient.scalars)
    return (value, gradient)
  }
}

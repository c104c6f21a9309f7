internal import VectorKernels

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// One use of a ``SoftmaxCrossEntropy``, checked: what its rows have in common.
struct CrossEntropyRows<Scalar: TensorScalar> {
  private let kernels: SoftmaxKernels<Scalar>
  private let execution: Execution
  private let classes: [Int]
  /// C.
  private let classCount: Int
  private let ignoreIndex: Int?
  private let weights: [Double]?
  /// Σ_j w_j.
  private let weightSum: Double
  /// The weights in the logits' type, which their distances from the greatest are multiplied by;
  /// empty without weights or smoothing.
  private let distanceWeights: [Scalar]
  /// 1 − ε and ε / C.
  private let ownShare, commonShare: Double
  /// Σ w_c over the rows that count.
  private let divisor: Double
  /// −ε / C · w_j / divisor: what is added to each gradient beside the softmax; empty if it is the
  /// same for all classes.
  private let offsets: [Scalar]

  /// Checks options, logits and classes.
  init(
    _ loss: SoftmaxCrossEntropy, _ shape: Shape, _ classes: [Int], _ execution: Execution
  ) throws(RecurrentError) {
    guard shape.rank > 0 else {
      throw .shapeMismatch(argument: "logits", expected: "[…, C]", actual: shape)
    }
    let (count, elementCount) = (shape[shape.rank - 1], shape.elementCount)
    guard elementCount > 0 else { throw .emptySequence(argument: "logits") }
    let rows = elementCount / count
    guard classes.count == rows else {
      throw .invalidSize(argument: "classes", expected: "one for each of \(rows) rows", actual: classes.count)
    }
    guard (0...1).contains(loss.labelSmoothing) else {
      throw .invalidValue(argument: "labelSmoothing", expected: "0 to 1", actual: "\(loss.labelSmoothing)")
    }
    try Self.validate(loss.weights, classCount: count)
    var divisor = 0.0
    for (row, label) in classes.enumerated() where label != loss.ignoreIndex {
      guard (0..<count).contains(label) else {
        throw .invalidSize(argument: "classes[\(row)]", expected: "0 to \(count - 1)", actual: label)
      }
      divisor += loss.weights?[label] ?? 1
    }
    kernels = Scalar._operations.kernels(execution.instructions).softmax
    self.execution = execution
    self.classes = classes
    self.divisor = divisor
    classCount = count
    ignoreIndex = loss.ignoreIndex
    weights = loss.weights
    weightSum = loss.weights?.reduce(0, +) ?? Double(count)
    let commonShare = loss.labelSmoothing / Double(count)
    (ownShare, self.commonShare) = (1 - loss.labelSmoothing, commonShare)
    let smoothed = commonShare > 0 ? loss.weights ?? [] : []
    distanceWeights = smoothed.map { Scalar($0) }
    offsets = smoothed.map { Scalar(-commonShare * $0 / divisor) }
  }

  private static func validate(_ weights: [Double]?, classCount: Int) throws(RecurrentError) {
    guard let weights else { return }
    guard weights.count == classCount else {
      throw .invalidSize(
        argument: "weights", expected: "one for each of \(classCount) classes", actual: weights.count)
    }
    if let index = weights.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
      throw .invalidValue(
        argument: "weights[\(index)]", expected: "a finite number of at least 0", actual: "\(weights[index])")
    }
  }

  /// The loss.
  func value(of logits: [Scalar]) -> Scalar {
    logits.withUnsafeBufferPointer { logits in
      guard let base = logits.baseAddress else { return .nan }
      return mean(base, gradient: nil)
    }
  }

  /// The loss; its gradient takes the place of the logits.
  func replaceByGradient(_ logits: inout [Scalar]) -> Scalar {
    logits.withUnsafeMutableBufferPointer { logits in
      guard let base = logits.baseAddress else { return .nan }
      return mean(base, gradient: base)
    }
  }

  /// The mean of the rows' losses, which are added in their order; threads share the rows.
  private func mean(_ logits: UnsafePointer<Scalar>, gradient: UnsafeMutablePointer<Scalar>?) -> Scalar {
    let nanoseconds = Double(classes.count) * (80 + Double(classCount * MemoryLayout<Scalar>.size) / 6)
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: classes.count) { losses in
      guard let base = losses.baseAddress else { return .nan }
      execution.forEachPart(of: classes.count, nanoseconds: nanoseconds) { rows in
        compute(rows, logits, gradient: gradient, losses: base)
      }
      return Scalar(losses.reduce(0, +) / divisor)
    }
  }

  /// The losses of some rows, and the gradient in the place of their logits.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func compute(
    _ rows: Range<Int>, _ logits: UnsafePointer<Scalar>, gradient: UnsafeMutablePointer<Scalar>?,
    losses: UnsafeMutablePointer<Double>
  ) {
    let blockSize = min(classCount, SoftmaxKernels<Scalar>.blockSize)
    let scratch = Scratch<Scalar>(count: blockSize + 3)
    // What kernels take and give.
    let numbers = scratch.base + blockSize
    for row in rows {
      let (label, start) = (classes[row], row * classCount)
      guard label != ignoreIndex else {
        losses[row] = 0
        if let gradient { (gradient + start).fillWithZeros(count: classCount) }
        continue
      }
      let softmax = softmax(
        logits + start, label: label, exponentials: gradient.map { $0 + start }, scratch: scratch.base,
        numbers: numbers)
      let weight = weights?[label] ?? 1
      losses[row] = ownShare * weight * softmax.ownLoss
      if commonShare > 0 {
        losses[row] += commonShare * (weightSum * softmax.logarithm + softmax.distances)
      }
      if let gradient { scale(gradient + start, by: softmax, label: label, weight: weight, numbers) }
    }
  }

  /// What a row comes to, by its greatest logit m and its class c.
  private struct Softmax {
    /// Σ_j e^(x_j − m).
    let sum: Double
    /// The same without the class's own term.
    let others: Double
    /// log Σ_j e^(x_j − x_c).
    let ownLoss: Double
    /// Σ_j w_j (m − x_j); 0 without smoothing.
    let distances: Double

    /// log Σ_j e^(x_j − m).
    var logarithm: Double { log(sum) }
  }

  /// Walks over a row block by block, and leaves its exponentials, without the class's own.
  @inline(__always)
  private func softmax(
    _ logits: UnsafePointer<Scalar>, label: Int, exponentials: UnsafeMutablePointer<Scalar>?,
    scratch: UnsafeMutablePointer<Scalar>, numbers: UnsafeMutablePointer<Scalar>
  ) -> Softmax {
    let own = Double(logits[label])
    let (limit, sum) = (numbers, numbers + 1)
    limit[0] = -Scalar.infinity
    forEachBlock { block in kernels.greatest(logits + block.lowerBound, block.count, limit) }
    var distances = 0.0
    if commonShare > 0 {
      distanceWeights.withUnsafeBufferPointer { weights in
        forEachBlock { block in
          let weights = weights.isEmpty ? nil : weights.baseAddress.map { $0 + block.lowerBound }
          kernels.distances(logits + block.lowerBound, block.count, limit, weights, scratch, sum)
          distances += Double(sum[0])
        }
      }
    }
    var others = 0.0
    forEachBlock { block in
      let target = exponentials.map { $0 + block.lowerBound } ?? scratch
      let excluded = block.contains(label) ? label - block.lowerBound : -1
      kernels.exponentials(logits + block.lowerBound, block.count, limit, target, excluded, sum)
      others += Double(sum[0])
    }
    others /= SoftmaxKernels<Scalar>.exponentialScale
    let distance = Double(limit[0]) - own
    let term = exp(-distance)
    let total = term + others
    // A comparison with NaN is false; NaN then comes through the sum.
    let ownLoss = term >= others ? log1p(others / term) : log(total) + distance
    return Softmax(sum: total, others: others, ownLoss: ownLoss, distances: distances)
  }

  /// Turns a row's exponentials into its gradient.
  @inline(__always)
  private func scale(
    _ row: UnsafeMutablePointer<Scalar>, by softmax: Softmax, label: Int, weight: Double,
    _ numbers: UnsafeMutablePointer<Scalar>
  ) {
    let total = ownShare * weight + commonShare * weightSum
    numbers[0] = Scalar(1 / (softmax.sum * SoftmaxKernels<Scalar>.exponentialScale))
    numbers[1] = Scalar(total / divisor)
    numbers[2] = Scalar(-commonShare / divisor)
    offsets.withUnsafeBufferPointer { offsets in
      kernels.scale(row, classCount, numbers, offsets.isEmpty ? nil : offsets.baseAddress)
    }
    // softmax − 1 by what the others have: nothing cancels.
    let complement = softmax.others / softmax.sum
    row[label] = Scalar((commonShare * (weightSum - weight) - total * complement) / divisor)
  }

  @inline(__always)
  private func forEachBlock(_ body: (Range<Int>) -> Void) {
    var start = 0
    while start < classCount {
      let end = min(start + SoftmaxKernels<Scalar>.blockSize, classCount)
      body(start..<end)
      start = end
    }
  }
}

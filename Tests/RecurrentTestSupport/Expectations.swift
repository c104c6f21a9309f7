import Recurrent
import Testing

/// Expects every element within its own bound of the expected value.
///
/// A failure names the worst element and, for a descriptor, the command that runs this case alone.
public func expectClose<Scalar: TensorScalar>(
  _ actual: Tensor<Scalar>, _ expected: [Double], bound: [Double], _ context: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.scalars.count == expected.count, bound.count == expected.count else {
    Issue.record(
      """
      \(context): expected \(expected.count) elements with \(bound.count) bounds, \
      got \(actual.scalars.count) in the shape \(actual.shape)
      """, sourceLocation: sourceLocation)
    return
  }
  var worst: (index: Int, excess: Double)?
  for index in expected.indices {
    let error = (Double(actual.scalars[index]) - expected[index]).magnitude
    if Tolerance.isVacuous(bound[index], for: expected[index]) {
      Issue.record(
        "\(context): the bound \(bound[index]) at \(index) proves nothing about \(expected[index])",
        sourceLocation: sourceLocation)
      return
    }
    // NaN is beyond every bound.
    guard !(error <= bound[index]) else { continue }
    let excess = error.isNaN ? .infinity : error / bound[index]
    if worst.map({ excess > $0.excess }) ?? true { worst = (index, excess) }
  }
  guard let worst else { return }
  let index = worst.index
  Issue.record(
    """
    \(context): element \(position(of: index, in: actual.shape)) of \(actual.shape):
      expected \(expected[index])
      got      \(actual.scalars[index])
      bound    \(bound[index])
      the error is \(worst.excess) times the bound
    \(rerun(context))
    """, sourceLocation: sourceLocation)
}

/// Expects two tensors of one shape with the same bits.
public func expectBitwiseEqual<Scalar: TensorScalar>(
  _ actual: Tensor<Scalar>, _ expected: Tensor<Scalar>, _ context: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.shape == expected.shape else {
    Issue.record(
      "\(context): expected the shape \(expected.shape), got \(actual.shape)",
      sourceLocation: sourceLocation)
    return
  }
  let different = actual.scalars.indices.filter {
    !haveSameBits(actual.scalars[$0], expected.scalars[$0])
  }
  guard let index = different.first else { return }
  Issue.record(
    """
    \(context): \(different.count) elements differ, first \(position(of: index, in: actual.shape)):
      expected \(expected.scalars[index])
      got      \(actual.scalars[index])
    \(rerun(context))
    """, sourceLocation: sourceLocation)
}

/// Whether two numbers agree in sign, exponent and significand; any NaN equals any other.
public func haveSameBits<Scalar: TensorScalar>(_ a: Scalar, _ b: Scalar) -> Bool {
  (a == b && a.sign == b.sign) || (a.isNaN && b.isNaN)
}

/// The command that runs a descriptor's case alone; nothing for other contexts.
private func rerun(_ context: String) -> String {
  guard let descriptor = try? ProblemDescriptor(context) else { return "" }
  return "  run it alone: RECURRENT_CASE=\"\(descriptor)\" swift test --filter BackendParityTests"
}

/// The indices of an element that stands at a row-major offset.
private func position(of offset: Int, in shape: Shape) -> [Int] {
  var rest = offset
  var indices: [Int] = []
  for size in shape.dimensions.reversed() {
    indices.insert(rest % size, at: 0)
    rest /= size
  }
  return indices
}

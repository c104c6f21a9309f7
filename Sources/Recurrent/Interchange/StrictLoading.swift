/// The strict use of a state dictionary: every parameter finds a tensor of its shape, and no tensor is left over.
///
/// Ask for every parameter, then ``finish()``: all that is wrong comes in one report.
struct StrictLoading<Scalar: TensorScalar> {
  private let source: StateDictionary<Scalar>
  private var mismatch = StateDictionaryMismatch()
  private var asked: Set<ExactName> = []
  private var repeated: String?

  init(_ source: StateDictionary<Scalar>) {
    self.source = source
  }

  /// A parameter's tensor; `nil`, and a line of the report, where there is none of that shape.
  mutating func tensor(_ key: String, shape: Shape) -> Tensor<Scalar>? {
    if !asked.insert(ExactName(key)).inserted { repeated = key }
    guard let tensor = source[key] else {
      mismatch.missing.append(key)
      return nil
    }
    guard tensor.shape == shape else {
      mismatch.misshapen.append(
        StateDictionaryMismatch.Misshapen(key: key, expected: shape, actual: tensor.shape))
      return nil
    }
    return tensor
  }

  /// Throws where a tensor was missing, misshapen or not asked for, or two parameters had one name.
  func finish() throws(RecurrentError) {
    if let repeated {
      throw .invalidValue(
        argument: "forEachParameter", expected: "a name of its own for every parameter",
        actual: "\"\(repeated)\" for two")
    }
    var mismatch = mismatch
    if source.count != asked.count || !mismatch.missing.isEmpty {
      mismatch.unexpected = source.keys.filter { !asked.contains(ExactName($0)) }
    }
    guard mismatch == StateDictionaryMismatch() else { throw .stateDictionaryMismatch(mismatch) }
  }
}

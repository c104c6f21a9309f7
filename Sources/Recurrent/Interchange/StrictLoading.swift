/// The strict use of a state dictionary: every parameter finds a tensor of its shape, and no tensor
/// is left over.
///
/// Ask for every parameter, then ``finish()``: all that is wrong comes in one report.
struct StrictLoading<Scalar: TensorScalar> {
  private let source: StateDictionary<Scalar>
  /// Whether weights may come in the parts that weight normalization learns instead of them.
  private let formsWeights: Bool
  private var mismatch = StateDictionaryMismatch()
  /// How many tensors were asked for in the order of the source, from its first on. While nothing
  /// else was, no name has to be looked up, and the two sets are empty.
  private var inOrder = 0
  private var asked: Set<ExactName> = []
  /// The names of the source that were used.
  private var used: Set<ExactName> = []
  /// What is wrong and no matter of names and shapes alone; the first of it.
  private var failure: RecurrentError?

  /// Begins.
  ///
  /// - Parameters:
  ///   - source: The tensors.
  ///   - formsWeights: Whether the tensors are parameters as a file has them, which may be the
  ///     parts of weights; gradients and what optimizers remember are not.
  init(_ source: StateDictionary<Scalar>, formsWeights: Bool = false) {
    self.source = source
    self.formsWeights = formsWeights
  }

  /// A parameter's tensor; `nil`, and a line of the report, where there is none of that shape.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  mutating func tensor(_ key: String, shape: Shape) -> Tensor<Scalar>? {
    if asked.isEmpty {
      if let tensor = source.tensor(at: inOrder, named: key), tensor.shape == shape {
        inOrder += 1
        return tensor
      }
      used = Set(source.keys.prefix(inOrder).map { ExactName($0) })
      asked = used
    }
    let name = ExactName(key)
    if !asked.insert(name).inserted {
      fail(
        .invalidValue(
          argument: "forEachParameter", expected: "a name of its own for every parameter",
          actual: "\"\(key)\" for two"))
    }
    if let tensor = source[key] {
      used.insert(name)
      guard tensor.shape != shape else { return tensor }
      mismatch.misshapen.append(
        StateDictionaryMismatch.Misshapen(key: key, expected: shape, actual: tensor.shape))
    } else if let omission = source.omission(of: key) {
      fail(omission)
    } else if formsWeights, let parts = WeightParts(of: key, in: source) {
      return formed(parts, shape: shape)
    } else {
      mismatch.missing.append(key)
    }
    return nil
  }

  /// The weight that stands in its parts.
  private mutating func formed(_ parts: WeightParts, shape: Shape) -> Tensor<Scalar>? {
    for key in parts.keys { used.insert(ExactName(key)) }
    do {
      return try parts.weight(in: source, shape: shape)
    } catch .stateDictionaryMismatch(let part) {
      mismatch.missing += part.missing
      mismatch.misshapen += part.misshapen
    } catch {
      fail(error)
    }
    return nil
  }

  private mutating func fail(_ error: RecurrentError) {
    failure = failure ?? error
  }

  /// Throws where a tensor was missing, misshapen or not asked for, was of a type that is not read,
  /// or two parameters had one name.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func finish() throws(RecurrentError) {
    if let failure { throw failure }
    if asked.isEmpty, source.count == inOrder { return }
    var mismatch = mismatch
    if asked.isEmpty {
      mismatch.unexpected = Array(source.keys.dropFirst(inOrder))
    } else if source.count != used.count {
      mismatch.unexpected = source.keys.filter { !used.contains(ExactName($0)) }
    }
    guard mismatch == StateDictionaryMismatch() else { throw .stateDictionaryMismatch(mismatch) }
  }
}

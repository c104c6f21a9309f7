/// The equation by which an optimizer changes one element, with the numbers of one update.
protocol UpdateEquation<Scalar> {
  associatedtype Scalar: TensorScalar

  /// Changes some elements of a parameter. Each depends on its own numbers alone, so that threads
  /// may share them.
  func advance(_ update: ParameterUpdate<Scalar>, _ elements: Range<Int>)
}

/// What an optimizer remembers of each parameter, and the walk over parameters, gradients and
/// memory side by side, element by element on all threads.
struct OptimizerMemory<Scalar: TensorScalar>: Sendable {
  private struct Entry: Sendable {
    let name: String
    let shape: Shape
    /// One kind after the other.
    var scalars: [Scalar]

    /// Whole cache lines.
    private static var elementsPerBlock: Int { 256 }

    /// Changes a parameter by `change`, which takes the elements that it is to change.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    mutating func advance(
      _ parameter: inout [Scalar], _ gradient: [Scalar], _ execution: Execution,
      by change: (ParameterUpdate<Scalar>, Range<Int>) -> Void
    ) {
      let (count, size) = (parameter.count, Self.elementsPerBlock)
      // Parameter and memory are read and written, the gradient is read.
      let bytes = Double((3 * count + 2 * scalars.count) * MemoryLayout<Scalar>.size)
      parameter.withUnsafeMutableBufferPointer { parameter in
        gradient.withUnsafeBufferPointer { gradient in
          scalars.withUnsafeMutableBufferPointer { memory in
            guard let parameter = parameter.baseAddress, let gradient = gradient.baseAddress else { return }
            let update = ParameterUpdate(
              count: count, parameter: parameter, gradient: gradient, memory: memory.baseAddress)
            execution.forEachPart(
              of: (count + size - 1) / size, nanoseconds: bytes / ProcessorCosts.bandwidth(ofBytes: bytes)
            ) { part in
              change(update, part.lowerBound * size..<min(count, part.upperBound * size))
            }
          }
        }
      }
    }
  }

  /// PyTorch's names of what is remembered.
  let kinds: [String]
  /// The updates so far.
  private(set) var stepCount = 0
  /// How updates are run, in the place of what the environment says; for tests.
  var execution: Execution?
  /// One for each parameter, in the model's order; empty before the first update.
  private var entries: [Entry] = []

  init(kinds: [String]) {
    self.kinds = kinds
  }

  var stateDictionary: StateDictionary<Scalar> {
    var result = StateDictionary<Scalar>()
    for (kind, name) in kinds.enumerated() {
      for entry in entries {
        let count = entry.shape.elementCount
        result["\(name).\(entry.name)"] = Tensor(
          unchecked: Array(entry.scalars[(kind * count)..<((kind + 1) * count)]), shape: entry.shape)
      }
    }
    return result
  }

  mutating func restore(
    _ state: StateDictionary<Scalar>, stepCount: Int, for model: some Parameterized<Scalar>
  ) throws(RecurrentError) {
    try Counter.require("stepCount", stepCount)
    var model = model
    var loading = StrictLoading(state)
    var restored: [Entry] = []
    if stepCount > 0 {
      model.forEachParameter { name, tensor in
        let tensors = kinds.map { loading.tensor("\($0).\(name)", shape: tensor.shape) }
        restored.append(
          Entry(name: name, shape: tensor.shape, scalars: tensors.flatMap { $0?.scalars ?? [] }))
      }
    }
    try loading.finish()
    entries = restored
    self.stepCount = stepCount
  }

  /// Changes every parameter by an equation.
  mutating func update<Model: Parameterized<Scalar>>(
    _ model: inout Model, with gradients: StateDictionary<Scalar>, by equation: some UpdateEquation<Scalar>
  ) throws(RecurrentError) {
    let resolved = try Execution(resolving: .automatic, threadCount: nil)
    let execution = execution ?? resolved
    let tensors = try prepare(for: &model, gradients)
    var next = 0
    model.forEachParameter { _, tensor in
      entries[next].advance(&tensor.scalars, tensors[next].scalars, execution) {
        equation.advance($0, $1)
      }
      next += 1
    }
    stepCount += 1
  }

  /// The gradients in the order of the parameters; memory of zeros at the first update.
  private mutating func prepare<Model: Parameterized<Scalar>>(
    for model: inout Model, _ gradients: StateDictionary<Scalar>
  ) throws(RecurrentError) -> [Tensor<Scalar>] {
    var loading = StrictLoading(gradients)
    var parameters: [(name: String, shape: Shape)] = []
    var tensors: [Tensor<Scalar>] = []
    model.forEachParameter { name, tensor in
      parameters.append((name, tensor.shape))
      if let gradient = loading.tensor(name, shape: tensor.shape) { tensors.append(gradient) }
    }
    try loading.finish()
    try prepareMemory(of: parameters)
    return tensors
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private mutating func prepareMemory(
    of parameters: [(name: String, shape: Shape)]
  ) throws(RecurrentError) {
    if stepCount == 0 {
      entries = parameters.map { name, shape in
        Entry(
          name: name, shape: shape,
          scalars: Array(repeating: 0, count: shape.elementCount * kinds.count))
      }
    }
    try requireMemory(of: parameters)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func requireMemory(
    of parameters: [(name: String, shape: Shape)]
  ) throws(RecurrentError) {
    let isSame =
      entries.count == parameters.count
      && entries.indices.allSatisfy {
        ExactName(entries[$0].name) == ExactName(parameters[$0].name)
          && entries[$0].shape == parameters[$0].shape
      }
    guard !isSame else { return }
    let (known, asked) = (entries.map(\.name), parameters.map(\.name))
    throw .stateDictionaryMismatch(
      StateDictionaryMismatch(
        missing: asked.filter { !known.contains($0) }, unexpected: known.filter { !asked.contains($0) },
        misshapen: entries.compactMap { entry in
          parameters.first { $0.name == entry.name && $0.shape != entry.shape }.map {
            StateDictionaryMismatch.Misshapen(key: $0.name, expected: $0.shape, actual: entry.shape)
          }
        }))
  }
}

/// One parameter in an update.
struct ParameterUpdate<Scalar> {
  let count: Int
  let parameter: UnsafeMutablePointer<Scalar>
  let gradient: UnsafePointer<Scalar>
  /// What is remembered, one kind after the other, each as long as the parameter.
  fileprivate let memory: UnsafeMutablePointer<Scalar>?

  /// What is remembered of one kind, counted as in ``OptimizerMemory/kinds``.
  func memory(_ kind: Int) -> UnsafeMutablePointer<Scalar> {
    guard let memory else { preconditionFailure("an optimizer that remembers nothing") }
    return memory + kind * count
  }
}

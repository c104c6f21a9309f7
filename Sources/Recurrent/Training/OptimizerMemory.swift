/// What an optimizer remembers of each parameter, and the walk over parameters, gradients and
/// memory side by side.
struct OptimizerMemory<Scalar: TensorScalar>: Sendable {
  private struct Entry: Sendable {
    let name: String
    let shape: Shape
    /// One kind after the other.
    var scalars: [Scalar]
  }

  /// PyTorch's names of what is remembered.
  let kinds: [String]
  /// The updates so far.
  private(set) var stepCount = 0
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

  /// Changes every parameter by `change`, which takes its scalars, their gradient, and what is
  /// remembered of it.
  mutating func update<Model: Parameterized<Scalar>>(
    _ model: inout Model, with gradients: StateDictionary<Scalar>,
    _ change: (ParameterUpdate<Scalar>) -> Void
  ) throws(RecurrentError) {
    let tensors = try prepare(for: &model, gradients)
    var next = 0
    model.forEachParameter { _, tensor in
      let shape = tensor.shape
      tensor.scalars.withUnsafeMutableBufferPointer { parameter in
        tensors[next].scalars.withUnsafeBufferPointer { gradient in
          entries[next].scalars.withUnsafeMutableBufferPointer { memory in
            change(
              ParameterUpdate(
                count: shape.elementCount, parameter: parameter, gradient: gradient, memory: memory))
          }
        }
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
    if stepCount == 0 {
      entries = parameters.map { name, shape in
        Entry(
          name: name, shape: shape,
          scalars: Array(repeating: 0, count: shape.elementCount * kinds.count))
      }
    }
    try requireMemory(of: parameters)
    return tensors
  }

  private func requireMemory(
    of parameters: [(name: String, shape: Shape)]
  ) throws(RecurrentError) {
    let isSame =
      entries.count == parameters.count
      && zip(entries, parameters).allSatisfy {
        ExactName($0.name) == ExactName($1.name) && $0.shape == $1.shape
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
  let parameter: UnsafeMutableBufferPointer<Scalar>
  let gradient: UnsafeBufferPointer<Scalar>
  /// What is remembered, one kind after the other, each as long as the parameter.
  fileprivate let memory: UnsafeMutableBufferPointer<Scalar>

  fileprivate init(
    count: Int, parameter: UnsafeMutableBufferPointer<Scalar>, gradient: UnsafeBufferPointer<Scalar>,
    memory: UnsafeMutableBufferPointer<Scalar>
  ) {
    self.count = count
    self.parameter = parameter
    self.gradient = gradient
    self.memory = memory
  }

  /// What is remembered of one kind, counted as in ``OptimizerMemory/kinds``.
  func memory(_ kind: Int) -> UnsafeMutableBufferPointer<Scalar> {
    UnsafeMutableBufferPointer(rebasing: memory[(kind * count)..<((kind + 1) * count)])
  }
}

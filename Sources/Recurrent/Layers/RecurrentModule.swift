/// What layers and cells have in common: sizes, parameters and options.
///
/// ``RecurrentLayer`` and ``RecurrentCell`` refine it; no other type conforms.
public protocol RecurrentModule<Scalar>: Parameterized, CustomStringConvertible {
  /// What flows from step to step.
  associatedtype State: RecurrentState<Scalar>

  /// All that is not peculiar to the architecture.
  var _core: RecurrentCore<Scalar> { get set }
}

extension RecurrentModule {
  /// I, the features of each input step.
  public var inputSize: Int { _core.stack.inputSize }

  /// H, the units of a cell; the features of its state, where that is not a projection.
  public var hiddenSize: Int { _core.stack.hiddenSize }

  /// Whether cells add biases.
  public var hasBias: Bool { _core.stack.hasBias }

  /// Who multiplies the matrices.
  public var backend: Backend {
    get { _core.backend }
    set { _core.backend = newValue }
  }

  /// The threads that a call may use, 1 to 1024; `nil` for `RECURRENT_THREADS` or the available
  /// processors.
  ///
  /// Results on the Swift backend do not depend on it. OpenBLAS has a setting of its own, see
  /// ``OpenBLASLibrary``.
  public var threadCount: Int? {
    get { _core.threadCount }
    set { _core.threadCount = newValue }
  }

  /// Visits the parameters under PyTorch's names, in PyTorch's order: `weight_ih_l0`,
  /// `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, `weight_ih_l1`, … of a layer, `weight_ih`,
  /// `weight_hh`, `bias_ih`, `bias_hh` of a cell.
  ///
  /// Packed weights are dropped, as with any access that may change a parameter.
  ///
  /// - Parameter body: Takes each name and tensor, which it may change but not give another shape.
  public mutating func forEachParameter(
    _ body: (String, inout Tensor<Scalar>) throws -> Void
  ) rethrows {
    try _core.stack.forEachParameter(_core.parameterNames, body)
  }

  /// Takes all parameters from a state dictionary.
  ///
  /// - Parameter stateDictionary: Exactly the names and shapes of the parameters.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` with all missing, unexpected and
  ///   misshapen names; nothing has changed then.
  public mutating func load(_ stateDictionary: StateDictionary<Scalar>) throws(RecurrentError) {
    try _core.stack.load(stateDictionary, _core.parameterNames)
  }

  /// Gives one kind of parameter new values, in every layer; each gate's matrix is one of its own.
  ///
  /// - Parameters:
  ///   - name: The parameter; one that there is not, such as a bias without biases, is left out.
  ///   - initializer: The values.
  ///   - generator: The source of randomness.
  /// - Throws: What ``Initializer/tensor(_:backend:using:)`` throws; nothing has changed then.
  public mutating func initialize<Generator: RandomNumberGenerator>(
    _ name: ParameterName, with initializer: Initializer, using generator: inout Generator
  ) throws(RecurrentError) {
    try _core.stack.initialize(name, with: initializer, backend: backend, using: &generator)
  }

  /// The module as PyTorch prints it: sizes, and what is not the default.
  public var description: String { _core.description(of: "\(Self.self)") }
}

extension RecurrentModule {
  /// The cells and their parameters.
  var stack: RecurrentStack<Scalar> {
    get { _core.stack }
    _modify { yield &_core.stack }
  }
}

/// All of a recurrent layer or cell that is not peculiar to its architecture. It has nothing for
/// users: they have what ``RecurrentModule``, ``RecurrentLayer`` and ``RecurrentCell`` say.
public struct RecurrentCore<Scalar: TensorScalar>: Sendable {
  var stack: RecurrentStack<Scalar>
  /// Whether sequences are `[B, T, …]`.
  var batchFirst = false
  /// Whether there is one cell, which is called step by step.
  var isCell = false
  var backend: Backend = .automatic
  var threadCount: Int?

  /// A layer.
  init(_ stack: RecurrentStack<Scalar>, batchFirst: Bool) {
    self.stack = stack
    self.batchFirst = batchFirst
  }

  /// A cell.
  init(cell stack: RecurrentStack<Scalar>) {
    self.stack = stack
    isCell = true
  }

  /// How a call is run, as options and environment say.
  var execution: Execution {
    @inline(__always)
    get throws(RecurrentError) { try Execution(resolving: backend, threadCount: threadCount) }
  }

  var parameterNames: PyTorchParameterNames { isCell ? .cell : .layers(stack.directions) }

  /// The name of the type without its arguments, the sizes, and what is not the default.
  func description(of type: String, beforeSizes prefix: [String] = []) -> String {
    let regularization = stack.regularization
    var parts = prefix + ["\(stack.inputSize)", "\(stack.hiddenSize)"]
    if let size = stack.projectionSize { parts.append("proj_size=\(size)") }
    if stack.layerCount != 1 { parts.append("num_layers=\(stack.layerCount)") }
    let bias = stack.hasBias ? [] : ["bias=False"]
    let nonlinearity = stack.kind.nonlinearity
    let function = nonlinearity == .tanh ? [] : ["nonlinearity=\(nonlinearity.rawValue)"]
    // PyTorch prints a cell's in this order, and a layer's nonlinearity not at all.
    parts += isCell ? bias + function : function + bias
    if batchFirst { parts.append("batch_first=True") }
    if regularization.dropout != 0 { parts.append("dropout=\(regularization.dropout)") }
    if regularization.isVariational { parts.append("variational_dropout=True") }
    let zoneout = regularization.zoneout
    if zoneout != Zoneout() {
      parts.append(
        stack.kind == .lstm ? "zoneout=(\(zoneout.hidden), \(zoneout.memory))" : "zoneout=\(zoneout.hidden)")
    }
    if stack.weightFormat != .float { parts.append("weights=\(stack.weightFormat.rawValue)") }
    if stack.directions == .bidirectional { parts.append("bidirectional=True") }
    return "\(type.prefix { $0 != "<" })(\(parts.joined(separator: ", ")))"
  }
}

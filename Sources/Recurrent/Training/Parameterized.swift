/// Something that has parameters: a layer, or a model of yours that is made of layers.
///
/// A model conforms by visiting its members, each under a prefix:
///
///     struct Forecaster: Parameterized {
///       var rnn = RNN<Float>(inputSize: 1, hiddenSize: 32)
///       var head = Linear<Float>(inputSize: 32, outputSize: 1)
///
///       mutating func forEachParameter(_ body: (String, inout Tensor<Float>) throws -> Void) rethrows {
///         try rnn.forEachParameter(under: "rnn", body)
///         try head.forEachParameter(under: "head", body)
///       }
///     }
///
/// Its parameters then have the names that PyTorch gives them in a module with the same members,
/// `rnn.weight_ih_l0` to `head.bias`; state dictionaries, loading, optimizers and checkpoints
/// follow. Gradients are a state dictionary with the same names, so that an optimizer walks through
/// the two side by side.
///
/// Arrays and optionals of such things conform too: the members of an array are called `0`, `1` and
/// so on.
public protocol Parameterized<Scalar>: Sendable {
  /// The number type of the parameters.
  associatedtype Scalar: TensorScalar

  /// Calls `body` with the name and the tensor of every parameter, always in the same order.
  ///
  /// - Parameter body: Takes a name that no other parameter has, and the parameter, which it may
  ///   change but not give another shape. What it changes takes place in the parameter's own
  ///   memory.
  mutating func forEachParameter(_ body: (String, inout Tensor<Scalar>) throws -> Void) rethrows
}

extension Parameterized {
  /// Visits the parameters of a member of a model, with a prefix and a point before their names.
  ///
  /// - Parameters:
  ///   - prefix: The member's name.
  ///   - body: What the model's own ``forEachParameter(_:)`` was given.
  public mutating func forEachParameter(
    under prefix: String, _ body: (String, inout Tensor<Scalar>) throws -> Void
  ) rethrows {
    try forEachParameter { name, tensor in try body("\(prefix).\(name)", &tensor) }
  }

  /// The parameters under their names, in the order of ``forEachParameter(_:)``.
  ///
  /// - Complexity: O(parameters), not O(scalars): tensors share their memory with the model.
  public var stateDictionary: StateDictionary<Scalar> {
    var copy = self
    var result = StateDictionary<Scalar>()
    copy.forEachParameter { name, tensor in result[name] = tensor }
    return result
  }

  /// The number of scalars in all parameters.
  public var parameterCount: Int {
    var copy = self
    var count = 0
    copy.forEachParameter { _, tensor in count += tensor.scalars.count }
    return count
  }

  /// Takes all parameters from a state dictionary.
  ///
  /// A weight may come as PyTorch's weight normalization has it, `…_g` and `…_v` or
  /// `parametrizations.….original0` and `….original1`: it is then g · v / ‖v‖. Tensors that the
  /// dictionary leaves out (``StateDictionary/omittedKeys``) are passed over.
  ///
  /// - Parameter stateDictionary: Exactly the model's names and shapes.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` with all missing, unexpected and
  ///   misshapen names, ``RecurrentError/invalidValue(argument:expected:actual:)`` if two
  ///   parameters have one name, or a weight comes in the parts of another reparametrization,
  ///   ``RecurrentError/scalarTypeMismatch(path:tensor:expected:actual:)`` if a parameter's tensor
  ///   was left out for its type; the model is then unchanged.
  public mutating func load(_ stateDictionary: StateDictionary<Scalar>) throws(RecurrentError) {
    var loaded = self
    var loading = StrictLoading(stateDictionary, formsWeights: true)
    loaded.forEachParameter { name, tensor in
      if let value = loading.tensor(name, shape: tensor.shape) { tensor = value }
    }
    try loading.finish()
    self = loaded
  }
}

extension Array: Parameterized where Element: Parameterized {
  /// Visits the parameters of every element under its index, as in PyTorch's `ModuleList`:
  /// `0.weight`, `0.bias`, `1.weight`, …
  public mutating func forEachParameter(
    _ body: (String, inout Tensor<Element.Scalar>) throws -> Void
  ) rethrows {
    for index in indices { try self[index].forEachParameter(under: "\(index)", body) }
  }
}

extension Optional: Parameterized where Wrapped: Parameterized {
  /// Visits the parameters of the value, if there is one, under their own names.
  public mutating func forEachParameter(
    _ body: (String, inout Tensor<Wrapped.Scalar>) throws -> Void
  ) rethrows {
    try self?.forEachParameter(body)
  }
}

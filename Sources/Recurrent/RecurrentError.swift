/// What can go wrong with data that comes from outside.
///
/// Every case carries what was expected and what came; `description` says both in a sentence. What
/// the cases carry is as it came; in the sentence, characters that would steer a terminal are
/// escaped, and what is very long is cut.
public enum RecurrentError: Error, Equatable, Sendable {
  /// A tensor has another shape than its use needs.
  case shapeMismatch(argument: String, expected: String, actual: Shape)
  /// An array does not fill the shape that it was given.
  case scalarCountMismatch(shape: Shape, actual: Int)
  /// A tensor has no such axis.
  case invalidAxis(Int, shape: Shape)
  /// A sequence without steps, or a list without elements.
  case emptySequence(argument: String)
  /// A size or count out of its range.
  case invalidSize(argument: String, expected: String, actual: Int)
  /// A number that a numerical method cannot use.
  case invalidValue(argument: String, expected: String, actual: String)
  /// A result that takes more memory than can be had.
  ///
  /// The bytes are `Int.max` where there are more than that.
  case memoryUnavailable(argument: String, byteCount: Int)
  /// A state dictionary that does not fit the layer.
  case stateDictionaryMismatch(StateDictionaryMismatch)
  /// A backend that this build or this machine cannot run.
  case backendUnavailable(Backend, reason: String)
  /// An environment variable whose value cannot be honoured.
  case invalidOverride(variable: String, expected: String, actual: String)
  /// A file that cannot be opened, read or written, with the system's reason.
  case fileInaccessible(path: String, operation: String, reason: String)
  /// A file that is not what it should be.
  case malformedFile(path: String, expected: String, actual: String)
  /// A file without the tensor that was asked for.
  case missingTensor(path: String, name: String)
  /// Numbers of another type than the one they are asked for in, or a number that this type does
  /// not have.
  case scalarTypeMismatch(path: String, tensor: String, expected: String, actual: String)
}

/// All that keeps a state dictionary from being loaded, in one report.
public struct StateDictionaryMismatch: Equatable, Sendable {
  /// A parameter whose tensor has another shape.
  public struct Misshapen: Equatable, Sendable {
    /// The parameter's name.
    public var key: String
    /// The layer's shape.
    public var expected: Shape
    /// The dictionary's shape.
    public var actual: Shape
  }

  /// Names that the layer has and the dictionary lacks.
  public var missing: [String] = []
  /// Names that the dictionary has and the layer lacks.
  public var unexpected: [String] = []
  /// Names that both have, with different shapes.
  public var misshapen: [Misshapen] = []
}

/// What can go wrong with data that comes from outside.
///
/// Every case carries what was expected and what came; `description` says both in a sentence.
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
  /// Numbers of another type than the one they are asked for in.
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

extension RecurrentError: CustomStringConvertible {
  /// What was expected and what came, in a sentence.
  public var description: String {
    switch self {
    case .shapeMismatch(let argument, let expected, let actual):
      "\(argument): expected \(expected), got the shape \(actual)"
    case .scalarCountMismatch(let shape, let actual):
      "a tensor of shape \(shape) takes \(shape.elementCount) scalars, got \(actual)"
    case .invalidAxis(let axis, let shape):
      "axis \(axis): a tensor of shape \(shape) has \(shape.rank) axes"
    case .emptySequence(let argument):
      "\(argument): expected at least one step or element, got none"
    case .invalidSize(let argument, let expected, let actual):
      "\(argument): expected \(expected), got \(actual)"
    case .invalidValue(let argument, let expected, let actual):
      "\(argument): expected \(expected), got \(actual)"
    case .stateDictionaryMismatch(let mismatch):
      "the state dictionary does not fit: \(mismatch)"
    case .backendUnavailable(let backend, let reason):
      "the backend \(backend.rawValue) is not available: \(reason)"
    case .invalidOverride(let variable, let expected, let actual):
      "the environment variable \(variable): expected \(expected), got \"\(actual)\""
    case .fileInaccessible(let path, let operation, let reason):
      "\(path): cannot \(operation): \(reason)"
    case .malformedFile(let path, let expected, let actual):
      "\(path): expected \(expected), got \(actual)"
    case .missingTensor(let path, let name):
      "\(path): expected a tensor \"\(name)\", got a file without it"
    case .scalarTypeMismatch(let path, let tensor, let expected, let actual):
      "\(path): \(tensor): expected numbers of type \(expected), got \(actual)"
    }
  }
}

extension StateDictionaryMismatch: CustomStringConvertible {
  /// The missing, unexpected and misshapen names.
  public var description: String {
    var parts: [String] = []
    if !missing.isEmpty { parts.append("missing \(missing.joined(separator: ", "))") }
    if !unexpected.isEmpty { parts.append("unexpected \(unexpected.joined(separator: ", "))") }
    parts += misshapen.map { "\($0.key): expected \($0.expected), got \($0.actual)" }
    return parts.joined(separator: "; ")
  }
}

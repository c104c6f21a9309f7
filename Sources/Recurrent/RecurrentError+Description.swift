#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

extension RecurrentError: CustomStringConvertible {
  /// What was expected and what came, in a sentence.
  ///
  /// It is fit for a terminal whatever the file, the path or the argument was that it tells of:
  /// control characters are escaped, long texts are cut in the middle, and of long lists the first
  /// names are shown.
  public var description: String {
    switch self {
    case .shapeMismatch(let argument, let expected, let actual):
      "\(argument.printable()): expected \(expected.printable()), got the shape \(actual.printable)"
    case .scalarCountMismatch(let shape, let actual):
      "a tensor of shape \(shape.printable) takes \(shape.elementCount) scalars, got \(actual)"
    case .invalidAxis(let axis, let shape):
      "axis \(axis): a tensor of shape \(shape.printable) has \(shape.rank) axes"
    case .emptySequence(let argument):
      "\(argument.printable()): expected at least one step or element, got none"
    case .invalidSize(let argument, let expected, let actual):
      "\(argument.printable()): expected \(expected.printable()), got \(actual)"
    case .invalidValue(let argument, let expected, let actual):
      "\(argument.printable()): expected \(expected.printable()), got \(actual.printable())"
    case .memoryUnavailable(let argument, let byteCount):
      "\(argument.printable()): expected memory for the result, got none for "
        + (byteCount == .max ? "as many bytes as it takes" : "\(byteCount) bytes")
    case .stateDictionaryMismatch(let mismatch):
      "the state dictionary does not fit: \(mismatch)"
    case .backendUnavailable(let backend, let reason):
      "the backend \(backend.rawValue) is not available: \(reason.printable())"
    case .invalidOverride(let variable, let expected, let actual):
      "the environment variable \(variable): expected \(expected.printable()), got \"\(actual.printable())\""
    case .fileInaccessible(let path, let operation, let reason):
      "\(path.printablePath): cannot \(operation.printable()): \(reason.printable())"
    case .malformedFile(let path, let expected, let actual):
      "\(path.printablePath): expected \(expected.printable()), got \(actual.printable())"
    case .missingTensor(let path, let name):
      "\(path.printablePath): expected a tensor \"\(name.printable())\", got "
        + (FileKind.shard(ofPath: path) ?? "a file without it")
    case .scalarTypeMismatch(let path, let tensor, let expected, let actual):
      "\(path.printablePath): \(tensor.printable()): expected numbers of type \(expected.printable()), "
        + "got \(actual.printable())"
    }
  }
}

extension RecurrentError: LocalizedError {
  /// The same sentence as ``description``, which makes it `localizedDescription` too.
  public var errorDescription: String? { description }
}

extension StateDictionaryMismatch: CustomStringConvertible {
  /// The missing, unexpected and misshapen names; of many, the first ones and the number of the
  /// others.
  public var description: String {
    var parts: [String] = []
    if !missing.isEmpty { parts.append("missing \(missing.printableList())") }
    if !unexpected.isEmpty { parts.append("unexpected \(unexpected.printableList())") }
    let shown = 8
    parts += misshapen.prefix(shown).map {
      "\($0.key.printable(limit: 120)): expected \($0.expected.printable), got \($0.actual.printable)"
    }
    if misshapen.count > shown { parts.append("\(misshapen.count - shown) more of another shape") }
    return parts.joined(separator: "; ")
  }
}

extension String {
  /// A path for a message; the greatest that systems take stays whole in most of its length.
  fileprivate var printablePath: String { printable(limit: 1024) }
}

extension Shape {
  /// The sizes for a message.
  fileprivate var printable: String { description.printable(limit: 120) }
}

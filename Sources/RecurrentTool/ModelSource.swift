import Recurrent

/// The parameters of one module in a model file: those that stand behind a prefix.
struct ModelSource {
  private let file: SafetensorsFile
  private let prefix: String
  /// Whether the parameters are stored as F64.
  let isDoublePrecision: Bool

  private static let layerKey = "weight_ih_l0"
  private static let cellKey = "weight_ih"
  /// Where weights are reparametrized, their directions stand in their place.
  private static let inputKeys = [layerKey, cellKey].flatMap {
    [$0, "\($0)_v", "parametrizations.\($0).original1"]
  }

  /// Finds the module.
  ///
  /// - Parameters:
  ///   - file: The model.
  ///   - prefix: What stands before the names, the point at its end or not, or `nil` to find the
  ///     only module that has recurrent parameters.
  /// - Throws: ``RecurrentError/malformedFile(path:expected:actual:)`` where there is none, or more
  ///   than one.
  init(file: SafetensorsFile, prefix: String?) throws(RecurrentError) {
    self.file = file
    let found = file.tensorNames.compactMap(Self.prefix).unique
    if let prefix {
      guard let match = [prefix, prefix + "."].first(where: found.contains) else {
        throw .malformedFile(
          path: file.path,
          expected: "\(quoted(prefix + Self.layerKey)) or \(quoted(prefix + Self.cellKey))",
          actual: found.isEmpty
            ? Self.list(file.tensorNames) : "the prefixes \(Self.list(Self.nearest(found, to: prefix)))")
      }
      self.prefix = match
    } else {
      guard found.count == 1 else {
        throw .malformedFile(
          path: file.path,
          expected: found.isEmpty
            ? "a tensor \(Self.layerKey) or \(Self.cellKey), a prefix before it or not"
            : "one recurrent module, or --prefix to name it",
          actual: found.isEmpty ? Self.list(file.tensorNames) : "the prefixes \(Self.list(found))")
      }
      self.prefix = found[0]
    }
    let keys = Self.inputKeys.map { [prefix = self.prefix] in prefix + $0 }
    isDoublePrecision = keys.contains { file.scalarType(of: $0) == "F64" }
  }

  /// The module's own parameters; a name with a further point belongs to another module below it,
  /// unless it is a part of a weight.
  func stateDictionary<Scalar: TensorScalar>() throws(RecurrentError) -> StateDictionary<Scalar> {
    try file.stateDictionary(prefix: prefix) { !$0.contains(".") || $0.hasPrefix("parametrizations.") }
  }

  /// What stands before the input weights, if this is their name.
  private static func prefix(of name: String) -> String? {
    for key in inputKeys where name.hasSuffix(key) {
      let prefix = name.dropLast(key.count)
      if prefix.isEmpty || prefix.hasSuffix(".") { return String(prefix) }
    }
    return nil
  }

  /// Prefixes, those first that share most of their levels with one, or most of their letters.
  private static func nearest(_ prefixes: [String], to wanted: String) -> [String] {
    func levels(_ prefix: String) -> Set<Substring> { Set(prefix.split(separator: ".")) }
    func likeness(_ prefix: String) -> (Int, Int) {
      let letters = Set(prefix.lowercased()).symmetricDifference(wanted.lowercased())
      return (levels(prefix).intersection(levels(wanted)).count, -letters.count)
    }
    return prefixes.map { ($0, likeness($0)) }.sorted { $0.1 > $1.1 }.map(\.0)
  }

  /// A list for a message, not longer than a reader wants it.
  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(8).map { quoted($0) }.joined(separator: ", ")
    return names.isEmpty ? "no tensors" : names.count > 8 ? shown + ", …" : shown
  }
}

extension [String] {
  /// The elements without repetitions, in order.
  fileprivate var unique: [String] {
    reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}

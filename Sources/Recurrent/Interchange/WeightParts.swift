/// A weight that a file does not hold itself, but in the parts that a reparametrization of PyTorch
/// learns instead of it.
///
/// | reparametrization     | names beside the weight's                                | the weight                   |
/// | --------------------- | -------------------------------------------------------- | ---------------------------- |
/// | weight normalization  | `…_g` and `…_v`, or `parametrizations.….original0` and `…1` | formed: g · v / ‖v‖         |
/// | spectral, pruning, …  | `…_orig`, or `parametrizations.….original`               | an error that names the way out |
///
/// ### Source
/// T. Salimans, D. P. Kingma, "Weight normalization", NIPS 2016. Names and shapes are those of
/// PyTorch's `torch.nn.utils.weight_norm`, `torch.nn.utils.parametrizations.weight_norm` and their
/// neighbours.
struct WeightParts {
  private enum Form {
    case normalized(magnitude: String, direction: String)
    case other(original: String, way: String)
  }

  private let key: String
  private let form: Form
  /// The names of the source that belong to the weight.
  let keys: [String]

  /// Finds the parts of a weight; `nil` where there are none.
  init?<Scalar: TensorScalar>(of key: String, in source: StateDictionary<Scalar>) {
    self.key = key
    let (prefix, name) = WeightParts.split(key)
    let parametrization = "\(prefix)parametrizations.\(name)."
    let pairs = [
      (magnitude: "\(key)_g", direction: "\(key)_v"),
      (magnitude: "\(parametrization)original0", direction: "\(parametrization)original1"),
    ]
    func has(_ key: String) -> Bool { source[key] != nil || source.omission(of: key) != nil }
    if has("\(key)_orig") {
      let isPruned = source["\(key)_mask"] != nil
      form = .other(
        original: "\(key)_orig",
        way: isPruned ? "torch.nn.utils.prune.remove" : "torch.nn.utils.remove_spectral_norm")
      keys = ["_orig", "_u", "_v", "_mask"].map { key + $0 }.filter { source[$0] != nil }
    } else if let pair = pairs.first(where: { has($0.magnitude) || has($0.direction) }) {
      form = .normalized(magnitude: pair.magnitude, direction: pair.direction)
      keys = [pair.magnitude, pair.direction].filter { source[$0] != nil }
    } else if has("\(parametrization)original") {
      form = .other(
        original: "\(parametrization)original",
        way: "torch.nn.utils.parametrize.remove_parametrizations")
      keys = source.keys.filter { $0.utf8.starts(with: parametrization.utf8) }
    } else {
      return nil
    }
  }

  /// The weight.
  ///
  /// - Parameters:
  ///   - source: Where the parts stand.
  ///   - shape: The weight's shape.
  /// - Returns: g · v / ‖v‖, computed in `Double` and rounded once.
  /// - Throws: `stateDictionaryMismatch` for a part that is missing or has another shape,
  ///   `invalidValue` for parts that no weight is formed of.
  /// - Complexity: O(elements).
  func weight<Scalar: TensorScalar>(
    in source: StateDictionary<Scalar>, shape: Shape
  ) throws(RecurrentError) -> Tensor<Scalar> {
    switch form {
    case .other(let original, let way):
      throw .invalidValue(
        argument: key, expected: "the weight itself, or its parts under weight normalization",
        actual: "\"\(original)\" of another reparametrization; call \(way) before the model is saved")
    case .normalized(let magnitude, let direction):
      if let omission = source.omission(of: magnitude) ?? source.omission(of: direction) { throw omission }
      guard let g = source[magnitude], let v = source[direction] else {
        let missing = source[magnitude] == nil ? magnitude : direction
        throw .stateDictionaryMismatch(StateDictionaryMismatch(missing: [missing]))
      }
      var mismatch = StateDictionaryMismatch()
      if v.shape != shape {
        mismatch.misshapen.append(.init(key: direction, expected: shape, actual: v.shape))
      } else if !WeightParts.isMagnitude(g.shape, of: v.shape) {
        // One magnitude for each slice along the first axis is PyTorch's default.
        let sizes = shape.dimensions.indices.map { $0 == 0 ? shape[0] : 1 }
        mismatch.misshapen.append(.init(key: magnitude, expected: Shape(sizes), actual: g.shape))
      }
      guard mismatch.misshapen.isEmpty else { throw .stateDictionaryMismatch(mismatch) }
      return product(g, v)
    }
  }

  /// Whether a magnitude has these sizes: those of v along one axis and 1 along the others, or no
  /// axis at all.
  private static func isMagnitude(_ g: Shape, of v: Shape) -> Bool {
    if g.rank == 0 { return true }
    guard g.rank == v.rank else { return false }
    return g.dimensions.indices.contains { kept in
      g.dimensions.indices.allSatisfy { g[$0] == ($0 == kept ? v[$0] : 1) }
    }
  }

  /// The name of the weight whose shape the part of a name has.
  ///
  /// - Parameters:
  ///   - key: The name.
  ///   - names: All names that there are.
  /// - Returns: The weight's name; `nil` for the names of other parts and of anything else.
  static func weightKey(ofDirection key: String, among names: Set<String>) -> String? {
    for (suffix, other) in [("_v", "_g"), ("_orig", nil)] where key.hasSuffix(suffix) {
      let weight = String(key.dropLast(suffix.count))
      if other.map({ names.contains(weight + $0) }) ?? true { return weight }
    }
    for suffix in [".original1", ".original"] where key.hasSuffix(suffix) {
      let parametrization = String(key.dropLast(suffix.count))
      let (prefix, name) = split(parametrization)
      let folder = "parametrizations."
      if prefix.hasSuffix(folder) { return prefix.dropLast(folder.count) + name }
    }
    return nil
  }

  /// A name's path up to the last point, and what stands behind it.
  private static func split(_ key: String) -> (prefix: String, name: String) {
    let bytes = key.utf8
    guard let point = bytes.lastIndex(of: UInt8(ascii: ".")) else { return ("", key) }
    return (String(key[...point]), String(key[bytes.index(after: point)...]))
  }
}

/// g · v / ‖v‖, with a norm for every slice of v that has a magnitude of its own.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func product<Scalar: TensorScalar>(_ g: Tensor<Scalar>, _ v: Tensor<Scalar>) -> Tensor<Scalar> {
  let sizes = v.shape.dimensions
  let axis = g.shape.dimensions.firstIndex { $0 != 1 } ?? 0
  // An element belongs to the magnitude that has its index along the axis.
  let count = g.scalars.count
  let inner = sizes.isEmpty ? 1 : sizes[(axis + 1)...].reduce(1, *)
  var squares = [Double](repeating: 0, count: count)
  for (index, scalar) in v.scalars.enumerated() {
    squares[index / inner % count] += Double(scalar) * Double(scalar)
  }
  let factors = zip(g.scalars, squares).map { Double($0) / $1.squareRoot() }
  return Tensor(
    unchecked: v.scalars.indices.map { Scalar(Double(v.scalars[$0]) * factors[$0 / inner % count]) },
    shape: v.shape)
}

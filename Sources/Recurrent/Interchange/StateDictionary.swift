/// Tensors by name, in an order: the parameters of a layer or the contents of a file.
///
///     var state: StateDictionary<Float> = ["weight": weight, "bias": bias]
///     state["bias"] = nil
///     for (key, value) in state { print(key, value.shape) }
///
/// A name equals another only if both have the same bytes in UTF-8, as in a file: unlike as strings
/// of Swift, "é" as one scalar and "é" as a letter with a combining accent are two names. The order
/// counts when two dictionaries are compared.
public struct StateDictionary<Scalar: TensorScalar>: Sendable, Equatable {
  /// A name and its tensor.
  public typealias Element = (key: String, value: Tensor<Scalar>)

  fileprivate struct Entry: Sendable, Equatable {
    let name: ExactName
    var tensor: Tensor<Scalar>
  }

  private var entries: [Entry] = []
  /// Where each name stands; empty while there are so few that looking through them is faster.
  private var positions: [ExactName: Int] = [:]
  private static var mostUnindexed: Int { 32 }
  /// Tensors of a file that are not in the dictionary, by name, and what asking for one of them
  /// throws.
  private var omissions: [(name: ExactName, error: RecurrentError)] = []

  /// Creates an empty dictionary.
  public init() {}

  /// Creates a dictionary from pairs.
  ///
  /// - Parameter pairs: Names and tensors in their order. A name that comes again replaces the
  ///   tensor and keeps the first one's place.
  /// - Complexity: O(pairs), on average.
  public init(_ pairs: [(String, Tensor<Scalar>)]) {
    for (key, value) in pairs { self[key] = value }
  }

  /// The names in their order.
  ///
  /// - Complexity: O(count).
  public var keys: [String] { entries.map(\.name.text) }

  /// The names of tensors that the file which the dictionary was read from has beside, of types
  /// that no parameter has.
  ///
  /// They are no part of the dictionary: two that differ in them alone are equal. Loading a layer
  /// passes them over.
  ///
  /// - Complexity: O(omittedKeys).
  public var omittedKeys: [String] { omissions.map(\.name.text) }

  /// Notes a tensor that is left out.
  mutating func omit(_ key: String, because error: RecurrentError) {
    omissions.append((ExactName(key), error))
  }

  /// Notes what another dictionary leaves out, under other names; those without one are not noted.
  mutating func omit(as other: StateDictionary, _ rename: (String) -> String?) {
    for (name, error) in other.omissions {
      if let key = rename(name.text) { omit(key, because: error) }
    }
  }

  /// Why a name is left out; `nil` for one that is not.
  ///
  /// - Complexity: O(omittedKeys).
  func omission(of key: String) -> RecurrentError? {
    guard !omissions.isEmpty, position(of: ExactName(key)) == nil else { return nil }
    return omissions.first { $0.name == ExactName(key) }?.error
  }

  /// The number of tensors.
  public var count: Int { entries.count }

  /// Whether there is no tensor.
  public var isEmpty: Bool { entries.isEmpty }

  /// The tensor of a name, or `nil` where there is none.
  ///
  /// A tensor that is set replaces the name's tensor in its place, or is appended; `nil` removes
  /// the name. A tensor that is changed through the subscript is changed in its own memory.
  ///
  /// - Complexity: O(1) on average; O(count) to remove.
  public subscript(_ key: String) -> Tensor<Scalar>? {
    get { position(of: ExactName(key)).map { entries[$0].tensor } }
    set { set(ExactName(key), to: newValue) }
    _modify {
      let name = ExactName(key)
      var tensor = take(name)
      defer { set(name, to: tensor) }
      yield &tensor
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func position(of name: ExactName) -> Int? {
    positions.isEmpty ? entries.firstIndex { $0.name == name } : positions[name]
  }

  /// Hands out a tensor and leaves an empty one in its place, so that nobody else holds it.
  private mutating func take(_ name: ExactName) -> Tensor<Scalar>? {
    guard let position = position(of: name) else { return nil }
    var tensor = Tensor<Scalar>(unchecked: [], shape: [0])
    swap(&tensor, &entries[position].tensor)
    return tensor
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private mutating func set(_ name: ExactName, to newValue: Tensor<Scalar>?) {
    switch (position(of: name), newValue) {
    case (let position?, let tensor?):
      entries[position].tensor = tensor
    case (nil, let tensor?):
      entries.append(Entry(name: name, tensor: tensor))
      if entries.count > Self.mostUnindexed { index(from: positions.isEmpty ? 0 : entries.count - 1) }
    case (let position?, nil):
      entries.remove(at: position)
      positions[name] = nil
      if !positions.isEmpty { index(from: position) }
    case (nil, nil):
      break
    }
  }

  private mutating func index(from first: Int) {
    for position in first..<entries.count { positions[entries[position].name] = position }
  }

  /// The tensor at a place in the order if it has this name; `nil` otherwise.
  ///
  /// - Complexity: O(1): nothing is looked up.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func tensor(at position: Int, named name: String) -> Tensor<Scalar>? {
    guard position < entries.count, entries[position].name == ExactName(name) else { return nil }
    return entries[position].tensor
  }

  /// Calls `body` with every tensor in its own memory, in their order.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  mutating func forEachTensor(_ body: (inout Tensor<Scalar>) -> Void) {
    for position in entries.indices { body(&entries[position].tensor) }
  }

  /// Whether both have the same names with equal tensors in the same order.
  ///
  /// - Parameters:
  ///   - a: One dictionary.
  ///   - b: The other one.
  /// - Returns: Whether they are equal. Tensors are compared as numbers: NaN equals nothing.
  /// - Complexity: O(scalars).
  public static func == (a: StateDictionary, b: StateDictionary) -> Bool {
    a.entries == b.entries
  }
}

extension StateDictionary: ExpressibleByDictionaryLiteral {
  /// Creates a dictionary from a literal; a name that comes again replaces the tensor.
  ///
  /// - Parameter elements: Names and tensors in their order.
  public init(dictionaryLiteral elements: (String, Tensor<Scalar>)...) {
    self.init(elements)
  }
}

extension StateDictionary: Sequence {
  /// An iterator over names and tensors.
  public struct Iterator: IteratorProtocol {
    private var entries: Array<Entry>.Iterator

    fileprivate init(_ entries: [Entry]) {
      self.entries = entries.makeIterator()
    }

    /// The next name and its tensor, or `nil` after the last.
    public mutating func next() -> Element? {
      entries.next().map { (key: $0.name.text, value: $0.tensor) }
    }
  }

  /// An iterator over names and tensors in their order.
  public func makeIterator() -> Iterator { Iterator(entries) }

  /// The number of tensors.
  public var underestimatedCount: Int { entries.count }
}

/// The sizes of a tensor's axes, outermost first.
///
/// A literal reads as on the blackboard: `let shape: Shape = [10, 3, 100]`. The empty shape
/// belongs to a tensor of one scalar.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  // Up to four sizes stand in the value itself, so that calls of small layers allocate none. Those
  // beyond the rank are zero.
  private var sizes = InlineArray<4, Int>(repeating: 0)
  /// The sizes of the fifth axis and those inside of it, if there are any.
  private var furtherSizes: [Int]?
  /// The number of axes.
  public private(set) var rank: Int

  /// Creates a shape from the sizes of its axes.
  ///
  /// - Parameter dimensions: The size of every axis, outermost first.
  /// - Precondition: No size is negative, and the product of those that are not zero is
  ///   representable as `Int`.
  public init(_ dimensions: [Int]) {
    precondition(
      Shape.elementCount(of: dimensions) != nil,
      "a shape takes sizes that are not negative and whose product fits an Int, not \(dimensions)")
    rank = dimensions.count
    for axis in dimensions.indices.prefix(4) { sizes[axis] = dimensions[axis] }
    furtherSizes = rank > 4 ? Array(dimensions[4...]) : nil
  }

  /// Creates a shape from sizes that may come from anywhere; `nil` where one is negative, or the
  /// product of those that are not zero is more than an `Int`.
  ///
  /// - Parameter dimensions: The size of every axis, outermost first.
  public init?(exactly dimensions: [Int]) {
    guard Shape.elementCount(of: dimensions) != nil else { return nil }
    self.init(dimensions)
  }

  /// Creates a shape of one axis from a size that is known to be good.
  init(unchecked a: Int) {
    rank = 1
    sizes[0] = a
  }

  /// Creates a shape of two axes from sizes that are known to be good.
  init(unchecked a: Int, _ b: Int) {
    rank = 2
    (sizes[0], sizes[1]) = (a, b)
  }

  /// Creates a shape of three axes from sizes that are known to be good.
  init(unchecked a: Int, _ b: Int, _ c: Int) {
    rank = 3
    (sizes[0], sizes[1], sizes[2]) = (a, b, c)
  }

  /// Creates a shape from a literal.
  public init(arrayLiteral elements: Int...) {
    self.init(elements)
  }

  /// The size of every axis, outermost first.
  public var dimensions: [Int] { (0..<rank).map { self[$0] } }

  /// The number of scalars: the product of all sizes.
  public var elementCount: Int {
    // Without a range, whose iterator takes memory in debug builds: tests count what calls
    // allocate.
    var (count, axis) = (1, 0)
    while axis < rank {
      count *= self[axis]
      axis += 1
    }
    return count
  }

  /// The size of one axis.
  public subscript(axis: Int) -> Int {
    precondition(axis >= 0 && axis < rank, "axis \(axis) of a shape with \(rank) axes")
    return axis < 4 ? sizes[axis] : furtherSizes?[axis - 4] ?? 0
  }

  /// This shape with another size of its last axis.
  func replacingLast(with size: Int) -> Shape {
    var shape = self
    if rank > 4 { shape.furtherSizes?[rank - 5] = size } else { shape.sizes[rank - 1] = size }
    return shape
  }

  /// Whether two shapes have the same sizes.
  public static func == (a: Shape, b: Shape) -> Bool {
    guard a.rank == b.rank else { return false }
    for axis in 0..<4 where a.sizes[axis] != b.sizes[axis] { return false }
    return a.furtherSizes == b.furtherSizes
  }

  /// Hashes the sizes.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(dimensions)
  }

  /// The sizes in brackets, for example `[10, 3, 100]`.
  public var description: String { "[\(dimensions.map(String.init).joined(separator: ", "))]" }

  /// The product of sizes that may come from anywhere: `nil` where one is negative or the product
  /// overflows.
  ///
  /// Zeros hide no overflow: the sizes of a slice, or in another order, are those of a shape too.
  package static func elementCount(of dimensions: [Int]) -> Int? {
    guard dimensions.allSatisfy({ $0 >= 0 }) else { return nil }
    var product = 1
    for dimension in dimensions where dimension != 0 {
      let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
      if overflow { return nil }
      product = next
    }
    return dimensions.contains(0) ? 0 : product
  }
}

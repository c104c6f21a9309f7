/// The sizes of a tensor's axes, outermost first.
///
/// A literal reads as on the blackboard: `let shape: Shape = [10, 3, 100]`. The empty shape
/// belongs to a tensor of one scalar.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  /// The size of every axis, outermost first.
  public let dimensions: [Int]

  /// Creates a shape from the sizes of its axes.
  ///
  /// - Parameter dimensions: The size of every axis, outermost first.
  /// - Precondition: No size is negative, and the product of those that are not zero is representable as `Int`.
  public init(_ dimensions: [Int]) {
    precondition(
      Shape.elementCount(of: dimensions) != nil,
      "a shape takes sizes that are not negative and whose product fits an Int, not \(dimensions)")
    self.dimensions = dimensions
  }

  /// Creates a shape from a literal.
  public init(arrayLiteral elements: Int...) {
    self.init(elements)
  }

  /// The number of axes.
  public var rank: Int { dimensions.count }

  /// The number of scalars: the product of all sizes.
  public var elementCount: Int { dimensions.reduce(1, *) }

  /// The size of one axis.
  public subscript(axis: Int) -> Int { dimensions[axis] }

  /// The sizes in brackets, for example `[10, 3, 100]`.
  public var description: String { "[\(dimensions.map(String.init).joined(separator: ", "))]" }

  /// The product of sizes that may come from anywhere: `nil` where one is negative or the product overflows.
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

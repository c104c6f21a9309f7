/// A row-major array of numbers with a shape.
///
/// A tensor is a value: a copy shares the numbers until one of the two is changed. It offers what
/// recurrent layers need, under the names that NumPy made familiar, and is no general array
/// library.
///
///     let x = try Tensor<Float>([1, 2, 3, 4, 5, 6], shape: [2, 3])
///     x[1, 2]          // 6, a scalar
///     x[0]             // [1, 2, 3], the first slice along the first axis
///     for row in x { print(row) }
///
/// Subscripts behave like those of `Array`: an index out of range is a programming error and traps.
/// Everything whose failure depends on data throws a ``RecurrentError`` instead.
public struct Tensor<Scalar: TensorScalar>: Sendable, Equatable {
  /// The sizes of the axes, outermost first.
  public private(set) var shape: Shape

  /// All scalars in row-major order: the last axis varies fastest. Its count never changes.
  public var scalars: [Scalar] {
    get { storage }
    _modify {
      let count = storage.count
      defer {
        precondition(storage.count == count, "a tensor of shape \(shape) keeps \(count) scalars")
      }
      yield &storage
    }
  }

  private var storage: [Scalar]

  /// Creates a tensor from scalars that are known to fill the shape.
  init(unchecked scalars: [Scalar], shape: Shape) {
    assert(scalars.count == shape.elementCount)
    storage = scalars
    self.shape = shape
  }

  /// Creates a tensor from an array in row-major order.
  ///
  /// - Parameters:
  ///   - scalars: The scalars, the last axis varying fastest.
  ///   - shape: The sizes of the axes.
  /// - Throws: ``RecurrentError/scalarCountMismatch(shape:actual:)`` if the array does not fill the
  ///   shape.
  public init(_ scalars: [Scalar], shape: Shape) throws(RecurrentError) {
    guard scalars.count == shape.elementCount else {
      throw .scalarCountMismatch(shape: shape, actual: scalars.count)
    }
    self.init(unchecked: scalars, shape: shape)
  }

  /// Creates a tensor of rank 1.
  ///
  /// - Parameter scalars: The scalars; the shape is `[scalars.count]`.
  public init(_ scalars: [Scalar]) {
    self.init(unchecked: scalars, shape: [scalars.count])
  }

  /// Creates a tensor of rank 0, which holds one scalar.
  ///
  /// - Parameter scalar: The scalar; the shape is `[]`.
  public init(_ scalar: Scalar) {
    self.init(unchecked: [scalar], shape: [])
  }

  /// Creates a tensor in which every element is the same.
  ///
  /// - Parameters:
  ///   - value: The value of every element.
  ///   - shape: The sizes of the axes.
  public init(repeating value: Scalar, shape: Shape) {
    self.init(unchecked: Array(repeating: value, count: shape.elementCount), shape: shape)
  }

  /// A tensor of zeros.
  ///
  /// - Parameter shape: The sizes of the axes.
  /// - Returns: A tensor of that shape.
  public static func zeros(_ shape: Shape) -> Tensor {
    Tensor(repeating: 0, shape: shape)
  }

  /// Creates a tensor by converting every element of another one, rounding to the nearest.
  ///
  /// - Parameter other: The tensor to convert.
  public init<Other>(_ other: Tensor<Other>) {
    self.init(unchecked: convert(other.scalars), shape: other.shape)
  }

  /// The only scalar of a tensor that has one element, whatever its rank.
  ///
  /// - Precondition: The tensor has exactly one element.
  public var scalar: Scalar {
    precondition(storage.count == 1, "a tensor of shape \(shape) has not one scalar")
    return storage[0]
  }

  /// Changes the shape and keeps the scalars.
  mutating func setShape(_ shape: Shape) {
    assert(shape.elementCount == storage.count)
    self.shape = shape
  }
}

/// Converts an array, rounding to the nearest.
@specialized(where From == Double, To == Float)
@specialized(where From == Float, To == Double)
private func convert<From: TensorScalar, To: TensorScalar>(_ scalars: [From]) -> [To] {
  if From.self == To.self { return unsafeBitCast(scalars, to: [To].self) }
  return scalars.map { To($0) }
}

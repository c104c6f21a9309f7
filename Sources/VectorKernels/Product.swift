/// One product with its ends: C = activation(start + A·Bᵀ), B packed; or a chain of such products,
/// in which each C is the next A.
///
/// Where ``outputs`` are given, C is (start + A·Bᵀ) ⊙ activation′ instead: the derivative of the
/// activation where it had these outputs.
///
/// The sum of each element runs over k in order, one multiply-add after the other, from its start.
/// Short sums, for whose chain of multiply-adds a small layer would wait, are cut into
/// ``accumulators``: each but the first starts from zero, and what they come to is added in order.
/// So nothing but `depth` and ``accumulators`` decides an element's bits, neither the tile nor the
/// neighbours.
public struct Product<Scalar> {
  public var rows: Int
  public var columns: Int
  public var depth: Int
  /// A [rows, depth].
  public var a: UnsafePointer<Scalar>
  public var aLayout: RowLayout
  /// The distance from one k to the next in a row of A: 1, or the row length of a matrix whose
  /// columns are A's rows.
  public var aDepthStride = 1
  /// B [columns, depth], as ``pack(_:into:lanes:)`` lays it out.
  public var panels: UnsafePointer<Scalar>
  /// What every row starts from, padded with zeros to a whole vector; `nil` to start from C itself.
  public var start: UnsafePointer<Scalar>?
  /// C [rows, columns]; it overlaps neither A nor B.
  public var c: UnsafeMutablePointer<Scalar>
  public var cLayout: RowLayout
  public var activation: Activation
  /// How many products are chained.
  public var iterations: Int
  /// The distance from one product's C to the next, and from its outputs to the next.
  public var iterationStride: Int
  /// Whether what C holds is added to the sums at their end, for sums that have a start of their
  /// own.
  public var addsToC = false
  /// The outputs of the activation [rows, columns], laid out as C, to multiply by its derivative;
  /// `nil` to apply it.
  public var outputs: UnsafePointer<Scalar>?
  /// The parts that each sum is made of.
  public var accumulators = SplitAccumulators.one
  /// Whether the last columns are computed first. Of weights that are too many for a cache, it
  /// keeps those that were read last; so a chain goes back and forth, and products with the same
  /// weights one after the other should.
  public var startsAtEnd = false

  /// The product whose sums the iterations go on from, in one accumulator and without activation:
  /// it has the rows of all iterations, one iteration after the other, and the same C. `nil` for
  /// none.
  public var projection: UnsafePointer<Product>?

  /// Where the sums of a tile are computed that cannot go to C at once.
  @usableFromInline var staging: UnsafeMutablePointer<Scalar>?

  /// What is prefetched while the next term of a tile's sums is added.
  @usableFromInline var prefetchPlace: UnsafeRawPointer
  /// The bytes that ``prefetchPlace`` moves by with each term.
  @usableFromInline var prefetchStride = 0

  @inlinable
  public init(
    rows: Int, columns: Int, depth: Int,
    a: UnsafePointer<Scalar>, aLayout: RowLayout,
    panels: UnsafePointer<Scalar>, start: UnsafePointer<Scalar>?,
    c: UnsafeMutablePointer<Scalar>, cLayout: RowLayout,
    activation: Activation, iterations: Int = 1, iterationStride: Int = 0
  ) {
    self.rows = rows
    self.columns = columns
    self.depth = depth
    self.a = a
    self.aLayout = aLayout
    self.panels = panels
    prefetchPlace = UnsafeRawPointer(panels)
    self.start = start
    self.c = c
    self.cLayout = cLayout
    self.activation = activation
    self.iterations = iterations
    self.iterationStride = iterationStride
  }
}

extension Product {
  /// Whether the sums start from what C holds.
  @inlinable @inline(__always)
  var startsFromC: Bool { projection.map { $0.pointee.start == nil } ?? (start == nil) }

  /// The rows of the fused projection; where there is none, nobody asks for them.
  @inlinable @inline(__always)
  var projectionRows: RowCursor<Scalar> {
    RowCursor(base: projection?.pointee.a ?? a, layout: projection?.pointee.aLayout ?? aLayout)
  }

  /// Calls with the first column of each strip.
  @inlinable @inline(__always)
  func forEachStrip(ofWidth width: Int, _ body: (_ column: Int) -> Void) {
    if startsAtEnd {
      var column = (columns &- 1) / width &* width
      while column >= 0 {
        body(column)
        column &-= width
      }
    } else {
      var column = 0
      while column < columns {
        body(column)
        column &+= width
      }
    }
  }

  /// Has the weights of the strip after that of a column asked for while its tiles are computed, a
  /// part by each of their terms, if there are more weights than the second-level cache keeps. A
  /// single tile waits for each weight that it uses, and has no time for others.
  @inlinable @inline(__always)
  mutating func planPrefetch(of column: Int, width: Int, tiles: Int) {
    let next = startsAtEnd ? column &- width : column &+ width
    let isFar = depth &* columns &* MemoryLayout<Scalar>.stride > Self.mostBytesOfRows
    guard tiles > 1 && isFar && next >= 0 && next < columns else {
      prefetchStride = 0
      return
    }
    prefetchPlace = UnsafeRawPointer(panels + depth &* next)
    prefetchStride = (width &* MemoryLayout<Scalar>.stride &+ tiles &- 1) / tiles
  }

  /// The product whose A is this one's C.
  @inlinable @inline(__always)
  mutating func advance() {
    a = UnsafePointer(c)
    aLayout = cLayout
    aDepthStride = 1
    c += iterationStride
    if let outputs { self.outputs = outputs + iterationStride }
    startsAtEnd.toggle()
  }
}

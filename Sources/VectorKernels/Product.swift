/// One product with its ends: C = activation(start + A·Bᵀ), B packed; or a chain of such products, in which
/// each C is the next A.
///
/// Where ``outputs`` are given, C is (start + A·Bᵀ) ⊙ activation′ instead: the derivative of the activation where it
/// had these outputs.
///
/// The sum of each element runs over k in order, one multiply-add after the other, from its start. Short sums, for
/// whose chain of multiply-adds a small layer would wait, are cut into ``segments``: each but the first starts from zero,
/// and what they come to is added in order. So nothing but `depth` and ``segments`` decides an element's bits, neither the
/// tile nor the neighbours.
public struct Product<Scalar> {
  public var rows: Int
  public var columns: Int
  public var depth: Int
  /// A [rows, depth].
  public var a: UnsafePointer<Scalar>
  public var aLayout: RowLayout
  /// The distance from one k to the next in a row of A: 1, or the row length of a matrix whose columns are A's rows.
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
  public var links: Int
  /// The distance from one product's C to the next, and from its outputs to the next.
  public var linkStride: Int
  /// Whether what C holds is added to the sums at their end, for sums that have a start of their own.
  public var addsToC = false
  /// The outputs of the activation [rows, columns], laid out as C, to multiply by its derivative; `nil` to apply it.
  public var outputs: UnsafePointer<Scalar>?
  /// The parts that each sum is made of.
  public var segments = SumSegments.one
  /// Whether the last columns are computed first. Of weights that are too many for a cache, it keeps those that were read
  /// last; so a chain goes back and forth, and products with the same weights one after the other should.
  public var startsAtEnd = false

  /// The product whose sums the links go on from, in one segment and without activation: it has the rows of all links, one link after
  /// the other, and the same C. `nil` for none.
  public var preceding: UnsafePointer<Product>?

  /// Where the sums of a tile are computed that cannot go to C at once.
  @usableFromInline var aside: UnsafeMutablePointer<Scalar>?

  /// What is asked for while the next term of a tile's sums is added.
  @usableFromInline var ahead: UnsafeRawPointer
  /// The bytes that ``ahead`` moves by with each term.
  @usableFromInline var aheadStride = 0

  @inlinable
  public init(
    rows: Int, columns: Int, depth: Int,
    a: UnsafePointer<Scalar>, aLayout: RowLayout,
    panels: UnsafePointer<Scalar>, start: UnsafePointer<Scalar>?,
    c: UnsafeMutablePointer<Scalar>, cLayout: RowLayout,
    activation: Activation, links: Int = 1, linkStride: Int = 0
  ) {
    self.rows = rows
    self.columns = columns
    self.depth = depth
    self.a = a
    self.aLayout = aLayout
    self.panels = panels
    ahead = UnsafeRawPointer(panels)
    self.start = start
    self.c = c
    self.cLayout = cLayout
    self.activation = activation
    self.links = links
    self.linkStride = linkStride
  }
}

extension Product {
  /// Whether the sums start from what C holds.
  @inlinable @inline(__always)
  var startsFromC: Bool { preceding.map { $0.pointee.start == nil } ?? (start == nil) }

  /// The rows of the product that precedes; where there is none, nobody asks for them.
  @inlinable @inline(__always)
  var precedingRows: RowCursor<Scalar> {
    RowCursor(base: preceding?.pointee.a ?? a, layout: preceding?.pointee.aLayout ?? aLayout)
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

  /// Has the weights of the strip after that of a column asked for while its tiles are computed, a part by each of their terms, if
  /// there are more weights than the second-level cache keeps. A single tile waits for each weight that it uses, and has no time for others.
  @inlinable @inline(__always)
  mutating func lookAhead(of column: Int, width: Int, tiles: Int) {
    let next = startsAtEnd ? column &- width : column &+ width
    let isFar = depth &* columns &* MemoryLayout<Scalar>.stride > Self.mostBytesOfRows
    guard tiles > 1 && isFar && next >= 0 && next < columns else {
      aheadStride = 0
      return
    }
    ahead = UnsafeRawPointer(panels + depth &* next)
    aheadStride = (width &* MemoryLayout<Scalar>.stride &+ tiles &- 1) / tiles
  }

  /// The product whose A is this one's C.
  @inlinable @inline(__always)
  mutating func advance() {
    a = UnsafePointer(c)
    aLayout = cLayout
    aDepthStride = 1
    c += linkStride
    if let outputs { self.outputs = outputs + linkStride }
    startsAtEnd.toggle()
  }
}

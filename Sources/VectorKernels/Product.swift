/// Where the rows of a matrix lie: in blocks of rows, each block and each row at a constant stride.
///
/// Row i begins at (i / rowsPerBlock)·blockStride + (i % rowsPerBlock)·rowStride. A contiguous
/// matrix is the case of one block. Time-major and batch-major sequences, and slices of both
/// along time or batch, are all of this form, so no product copies its operands into place.
public struct RowLayout: Sendable, Equatable {
  public var rowStride: Int
  public var rowsPerBlock: Int
  public var blockStride: Int

  @inlinable
  public init(rowStride: Int, rowsPerBlock: Int, blockStride: Int) {
    self.rowStride = rowStride
    self.rowsPerBlock = rowsPerBlock
    self.blockStride = blockStride
  }

  /// Rows at one constant stride.
  @inlinable
  public init(rowStride: Int) {
    self.init(rowStride: rowStride, rowsPerBlock: .max, blockStride: 0)
  }

  /// Whether the first `rows` rows stand at one constant stride.
  @inlinable
  public func isUniform(rows: Int) -> Bool {
    rows <= rowsPerBlock || blockStride == rowsPerBlock &* rowStride
  }

  /// The same rows, ordered by their place in the block first; for a whole number of blocks.
  @inlinable
  public func reordered(rows: Int) -> RowLayout {
    RowLayout(rowStride: blockStride, rowsPerBlock: rows / rowsPerBlock, blockStride: rowStride)
  }
}

/// One product with its ends: C = activation(start + A·Bᵀ), B packed; or a chain of such products, in which
/// each C is the next A.
///
/// Where ``outputs`` are given, C is (start + A·Bᵀ) ⊙ activation′ instead: the derivative of the activation where it
/// had these outputs.
///
/// The sum of each element runs over k in order, one multiply-add after the other, from its start:
/// nothing but `depth` decides its bits, neither the tile nor the neighbours.
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
    self.start = start
    self.c = c
    self.cLayout = cLayout
    self.activation = activation
    self.links = links
    self.linkStride = linkStride
  }
}

/// The entry points of one instruction set for weights in one narrow format.
public struct NarrowKernels<Scalar>: Sendable {
  /// The weights in a word.
  public let weightsPerWord: Int
  /// Rounds the weights of so many rows of so many to numbers of the format, in place; each row has
  /// a scale of its own.
  public let round: @Sendable (UnsafeMutablePointer<Scalar>, _ rows: Int, _ depth: Int) -> Void
  /// Encodes the weights of so many rows: bits in the order of the rows, and the rows' scales.
  public let encode:
    @Sendable (
      UnsafePointer<Scalar>, _ rows: Int, _ depth: Int, _ bits: UnsafeMutablePointer<UInt16>,
      _ scales: UnsafeMutablePointer<Scalar>
    ) -> Void
  /// Packs rounded weights into panels of words. See ``NarrowPanels``.
  public let pack: @Sendable (PackingSource<Scalar>, NarrowPanels<Scalar>) -> Void
  /// Multiplies rows with such panels; the product's panels are these words. It has one accumulator
  /// for each sum, no projection, and adds nothing to C at the end. See ``BFloat16Product`` and
  /// ``Int8Product``.
  public let multiply: @Sendable (Product<Scalar>, _ scales: UnsafePointer<Scalar>) -> Void
}

extension NarrowKernels where Scalar == Float {
  /// The kernels, specialized on lanes and tiling in the module that names them, for whose
  /// instructions they are compiled.
  @inlinable @inline(__always)
  init<Format: NarrowFormat, L: NarrowLanes, let tileRows: Int, let panelVectors: Int>(
    _: Format.Type, lanes: L.Type, tiling: Tiling<tileRows, panelVectors>,
    multiply: @escaping @Sendable (Product<Float>, UnsafePointer<Float>) -> Void
  ) {
    weightsPerWord = Format.weightsPerWord
    round = { roundWeights($0, rows: $1, depth: $2, format: Format.self) }
    encode = { encodeWeights($0, rows: $1, depth: $2, bits: $3, scales: $4, format: Format.self) }
    pack = { packNarrow($0, into: $1, format: Format.self, lanes: L.self, tiling: tiling) }
    self.multiply = multiply
  }
}

/// The kernels of every narrow format.
public struct NarrowTable<Scalar>: Sendable {
  public let bfloat16: NarrowKernels<Scalar>
  public let int8: NarrowKernels<Scalar>
}

extension NarrowTable where Scalar == Float {
  @inlinable @inline(__always)
  public init<L: NarrowLanes, let tileRows: Int, let panelVectors: Int>(
    lanes: L.Type, tiling: Tiling<tileRows, panelVectors>
  ) {
    bfloat16 = NarrowKernels(BFloat16Format.self, lanes: L.self, tiling: tiling) { product, _ in
      multiplyIterations(of: product, lanes: L.self) {
        BFloat16Product<L, tileRows, panelVectors>($0).multiply()
      }
    }
    int8 = NarrowKernels(Int8Format.self, lanes: L.self, tiling: tiling) { product, scales in
      multiplyIterations(of: product, lanes: L.self) {
        Int8Product<L, tileRows, panelVectors>($0, scales).multiply()
      }
    }
  }
}

/// Computes a product as often as it is chained, by a function that computes one of the products.
@inlinable @inline(__always)
func multiplyIterations<L: Lanes>(
  of product: Product<Float>, lanes: L.Type, _ multiply: (UnsafePointer<Product<Float>>) -> Void
) where L.Scalar == Float {
  guard product.rows > 0, product.columns > 0 else { return }
  var product = product
  let (iterations, activation) = (product.iterations, product.activation)
  product.iterations = 1
  product.activation = .identity
  for _ in 0..<iterations {
    withUnsafePointer(to: product) { multiply($0) }
    if !activation.isIdentity { activate(activation, product, lanes: L.self) }
    product.advance()
  }
}

extension Product {
  /// What the sums of a vector of columns go on from, at `place` in C if there is no other start;
  /// columns that do not exist are not read.
  @inlinable @inline(__always)
  func sums<L: Lanes>(
    _ column: Int, _ place: UnsafePointer<Scalar>, startsFromC: Bool, _: L.Type
  ) -> L.Vector where L.Scalar == Scalar {
    if !startsFromC, let start { return L.load(start + column) }
    let count = columns &- column
    if count >= L.count { return L.load(place) }
    return count > 0 ? L.load(place, count: count) : L.broadcast(0)
  }

  /// Stores the columns of a vector that exist.
  @inlinable @inline(__always)
  func store<L: Lanes>(
    _ sums: L.Vector, _ column: Int, _ place: UnsafePointer<Scalar>, _: L.Type
  ) where L.Scalar == Scalar {
    let (target, count) = (UnsafeMutablePointer(mutating: place), columns &- column)
    if count >= L.count {
      L.store(sums, target)
    } else if count > 0 {
      L.store(sums, target, count: count)
    }
  }
}

/// Weights in words: panels of columns as those of floats, but that a word has as many of its
/// column as the format puts there: `[panel][k / weights per word][column]`.
/// Those beyond the last k are zeros.
public struct NarrowPanels<Scalar> {
  public let words: UnsafeMutableRawPointer
  /// The scales of the columns, for whole panels.
  public let scales: UnsafeMutablePointer<Scalar>

  @inlinable
  public init(words: UnsafeMutableRawPointer, scales: UnsafeMutablePointer<Scalar>) {
    self.words = words
    self.scales = scales
  }
}

/// The scale of some weights that stand at one stride.
@inlinable @inline(__always)
func scale<Format: NarrowFormat>(
  of weights: UnsafePointer<Float>, count: Int, stride: Int, format: Format.Type
) -> Float {
  var greatest: Float = 0
  for k in 0..<count {
    let magnitude = weights[k &* stride].magnitude
    // A NaN is neither, and stays.
    if !(magnitude <= greatest) { greatest = greatest.isNaN ? greatest : magnitude }
  }
  return Format.scale(greatest: greatest)
}

@inlinable @inline(never)
func roundWeights<Format: NarrowFormat>(
  _ weights: UnsafeMutablePointer<Float>, rows: Int, depth: Int, format: Format.Type
) {
  for row in 0..<rows {
    let weights = weights + row &* depth
    let scale = scale(of: weights, count: depth, stride: 1, format: Format.self)
    for k in 0..<depth {
      weights[k] = Format.decoded(Format.encoded(weights[k], scale: scale), scale: scale)
    }
  }
}

@inlinable @inline(never)
func encodeWeights<Format: NarrowFormat>(
  _ weights: UnsafePointer<Float>, rows: Int, depth: Int, bits: UnsafeMutablePointer<UInt16>,
  scales: UnsafeMutablePointer<Float>, format: Format.Type
) {
  for row in 0..<rows {
    let weights = weights + row &* depth
    scales[row] = scale(of: weights, count: depth, stride: 1, format: Format.self)
    for k in 0..<depth {
      bits[row &* depth &+ k] = UInt16(truncatingIfNeeded: Format.encoded(weights[k], scale: scales[row]))
    }
  }
}

@inlinable @inline(never)
func packNarrow<Format: NarrowFormat, L: NarrowLanes, let tileRows: Int, let panelVectors: Int>(
  _ source: PackingSource<Float>, into target: NarrowPanels<Float>, format: Format.Type, lanes: L.Type,
  tiling: Tiling<tileRows, panelVectors>
) {
  let width = panelVectors &* L.count
  let wordsPerColumn = (source.depth &+ Format.weightsPerWord &- 1) / Format.weightsPerWord
  let panels = (source.columns &+ width &- 1) / width
  let words = target.words.assumingMemoryBound(to: UInt32.self)
  for column in 0..<(panels &* width) {
    let panel = words + (column / width &* width &* wordsPerColumn &+ column % width)
    guard column < source.columns else {
      target.scales[column] = 0
      for word in 0..<wordsPerColumn { panel[word &* width] = 0 }
      continue
    }
    let weights = source.base + column &* source.columnStride
    let scale = scale(of: weights, count: source.depth, stride: source.depthStride, format: Format.self)
    target.scales[column] = scale
    for word in 0..<wordsPerColumn {
      var bits: UInt32 = 0
      for place in 0..<Format.weightsPerWord {
        let k = word &* Format.weightsPerWord &+ place
        guard k < source.depth else { break }
        bits |= Format.placed(Format.encoded(weights[k &* source.depthStride], scale: scale), at: place)
      }
      panel[word &* width] = bits
    }
  }
}

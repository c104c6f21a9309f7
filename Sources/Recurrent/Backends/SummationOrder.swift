/// The constants that decide bits. All others of the package decide speed alone.
///
/// Results are sums, and a sum of floating-point numbers depends on the order of its terms. A
/// change here changes results: the golden files of the tests are recorded again, and
/// `CHANGELOG.md` says so. Two things beside them decide bits: the coefficients of the activations
/// in `VectorKernels`, and how the units of gated layers stand in a row, `UnitBlocks` in
/// `CellKernels`.
enum SummationOrder {
  /// The split-K accumulators of a product that is latency-bound, since time steps wait for it.
  ///
  /// As many as keep the multiply-adds busy where a layer of as many units reads one sequence. A
  /// layer of more units has enough sums, and one of fewer is done before it matters.
  static func accumulators(ofDepth depth: Int) -> Int {
    switch depth {
    case ..<8: 1
    case ...32: 4
    case ...128: 2
    default: 1
    }
  }

  /// The rows of gradients, [steps · batch], that a backward pass adds to those of weights at once.
  ///
  /// Deep enough for the products over them to run at full speed, and few enough to stay in the
  /// second-level cache.
  static let gradientRowsPerChunk = 256

  /// The rows that a product with a transposed matrix at its left packs at once. On the Swift
  /// backend the sums go on from chunk to chunk in one order; OpenBLAS begins each chunk with its
  /// own.
  static let transposedRowsPerChunk = 256
}

import VectorKernels

/// The layouts of rows that the library's products have.
enum RowOrder: CaseIterable {
  /// One after the other.
  case contiguous
  /// Parts of wider rows.
  case gapped
  /// Sequences one after the other, of whose steps each is a block of rows.
  case batchMajor
  /// The same, from the last step on.
  case batchMajorReversed
  /// Steps one after the other, from the last on.
  case timeMajorReversed

  var name: String {
    switch self {
    case .contiguous: "contiguous"
    case .gapped: "gapped"
    case .batchMajor: "batch-major"
    case .batchMajorReversed: "batch-major-reversed"
    case .timeMajorReversed: "time-major-reversed"
    }
  }
}

/// Where rows stand in a piece of memory.
struct RowPlaces {
  let layout: RowLayout
  /// Of the first row.
  let offset: Int
  /// The scalars of all.
  let count: Int

  /// Places `rows` rows of so many scalars, `block` of them in a block.
  init(_ order: RowOrder, rows: Int, block: Int, width: Int) {
    let blocks = (rows + block - 1) / block
    switch order {
    case .contiguous:
      layout = RowLayout(rowStride: width)
      (offset, count) = (0, rows * width)
    case .gapped:
      layout = RowLayout(rowStride: width + 3)
      (offset, count) = (2, rows * (width + 3) + 2)
    case .batchMajor:
      layout = RowLayout(rowStride: blocks * width, rowsPerBlock: block, blockStride: width)
      (offset, count) = (0, blocks * block * width)
    case .batchMajorReversed:
      layout = RowLayout(rowStride: blocks * width, rowsPerBlock: block, blockStride: -width)
      (offset, count) = ((blocks - 1) * width, blocks * block * width)
    case .timeMajorReversed:
      layout = RowLayout(rowStride: width, rowsPerBlock: block, blockStride: -block * width)
      (offset, count) = ((blocks - 1) * block * width, blocks * block * width)
    }
  }
}

import Foundation

/// One row of the comparison, with the fields that `--json` prints.
struct BenchRow: Encodable {
  let cell: String
  let backend: String
  let instructions: String
  let threads: Int
  let sequenceLength: Int
  let batchSize: Int
  let inputSize: Int
  let hiddenSize: Int
  let layers: Int
  let pass: String
  let medianSeconds: Double
  let minimumSeconds: Double
  /// The operations that the processor could have done in a median call, at its speed of that
  /// moment.
  let medianOperations: Double
  let gigaflopsPerSecond: Double
  let shareOfPeak: Double
  /// The least time that the roofline allows, and its share of a call's, by the speed of the
  /// processor at that moment.
  let limitSeconds: Double
  let shareOfLimit: Double
  let greatestDifference: Double
  // The roofline, on all threads together: the peak, the bandwidth of each level of the memory by
  // its name, and that of reading one layer's recurrent weights.
  let peakGigaflopsPerSecond: Double
  let bandwidthGigabytesPerSecond: [String: Double]
  let recurrentWeightsGigabytesPerSecond: Double

  init(
    pass: BenchPass, shape: BenchShape, measured: BenchComparison.Measured,
    roofline: Roofline, limit: RowLimit
  ) {
    cell = shape.cell.rawValue
    self.pass = pass.rawValue
    backend = measured.backend.rawValue
    instructions = measured.instructions
    threads = roofline.threads
    sequenceLength = shape.steps
    batchSize = shape.rows
    inputSize = shape.inputSize
    hiddenSize = shape.hiddenSize
    layers = shape.layerCount
    medianSeconds = measured.median
    minimumSeconds = measured.minimum
    gigaflopsPerSecond = shape.operations(of: pass) / measured.median / 1e9
    medianOperations = measured.medianOperations * Double(roofline.threads)
    shareOfPeak = shape.operations(of: pass) / medianOperations
    limitSeconds = limit.seconds
    shareOfLimit = limit.seconds * roofline.operationsPerSecond / medianOperations
    greatestDifference = measured.greatestDifference
    peakGigaflopsPerSecond = roofline.operationsPerSecond / 1e9
    bandwidthGigabytesPerSecond = Dictionary(
      uniqueKeysWithValues: roofline.levels.map { ($0.name, $0.bytesPerSecond / 1e9) })
    recurrentWeightsGigabytesPerSecond = limit.weightBytesPerSecond / 1e9
  }

  /// The titles, under what all rows have in common.
  static func header(_ roofline: Roofline) -> String {
    """
    \(roofline.line)
    \(columns(zip(titles, widths).map { ($0, $1) }))
    """
  }

  /// The row under the titles.
  var line: String {
    let texts =
      [cell, backend, instructions]
      + [sequenceLength, batchSize, inputSize, hiddenSize, layers].map(String.init)
      + [
        String(format: "%.1f", medianSeconds * 1e6), String(format: "%.1f", minimumSeconds * 1e6),
        String(format: "%.1f", gigaflopsPerSecond), String(format: "%.0f%%", shareOfPeak * 100),
        String(format: "%.0f%%", shareOfLimit * 100),
        String(format: "%.1e", greatestDifference),
      ]
    return Self.columns(zip(texts, Self.widths).map { ($0, $1) })
  }

  private static let titles = [
    "cell", "backend", "instructions", "T", "B", "I", "H", "L", "median µs", "minimum µs", "GFLOP/s",
    "peak", "limit", "difference",
  ]
  /// The width of each column; negative where the text stands at its left end.
  private static let widths = [-4, -9, -12, 5, 4, 5, 5, 3, 10, 10, 8, 5, 5, 10]

  private static func columns(_ cells: [(text: String, width: Int)]) -> String {
    cells.map { text, width in
      let space = String(repeating: " ", count: max(0, abs(width) - text.count))
      return width < 0 ? text + space : space + text
    }.joined(separator: "  ")
  }

  /// The row as one JSON object on one line.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}

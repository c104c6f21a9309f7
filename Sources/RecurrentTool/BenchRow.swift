import Foundation
import Recurrent

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
  let pass: BenchPass
  /// What the weights are rounded to; not there for float.
  let weights: WeightFormat?
  /// Of one call, or of one time step where those are timed.
  let medianSeconds: Double
  let minimumSeconds: Double
  /// What 99 % and 99.9 % of the time steps do not exceed, and what a reading of the clock took,
  /// which all times of steps are without; not there for calls.
  let p99Seconds: Double?
  let p999Seconds: Double?
  let clockSeconds: Double?
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
  /// The greatest difference of the outputs from those of the layer in float; not there for that
  /// layer.
  let differenceOfWeights: Double?
  // The roofline, on all threads together: the peak, the bandwidth of each level of the memory by
  // its name, and that of reading one layer's recurrent weights; all weights where one time step is
  // timed.
  let peakGigaflopsPerSecond: Double
  let bandwidthGigabytesPerSecond: [String: Double]
  let recurrentWeightsGigabytesPerSecond: Double

  init(
    pass: BenchPass, shape: BenchShape, measured: BenchComparison.Measured,
    roofline: Roofline, limit: RowLimit
  ) {
    cell = shape.cell.rawValue
    self.pass = pass
    weights = shape.weights == .float ? nil : shape.weights
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
    p99Seconds = measured.percentiles?.p99
    p999Seconds = measured.percentiles?.p999
    clockSeconds = pass.isSingleStep ? StepTimes.clockNanoseconds * 1e-9 : nil
    gigaflopsPerSecond = shape.operations(of: pass) / measured.median / 1e9
    medianOperations = measured.medianOperations * Double(roofline.threads)
    shareOfPeak = shape.operations(of: pass) / medianOperations
    limitSeconds = limit.seconds
    shareOfLimit = limit.seconds * roofline.operationsPerSecond / medianOperations
    greatestDifference = measured.greatestDifference
    differenceOfWeights = measured.differenceOfWeights
    peakGigaflopsPerSecond = roofline.operationsPerSecond / 1e9
    bandwidthGigabytesPerSecond = Dictionary(
      uniqueKeysWithValues: roofline.levels.map { ($0.name, $0.bytesPerSecond / 1e9) })
    recurrentWeightsGigabytesPerSecond = limit.weightBytesPerSecond / 1e9
  }

  /// The titles, under what all rows have in common.
  static func header(_ roofline: Roofline, of pass: BenchPass, _ weights: WeightFormat) -> String {
    let nanoseconds = String(format: "%.1f", StepTimes.clockNanoseconds)
    let clock = "a reading of the clock: \(nanoseconds) ns, which times are without\n"
    return """
      \(roofline.line)
      \(pass.isSingleStep ? clock : "")\(columns(Self.columns(of: pass, weights).map { ($0.title, $0.width) }))
      """
  }

  /// The row under the titles.
  var line: String {
    let times = [medianSeconds, minimumSeconds] + [p99Seconds, p999Seconds].compactMap { $0 }
    let texts =
      [cell, backend, instructions]
      + [sequenceLength, batchSize, inputSize, hiddenSize, layers].map(String.init)
      // Steps are short.
      + times.map { String(format: p99Seconds == nil ? "%.1f" : "%.3f", $0 * 1e6) }
      + [
        String(format: "%.1f", gigaflopsPerSecond), String(format: "%.0f%%", shareOfPeak * 100),
        String(format: "%.0f%%", shareOfLimit * 100),
        String(format: "%.1e", greatestDifference),
      ] + [differenceOfWeights].compactMap { $0.map { String(format: "%.1e", $0) } }
    return Self.columns(zip(texts, Self.columns(of: pass, weights ?? .float)).map { ($0, $1.width) })
  }

  /// The title and the width of each column; negative where the text stands at its left end.
  private static func columns(
    of pass: BenchPass, _ weights: WeightFormat
  ) -> [(title: String, width: Int)] {
    let percentiles = pass.isSingleStep ? [("p99 µs", 10), ("p99.9 µs", 10)] : []
    return [
      ("cell", -4), ("backend", -9), ("instructions", -12), ("T", 5), ("B", 7), ("I", 5), ("H", 5),
      ("L", 3), ("median µs", 10), ("minimum µs", 10),
    ] + percentiles + [("GFLOP/s", 8), ("peak", 5), ("limit", 5), ("difference", 10)]
      + (weights == .float ? [] : [("of \(weights.rawValue)", 11)])
  }

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

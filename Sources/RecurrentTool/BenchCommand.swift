import ArgumentParser
import Foundation
import Recurrent

/// `recurrent bench`: the backends side by side.
struct BenchCommand: FileCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Compare the backends on one shape, or on a built-in list.",
    discussion: """
      Results are checked against each other before anything is timed. Operations are those of the products: \
      2·T·B·G·H·(I + H) forward in the first layer, G the gates: 1 in an rnn, 4 in an lstm, 3 in a gru. The share of peak is that of the \
      multiply-adds this processor does in registers, measured in the same run. The share of the limit is \
      that of the least time in which this processor could do the pass, by the roofline measured in the \
      same run: all products at the peak, and at each step the recurrent weights read at the bandwidth \
      of the memory that holds them. Both shares take the processor at the speed that it has right before \
      and after the calls. Without a size, the slides' shape and four larger ones are run; \
      sizes that are not named are the slides'.

      With --weights bfloat16 or int8, a last column has the greatest difference of the outputs from those \
      of the layer in float; limits count the bytes of the format, and operations as those of float.

      The passes stream and pool time single steps: of a stream of one row, or B, and of a pool of 1000 \
      sessions, or B, all of which step. Their results over T steps are checked, and times, operations and \
      limits are those of one step; its limit has all weights read at the bandwidth of the memory that \
      holds them. The percentiles are over all steps, and times are without what reading the clock takes.
      """)

  enum Selection: String, ExpressibleByArgument, CaseIterable {
    case all, automatic, openblas, swift

    /// The backends that take part.
    var backends: [Backend] {
      self == .all ? Backend.available : [Backend(rawValue: rawValue) ?? .automatic]
    }
  }

  @Option(help: "The cells of the layer.")
  var cell = CellKind.rnn
  @Option(help: "T, the steps.")
  var sequenceLength: Int?
  @Option(help: "B, the rows of each step.")
  var batchSize: Int?
  @Option(help: "I, the features of the input.")
  var inputSize: Int?
  @Option(help: "H, the features of the state.")
  var hiddenSize: Int?
  @Option(help: "L, the stacked layers.")
  var layers: Int?
  @Option(help: "What is timed: a call, one with all gradients, or a step of a stream or pool.")
  var pass: BenchPass = .forward
  @Option(help: "What the weights are rounded to: float, bfloat16 or int8.")
  var weights: WeightFormat = .float
  @Option(help: "The backends to compare.")
  var backend: Selection = .all
  @Option(help: "The threads that a call may use, 1 to 1024.")
  var threads = 1
  @Option(help: "How long to time each row.")
  var seconds = 0.5
  @Flag(help: "Print one JSON object for each row.")
  var json = false

  func validate() throws {
    for (option, value) in sizes {
      if let value, !(1...1_000_000).contains(value) {
        throw ValidationError("\(option): expected 1 to 1000000, got \(value)")
      }
    }
    for shape in shapes where !shape.isReasonable {
      throw ValidationError(
        "the sizes: expected at most 2^31 elements in each tensor, got \(shape.description)")
    }
    guard (1...1024).contains(threads) else {
      throw ValidationError("--threads: expected 1 to 1024, got \(threads)")
    }
    guard pass != .stream || threads == 1 else {
      throw ValidationError("--threads: expected 1 for a stream, got \(threads)")
    }
    guard seconds > 0, seconds <= 3600 else {
      throw ValidationError("--seconds: expected more than 0 and at most 3600, got \(seconds)")
    }
  }

  private var sizes: [(String, Int?)] {
    [
      ("--sequence-length", sequenceLength), ("--batch-size", batchSize),
      ("--input-size", inputSize), ("--hidden-size", hiddenSize), ("--layers", layers),
    ]
  }

  /// The one shape that is named, or the built-in list.
  private var shapes: [BenchShape] {
    guard sizes.contains(where: { $0.1 != nil }) else {
      return BenchShape.builtIn.map { $0.of(cell).of(weights).of(rows: pass.usualRows) }
    }
    let slides = BenchShape.slides
    return [
      BenchShape(
        cell: cell, steps: sequenceLength ?? slides.steps, rows: batchSize ?? pass.usualRows ?? slides.rows,
        inputSize: inputSize ?? slides.inputSize, hiddenSize: hiddenSize ?? slides.hiddenSize,
        layerCount: layers ?? slides.layerCount, weights: weights)
    ]
  }

  var files: FilePlan { FilePlan(prints: true) }

  func run() throws {
    let probes = Double(ReadMeasurement.byteCount(for: DataCache.ofThisMachine))
    for shape in shapes {
      try AvailableMemory.check(probes + shape.byteCount(of: pass), for: "bench \(shape)")
    }
    if OpenBLASLibrary.isLinked { try OpenBLASLibrary.setThreadCount(threads) }
    var measurement = RooflineMeasurement(threads: threads)
    if !json { try StandardOutput.writeLine(BenchRow.header(measurement.roofline, of: pass, weights)) }
    for shape in shapes {
      let comparison = try BenchComparison(
        shape: shape, pass: pass, backends: backend.backends, threadCount: threads)
      for measured in try comparison.measure(seconds: seconds) {
        measurement.raisePeak(to: measured.peakOperationsPerSecond)
        let limit = measurement.limit(of: pass, shape)
        let row = BenchRow(
          pass: pass, shape: shape, measured: measured,
          roofline: measurement.roofline, limit: limit)
        try StandardOutput.writeLine(json ? try row.json() : row.line)
      }
    }
  }
}

import ArgumentParser
import Recurrent

/// `recurrent series`: a series that follows from an equation, as CSV.
struct SeriesCommand: FileCommand {
  static let configuration = CommandConfiguration(
    commandName: "series",
    abstract: "Write a built-in series as CSV: something to forecast.",
    discussion: """
      sine: period 25, amplitude 1. mackey-glass: delay 17, one sample for each unit of time. lorenz: x, y and z \
      every 0.02 units of time.
      """)

  enum Name: String, ExpressibleByArgument, CaseIterable {
    case sine
    case mackeyGlass = "mackey-glass"
    case lorenz

    /// The names of the series' features.
    var columns: [String] {
      self == .lorenz ? ["x", "y", "z"] : ["value"]
    }

    /// The series, `[count, features]`.
    func samples(_ count: Int) throws(RecurrentError) -> Tensor<Double> {
      switch self {
      case .sine: try ReferenceSeries.sine(count: count)
      case .mackeyGlass: try ReferenceSeries.mackeyGlass(count: count)
      case .lorenz: try ReferenceSeries.lorenz(count: count)
      }
    }
  }

  @Argument(help: "The series.")
  var name: Name

  @Option(help: "How many samples.")
  var count = 1000

  @Option(help: "Where to write it, .csv; it is printed without it.")
  var output: String?

  func validate() throws {
    guard (1...10_000_000).contains(count) else {
      throw ValidationError("--count: expected 1 to 10000000, got \(count)")
    }
  }

  var files: FilePlan { FilePlan(outputs: ["--output": output], prints: output == nil) }

  func run() throws {
    let width = name.columns.count
    // The samples and what they are made of.
    try AvailableMemory.check(8 * 4 * Double(count) * Double(width), for: "--count")
    let samples = try name.samples(count).scalars
    if let output {
      try AtomicFile.stage(toPath: output) { (file) throws(RecurrentError) in
        try write(samples) { (text) throws(RecurrentError) in try file.append(Array(text.utf8)) }
      }.commit()
    } else {
      try write(samples, to: StandardOutput.write)
    }
  }

  /// Writes the names and the samples, some thousand lines at once.
  private func write(
    _ samples: [Double], to body: (String) throws(RecurrentError) -> Void
  ) throws(RecurrentError) {
    try body(name.columns.joined(separator: ",") + "\n")
    let width = name.columns.count
    var text = ""
    for first in stride(from: 0, to: samples.count, by: width) {
      text += samples[first..<(first + width)].map { "\($0)" }.joined(separator: ",") + "\n"
      if text.utf8.count > 1 << 16 {
        try body(text)
        text = ""
      }
    }
    try body(text)
  }
}

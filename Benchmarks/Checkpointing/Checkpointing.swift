import Foundation
import Recurrent

/// Measures what checkpoints cost and save: memory and time of forward and backward passes of a
/// long sequence, of which everything is kept, or every n-th state. It reads memory where Linux
/// tells it.
@main
struct Checkpointing {
  static func main() throws {
    if let measurement = try Measurement(arguments: CommandLine.arguments.dropFirst()) {
      return try measurement.run()
    }
    print(
      """
      T \(Measurement.steps), I \(Measurement.size), H \(Measurement.size), L \(Measurement.layerCount), \
      Float, 1 thread; times are medians of \(Measurement.calls) calls.
      kept: resident memory that the forward pass adds, its output included; peak: the most that both passes add.

      """)
    print(row("B", "interval", "kept MB", "peak MB", "forward ms", "backward ms", "both ms"))
    for rows in [1, 16] {
      for interval in [nil, 1000, 100] {
        let figures = try Measurement(rows: rows, interval: interval).launched()
        let megabytes = [figures.keptBytes, figures.peakBytes].map { Double($0) / 1e6 }
        let seconds = [figures.forward, figures.backward, figures.forward + figures.backward]
        let numbers = (megabytes + seconds.map { 1e3 * $0 }).map { String(format: "%.1f", $0) }
        print(row(["\(rows)", interval.map { "\($0)" } ?? "none"] + numbers))
      }
    }
  }

  private static func row(_ texts: String...) -> String { row(texts) }

  private static func row(_ texts: [String]) -> String {
    texts.map { String(repeating: " ", count: max(0, 12 - $0.count)) + $0 }.joined()
  }
}

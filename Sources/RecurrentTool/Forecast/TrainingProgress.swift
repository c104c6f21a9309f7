import Foundation
import Recurrent

/// How a training goes, while it goes: a bar that is drawn over and over on a terminal, a few plain
/// lines elsewhere.
final class TrainingProgress {
  private let columns: () -> Int?
  private let now: () -> ContinuousClock.Instant
  private let write: (String) -> Void

  private var (epochs, firstEpoch, stepsPerEpoch) = (0, 0, 0)
  private var start: ContinuousClock.Instant
  private var lastDrawing: ContinuousClock.Instant?

  /// The plain lines of a whole training.
  private static let plainLines = 5
  /// A bar that is drawn more often than that is read by nobody.
  private static let leastInterval = Duration.milliseconds(100)
  private static let widestBar = 30

  /// Prepares to tell.
  ///
  /// - Parameters:
  ///   - columns: The terminal's width at the moment; `nil` where it is none.
  ///   - now: The time.
  ///   - write: Takes text.
  init(
    columns: @escaping () -> Int?, now: @escaping () -> ContinuousClock.Instant = { .now },
    write: @escaping (String) -> Void
  ) {
    (self.columns, self.now, self.write) = (columns, now, write)
    start = now()
  }

  /// Tells nobody.
  static var silent: TrainingProgress { TrainingProgress(columns: { nil }, write: { _ in }) }

  /// Tells whoever reads the standard error.
  static var standardError: TrainingProgress {
    TrainingProgress(columns: terminalWidth, write: StandardError.write)
  }

  /// A line about the training that is no part of its course.
  func note(_ text: String) { write("\(text)\n") }

  /// A training begins or goes on.
  func begin(epochs: Int, completed: Int, stepsPerEpoch: Int) {
    (self.epochs, firstEpoch, self.stepsPerEpoch) = (epochs, completed, stepsPerEpoch)
    start = now()
    if completed > 0 { note("resumed after epoch \(completed) of \(epochs)") }
  }

  /// An epoch is complete.
  func show(_ report: EpochReport) {
    let time = now()
    guard let width = columns() else {
      let isDue =
        report.epoch * Self.plainLines / epochs > (report.epoch - 1) * Self.plainLines / epochs
      if isDue { write("\(text(report, time))\n") }
      return
    }
    if let lastDrawing, time - lastDrawing < Self.leastInterval, report.epoch < epochs { return }
    lastDrawing = time
    let text = text(report, time)
    // The last column stays free, where terminals begin a line.
    let room = min(width - text.count - 4, Self.widestBar)
    var bar = ""
    if room > 0 {
      let done = room * report.epoch / epochs
      bar = "[\(String(repeating: "#", count: done))\(String(repeating: ".", count: room - done))] "
    }
    write("\r\(bar)\(text.prefix(max(width - 1, 0)))\u{1B}[K")
  }

  /// The training is over, or has failed.
  func end() {
    if lastDrawing != nil { write("\n") }
    lastDrawing = nil
  }

  private func text(_ report: EpochReport, _ time: ContinuousClock.Instant) -> String {
    let seconds = (time - start) / .seconds(1)
    let done = report.epoch - firstEpoch
    let rate = seconds > 0 ? Double(done * stepsPerEpoch) / seconds : 0
    let left = done > 0 ? seconds * Double(epochs - report.epoch) / Double(done) : 0
    let validation = report.validationLoss.map { "  validation " + Self.padded($0) } ?? ""
    // Of one width, for a bar that keeps its own.
    let digits = "\(epochs)".count
    return String(format: "epoch %*d/%d  loss ", digits, report.epoch, epochs) + Self.padded(report.loss)
      + validation
      + String(format: "  %.0f steps/s  %@ left", rate, Self.duration(left))
  }

  /// A loss of one width in most trainings.
  private static func padded(_ loss: Double) -> String {
    let text = DecimalText.rounded(loss, digits: 3)
    return text + String(repeating: " ", count: max(0, 8 - text.count))
  }

  /// Seconds as a person reads them.
  static func duration(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 1e9).rounded(.up))
    if whole < 60 { return "\(whole) s" }
    let (larger, unit) = whole < 3600 ? (whole, "min") : (whole / 60, "h")
    return String(format: "%d:%02d \(unit)", larger / 60, larger % 60)
  }

  private static func terminalWidth() -> Int? {
    guard isatty(STDERR_FILENO) == 1 else { return nil }
    var size = winsize()
    let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return isKnown ? Int(size.ws_col) : 80
  }
}

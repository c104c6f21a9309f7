import BenchmarkSupport
import Foundation
import Recurrent

/// Forward and backward passes of one shape with one interval of checkpoints, measured in a process
/// of its own, since the peak of a process's memory does not fall.
struct Measurement {
  /// B.
  let rows: Int
  /// The steps between states that are kept; `nil` keeps everything.
  let interval: Int?

  /// T, I = H and L.
  static let (steps, size, layerCount) = (10_000, 64, 2)
  /// The median of so many calls counts.
  static let calls = 5
  private static let command = "measure"

  /// Names what varies.
  init(rows: Int, interval: Int?) {
    self.rows = rows
    self.interval = interval
  }

  /// Reads what ``launched()`` has written; `nil` for other arguments.
  init?(arguments: ArraySlice<String>) throws {
    guard arguments.first == Self.command else { return nil }
    let numbers = arguments.dropFirst().compactMap { Int($0) }
    guard numbers.count == 2 else { throw WrongResult("\(numbers) after \(Self.command)") }
    self.init(rows: numbers[0], interval: numbers[1] > 0 ? numbers[1] : nil)
  }

  /// Measures in a process of its own.
  func launched() throws -> Figures {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
    process.arguments = [Self.command, "\(rows)", "\(interval ?? 0)"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return try JSONDecoder().decode(Figures.self, from: data)
  }

  /// Measures, checks the gradients, and prints the figures.
  func run() throws {
    var generator = SeededGenerator(seed: 20)
    var rnn = RNN<Float>(
      inputSize: Self.size, hiddenSize: Self.size, layerCount: Self.layerCount, using: &generator)
    rnn.threadCount = 1
    let x = Tensor<Float>.normal([Self.steps, rows, Self.size], using: &generator)
    // Prepares the weights, and starts what is started once.
    _ = try call(rnn, x[..<2])
    let before = try Memory()
    let first = try call(rnn, x)
    let after = try Memory()
    let times = try (0..<Self.calls).map { _ in try call(rnn, x) }
    try check(gradientsOfSum(of: rnn, x, checkpointInterval: interval), of: rnn, x)
    let figures = Figures(
      keptBytes: first.resident - before.resident, peakBytes: after.peak - before.resident,
      forward: times.map(\.forward).sorted()[Self.calls / 2],
      backward: times.map(\.backward).sorted()[Self.calls / 2])
    FileHandle.standardOutput.write(try JSONEncoder().encode(figures))
  }

  /// Times a call, and tells the memory between its two halves.
  private func call(
    _ rnn: RNN<Float>, _ x: Tensor<Float>
  ) throws -> (forward: Double, backward: Double, resident: Int) {
    let clock = ContinuousClock()
    let start = clock.now
    let (output, _, pullback) = try rnn.valueWithPullback(at: x, checkpointInterval: interval)
    let forward = (clock.now - start) / .seconds(1)
    let resident = try Memory().resident
    let middle = clock.now
    _ = try pullback(Tensor(repeating: 1, shape: output.shape))
    return (forward, (clock.now - middle) / .seconds(1), resident)
  }
}

/// What a process has found.
struct Figures: Codable {
  /// How much resident memory the forward pass has added: the output, and what the pullback keeps.
  var keptBytes: Int
  /// How much both passes have added at their peak.
  var peakBytes: Int
  /// Seconds of the forward pass.
  var forward: Double
  /// Seconds of the pullback.
  var backward: Double
}

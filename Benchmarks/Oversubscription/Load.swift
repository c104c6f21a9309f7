import Foundation
import Recurrent

/// The sizes of a forward pass.
struct LoadShape: Sendable, CustomStringConvertible {
  var steps: Int
  var rows: Int
  var inputSize: Int
  var hiddenSize: Int
  var layerCount: Int

  var description: String {
    "T \(steps), B \(rows), I \(inputSize), H \(hiddenSize), L \(layerCount)"
  }
}

/// What one process does: tasks that call a layer again and again, from a time on, for some
/// seconds.
struct Load: Sendable {
  var shape: LoadShape
  var threads: Int
  var tasks: Int
  /// Seconds since 1970.
  var start: Double
  var seconds: Double

  private static let command = "load"

  /// Reads what ``launch()`` has written; `nil` for other arguments.
  init?(arguments: ArraySlice<String>) throws {
    guard arguments.first == Self.command else { return nil }
    let numbers = arguments.dropFirst().compactMap(Double.init)
    guard numbers.count == 9 else { throw LoadError("expected nine numbers after \(Self.command)") }
    let counts = numbers[..<7].map { Int($0) }
    self.init(
      shape: LoadShape(
        steps: counts[0], rows: counts[1], inputSize: counts[2], hiddenSize: counts[3],
        layerCount: counts[4]),
      threads: counts[5], tasks: counts[6], start: numbers[7], seconds: numbers[8])
  }

  /// Names everything.
  init(shape: LoadShape, threads: Int, tasks: Int, start: Double, seconds: Double) {
    self.shape = shape
    self.threads = threads
    self.tasks = tasks
    self.start = start
    self.seconds = seconds
  }

  /// Starts this program in a process of its own that does it.
  func launch() throws -> RunningLoad {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
    process.arguments =
      [Self.command]
      + [
        shape.steps, shape.rows, shape.inputSize, shape.hiddenSize, shape.layerCount, threads, tasks,
      ].map(String.init) + ["\(start)", "\(seconds)"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    return RunningLoad(process: process, output: output)
  }

  /// Does it, and prints the calls per second of all tasks.
  func run() async throws {
    var generator = SeededGenerator(seed: 20)
    var rnn = RNN<Float>(
      inputSize: shape.inputSize, hiddenSize: shape.hiddenSize, layerCount: shape.layerCount,
      using: &generator)
    rnn.backend = .swift
    rnn.threadCount = threads
    let x = Tensor<Float>.normal([shape.steps, shape.rows, shape.inputSize], using: &generator)
    let expected = try rnn(x).output
    let layer = rnn
    while Date().timeIntervalSince1970 < start { _ = try layer(x) }
    let clock = ContinuousClock()
    let began = clock.now
    let calls = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<tasks {
        group.addTask {
          var calls = 0
          while clock.now - began < .seconds(seconds) {
            guard try layer(x).output == expected else { throw LoadError("results differ") }
            calls += 1
            // So that all tasks have their turn, where there are fewer processors.
            await Task.yield()
          }
          return calls
        }
      }
      return try await group.reduce(0, +)
    }
    print(Double(calls) / ((clock.now - began) / .seconds(1)))
  }
}

/// A process that does its load.
struct RunningLoad {
  let process: Process
  let output: Pipe

  /// The calls per second, once the process has ended.
  func result() throws -> Double {
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard let number = Double(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      throw LoadError("a process gave no number")
    }
    return number
  }
}

/// What went wrong.
struct LoadError: Error {
  let message: String

  init(_ message: String) { self.message = message }
}

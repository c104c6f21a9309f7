import Foundation
import Recurrent

/// What surrounds a run of training: the file that it is saved in, and who is told how it goes.
struct TrainingSession {
  /// The file, a ``Checkpoint``; `nil` for none.
  var path: String?
  /// Whether the run goes on from the file.
  var resumes = false
  /// What the run depends on, under the names of the command's arguments; it goes on with the same
  /// only.
  var options: [(argument: String, value: String)] = []
  var progress = TrainingProgress.silent

  /// How many epochs are lost at most where a run ends early.
  static let epochsBetweenSaves = 5

  /// The run that is to go on; `nil` for one that begins.
  ///
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for the first option that
  ///   differs, and what ``Checkpoint/init(path:)`` throws.
  func saved() throws(RecurrentError) -> Checkpoint<Float>? {
    guard let path, resumes else { return nil }
    guard FileManager.default.fileExists(atPath: path) else {
      progress.note("\(printablePath(path)) is not there yet: the training begins")
      return nil
    }
    let checkpoint = try Checkpoint<Float>(path: path)
    for (argument, value) in options {
      guard let saved = checkpoint.metadata[Self.key(argument)] else {
        throw .malformedFile(
          path: path, expected: "a training that recurrent forecast has saved",
          actual: "a checkpoint without \(quoted(Self.key(argument)))")
      }
      guard saved == value else {
        throw .invalidValue(
          argument: argument, expected: "\(quoted(saved)), as in \(path)", actual: quoted(value))
      }
    }
    return checkpoint
  }

  /// Writes the run to the file after every few epochs and the last, whole or not at all.
  func save<Model, Rule>(
    _ run: Training<Model, Rule>, _ transform: SeriesTransform, isLast: Bool
  ) throws(RecurrentError) {
    guard let path, isLast || run.epoch.isMultiple(of: Self.epochsBetweenSaves) else { return }
    var checkpoint = run.checkpoint
    for (argument, value) in options { checkpoint.metadata[Self.key(argument)] = value }
    checkpoint.numbers.merge(transform.numbers) { $1 }
    try checkpoint.write(toPath: path)
  }

  private static func key(_ argument: String) -> String { String(argument.drop { $0 == "-" }) }
}

extension SeriesTransform {
  private static let (logarithm, lag) = ("transform.logarithm", "transform.lag")

  /// What it takes to transform other values the same way, by name.
  var numbers: [String: Double] {
    [
      Self.logarithm: usesLogarithm ? 1 : 0, Self.lag: Double(lag), "transform.mean": mean,
      "transform.deviation": deviation,
    ]
  }

  /// The kind of transform that was saved, to be fitted to a series.
  ///
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` where there is none.
  init(savedIn numbers: [String: Double]) throws(RecurrentError) {
    guard let logarithm = numbers[Self.logarithm], let number = numbers[Self.lag],
      let lag = Int(exactly: number), (0...100_000).contains(lag)
    else {
      throw .invalidValue(
        argument: Self.lag, expected: "a saved transform",
        actual: numbers[Self.lag].map { "\($0)" } ?? "nothing")
    }
    self.init(usesLogarithm: logarithm != 0, lag: lag)
  }
}

import Foundation
import Recurrent
import Testing

@testable import RecurrentTool

/// The files of the repository that tests read.
enum Repository {
  /// The monthly airline passengers.
  static var airlinePassengers: String { path("Examples/Series/airline-passengers.csv") }

  /// Parameters, inputs and results of a module that PyTorch has run.
  static func fixture(_ name: String) -> String { path("Tests/RecurrentTests/Fixtures/\(name).safetensors") }

  private static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../\(name)").standardizedFileURL.path
  }
}

/// Writes a CSV file and reads a series from it.
func series(
  _ text: String, hasNames: Bool? = nil, column: String? = nil, timeColumn: String? = nil
) throws -> TimeSeries {
  try series(bytes: Array(text.utf8), hasNames: hasNames, column: column, timeColumn: timeColumn)
}

/// Writes bytes to a file and reads a series from it; errors name the file "series.csv".
func series(
  bytes: [UInt8], hasNames: Bool? = nil, column: String? = nil, timeColumn: String? = nil
) throws -> TimeSeries {
  let folder = try TemporaryFolder()
  let path = folder.path("series.csv")
  try Data(bytes).write(to: URL(fileURLWithPath: path))
  do {
    return try SeriesFile(path: path, hasNames: hasNames).series(column: column, timeColumn: timeColumn)
  } catch RecurrentError.malformedFile(let place, let expected, let actual) {
    throw RecurrentError.malformedFile(
      path: place.replacing(path, with: "series.csv"), expected: expected, actual: actual)
  }
}

/// Expects an error about a place in a file.
func expectMalformed(
  _ place: String, _ expected: String, _ actual: String, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws -> TimeSeries
) {
  #expect(
    throws: RecurrentError.malformedFile(path: place, expected: expected, actual: actual),
    sourceLocation: sourceLocation
  ) { _ = try body() }
}

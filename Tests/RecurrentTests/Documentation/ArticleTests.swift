import Foundation
import Testing

/// The programs in the articles are quotations: of an example, or of the samples beside this file,
/// which compile and run.
@Suite struct ArticleTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../..").standardized

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// The sources that articles quote.
  private static let sources = [
    "Examples/Slides/Sources/Slides/Slides.swift",
    "Examples/Forecasting/Sources/Forecasting/Forecaster.swift",
    "Examples/Forecasting/Sources/Forecasting/Forecasting.swift",
    "Tests/RecurrentTests/Documentation/ArticleSampleTests.swift",
    "Tests/RecurrentTests/Documentation/MinimalGatedUnit.swift",
  ]

  /// The lines that say something: no empty ones, no comments, no indentation.
  private static func code(_ text: some StringProtocol) -> [String] {
    text.split(separator: "\n").compactMap { line in
      let statement = line.range(of: "  //").map { line[..<$0.lowerBound] } ?? line
      let trimmed = statement.trimmingCharacters(in: .whitespaces)
      return trimmed.isEmpty || trimmed.hasPrefix("//") ? nil : trimmed
    }
  }

  /// The Swift blocks of an article.
  private static func blocks(_ text: String) -> [Substring] {
    text.split(separator: "```swift\n").dropFirst().compactMap { $0.split(separator: "```").first }
  }

  @Test(
    "every program in an article is quoted from a source that compiles",
    arguments: ["FromSlidesToForecast", "ComingFromPyTorch", "Reproducibility", "CustomCells", "Sequences"])
  func quotations(article: String) throws {
    let sources = try Self.sources.map { Self.code(try Self.text($0)).joined(separator: "\n") + "\n" }
    let blocks = Self.blocks(try Self.text("Sources/Recurrent/Documentation.docc/\(article).md"))
    #expect(!blocks.isEmpty)
    for block in blocks {
      let quotation = Self.code(block).joined(separator: "\n") + "\n"
      #expect(sources.contains { $0.contains(quotation) }, "nowhere in the sources:\n\(block)")
    }
  }

  @Test("every Swift expression in the table beside PyTorch's is one of the samples")
  func table() throws {
    let samples = Self.code(try Self.text(Self.sources[3])).joined(separator: "\n")
    let rows = try Self.text("Sources/Recurrent/Documentation.docc/ComingFromPyTorch.md")
      .split(separator: "\n").filter { $0.hasPrefix("| `") }
    #expect(!rows.isEmpty)
    for row in rows {
      let cell = try #require(row.split(separator: "|").last { $0.contains { !$0.isWhitespace } })
      let parts = cell.split(separator: "`", omittingEmptySubsequences: false)
      for index in parts.indices where !index.isMultiple(of: 2) {
        #expect(samples.contains(parts[index]), "nowhere in the samples: \(parts[index])")
      }
    }
  }
}

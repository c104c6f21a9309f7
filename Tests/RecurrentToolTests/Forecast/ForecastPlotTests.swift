import Foundation
import Recurrent
import Testing

@testable import RecurrentTool

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What an XML parser finds in a drawing.
private final class Drawing: NSObject, XMLParserDelegate {
  private(set) var points: [String: [(Double, Double)]] = [:]
  private(set) var texts: [String] = []
  private(set) var isWellFormed = false
  private var isText = false

  init(_ svg: String) {
    super.init()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = self
    isWellFormed = parser.parse()
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    isText = name == "text" || name == "title"
    if isText { texts.append("") }
    guard let points = attributes["points"], let kind = attributes["class"] else { return }
    self.points[kind, default: []] += points.split(separator: " ").map {
      let pair = $0.split(separator: ",").compactMap { Double($0) }
      return (pair[0], pair[1])
    }
  }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?)
  {
    isText = false
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    if isText { texts[texts.count - 1] += string }
  }
}

@Suite("the plot of a forecast")
struct ForecastPlotTests {
  private func run(_ series: TimeSeries, horizon: Int) throws -> ForecastRun {
    try ForecastRun(series, ForecastRequest(method: .reservoir, hiddenSize: 10, horizon: horizon))
  }

  private func sine(named name: String = "sine", count: Int = 100) throws -> TimeSeries {
    let values = try ReferenceSeries.sine(count: count).scalars
    return TimeSeries(path: "", name: name, values: values, lines: Array(2..<(count + 2)), axis: .rows)
  }

  @Test("shows every part, each within the page, in two colour schemes")
  func parts() throws {
    let airline = try SeriesFile(path: Repository.airlinePassengers).series(column: nil, timeColumn: "Month")
    let svg = ForecastPlot(try run(airline, horizon: 12)).svg
    let drawing = Drawing(svg)
    #expect(drawing.isWellFormed)
    let counts = ["series": 144, "check": 29, "forecast": 13, "band": 25].map { ($0, $1) }
    for (kind, count) in counts { #expect(drawing.points[kind]?.count == count, "\(kind)") }
    #expect((drawing.points["fit"]?.count ?? 0) > 70)
    for (x, y) in drawing.points.values.joined() {
      #expect(x >= 64 && x <= 936 && y >= 88 && y <= 440)
    }
    for text in ["Passengers: forecast of 12 steps", "Passengers", "held out", "1950", "1960", "200", "600"] {
      #expect(drawing.texts.contains(text), "\(text)")
    }
    #expect(svg.contains("@media (prefers-color-scheme: dark)"))
  }

  @Test("is well-formed whatever the column is called")
  func names() throws {
    for name in [
      "<b>&\"'</b>", "]]>", "\u{0}\u{1}\u{FFFE}\u{1B}", "a\nb\tc", "日本 🎈",
      String(repeating: "long ", count: 60),
    ] {
      let drawing = Drawing(ForecastPlot(try run(try sine(named: name), horizon: 3)).svg)
      #expect(drawing.isWellFormed, "\(name.debugDescription)")
    }
    let drawing = Drawing(ForecastPlot(try run(try sine(named: "<b>&"), horizon: 3)).svg)
    #expect(drawing.texts.contains("<b>&: forecast of 3 steps"))
  }

  @Test("of a long series shows its end, with no more points than the page has")
  func longSeries() throws {
    let drawing = Drawing(ForecastPlot(try run(try sine(count: 600), horizon: 4)).svg)
    #expect(drawing.points["series"]?.count == 196)
    let all = Drawing(ForecastPlot(try run(try sine(count: 4000), horizon: 160)).svg)
    #expect((all.points["series"]?.count ?? .max) < 2000)
  }

  @Test("ticks are round numbers within the range")
  func ticks() {
    #expect(PlotScale(75, 803, from: 0, to: 1).ticks(about: 6) == [200, 400, 600, 800])
    #expect(
      PlotScale(-0.2, 0.5, from: 0, to: 1).ticks(about: 7).map { ($0 * 10).rounded() } == [
        -2, -1, 0, 1, 2, 3, 4, 5,
      ])
    for (lower, upper) in [(0, 1e-9), (-1e90, 1e90), (1e6, 1e6 + 1), (3, 3.1)] {
      let ticks = PlotScale(lower, upper, from: 0, to: 1).ticks(about: 6)
      #expect(ticks.count >= 2 && ticks.count <= 13)
      #expect(ticks.allSatisfy { $0 >= lower && $0 <= upper })
    }
  }
}

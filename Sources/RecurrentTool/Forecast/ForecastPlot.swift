import Foundation

/// A drawing of a forecast: the series, the fit, the held-out part with what was forecast in it,
/// and the forecast with its band.
///
/// SVG 1.1, with colours for light and for dark pages by `prefers-color-scheme`.
struct ForecastPlot {
  private let run: ForecastRun
  /// The indices that are drawn.
  private let shown: Range<Int>
  private let x: PlotScale
  private let y: PlotScale

  private static let (width, height) = (960.0, 480.0)
  private static let (left, right, top, bottom) = (64.0, 24.0, 88.0, 40.0)
  /// A forecast takes at least this share of the width; what is older than fits beside it is left
  /// out.
  private static let leastShare = 0.04
  private static let leastShown = 200

  init(_ run: ForecastRun) {
    self.run = run
    let count = run.series.values.count
    let horizon = run.forecast.count
    let most = max(Self.leastShown, Int(Double(horizon) / Self.leastShare))
    let first = max(0, count + horizon - most)
    shown = first..<(count + horizon)
    x = PlotScale(
      Double(first), Double(count + horizon - 1), from: Self.left, to: Self.width - Self.right)

    let pieces = [(0, run.series.values), run.fit] + run.checks
    let drawn = pieces.flatMap { start, values in values.dropFirst(max(0, first - start)) }
    let bands = zip(run.forecast, run.spread).flatMap { [$0 - $1, $0 + $1] }
    let values = drawn + bands
    let (least, greatest) = (values.min() ?? 0, values.max() ?? 1)
    let margin = greatest > least ? 0.05 * (greatest - least) : 1
    y = PlotScale(
      least - margin, greatest + margin, from: Self.height - Self.bottom, to: Self.top)
  }

  /// The drawing.
  var svg: String {
    let title = "\(Self.cut(run.series.title, to: 80)): forecast of \(run.forecast.count) steps"
    var parts = [
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.format(Self.width)) \(Self.format(Self.height))" \
      width="\(Self.format(Self.width))" height="\(Self.format(Self.height))" role="img">
      <title>\(Self.escaped(title))</title>
      <style>\(Self.style)</style>
      <rect class="page" width="100%" height="100%"/>
      """,
      text(title, x: Self.left, y: 28, class: "title"),
      text(subtitle, x: Self.left, y: 48, class: "label"),
      heldOutArea,
    ]
    parts += axes
    let count = run.series.values.count
    parts.append(band)
    parts.append(line(run.fit.start, run.fit.values, class: "fit"))
    parts.append(line(0, run.series.values, class: "series"))
    parts += run.checks.map { line($0.start, $0.values, class: "check") }
    parts.append(line(count - 1, [run.series.values[count - 1]] + run.forecast, class: "forecast"))
    parts += legend
    parts.append("</svg>\n")
    return parts.joined(separator: "\n")
  }

  private var subtitle: String {
    let count = run.series.values.count
    let range = "\(run.label(shown.lowerBound)) to \(run.label(shown.upperBound - 1))"
    let part = shown.lowerBound > 0 ? "the last \(count - shown.lowerBound) of \(count) values, " : ""
    let error = DecimalText.rounded(run.errors[0].errors.meanAbsolute, digits: 3)
    return "\(part)\(range), mean absolute error in the held-out part \(error)"
  }

  /// The ground of the held-out part.
  private var heldOutArea: String {
    let start = x.position(max(Double(run.split) - 0.5, x.lower))
    let end = x.position(Double(run.series.values.count) - 0.5)
    let area = """
      <rect class="held-out" x="\(Self.format(start))" y="\(Self.format(Self.top))" \
      width="\(Self.format(max(end - start, 0)))" height="\(Self.format(y.start - Self.top))"/>
      """
    // Above the area, where no line runs through it.
    let label = text("held out", x: (start + end) / 2, y: Self.top - 5, class: "label middle")
    return end - start > 60 ? "\(area)\n\(label)" : area
  }

  private var axes: [String] {
    let (first, last) = (Self.format(x.start), Self.format(x.end))
    var parts: [String] = []
    let ticks = y.ticks(about: 6)
    for value in ticks {
      let place = Self.format(y.position(value))
      parts.append("<line class=\"grid\" x1=\"\(first)\" x2=\"\(last)\" y1=\"\(place)\" y2=\"\(place)\"/>")
      parts.append(
        text(
          DecimalText.tick(value, among: ticks), x: x.start - 8, y: y.position(value) + 4, class: "label end")
      )
    }
    let ground = Self.format(y.start)
    parts.append("<line class=\"axis\" x1=\"\(first)\" x2=\"\(last)\" y1=\"\(ground)\" y2=\"\(ground)\"/>")
    for tick in run.series.axis.ticks(in: shown, about: 9) {
      let place = x.position(Double(tick.index))
      parts.append(
        """
        <line class="axis" x1="\(Self.format(place))" x2="\(Self.format(place))" y1="\(ground)" \
        y2="\(Self.format(y.start + 5))"/>
        """)
      parts.append(text(tick.label, x: place, y: y.start + 20, class: "label middle"))
    }
    return parts
  }

  private var legend: [String] {
    let entries = [
      ("series", run.series.title), ("fit", "fit, 1 step ahead"),
      ("check", "\(run.methodName) in the held-out part"),
      ("forecast", "forecast, 95 % band"),
    ]
    var parts: [String] = []
    var place = Self.left
    for (kind, label) in entries {
      let short = Self.cut(label, to: 32)
      if kind == "forecast" {
        parts.append("<rect class=\"band\" x=\"\(Self.format(place))\" y=\"60\" width=\"24\" height=\"12\"/>")
      }
      parts.append(
        "<line class=\"\(kind)\" x1=\"\(Self.format(place))\" x2=\"\(Self.format(place + 24))\" y1=\"66\" y2=\"66\"/>"
      )
      parts.append(text(short, x: place + 30, y: 70, class: "label"))
      // Letters of this size are about 6.6 wide.
      place += 30 + 6.6 * Double(short.count) + 24
    }
    return parts
  }

  private var band: String {
    let count = run.series.values.count
    let steps = run.forecast.indices
    let upper =
      [(count - 1, run.series.values[count - 1])]
      + steps.map { (count + $0, run.forecast[$0] + run.spread[$0]) }
    let lower = steps.reversed().map { (count + $0, run.forecast[$0] - run.spread[$0]) }
    let points = (upper + lower).map(point).joined(separator: " ")
    return "<polygon class=\"band\" points=\"\(points)\"/>"
  }

  /// A line through values from an index on; of more than two values for each point of the page,
  /// the least and the greatest.
  private func line(_ start: Int, _ values: [Double], class kind: String) -> String {
    let hidden = max(0, shown.lowerBound - start)
    let visible = values.enumerated().dropFirst(hidden).map { (start + $0.offset, $0.element) }
    let perPoint = Int((Double(shown.count) / (x.end - x.start)).rounded(.up))
    var points: [(Int, Double)] = visible
    if perPoint > 2 {
      points = stride(from: 0, to: visible.count, by: 2 * perPoint).flatMap { first in
        let part = visible[first..<min(first + 2 * perPoint, visible.count)]
        let ends = [part.min { $0.1 < $1.1 }, part.max { $0.1 < $1.1 }].compactMap { $0 }
        return ends.sorted { $0.0 < $1.0 }
      }
    }
    return "<polyline class=\"\(kind)\" points=\"\(points.map(point).joined(separator: " "))\"/>"
  }

  private func point(_ index: Int, _ value: Double) -> String {
    "\(Self.format(x.position(Double(index)))),\(Self.format(y.position(value)))"
  }

  private func text(_ text: String, x: Double, y: Double, class kind: String) -> String {
    "<text class=\"\(kind)\" x=\"\(Self.format(x))\" y=\"\(Self.format(y))\">\(Self.escaped(text))</text>"
  }

  private static func format(_ value: Double) -> String { String(format: "%.4g", value) }

  private static func cut(_ text: String, to count: Int) -> String {
    let shown = text.prefix(count)
    return shown.endIndex < text.endIndex ? shown.dropLast() + "…" : text
  }

  /// Text of any kind within an element; characters that XML does not allow are replaced.
  static func escaped(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
      switch scalar {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      case "\t", "\n", "\r": " "
      case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": "\u{FFFD}"
      default: String(scalar)
      }
    }.joined()
  }

  private static let style = """

    text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
    .title { font-size: 17px; font-weight: 600; }
    .end { text-anchor: end; } .middle { text-anchor: middle; }
    polyline, line { fill: none; stroke-linejoin: round; stroke-linecap: round; }
    .grid, .axis { stroke-width: 1; } .fit { stroke-width: 1.5; } .series { stroke-width: 1.75; }
    .check, .forecast { stroke-width: 2.25; } .check { stroke-dasharray: 5 4; }
    .page { fill: #ffffff; } .held-out { fill: #f1f3f6; }
    .title { fill: #17202b; } .label { fill: #55606e; }
    .grid { stroke: #e1e5ea; } .axis { stroke: #8a94a1; }
    .series { stroke: #2b3644; } .fit { stroke: #2a9d8f; } .check { stroke: #d9731a; }
    .forecast { stroke: #2563eb; } .band { fill: #2563eb; fill-opacity: 0.16; stroke: none; }
    @media (prefers-color-scheme: dark) {
      .page { fill: #12161c; } .held-out { fill: #1c232c; }
      .title { fill: #eef1f5; } .label { fill: #a3aebb; }
      .grid { stroke: #28303a; } .axis { stroke: #6b7684; }
      .series { stroke: #dbe1e8; } .fit { stroke: #4cc9b8; } .check { stroke: #f59e4b; }
      .forecast { stroke: #6ea8ff; } .band { fill: #6ea8ff; fill-opacity: 0.22; }
    }

    """
}

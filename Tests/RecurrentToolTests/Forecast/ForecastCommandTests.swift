import Foundation
import Recurrent
import Testing

@testable import RecurrentTool

@Suite("recurrent forecast")
struct ForecastCommandTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func forecast(
    _ path: String, method: String = "reservoir", _ more: [String]
  ) throws -> ToolProcess {
    try ToolProcess(["forecast", path, "--method", method, "--hidden-size", "20"] + more)
  }

  private func write(_ text: String) throws -> String {
    let path = folder.path("series.csv")
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test(
    "forecasts the airline passengers better than both baselines, and writes forecast and plot",
    arguments: [
      ([], "rnn"), (["--cell", "lstm"], "lstm"), (["--cell", "gru"], "gru"),
      (["--method", "reservoir", "--hidden-size", "20"], "reservoir"),
    ])
  func airline(options: [String], method: String) throws {
    let process = try ToolProcess(
      [
        "forecast", Repository.airlinePassengers, "--time-column", "Month", "--horizon", "12", "--output",
        folder.path("f.csv"), "--plot", folder.path("f.svg"),
      ] + options)
    #expect(process.status == 0, "\(process.errors)")
    #expect(process.output.contains("Passengers: 144 values, 1949-01 to 1960-12, season of 12 steps (found)"))
    #expect(process.output.contains("held out: 29 values from 1958-08 on"))
    #expect(!process.output.contains("note:"))
    let table = process.output.split(separator: "\n").reduce(into: [String: [Double]]()) { table, line in
      for name in [method, "last value", "seasonal naive"] where line.hasPrefix(name + " ") {
        table[name] = line.dropFirst(name.count).split(separator: " ").compactMap { Double($0) }
      }
    }
    let learnt = try #require(table[method])
    #expect(learnt.count == 3 && table.count == 3)
    for (name, errors) in table where name != method {
      #expect(zip(learnt, errors).allSatisfy { $0 < 0.6 * $1 }, "\(name)")
    }
    let lines = try String(contentsOfFile: folder.path("f.csv"), encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 13 && lines[0] == "Month,forecast,lower,upper")
    for (index, line) in lines.dropFirst().enumerated() {
      let fields = line.split(separator: ",")
      #expect(fields[0] == "1961-\(index < 9 ? "0" : "")\(index + 1)")
      let numbers = fields.dropFirst().compactMap { Double($0) }
      #expect(numbers.count == 3 && numbers[1] < numbers[0] && numbers[0] < numbers[2])
      #expect(numbers[0] > 350 && numbers[0] < 800)
    }
    let svg = try String(contentsOfFile: folder.path("f.svg"), encoding: .utf8)
    #expect(svg.hasPrefix("<?xml") && svg.hasSuffix("</svg>\n"))
  }

  @Test(
    "a seed decides every number",
    arguments: [("rnn", []), ("rnn", ["--cell", "lstm"]), ("rnn", ["--cell", "gru"]), ("reservoir", [])])
  func seeds(method: String, options: [String]) throws {
    let path = try write("v\n" + (0..<60).map { "\(sin(Double($0) / 3) + Double($0 % 7))\n" }.joined())
    func output(_ seed: String) throws -> String {
      let process = try forecast(
        path, method: method,
        ["--horizon", "4", "--seed", seed, "--output", folder.path("f.csv")] + options)
      #expect(process.status == 0, "\(process.errors)")
      return try String(contentsOfFile: folder.path("f.csv"), encoding: .utf8)
    }
    let first = try output("1")
    #expect(try output("1") == first)
    #expect(try output("2") != first)
  }

  @Test("says where a baseline is better, and prints the forecast that no file is asked for")
  func honesty() throws {
    var generator = SeededGenerator(seed: 3)
    var walk = [0.0]
    for step in Tensor<Double>.normal([200], using: &generator).scalars {
      walk.append(walk[walk.count - 1] + step)
    }
    let jump = walk[..<160].map { "\($0)\n" } + walk[160...].map { "\($0 + 40)\n" }
    let path = try write("v\n" + jump.joined())
    let process = try forecast(path, ["--horizon", "5", "--season", "1"])
    #expect(process.status == 0, "\(process.errors)")
    #expect(process.output.contains("no season"))
    #expect(process.output.contains("row,forecast,lower,upper\n202,"))
    let reservoir = try #require(process.output.split(separator: "\n").first { $0.hasPrefix("reservoir ") })
    let naive = try #require(process.output.split(separator: "\n").first { $0.hasPrefix("last value ") })
    let errors = try [reservoir, naive].map {
      try #require($0.split(separator: " ").compactMap { Double($0) }.first)
    }
    #expect(process.output.contains("note: the last value had smaller errors") == (errors[1] < errors[0]))
  }

  @Test(
    "ends with 1 on bad data, says where and what, and leaves nothing behind",
    arguments: [
      ("t,v\n1,2\n2,x\n", [":3: expected a number in the column \"v\", got \"x\""]),
      ("v\n1\n2\n3\n", [":4: expected at least 20 values in the column \"v\", got 3"]),
      ("v\n" + String(repeating: "7\n", count: 50), [":2: expected a column \"v\" that varies, got 7.0"]),
      (
        "v\n" + String(repeating: "7\n", count: 45) + "1\n2\n3\n4\n5\n", ["--validation", "values that vary"]
      ),
      (
        "v\n" + (0..<30).map { "\($0 % 4)\n" }.joined(),
        ["--horizon: expected at most the 6 held-out steps", "got 9"]
      ),
      ("", ["an empty file"]),
    ])
  func badData(text: String, words: [String]) throws {
    let path = try write(text)
    let process = try forecast(
      path,
      [
        "--horizon", text.contains("x") ? "1" : "9", "--output", folder.path("f.csv"), "--plot",
        folder.path("f.svg"),
      ]
        + (text.hasPrefix("t") ? ["--time-column", "t"] : []))
    #expect(process.status == 1 && process.output.isEmpty)
    for word in words { #expect(process.errors.contains(word), "\(process.errors)") }
    #expect(try folder.names() == ["series.csv"])
  }

  @Test("writes neither file where the second cannot be written")
  func writesBothOrNone() throws {
    let process = try forecast(
      Repository.airlinePassengers,
      [
        "--horizon", "2", "--column", "Passengers", "--output", folder.path("f.csv"), "--plot",
        folder.path("no/f.svg"),
      ])
    #expect(process.status == 1)
    #expect(try folder.names() == [])
  }

  @Test(
    "ends with 64 on wrong usage",
    arguments: [
      [], ["--horizon", "0"], ["--horizon", "x"], ["--horizon", "5", "--validation", "0"],
      ["--horizon", "5", "--validation", "nan"], ["--horizon", "5", "--season", "0"],
      ["--horizon", "5", "--window", "-1"], ["--horizon", "5", "--hidden-size", "0"],
      ["--horizon", "5", "--method", "oracle"], ["--horizon", "5", "--seed", "-1"],
      ["--horizon", "5", "--cell", "mlp"], ["--horizon", "5", "--layers", "0"],
      ["--horizon", "5", "--epochs", "0"],
      ["--horizon", "5", "--method", "reservoir", "--epochs", "5"], ["--horizon", "5", "--resume"],
      ["--horizon", "5", "--save", "series.csv"], ["--horizon", "5", "--save", "a", "--plot", "a"],
      ["--horizon", "5", "--output", "a", "--plot", "a"], ["--horizon", "5", "--output", "series.csv"],
    ])
  func refusesUsage(arguments: [String]) throws {
    let process = try ToolProcess(["forecast", "series.csv"] + arguments)
    #expect(process.status == 64, "\(process.errors)")
    #expect(process.output.isEmpty && !process.errors.isEmpty)
  }

  @Test(
    "names the option that the other method has",
    arguments: [
      ["--cell", "lstm"], ["--layers", "2"], ["--epochs", "5"], ["--save", "m"], ["--resume", "--save", "m"],
    ])
  func refusesOtherMethodsOptions(arguments: [String]) throws {
    let process = try forecast("series.csv", ["--horizon", "5"] + arguments)
    #expect(process.status == 64)
    #expect(process.errors.contains("expected only with --method rnn, got --method reservoir"))
    #expect(arguments.contains { process.errors.contains("\($0): expected") })
  }
}

@Suite("recurrent series")
struct SeriesCommandTests {
  @Test("writes what the library computes, which forecast reads")
  func writes() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("lorenz.csv")
    let process = try ToolProcess(["series", "lorenz", "--count", "40", "--output", path])
    #expect(process.status == 0, "\(process.errors)")
    let z = try SeriesFile(path: path).series(column: "z", timeColumn: nil)
    let expected = try ReferenceSeries.lorenz(count: 40).map { $0.scalars[2] }
    #expect(z.values == expected)
    let printed = try ToolProcess(["series", "sine", "--count", "2"])
    #expect(printed.output == "value\n0.0\n\(sin(2 * Double.pi / 25))\n")
    #expect(try ToolProcess(["series", "mackey-glass", "--count", "3"]).status == 0)
  }

  @Test("ends with 64 on wrong usage", arguments: [[], ["henon"], ["sine", "--count", "0"]])
  func refusesUsage(arguments: [String]) throws {
    #expect(try ToolProcess(["series"] + arguments).status == 64)
  }
}

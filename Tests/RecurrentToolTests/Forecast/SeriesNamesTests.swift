import Foundation
import Testing

@testable import RecurrentTool

@Suite("a CSV file without names")
struct SeriesNamesTests {
  @Test(
    "keeps its first line",
    arguments: [
      ("2020-01-01,10\n2020-01-02,11\n", "2"), ("\u{FEFF}2020-01-01,10\n2020-01-02,11\n", "2"),
      ("\"2020-01-01\",\"10\"\r\n\"2020-01-02\",\"11\"\r\n", "2"), ("10\n11\n", "1"), ("10\n11", "1"),
      ("2020-01,10\n2020-02,11\n", "2"), ("2020-01-01 00:00;10\n2020-01-01 01:00;11\n", "2"),
      ("20200101,10\n20200102,11\n", "2"), ("1990\t10\n1991\t11\n", "2"), ("here,10\nthere,11\n", "2"),
      ("10,x\n11,y\n", "1"), ("1,10\nNA,11\n", "2"), (",1,10\n,2,11\n", "3"), ("10,\n11,3\n", "1"),
      ("1990,10\n1991,11\n", "2"), ("0,10\n1,11\n", "2"),
    ])
  func keepsFirstLine(text: String, column: String) throws {
    let read = try series(text, column: column)
    #expect(read.values == [10, 11] && read.name == column && !read.isNamed)
    #expect(read.title == "column \(column)" && read.lines[0] == 1)
  }

  @Test(
    "is told from one with names, also of years and of numbers beside an index",
    arguments: [
      ("day,value\n1,10\n2,11\n", "value"), ("value\n10\n11\n", "value"),
      ("2020,value\n1,10\n2,11\n", "value"),
      ("1990,1991\n5,10\n6,11\n", "1991"), ("1990,2000,2010\n5,6,10\n6,7,11\n", "2010"),
      ("place,1990,1991\nhere,5,10\nthere,6,11\n", "1991"), ("a,2020-01\nx,10\ny,11\n", "2020-01"),
      (",0\n0,10\n1,11\n", "0"), ("t,v\nNA,10\nNA,11\n", "v"), ("a,v,b\nx,10,\ny,11,\n", "v"),
    ])
  func namesStay(text: String, column: String) throws {
    let read = try series(text, column: column)
    #expect(read.values == [10, 11] && read.name == column && read.isNamed)
  }

  @Test("years above years are values")
  func yearsAboveYears() throws {
    #expect(try series("1990,1991\n1991,1984\n", column: "2").values == [1991, 1984])
  }

  @Test("is what it is said to be")
  func said() throws {
    #expect(try series("0\n112\n118\n", hasNames: true).values == [112, 118])
    #expect(try series("0\n112\n118\n").values == [0, 112, 118])
    #expect(try series("1990,1991\n5,10\n", hasNames: false, column: "2").values == [1991, 10])
    expectMalformed("series.csv:1", "a number in the column \"1\"", "\"v\"") {
      try series("v\n5\n", hasNames: false)
    }
  }

  @Test("has a first value that is missing, not a name")
  func missing() {
    expectMalformed("series.csv:1", "a number in the column \"2\"", "\"NA\"") {
      try series("2020-01-01,NA\n2020-01-02,11\n", column: "2")
    }
    expectMalformed("series.csv:1", "a number in the column \"2\"", "a gap") {
      try series("2020-01-01,\n2020-01-02,11\n", column: "2")
    }
  }

  @Test("has columns with numbers, which messages tell")
  func columns() {
    expectMalformed("series.csv:1", "a column \"v\"", "\"1\", \"2\" (a file without names)") {
      try series("1,2\n3,4\n", column: "v")
    }
    expectMalformed(
      "series.csv", "one column with numbers, or --column to name it",
      "2 among \"1\", \"2\" (a file without names)"
    ) { try series("1,2\n3,4\n") }
  }

  @Test("is forecast with a note, and an output that has names")
  func forecasts() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("s.csv")
    // 1,234,567 + i, whose forecasts need more than six digits.
    let text = (0..<60).map {
      "20200\($0 / 28 + 1)\(CalendarDate.padded($0 % 28 + 1, 2)),\(1_234_567 + $0)\n"
    }
    try Data(text.prefix(28).joined().utf8).write(to: URL(fileURLWithPath: path))
    let process = try ToolProcess([
      "forecast", path, "--time-column", "1", "--column", "2", "--horizon", "3", "--method", "reservoir",
      "--hidden-size", "20",
    ])
    #expect(process.status == 0, "\(process.errors)")
    #expect(process.errors.contains("begins with values"))
    #expect(process.output.contains("column 2: 28 values, 20200101 to 20200128"))
    let lines = process.output.split(separator: "\n").drop { $0 != "time,forecast,lower,upper" }.dropFirst()
    #expect(lines.count == 3)
    for (index, line) in lines.enumerated() {
      let fields = line.split(separator: ",")
      #expect(fields[0] == (index == 0 ? "20200129" : index == 1 ? "20200130" : "20200131"))
      let forecast = try #require(Double(fields[1]))
      #expect((forecast - Double(1_234_567 + 28 + index)).magnitude < 0.5)
      // All digits that a double has.
      for field in fields.dropFirst() { #expect("\(try #require(Double(field)))" == field) }
    }
  }
}

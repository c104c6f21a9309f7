import Foundation
import Recurrent
import Testing

@testable import RecurrentTool

@Suite("a CSV file of a series")
struct SeriesFileTests {
  @Test("the airline passengers are those of Box and Jenkins")
  func airline() throws {
    let file = try SeriesFile(path: Repository.airlinePassengers)
    let series = try file.series(column: nil, timeColumn: "Month")
    #expect(series.name == "Passengers" && series.values.count == 144)
    #expect(series.values.prefix(12) == [112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118])
    #expect(series.values.suffix(12) == [417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432])
    #expect(series.values.reduce(0, +) == 40363)
    #expect(series.lines == Array(2...145))
    #expect(series.axis.label(at: 0) == "1949-01" && series.axis.label(at: 144) == "1961-01")
  }

  @Test(
    "line ends, byte-order mark, quotes, spaces, separators and empty lines at the end do not matter",
    arguments: [
      "day,value\n1,1.5\n2,-2\n3,3e1\n", "day,value\r\n1,1.5\r\n2,-2\r\n3,3e1",
      "day,value\r1,1.5\r2,-2\r3,3e1\r",
      "\u{FEFF}day,value\n1,1.5\n2,-2\n3,3e1\n\n\n", "\"day\",\"value\"\n\"1\",\"1.5\"\n2,\"-2\"\n3,3e1\n",
      " day , value \n 1 , 1.5 \n 2,-2\n3\t,\t3e1\n", "day;value\n1;1.5\n2;-2\n3;3e1\n",
      "day\tvalue\n1\t1.5\n2\t-2\n3\t3e1\n",
    ])
  func formats(text: String) throws {
    let read = try series(text, column: "value", timeColumn: "day")
    #expect(read.values == [1.5, -2, 30])
    #expect(read.axis == TimeAxis(name: "day", start: .integer(1), step: .units(1)))
  }

  @Test("the only column with numbers is found, and asked for where there are none or two")
  func findsColumn() throws {
    #expect(try series("value\n1\n2\n").values == [1, 2])
    #expect(try series("place,value,unit\nhere,1,m\nthere,2,m\n").values == [1, 2])
    #expect(try series("year,value\n1990,7\n1991,8\n", timeColumn: "year").values == [7, 8])
    for (text, count) in [("year,value\n1990,7\n", 2), ("a,b\nx,y\n", 0)] {
      let names = count == 2 ? "\"year\", \"value\"" : "\"a\", \"b\""
      expectMalformed(
        "series.csv", "one column with numbers, or --column to name it", "\(count) among \(names)"
      ) { try series(text) }
    }
    expectMalformed("series.csv:1", "a column \"c\"", "\"a\", \"b\"") {
      try series("a,b\n1,2\n", column: "c")
    }
    expectMalformed("series.csv:1", "different columns for times and values", "\"a\" for both") {
      try series("a,b\n1,2\n", column: "a", timeColumn: "a")
    }
  }

  @Test("a line feed within quotes is one of the field, and lines behind it keep their numbers")
  func quotedLineFeeds() throws {
    let text = "\"the\nday\",value,\"a \"\"b\"\", c\"\n1,5,x\n2,6,\"y\r\nz\"\n3,seven,w\n"
    expectMalformed("series.csv:6", "a number in the column \"value\"", "\"seven\"") {
      try series(text, column: "value")
    }
    #expect(try series(text.replacing("seven", with: "7"), column: "value").values == [5, 6, 7])
  }

  @Test(
    "gaps and what is no number are reported with their line",
    arguments: [
      ("", "a gap"), ("\"\"", "a gap"), ("n/a", "\"n/a\""), ("nan", "\"nan\""), ("inf", "\"inf\""),
      ("0x10", "\"0x10\""),
      ("1.2.3", "\"1.2.3\""), ("1e999", "\"1e999\""), ("1 000", "\"1 000\""), ("e", "\"e\""), ("-", "\"-\""),
      ("\u{1B}[31m", "\"\\u{1B}[31m\""), ("٣", "\"٣\""),
    ])
  func gaps(field: String, shown: String) {
    expectMalformed("series.csv:4", "a number in the column \"value\"", shown) {
      try series("t,value\n1,10\n2,20\n3,\(field)\n4,40\n", column: "value")
    }
  }

  @Test("a number beyond reason is refused: its square would be infinite")
  func hugeNumbers() {
    expectMalformed("series.csv:3", "a number up to 1e100 in the column \"v\"", "\"1e101\"") {
      try series("v\n1\n1e101\n")
    }
  }

  @Test(
    "lines with fewer or more fields, empty lines and quotes in the wrong place are reported with their line")
  func structure() {
    expectMalformed("series.csv:3", "2 fields, as in the first line", "1") {
      try series("t,v\n1,2\n3\n4,5\n")
    }
    expectMalformed("series.csv:3", "2 fields, as in the first line", "3") { try series("t,v\n1,2\n3,4,5\n") }
    expectMalformed("series.csv:3", "2 fields, as in the first line", "an empty line") {
      try series("t,v\n1,2\n\n4,5\n")
    }
    expectMalformed("series.csv:2", "a number in the column \"v\"", "a gap") { try series("v\n\n4\n") }
    let quotes = "quotes around whole fields, doubled within them"
    expectMalformed("series.csv:3", quotes, "a quote elsewhere") { try series("t,v\n1,2\n2,3\"4\n") }
    expectMalformed("series.csv:1", quotes, "a quote elsewhere") { try series("\"t\"x,v\n1,2\n") }
    expectMalformed("series.csv:3", "quotes in pairs", "one that is not closed") {
      try series("t,v\n1,2\n2,\"3\n3,4\n")
    }
  }

  @Test("names differ from each other, and a file needs values")
  func header() {
    expectMalformed("series.csv:1", "names that differ from each other", "\"v\" twice") {
      try series("v,t,v\n1,2,3\n", column: "t")
    }
    expectMalformed("series.csv", "a CSV file", "an empty file") { try series("") }
    expectMalformed("series.csv", "lines of values", "empty lines") { try series("\n\n") }
    expectMalformed(
      "series.csv:1", "at least 20 values in the column \"v\"", "0, of which this line has the last"
    ) {
      var empty = try series("v\n")
      empty.path = "series.csv"
      try empty.validate(least: 20)
      return empty
    }
  }

  @Test("a series that is short or constant is refused with its lines")
  func validation() throws {
    let short = try series("v\n1\n2\n3\n")
    try short.validate(least: 3)
    expectMalformed(
      "series.csv:4", "at least 4 values in the column \"v\"", "3, of which this line has the last"
    ) {
      var named = short
      named.path = "series.csv"
      try named.validate(least: 4)
      return named
    }
    expectMalformed("series.csv:2", "a column \"v\" that varies", "5.0 in every line up to 4") {
      var constant = try series("v\n5\n5\n5\n")
      constant.path = "series.csv"
      try constant.validate(least: 3)
      return constant
    }
  }

  @Test("bytes that are no UTF-8, and what is no file, are refused")
  func noText() throws {
    for bytes in [[0xFF, 0xFE, 0x76, 0x00], [0x76, 0x0A, 0xC3, 0x28, 0x0A]] as [[UInt8]] {
      expectMalformed("series.csv", "text in UTF-8", "bytes that are none") { try series(bytes: bytes) }
    }
    for path in ["/nowhere/series.csv", "/dev/zero", "/tmp"] {
      #expect(throws: RecurrentError.self) { try SeriesFile(path: path) }
    }
  }

  @Test("no file crashes, whatever its bytes")
  func hostile() {
    var generator = SeededGenerator(seed: 1)
    let pieces = [
      "\"", ",", "\n", "\r", "\r\n", "1", "-2.5", "x", " ", "\t", ";", "\u{301}", "\u{FEFF}", "\u{0}",
      "2020-01-01",
    ]
    for _ in 0..<300 {
      let text = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
        pieces[Int.random(in: pieces.indices, using: &generator)]
      }.joined()
      // Any answer is right but a trap.
      _ = try? series("a,b\n" + text)
      _ = try? series(text, timeColumn: "1")
      _ = try? series("a,b\n" + text, column: "a", timeColumn: "b")
    }
    for _ in 0..<100 {
      let bytes = (0..<40).map { _ in UInt8.random(in: 0...255, using: &generator) }
      _ = try? series(bytes: bytes)
    }
    #expect(throws: RecurrentError.self) { try series(String(repeating: ",", count: 100_000)) }
    _ = try? series(String(repeating: "\"", count: 100_000))
    // One row of many fields must not widen the many rows of few.
    let wide = "a\n" + String(repeating: "1\n", count: 20_000) + String(repeating: ",", count: 20_000)
    expectMalformed("series.csv:20002", "1 fields, as in the first line", "20000") { try series(wide) }
  }
}

import Foundation
import Recurrent
import Testing

@testable import RecurrentTool

@Suite("dates")
struct CalendarDateTests {
  @Test("counting days and writing dates are each other's inverse over 800 years")
  func roundTrip() throws {
    var date = try #require(CalendarDate(year: 1599, month: 12, day: 31))
    let first = date.dayNumber
    for number in (first + 1)...(first + 292_194) {
      let next = CalendarDate(dayNumber: number)
      #expect(next.dayNumber == number)
      let follows =
        next.year == date.year && next.month == date.month && next.day == date.day + 1
        || next.day == 1 && date.endsMonth && next.monthNumber == date.monthNumber + 1
      guard follows else {
        Issue.record("\(date.text) before \(next.text)")
        return
      }
      date = next
    }
    #expect(date.text == "2399-12-31")
    #expect(CalendarDate(dayNumber: 0).text == "1970-01-01")
  }

  @Test(
    "days that no month has are none",
    arguments: [
      (2023, 2, 29), (2024, 2, 30), (1900, 2, 29), (2024, 4, 31), (2024, 13, 1), (2024, 0, 1), (2024, 1, 0),
    ])
  func invalid(year: Int, month: Int, day: Int) {
    #expect(CalendarDate(year: year, month: month, day: day) == nil)
    #expect(CalendarDate(year: 2000, month: 2, day: 29) != nil)
  }
}

/// A number of two digits.
private func padded(_ number: Int) -> String { CalendarDate.padded(number, 2) }

@Suite("times of a series")
struct TimeAxisTests {
  private func axis(_ texts: [String]) throws(RecurrentError) -> TimeAxis {
    try TimeAxis(texts, lines: Array(2..<(texts.count + 2)), name: "t", path: "x.csv")
  }

  @Test(
    "even times go on",
    arguments: [
      (["1", "2", "3"], "4"), (["-10", "-5", "0"], "5"), (["1949-11", "1949-12", "1950-01"], "1950-02"),
      (["2020-01", "2020-04", "2020-07"], "2020-10"), (["2024-02-27", "2024-02-28"], "2024-02-29"),
      (["2023-12-18", "2023-12-25"], "2024-01-01"),
      (["2024-01-15", "2024-02-15", "2024-03-15"], "2024-04-15"),
      (["2023-12-31", "2024-01-31", "2024-02-29"], "2024-03-31"),
      (["2023-02-28", "2023-03-31"], "2023-04-30"),
      (["2023-01-28", "2023-02-28", "2023-03-28"], "2023-04-28"),
      (["2000-02-29", "2001-02-28"], "2002-02-28"),
      (["2019-01-01", "2020-01-01", "2021-01-01"], "2022-01-01"),
      (["2024-03-01T22:00", "2024-03-01T23:00"], "2024-03-02T00:00"),
      (["1969-12-31 23:59:30", "1969-12-31 23:59:45"], "1970-01-01 00:00:00"),
      (["2024-01-01T00:00:00Z", "2024-01-01T06:00:00Z"], "2024-01-01T12:00:00Z"),
      ((1...31).map { "202001" + padded($0) }, "20200201"),
      (["20200227", "20200228"], "20200229"), (["20191231", "20200131", "20200229"], "20200331"),
      (["20191118", "20191125"], "20191202"),
      ((1...12).map { "2020" + padded($0) }, "202101"), (["174911", "174912"], "175001"),
      (["202010", "202011"], "202012"), (["202001", "202101", "202201"], "202301"),
      ((0...23).map { "20200229" + padded($0) }, "2020030100"),
      (["202012312358", "202012312359"], "202101010000"),
      (["20191231235930", "20191231235945"], "20200101000000"),
    ])
  func goesOn(texts: [String], next: String) throws {
    let axis = try axis(texts)
    for (index, text) in texts.enumerated() { #expect(axis.label(at: index) == text) }
    #expect(axis.label(at: texts.count) == next)
  }

  @Test(
    "numbers that are no dates, or have even steps as numbers only, are numbers",
    arguments: [
      (["20200130", "20200131", "20200132"], "20200133"), (["202011", "202012", "202013"], "202014"),
      (["20200110", "20200220", "20200330"], "20200440"), (["10000101", "10000102"], "10000103"),
      (["20200101", "120200101"], "220200101"), (["1990", "1991"], "1992"),
      (["-20200101", "-20200100"], "-20200099"), (["2020010122", "2020010123", "2020010124"], "2020010125"),
    ])
  func numbers(texts: [String], next: String) throws {
    #expect(try axis(texts).label(at: texts.count) == next)
  }

  @Test("a gap among dates of digits is one in dates")
  func gapsAmongDigits() {
    let reason = ": a gap or uneven steps (without --time-column, rows are counted)"
    expect(
      ["20200130", "20200131", "20200202"], line: 4, "20200201 after 20200131", "20200202" + reason)
    expect(["202011", "202012", "202102"], line: 4, "202101 after 202012", "202102" + reason)
  }

  private func expect(
    _ texts: [String], line: Int, _ expected: String, _ actual: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      throws: RecurrentError.malformedFile(
        path: "x.csv:\(line)", expected: "\(expected) in the column \"t\"", actual: actual),
      sourceLocation: sourceLocation
    ) { try axis(texts) }
  }

  @Test("times that do not ascend are reported with their line")
  func order() {
    expect(["1", "2", "2"], line: 4, "a time after 2", "2")
    expect(["2020-03", "2020-02"], line: 3, "a time after 2020-03", "2020-02")
    expect(["2020-03-02", "2020-03-03", "2020-02-28"], line: 4, "a time after 2020-03-03", "2020-02-28")
  }

  @Test("gaps and uneven steps are reported with their line and what was to come")
  func gaps() {
    let reason = ": a gap or uneven steps (without --time-column, rows are counted)"
    expect(["1", "2", "4"], line: 4, "3 after 2", "4" + reason)
    expect(
      ["1949-01", "1949-02", "1949-03", "1949-05"], line: 5, "1949-04 after 1949-03", "1949-05" + reason)
    expect(
      ["2024-01-04", "2024-01-05", "2024-01-08"], line: 4, "2024-01-06 after 2024-01-05",
      "2024-01-08" + reason)
    expect(
      ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-29"], line: 5, "2024-04-30 after 2024-03-31",
      "2024-04-29" + reason)
  }

  @Test("what is no time, or one of another kind, is reported with its line")
  func kinds() {
    let any = "an integer, a month or an ISO 8601 date"
    for text in [
      "", "x", "1.5", "2024-1-1", "2024-13", "2023-02-29", "2024-01-01T24:00", "2024/01/01",
      "99999999999999999999", "２０２４-01",
    ] {
      expect([text, "2"], line: 2, any, text.isEmpty ? "a gap" : text.debugDescription)
    }
    expect(["1", "2024-01"], line: 3, "an integer", "\"2024-01\"")
    expect(["2024-01", "2024-02-01"], line: 3, "a month such as 1949-01", "\"2024-02-01\"")
    expect(["2024-01-01", ""], line: 3, "a date such as 1949-01-31", "a gap")
    expect(
      ["2024-01-01T00:00", "2024-01-01 01:00"], line: 3, "a time such as 1949-01-31T12:30",
      "\"2024-01-01 01:00\"")
  }

  @Test("ticks stand at round times")
  func ticks() throws {
    let months = try axis(["1949-01", "1949-02"]).ticks(in: 0..<168, about: 9)
    #expect(months.map(\.label) == ["1950", "1952", "1954", "1956", "1958", "1960", "1962"])
    #expect(months[0].index == 12)
    let rows = TimeAxis.rows.ticks(in: 984..<3084, about: 9)
    #expect(rows.map(\.label) == ["1000", "1500", "2000", "2500", "3000"])
    let days = try axis(["2024-01-20", "2024-01-21"]).ticks(in: 0..<150, about: 9)
    #expect(days.map(\.label) == ["2024-02", "2024-03", "2024-04", "2024-05", "2024-06"])
    let hours = try axis(["2024-01-20T00:00", "2024-01-20T01:00"]).ticks(in: 0..<40, about: 9)
    #expect(hours.map(\.index) == [0, 5, 10, 15, 20, 25, 30, 35])
    for text in ["7", "2024-05", "2024-05-31", "2024-05-31T12:00"] {
      #expect(!(try axis([text])).ticks(in: 0..<1, about: 9).isEmpty)
    }
  }
}

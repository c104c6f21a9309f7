import Testing

@testable import RecurrentTool

@Suite("text that comes from outside")
struct PrintableTests {
  @Test(
    "has no characters that a terminal obeys or that turn text round",
    arguments: [
      ("plain", "plain"), ("日本 é 🎈", "日本 é 🎈"), ("\u{1B}[31m", "\\u{1B}[31m"), ("a\u{7}b", "a\\u{7}b"),
      ("a\nb\tc\rd", "a\\nb\\tc\\rd"), ("\u{9B}2J", "\\u{9B}2J"), ("\u{7F}", "\\u{7F}"), ("\u{0}", "\\u{0}"),
      ("\u{202E}gpj", "\\u{202E}gpj"), ("a\u{2028}b", "a\\u{2028}b"), ("\u{FEFF}", "\\u{FEFF}"),
    ])
  func escapes(text: String, shown: String) {
    #expect(printable(text) == shown)
    #expect(quoted(text) == "\"\(shown)\"")
    #expect(printableLines(text) == shown.replacing("\\n", with: "\n"))
  }

  @Test("is cut, a million letters as well as a letter with a million accents")
  func cuts() {
    #expect(printable(String(repeating: "x", count: 61)) == String(repeating: "x", count: 60) + "…")
    #expect(printable(String(repeating: "x", count: 60)) == String(repeating: "x", count: 60))
    #expect(quoted(String(repeating: "x", count: 61)) == "\"" + String(repeating: "x", count: 60) + "\"…")
    #expect(quoted("…") == "\"…\"")
    #expect(quoted("say \"\\\"") == "\"say \\\"\\\\\\\"\"")
    #expect(printable("e" + String(repeating: "\u{301}", count: 1_000_000)).unicodeScalars.count == 241)
    #expect(printable(String(repeating: "\u{1B}", count: 1_000_000)).count == 60 * 6 + 1)
  }
}

@Suite("numbers for people")
struct DecimalTextTests {
  @Test(
    "are rounded, but never before the point",
    arguments: [
      (0, "0"), (0.00012346, "0.0001235"), (12.3456, "12.35"), (999.96, "1000"), (9999.6, "10000"),
      (1_234_567.8, "1234568"), (-1_234_567.8, "-1234568"), (123_456_789_012_345, "123456789012345"),
      (1e100, "1e+100"), (1.2345678901234567e20, "1.2345678901234567e+20"), (.infinity, "inf"),
    ] as [(Double, String)])
  func rounded(number: Double, text: String) {
    #expect(DecimalText.rounded(number, digits: 4) == text)
  }

  @Test(
    "on an axis differ from their neighbours",
    arguments: [
      ([0, 200, 400], ["0", "200", "400"]), ([0.5, 1], ["0.5", "1.0"]),
      ([1_234_580, 1_234_600], ["1234580", "1234600"]),
      ([12_345_680, 12_345_700], ["12345680", "12345700"]), ([1e9, 1.5e9], ["1e+09", "1.5e+09"]),
      ([2e-9, 4e-9], ["2e-09", "4e-09"]), ([-2e-9, 0, 2e-9], ["-2e-09", "0", "2e-09"]),
      ([1, 1.000000002], ["1.000000000", "1.000000002"]), ([1e300], ["1e+300"]),
      ([2e16, 2e16], ["2e+16", "2e+16"]),
    ] as [([Double], [String])])
  func ticks(ticks: [Double], texts: [String]) {
    #expect(ticks.map { DecimalText.tick($0, among: ticks) } == texts)
  }
}

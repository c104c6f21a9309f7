import Foundation
import Testing

@testable import Recurrent

@Suite struct RecurrentErrorTests {
  /// Text as a hostile file may have it, and what no message may show of it.
  private static let hostile = "a\u{1B}[2J\u{07}\n\u{202E}b\u{0}\u{85}\u{2028}\u{FEFF}\u{E0041}é重🙂\u{9B}"
  private static let escaped = #"a\u{1B}[2J\u{7}\n\u{202E}b\u{0}\u{85}\u{2028}\u{FEFF}\u{E0041}é重🙂\u{9B}"#

  /// Every case with a text wherever one may stand.
  private static func errors(_ text: String) -> [RecurrentError] {
    [
      .shapeMismatch(argument: text, expected: text, actual: [2]),
      .emptySequence(argument: text), .invalidSize(argument: text, expected: text, actual: 1),
      .invalidValue(argument: text, expected: text, actual: text),
      .memoryUnavailable(argument: text, byteCount: 5),
      .stateDictionaryMismatch(
        StateDictionaryMismatch(
          missing: [text], unexpected: [text],
          misshapen: [.init(key: text, expected: [1], actual: [2])])),
      .backendUnavailable(.swift, reason: text),
      .invalidOverride(variable: "X", expected: text, actual: text),
      .fileInaccessible(path: text, operation: text, reason: text),
      .malformedFile(path: text, expected: text, actual: text), .missingTensor(path: text, name: text),
      .scalarTypeMismatch(path: text, tensor: text, expected: text, actual: text),
    ]
  }

  @Test func noMessageHasACharacterThatSteersATerminal() {
    for error in Self.errors(Self.hostile) {
      #expect(error.description.contains(Self.escaped), "\(error)")
      let scalars = error.description.unicodeScalars
      #expect(!scalars.contains { $0.properties.generalCategory == .control }, "\(error)")
      #expect(!scalars.contains { $0.properties.generalCategory == .format }, "\(error)")
      #expect(error == error && "\(error)" == error.description)
    }
  }

  @Test func noMessageIsLong() {
    let long = String(repeating: "x\u{1B}", count: 1_000_000)
    for error in Self.errors(long) { #expect(error.description.utf8.count < 10_000) }
    let shape = Shape(Array(repeating: 1, count: 100_000))
    #expect(RecurrentError.invalidAxis(1, shape: shape).description.utf8.count < 1000)
    #expect(RecurrentError.scalarCountMismatch(shape: shape, actual: 2).description.utf8.count < 1000)
    #expect(
      RecurrentError.shapeMismatch(argument: "x", expected: "y", actual: shape).description.utf8.count < 1000)
  }

  @Test func longListsAreCountedAndNotShown() {
    let names = (0..<100_000).map { "weight_\($0)" }
    let shape: Shape = [1]
    let mismatch = StateDictionaryMismatch(
      missing: names, unexpected: Array(names.prefix(9)),
      misshapen: names.map { .init(key: $0, expected: shape, actual: [2]) })
    #expect(
      mismatch.description.hasPrefix("missing weight_0, weight_1, ")
        && mismatch.description.contains("weight_7 and 99992 more; unexpected weight_0, ")
        && mismatch.description.contains("weight_7 and 1 more; weight_0: expected [1], got [2]; ")
        && mismatch.description.hasSuffix("; 99992 more of another shape"))
    #expect(mismatch.description.utf8.count < 2000)
  }

  @Test func textsAreCutInTheMiddleAndShortOnesNotAtAll() {
    #expect("".printable() == "" && "weight_ih_l0".printable() == "weight_ih_l0")
    #expect("C:\\x\ty".printable() == #"C:\x\ty"#)
    let whole = String(repeating: "a", count: 464)
    #expect(whole.printable(limit: 400) == whole)
    let long =
      String(repeating: "a", count: 300) + String(repeating: "é", count: 1000)
      + String(repeating: "b", count: 100)
    #expect(
      long.printable(limit: 400)
        == String(repeating: "a", count: 300) + "… 2000 bytes …" + String(repeating: "b", count: 100))
    for text in [Self.hostile, long, "e\u{301}", "\u{200D}"] {
      #expect(text.printable().printable() == text.printable())
    }
  }

  @Test(.timeLimit(.minutes(1))) func hostileNamesOfFilesComeEscapedAndCut() throws {
    let folder = try TemporaryFolder()
    let name = "\u{1B}]0;x\u{7}" + String(repeating: "n", count: 5_000_000)
    let json = name.replacing("\u{1B}", with: #"\u001b"#).replacing("\u{7}", with: #"\u0007"#)
    let path = try folder.write(
      safetensors(#"{"\#(json)":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, data: 8))
    #expect {
      try SafetensorsFile(path: path)
    } throws: {
      let text = "\($0)"
      return text.contains(#"\u{1B}]0;x\u{7}nn"#) && text.contains("[0, 8]") && text.utf8.count < 2000
    }
  }

  @Test func theLocalizedDescriptionIsTheDescription() {
    for error in Self.errors("x") {
      #expect((error as any Error).localizedDescription == error.description)
      #expect((error as NSError).localizedDescription == error.description)
    }
  }
}

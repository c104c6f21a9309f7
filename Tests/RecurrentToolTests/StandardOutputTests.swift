import Foundation
import Testing

@Suite("the standard output")
struct StandardOutputTests {
  private static let printing = [
    ["info"], ["series", "sine", "--count", "3"], ["bench", "--hidden-size", "8", "--seconds", "0.01"],
    ["bench", "--hidden-size", "8", "--seconds", "0.01", "--json"], ["--help"], ["--version"],
    ["help", "run"], ["forecast", "--help"],
    [
      "forecast", Repository.airlinePassengers, "--horizon", "2", "--method", "reservoir", "--hidden-size",
      "5",
    ],
  ]

  @Test(
    "that is full or closed is an error of every command that prints", arguments: printing,
    ["exec > /dev/full", "exec >&-", "exec 1< /dev/null"])
  func cannotPrint(arguments: [String], shell: String) throws {
    // Not every system has a full device.
    guard !shell.contains("full") || FileManager.default.fileExists(atPath: "/dev/full") else { return }
    let process = try ToolProcess(arguments, shell: shell)
    #expect(process.status == 1)
    #expect(process.errors.contains("Error: standard output: cannot write: "), "\(process.errors)")
  }

  @Test("that is closed is said before a training, and is no matter for what prints nothing")
  func closed() throws {
    let folder = try TemporaryFolder()
    let training = try ToolProcess(
      ["forecast", Repository.airlinePassengers, "--horizon", "2", "--output", folder.path("f.csv")],
      shell: "exec >&-")
    #expect(training.status == 1 && !training.errors.contains("epoch"))
    #expect(try folder.names() == [])
    let series = try ToolProcess(
      ["series", "sine", "--count", "2", "--output", folder.path("s.csv")], shell: "exec >&- 2>&-")
    #expect(series.status == 0)
    #expect(try String(contentsOfFile: folder.path("s.csv"), encoding: .utf8).hasPrefix("value\n0.0\n"))
  }

  @Test("streams that are closed are not mistaken for the files that are opened after them")
  func closedStreamsAreNoFiles() throws {
    let folder = try TemporaryFolder()
    let process = try ToolProcess(
      [
        "forecast", Repository.airlinePassengers, "--horizon", "2", "--epochs", "6", "--hidden-size", "2",
        "--save", folder.path("m"), "--output", folder.path("f.csv"),
      ], shell: "exec <&- 2>&-")
    #expect(process.status == 0)
    let text = try String(contentsOfFile: folder.path("f.csv"), encoding: .utf8)
    #expect(text.hasPrefix("row,forecast,lower,upper\n145,") && text.split(separator: "\n").count == 3)
    #expect(!process.output.contains("loss"))
  }

  @Test("that nobody reads any more ends the command as it ends other filters")
  func closedPipe() throws {
    // Without SIGPIPE, which its parent may have switched off, it is an error like others.
    for (shell, status) in [
      ("", "141"), ("trap '' PIPE; ", "1"),
    ] {
      let process = try ToolProcess(
        ["series", "sine", "--count", "100000"],
        shell: "\(shell)\"$0\" \"$@\" | head -n 1; exit 0")
      #expect(process.output == "value\n")
      let result = try ToolProcess(
        ["series", "sine", "--count", "100000"],
        shell: "\(shell)( \"$0\" \"$@\"; echo $? >&2 ) | head -n 1; exit 0")
      #expect(result.errors.hasSuffix("\(status)\n"), "\(result.errors)")
      #expect((status == "141") == (result.errors == "141\n"))
    }
  }
}

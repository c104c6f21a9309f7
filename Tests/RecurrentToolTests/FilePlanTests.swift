import Foundation
import Recurrent
import Testing

@testable import RecurrentTool

/// A folder with files that commands read, under several names.
private struct Files {
  let folder = try? TemporaryFolder()

  func path(_ name: String) throws -> String { try #require(folder).path(name) }

  /// A series, a link and a hard link to it, and a link to what is not there.
  init() throws {
    let text = "v\n" + (0..<40).map { "\(sin(Double($0) / 3) + Double($0 % 7))\n" }.joined()
    try Data(text.utf8).write(to: URL(fileURLWithPath: path("s.csv")))
    let manager = FileManager.default
    try manager.createSymbolicLink(atPath: path("link.csv"), withDestinationPath: "s.csv")
    try manager.linkItem(atPath: path("s.csv"), toPath: path("hard.csv"))
    try manager.createSymbolicLink(atPath: path("dangling"), withDestinationPath: "new.csv")
    try manager.createSymbolicLink(atPath: path("around"), withDestinationPath: "around")
    try manager.createSymbolicLink(atPath: path("here"), withDestinationPath: ".")
    try manager.createDirectory(atPath: path("sub"), withIntermediateDirectories: false)
  }

  /// Every name with its contents, or where it leads.
  func contents() throws -> [String: Data] {
    var contents: [String: Data] = [:]
    for name in try #require(folder).names() {
      contents[name] = FileManager.default.contents(atPath: try path(name)) ?? Data("folder or link".utf8)
    }
    return contents
  }

  /// Runs the command in the folder.
  func run(_ arguments: [String], shell: String = ":") throws -> ToolProcess {
    try ToolProcess(arguments, shell: "cd '\(try path("."))' && \(shell)")
  }

  func forecast(_ more: [String], shell: String = ":") throws -> ToolProcess {
    try run(["forecast", "s.csv", "--horizon", "3", "--epochs", "1"] + more, shell: shell)
  }
}

@Suite("the files of a command")
struct FilePlanTests {
  @Test(
    "an output that is the series by any path is refused, and the series stays",
    arguments: ["--output", "--plot", "--save"],
    ["s.csv", "./s.csv", ".//s.csv", "here/s.csv", "here/sub/../s.csv", "link.csv", "hard.csv", "/"])
  func overwritesSeries(option: String, path: String) throws {
    let files = try Files()
    let before = try files.contents()
    let process = try files.forecast([option, path == "/" ? files.path("s.csv") : path])
    #expect(process.status == 64, "\(process.errors)")
    #expect(process.errors.contains("\(option): expected a file of its own"), "\(process.errors)")
    #expect(process.output.isEmpty && !process.errors.contains("epoch"))
    #expect(try files.contents() == before)
  }

  @Test(
    "two outputs that are one file, which need not be there yet, are refused",
    arguments: [
      ["--output", "a", "--plot", "a"], ["--output", "a", "--plot", "./a"],
      ["--output", "a", "--save", "here/a"],
      ["--plot", "a", "--save", "sub/../here/a"], ["--output", "dangling", "--plot", "new.csv"],
      ["--output", "new.csv", "--save", "here/dangling"],
    ])
  func twoOutputs(options: [String]) throws {
    let files = try Files()
    let before = try files.contents()
    let process = try files.forecast(options)
    #expect(process.status == 64, "\(process.errors)")
    #expect(process.errors.contains(": expected a file of its own") && !process.errors.contains("epoch"))
    #expect(try files.contents() == before)
  }

  @Test("files that differ are not taken for one, whatever their names have in common")
  func differentFiles() throws {
    let files = try Files()
    #expect(!FileIdentity.areSame(try files.path("a"), try files.path("sub/a")))
    #expect(!FileIdentity.areSame(try files.path("s.csv"), try files.path("sub/s.csv")))
    #expect(!FileIdentity.areSame(try files.path("a"), try files.path("b")))
    #expect(!FileIdentity.areSame(try files.path("nowhere/a"), try files.path("nowhere/a")))
    #expect(FileIdentity.areSame(try files.path("a"), try files.path("here/a/")))
    // Names in another case are one file where the file system says so.
    let probe = try files.path("Probe")
    #expect(FileManager.default.createFile(atPath: probe, contents: nil))
    let folds = FileManager.default.fileExists(atPath: try files.path("pROBE"))
    #expect(FileIdentity.areSame(try files.path("h.npy"), try files.path("H.npy")) == folds)
    let names = try #require(files.folder).names()
    #expect(!names.contains { $0.hasPrefix(".recurrent") })
  }

  @Test("the stream of the results is a file too: it overwrites no input and is overwritten by no output")
  func streams() throws {
    let files = try Files()
    let before = try files.contents()
    let cases = [
      (["--method", "reservoir"], "exec >> s.csv", "the series"),
      (["--method", "reservoir"], "exec 2>> link.csv", "the series"),
      (["--method", "reservoir", "--output", "o.csv"], "exec > o.csv", "--output"),
    ]
    for (options, shell, option) in cases {
      let process = try files.run(
        ["forecast", "s.csv", "--horizon", "3", "--hidden-size", "5"] + options, shell: shell)
      #expect(process.status == 64)
      if !shell.contains("2>>") {
        #expect(process.errors.contains("\(option): expected another file than"), "\(process.errors)")
      }
    }
    var after = try files.contents()
    after["o.csv"] = nil
    // What is said about standard error goes there.
    #expect(before.allSatisfy { name, bytes in after[name]?.starts(with: bytes) == true })
  }

  @Test(
    "an output that cannot be written is said before any work",
    arguments: ["--output", "--plot", "--save"],
    [
      "nowhere/f", "s.csv/f", ".", "here", "/dev/null", "f/", "", "around",
      String(repeating: "x", count: 300),
    ])
  func unwritable(option: String, path: String) throws {
    let files = try Files()
    let before = try files.contents()
    let process = try files.forecast([option, path])
    #expect(process.status == 1, "\(process.errors)")
    #expect(process.errors.contains("cannot write: ") && !process.errors.contains("epoch"))
    #expect(process.output.isEmpty)
    #expect(try files.contents() == before)
  }

  @Test("run and series refuse the same")
  func otherCommands() throws {
    let files = try Files()
    let rnn = RNN<Float>(inputSize: 2, hiddenSize: 3)
    try SafetensorsFile.write(rnn.stateDictionary, toPath: files.path("m"))
    try NumPyFile.write(Tensor<Float>.zeros([4, 1, 2]), toPath: files.path("x.npy"))
    try NumPyFile.write(Tensor<Float>.zeros([1, 1, 3]), toPath: files.path("h.npy"))
    let before = try files.contents()
    let run = ["run", "m", "--input", "x.npy", "--initial-state", "h.npy"]
    for (options, status) in [
      (["--output", "./x.npy"], 64), (["--output", "here/m"], 64), (["--output", "here/h.npy"], 64),
      (["--output", "y", "--final-state", "./y"], 64),
      (["--output", "y", "--final-state", "here/x.npy"], 64),
      (["--output", "y", "--final-state", "z", "--final-cell", "here/z"], 64),
      (["--output", "nowhere/y"], 1), (["--output", "y", "--final-state", "x.npy/h"], 1),
    ] as [([String], Int32)] {
      let process = try files.run(run + options)
      #expect(process.status == status, "\(options): \(process.errors)")
    }
    #expect(try files.run(["series", "sine", "--output", "nowhere/s"]).status == 1)
    #expect(try files.contents() == before)
    let right = try files.run(run + ["--output", "y", "--final-state", "z"])
    #expect(right.status == 0, "\(right.errors)")
  }

  @Test("where the disk takes one of two files only, neither is left and those that were there stay")
  func fullDisk() throws {
    let files = try Files()
    let old = ["o.csv", "p.svg"]
    for name in old { try Data("old".utf8).write(to: URL(fileURLWithPath: files.path(name))) }
    let before = try files.contents()
    // The forecast takes some hundred bytes, the plot some thousand; the shell counts blocks of 512
    // or 1024.
    let process = try files.forecast(
      ["--output", "o.csv", "--plot", "p.svg", "--hidden-size", "1"], shell: "ulimit -f 2")
    #expect(process.status == 1, "\(process.errors)")
    #expect(process.errors.contains("p.svg: cannot write: "), "\(process.errors)")
    #expect(try files.contents() == before)
    // The training that was saved is what is not lost: it goes on where there is room.
    let rnn = RNN<Float>(inputSize: 1, hiddenSize: 4)
    try SafetensorsFile.write(rnn.stateDictionary, toPath: files.path("m"))
    try NumPyFile.write(Tensor<Float>.zeros([800, 1, 1]), toPath: files.path("x.npy"))
    let known = try files.contents()
    for options in [["--output", "y", "--final-state", "h"], ["--output", "y"]] {
      let run = try files.run(["run", "m", "--input", "x.npy"] + options, shell: "ulimit -f 4")
      #expect(run.status == 1 && run.errors.contains("y: cannot write: "), "\(run.errors)")
      #expect(try files.contents() == known)
    }
  }

  @Test("a training whose forecast did not fit is resumed, not lost")
  func savedTraining() throws {
    let files = try Files()
    let options = ["--save", "m", "--hidden-size", "1", "--output", "o.csv", "--plot", "p.svg"]
    let full = try files.forecast(options, shell: "ulimit -f 8")
    #expect(full.status == 1 && full.errors.contains("p.svg: cannot write: "), "\(full.errors)")
    let names = try #require(files.folder).names()
    #expect(names.contains("m") && !names.contains("o.csv") && !names.contains("p.svg"))
    #expect(!names.contains { $0.hasPrefix(".recurrent") })
    let resumed = try files.forecast(options + ["--resume"])
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(resumed.errors.contains("resumed after epoch 1 of 1"))
  }
}

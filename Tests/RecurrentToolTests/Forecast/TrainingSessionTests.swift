import Foundation
import Recurrent
import RecurrentTestSupport
import Testing

@testable import RecurrentTool

@Suite("recurrent forecast --save --resume")
struct TrainingSessionTests {
  private let folder: TemporaryFolder
  private let series: String

  init() throws {
    folder = try TemporaryFolder()
    series = folder.path("series.csv")
    try write(Self.values)
  }

  private static let values = (0..<60).map { sin(Double($0) / 3) + Double($0 % 7) }

  private func write(_ values: [Double]) throws {
    let text = "v,w\n" + values.map { "\($0),\($0 + 1)\n" }.joined()
    try Data(text.utf8).write(to: URL(fileURLWithPath: series))
  }

  /// Options of a small network, of which some are replaced.
  private func arguments(_ model: String, _ other: [String: String] = [:]) -> [String] {
    let options = [
      "--column": "v", "--horizon": "3", "--window": "5", "--hidden-size": "4", "--layers": "2",
      "--epochs": "10", "--seed": "3", "--validation": "0.2", "--season": "1",
    ].merging(other) { $1 }
    return ["forecast", series, "--save", folder.path(model), "--output", folder.path(model + ".csv")]
      + options.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
  }

  private func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: folder.path(name)))
  }

  @Test("saves weights under PyTorch's names, the optimizer, and all that the training depends on")
  func saves() throws {
    let process = try ToolProcess(arguments("m"))
    #expect(process.status == 0, "\(process.errors)")
    #expect(process.output.contains("model: \(folder.path("m"))\n"))
    let file = try SafetensorsFile(path: folder.path("m"))
    let rnn = try RNN<Float>(stateDictionary: file.stateDictionary(prefix: "model.rnn."))
    let head = try Linear<Float>(stateDictionary: file.stateDictionary(prefix: "model.head."))
    #expect(rnn.description == "RNN(1, 4, num_layers=2)")
    #expect(head.outputSize == 3)
    let checkpoint = try Checkpoint<Float>(path: folder.path("m"))
    #expect(checkpoint.epoch == 10 && checkpoint.optimizerStepCount == checkpoint.step)
    #expect(!checkpoint.optimizer.isEmpty)
    #expect(checkpoint.metadata["hidden-size"] == "4" && checkpoint.metadata["column"] == "v")
    #expect(checkpoint.numbers.keys.contains("transform.mean"))
  }

  @Test("a training that is killed ten times ends with the bits of one that is not")
  func killed() throws {
    let long = ["--epochs": "600"]
    #expect(try ToolProcess(arguments("whole", long)).status == 0)
    var ends: [Int] = []
    for round in 0..<10 {
      let process = try ToolProcess(arguments("killed", long) + ["--resume"]) { process in
        // The first is killed as it starts, the others at several distances from what they save.
        if round > 0 { waitForEpoch(after: ends.last ?? 0, of: process) }
        Thread.sleep(forTimeInterval: 0.004 * Double(round))
        kill(process.processIdentifier, SIGKILL)
      }
      #expect(process.status == SIGKILL)
      ends.append(epoch())
    }
    #expect(ends == ends.sorted() && ends[1] > 0 && ends[9] < 600, "\(ends)")
    let last = try ToolProcess(arguments("killed", long) + ["--resume"])
    #expect(last.status == 0, "\(last.errors)")
    #expect(last.errors.contains("resumed after epoch \(ends[9]) of 600"))
    let (killed, whole) = try (
      Checkpoint<Float>(path: folder.path("killed")), Checkpoint<Float>(path: folder.path("whole"))
    )
    #expect(killed == whole)
    #expect(try bytes("killed") == bytes("whole"))
    #expect(try bytes("killed.csv") == bytes("whole.csv"))
  }

  @Test(
    "a network of cells with gates is saved, killed and resumed to the same bits, with its own cells only",
    arguments: [CellKind.lstm, .gru])
  func cells(cell: CellKind) throws {
    let options = ["--cell": cell.rawValue, "--epochs": "300"]
    let whole = try ToolProcess(arguments("whole", options))
    #expect(whole.status == 0 && whole.output.contains("\n\(cell): 4 units in 2 layers"), "\(whole.errors)")
    let killed = try ToolProcess(arguments("killed", options) + ["--resume"]) { process in
      waitForEpoch(after: 0, of: process)
      kill(process.processIdentifier, SIGKILL)
    }
    let end = epoch()
    #expect(killed.status == SIGKILL && end > 0 && end < 300)
    for other in CellKind.allCases where other != cell {
      let process = try ToolProcess(
        arguments("killed", options.merging(["--cell": other.rawValue]) { $1 }) + ["--resume"])
      #expect(process.status == 1)
      let words = "--cell: expected \"\(cell)\", as in \(folder.path("killed")), got \"\(other)\""
      #expect(process.errors.contains(words), "\(process.errors)")
    }
    let resumed = try ToolProcess(arguments("killed", options) + ["--resume"])
    #expect(resumed.status == 0 && resumed.errors.contains("resumed after epoch \(end) of 300"))
    #expect(try bytes("killed") == bytes("whole"))
    #expect(try bytes("killed.csv") == bytes("whole.csv"))
    #expect(try Checkpoint<Float>(path: folder.path("whole")).metadata["cell"] == cell.rawValue)
  }

  @Test("the layer in the file is one that recurrent run runs", arguments: CellKind.allCases)
  func runs(cell: CellKind) throws {
    #expect(try ToolProcess(arguments("m", ["--cell": cell.rawValue])).status == 0)
    let input = Tensor<Float>.zeros([5, 2, 1])
    try NumPyFile.write(input, toPath: folder.path("x.npy"))
    let process = try ToolProcess([
      "run", folder.path("m"), "--prefix", "model.\(cell).", "--cell", cell.rawValue, "--input",
      folder.path("x.npy"), "--output", folder.path("y.npy"),
    ])
    #expect(process.status == 0, "\(process.errors)")
    let output: Tensor<Float> = try NumPyFile(path: folder.path("y.npy")).tensor()
    let parameters: StateDictionary<Float> = try SafetensorsFile(path: folder.path("m"))
      .stateDictionary(prefix: "model.\(cell).")
    let expected =
      switch cell {
      case .rnn: try RNN(stateDictionary: parameters)(input).output
      case .lstm: try LSTM(stateDictionary: parameters)(input).output
      case .gru: try GRU(stateDictionary: parameters)(input).output
      }
    expectBitwiseEqual(output, expected, "\(cell)")
  }

  private func epoch() -> Int { (try? Checkpoint<Float>(path: folder.path("killed")))?.epoch ?? 0 }

  private func waitForEpoch(after last: Int, of process: Process) {
    while process.isRunning, epoch() <= last { Thread.sleep(forTimeInterval: 0.001) }
  }

  @Test("a finished training is not trained again, and one that is not there begins")
  func finished() throws {
    let first = try ToolProcess(arguments("m") + ["--resume"])
    #expect(first.status == 0 && first.errors.contains("is not there yet"))
    let (model, forecast) = try (bytes("m"), bytes("m.csv"))
    let second = try ToolProcess(arguments("m") + ["--resume"])
    #expect(second.status == 0, "\(second.errors)")
    #expect(second.errors == "resumed after epoch 10 of 10\n")
    #expect(try bytes("m") == model)
    #expect(try bytes("m.csv") == forecast)
  }

  @Test("an option that differs is named, and the file stays as it is")
  func otherOptions() throws {
    #expect(try ToolProcess(arguments("m")).status == 0)
    let model = try bytes("m")
    for (option, value, saved) in [
      ("--column", "w", "v"), ("--horizon", "4", "3"), ("--window", "6", "5"), ("--hidden-size", "5", "4"),
      ("--layers", "1", "2"), ("--epochs", "11", "10"), ("--seed", "4", "3"), ("--validation", "0.3", "0.2"),
      ("--season", "7", "1"), ("--cell", "gru", "rnn"),
    ] {
      let process = try ToolProcess(arguments("m", [option: value]) + ["--resume"])
      #expect(process.status == 1)
      #expect(
        process.errors.contains(
          "\(option): expected \"\(saved)\", as in \(folder.path("m")), got \"\(value)\""),
        "\(process.errors)")
    }
    var other = Self.values
    other[30] = other[30].nextUp
    try write(other)
    let process = try ToolProcess(arguments("m") + ["--resume"])
    #expect(
      process.status == 1 && process.errors.contains("SERIES: expected \"60 values"), "\(process.errors)")
    #expect(try bytes("m") == model)
  }

  @Test("a file that is no training is refused")
  func otherFiles() throws {
    var generator = SeededGenerator(seed: 1)
    let layer = Linear<Float>(inputSize: 2, outputSize: 1, using: &generator)
    try SafetensorsFile.write(layer.stateDictionary, toPath: folder.path("weights"))
    try Checkpoint(model: layer, optimizer: Adam<Float>(), generator: generator, epoch: 1)
      .write(toPath: folder.path("other"))
    try Data("text".utf8).write(to: URL(fileURLWithPath: folder.path("text")))
    for name in ["weights", "other", "text"] {
      let before = try bytes(name)
      let process = try ToolProcess(arguments(name) + ["--resume"])
      #expect(process.status == 1 && process.errors.contains(folder.path(name)), "\(process.errors)")
      #expect(try bytes(name) == before)
    }
  }

  @Test(
    "a saved transform over more steps than any season is none",
    arguments: [-1, 0.5, 1e6, 0x1.fffffffffffffp62])
  func otherTransforms(lag: Double) throws {
    let numbers = SeriesTransform(usesLogarithm: false, lag: 12).numbers
    #expect(try SeriesTransform(savedIn: numbers).lag == 12)
    #expect(throws: RecurrentError.self) {
      try SeriesTransform(savedIn: numbers.merging(["transform.lag": lag]) { $1 })
    }
  }
}

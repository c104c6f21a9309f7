import Foundation
import Recurrent
import RecurrentTestSupport
import Testing

@Suite("recurrent info")
struct InfoCommandTests {
  @Test("names the version, the backends and the instruction sets")
  func names() throws {
    let process = try ToolProcess(["info"])
    #expect(process.status == 0, "\(process.errors)")
    let words =
      [PackageVersion.current] + Backend.available.map(\.rawValue)
      + InstructionSet.available.map(\.rawValue)
    for word in words { #expect(process.output.contains(word)) }
    if let core = OpenBLASLibrary.coreName { #expect(process.output.contains("core \(core)")) }
  }

  @Test("follows the environment, and refuses what cannot be honoured")
  func followsEnvironment() throws {
    let narrowest = try #require(InstructionSet.available.first)
    let process = try ToolProcess(
      ["info"],
      environment: [
        "RECURRENT_INSTRUCTIONS": narrowest.rawValue, "RECURRENT_THREADS": "3",
        "RECURRENT_BACKEND": "swift",
      ])
    #expect(process.output.contains("picked \(narrowest.rawValue)"))
    #expect(process.output.contains("threads:       3"))
    #expect(process.output.contains("chosen: swift"))
    for name in ["RECURRENT_INSTRUCTIONS", "RECURRENT_THREADS", "RECURRENT_BACKEND"] {
      let refused = try ToolProcess(["info"], environment: [name: "nonsense"])
      #expect(refused.status == 1)
      #expect(refused.errors.contains(name) && refused.errors.contains("nonsense"))
    }
  }
}

@Suite("recurrent bench")
struct BenchCommandTests {
  /// The numbers of a row, decoded to the bits that were written.
  private struct Row: Decodable {
    var cell: String
    var backend: String
    var pass: String
    var sequenceLength: Int
    var layers: Int
    var medianSeconds: Double
    var minimumSeconds: Double
    var medianOperations: Double
    var gigaflopsPerSecond: Double
    var shareOfPeak: Double
    var limitSeconds: Double
    var shareOfLimit: Double
    var greatestDifference: Double
    var peakGigaflopsPerSecond: Double
    var bandwidthGigabytesPerSecond: [String: Double]
    var recurrentWeightsGigabytesPerSecond: Double
    var p99Seconds: Double?
    var p999Seconds: Double?
    var clockSeconds: Double?
    var weights: String?
    var differenceOfWeights: Double?
  }

  /// The fields of every row.
  private static let fields: Set = [
    "cell", "backend", "instructions", "threads", "sequenceLength", "batchSize", "inputSize", "hiddenSize",
    "layers", "pass", "medianSeconds", "minimumSeconds", "medianOperations", "gigaflopsPerSecond",
    "shareOfPeak", "greatestDifference", "limitSeconds", "shareOfLimit", "peakGigaflopsPerSecond",
    "bandwidthGigabytesPerSecond", "recurrentWeightsGigabytesPerSecond",
  ]

  /// The rows of one JSON object on each line, which has these fields and no other.
  private func rows(_ output: String, fields: Set<String>) throws -> [Row] {
    try output.split(separator: "\n").map { Data($0.utf8) }.map { line in
      let object = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
      #expect(Set(object.keys) == fields)
      return try JSONDecoder().decode(Row.self, from: line)
    }
  }

  @Test(
    "prints one JSON object with all fields for each backend, of every cell and pass",
    arguments: [("rnn", 1.0), ("lstm", 4), ("gru", 3)], ["forward", "training"])
  func printsJSON(cell: (name: String, gates: Double), pass: String) throws {
    let process = try ToolProcess([
      "bench", "--cell", cell.name, "--sequence-length", "5", "--batch-size", "2", "--input-size", "3",
      "--hidden-size", "4", "--layers", "2", "--pass", pass, "--backend", "all",
      "--threads", "1", "--seconds", "0.01", "--json",
    ])
    #expect(process.status == 0, "\(process.errors)")
    let rows = try rows(process.output, fields: Self.fields)
    #expect(rows.map(\.backend) == Backend.available.map(\.rawValue))
    for row in rows {
      #expect(row.cell == cell.name && row.pass == pass && row.layers == 2 && row.sequenceLength == 5)
      #expect(row.minimumSeconds > 0 && row.medianSeconds >= row.minimumSeconds)
      // 2·T·B·G·H·(I + H + 2H), the second layer's input being the first one's output; three such
      // products in training.
      let operations = 2.0 * 5 * 2 * cell.gates * 4 * (3 + 4 + 8) * (pass == "training" ? 3 : 1)
      let expected = operations / row.medianSeconds / 1e9
      let bound = Tolerance.sumBound(termCount: 6, magnitude: expected, Double.self)
      #expect((row.gigaflopsPerSecond - expected).magnitude <= bound)
      #expect(row.shareOfPeak > 0 && row.shareOfPeak < 1)
      #expect(row.greatestDifference < 1e-5)
      checkLimit(row, gates: cell.gates)
    }
  }

  @Test(
    "times single steps, of all cells, with percentiles of them all",
    arguments: [("rnn", 1.0), ("lstm", 4), ("gru", 3)], ["stream", "pool"])
  func steps(cell: (name: String, gates: Double), pass: String) throws {
    let process = try ToolProcess([
      "bench", "--cell", cell.name, "--sequence-length", "5", "--batch-size", "2", "--input-size", "3",
      "--hidden-size", "4", "--layers", "2", "--pass", pass, "--seconds", "0.05", "--json",
    ])
    #expect(process.status == 0, "\(process.errors)")
    let rows = try rows(
      process.output, fields: Self.fields.union(["p99Seconds", "p999Seconds", "clockSeconds"]))
    #expect(rows.map(\.backend) == Backend.available.map(\.rawValue))
    for row in rows {
      #expect(row.cell == cell.name && row.pass == pass && row.sequenceLength == 5)
      #expect(row.minimumSeconds > 0 && row.medianSeconds >= row.minimumSeconds)
      let (p99, p999) = (try #require(row.p99Seconds), try #require(row.p999Seconds))
      #expect(p99 >= row.minimumSeconds && p999 >= p99)
      let clock = try #require(row.clockSeconds)
      #expect(clock > 0 && clock < 1e-3)
      // One step of both layers, and all their weights.
      let operations = 2.0 * 2 * cell.gates * 4 * (3 + 4 + 8)
      let bound = Tolerance.sumBound(termCount: 6, magnitude: row.gigaflopsPerSecond, Double.self)
      #expect((row.gigaflopsPerSecond - operations / row.medianSeconds / 1e9).magnitude <= bound)
      let expected = max(
        operations / row.peakGigaflopsPerSecond,
        4 * cell.gates * 4 * (3 + 4 + 8) / row.recurrentWeightsGigabytesPerSecond)
      let limitBound = Tolerance.sumBound(termCount: 6, magnitude: expected, Double.self)
      #expect((row.limitSeconds * 1e9 - expected).magnitude <= limitBound)
      #expect(row.greatestDifference < 1e-5)
    }
  }

  @Test("rounds weights, and prints what that changes", arguments: ["bfloat16", "int8"])
  func weights(format: String) throws {
    let arguments = [
      "bench", "--cell", "lstm", "--sequence-length", "3", "--batch-size", "1", "--input-size", "200",
      "--hidden-size", "200", "--seconds", "0.01", "--weights", format,
    ]
    let process = try ToolProcess(arguments + ["--json"])
    #expect(process.status == 0, "\(process.errors)")
    for row in try rows(process.output, fields: Self.fields.union(["weights", "differenceOfWeights"])) {
      #expect(row.weights == format)
      let difference = try #require(row.differenceOfWeights)
      // 400 weights of half a step or less, below 1/√200 each.
      #expect(difference > row.greatestDifference && difference < 0.1)
    }
    let table = try ToolProcess(arguments)
    #expect(table.status == 0, "\(table.errors)")
    let lines = table.output.split(separator: "\n")
    #expect(lines[1].hasSuffix("of \(format)"))
    for line in lines.dropFirst(2) { #expect(line.count == lines[1].count) }
  }

  @Test("prints a table of steps, of one row and of 1000 sessions if none are named")
  func printsSteps() throws {
    for (pass, rows) in [("stream", "1"), ("pool", "1000")] {
      let process = try ToolProcess(["bench", "--pass", pass, "--hidden-size", "8", "--seconds", "0.01"])
      #expect(process.status == 0, "\(process.errors)")
      let lines = process.output.split(separator: "\n")
      #expect(lines.count == 3 + Backend.available.count)
      #expect(lines[1].hasPrefix("a reading of the clock: ") && lines[1].contains(" ns"))
      #expect(lines[2].contains("p99 µs") && lines[2].contains("p99.9 µs"))
      for line in lines.dropFirst(3) {
        #expect(line.count == lines[2].count)
        #expect(line.split(separator: " ")[4] == rows)
      }
    }
  }

  /// That the limit of T 5, B 2, I 3, H 4, L 2 follows from the row's own roofline.
  private func checkLimit(_ row: Row, gates: Double) {
    let peak = row.peakGigaflopsPerSecond * 1e9
    let levels = row.bandwidthGigabytesPerSecond
    #expect(levels.count >= 2 && levels.values.allSatisfy { $0 > 0 })
    // 64·G bytes lie in the nearest cache.
    #expect(row.recurrentWeightsGigabytesPerSecond == levels["L1"])
    let input = 2.0 * 5 * 2 * gates * 4 * (3 + 4) / peak
    let product = 2 * 2 * gates * 4 * 4 / peak
    let step = max(product, gates * 64 / (row.recurrentWeightsGigabytesPerSecond * 1e9))
    // In training the weights are read in the backward pass too; the gradients of all weights and the
    // input wait for no step.
    let expected =
      row.pass == "training" ? 3 * input + 5 * 2 * (2 * step + product) : input + 5 * 2 * step
    let bound = Tolerance.sumBound(termCount: 16, magnitude: expected, Double.self)
    #expect((row.limitSeconds - expected).magnitude <= bound)
    let share = row.shareOfLimit
    // A quotient and two products, and the peak in GFLOP/s and back, here; a quotient and a product
    // there.
    let rounding = Tolerance.sumBound(termCount: 6, magnitude: share, Double.self)
    #expect((share - row.limitSeconds * peak / row.medianOperations).magnitude <= rounding)
    // What it could have done in that time is no more than its best speed allows.
    let most = row.medianSeconds * peak
    #expect(
      row.medianOperations > 0
        && row.medianOperations <= most + Tolerance.sumBound(termCount: 6, magnitude: most, Double.self))
  }

  @Test("prints a table without --json")
  func printsTable() throws {
    let process = try ToolProcess(["bench", "--hidden-size", "8", "--seconds", "0.01"])
    #expect(process.status == 0, "\(process.errors)")
    #expect(process.output.split(separator: "\n").count == 2 + Backend.available.count)
    let lines = process.output.split(separator: "\n")
    #expect(lines[0].hasPrefix("multiply-add peak: "))
    #expect(lines[0].contains(" GFLOP/s, read bandwidth: L1 ") && lines[0].contains(", memory "))
    #expect(lines[0].hasSuffix(" GB/s, on 1 thread"))
    #expect(lines[1].contains("peak") && lines[1].contains("limit"))
    // The lines under the titles are as wide as these.
    #expect(lines.dropFirst(2).allSatisfy { $0.count == lines[1].count })
  }

  @Test(
    "ends with 64 on wrong usage",
    arguments: [
      ["--hidden-size", "0"], ["--batch-size", "-1"], ["--cell", "mlp"], ["--seconds", "0"],
      ["--seconds", "nan"], ["--threads", "0"], ["--backend", "mkl"], ["--pass", "sideways"],
      ["--hidden-size", "1000000"], ["--cell", "lstm", "--hidden-size", "20000"],
      ["--pass", "stream", "--threads", "2"],
    ])
  func refusesUsage(arguments: [String]) throws {
    let process = try ToolProcess(["bench"] + arguments)
    #expect(process.status == 64)
    #expect(process.output.isEmpty && !process.errors.isEmpty)
  }
}

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
  @Test("prints one JSON object with all fields for each backend")
  func printsJSON() throws {
    let process = try ToolProcess([
      "bench", "--cell", "rnn", "--sequence-length", "5", "--batch-size", "2", "--input-size", "3",
      "--hidden-size", "4", "--layers", "2", "--pass", "forward", "--backend", "all",
      "--threads", "1", "--seconds", "0.01", "--json",
    ])
    #expect(process.status == 0, "\(process.errors)")
    let rows = try process.output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(rows.count == Backend.available.count)
    #expect(rows.compactMap { $0["backend"] as? String } == Backend.available.map(\.rawValue))
    for row in rows {
      #expect(
        Set(row.keys) == [
          "cell", "backend", "instructions", "threads", "sequenceLength", "batchSize", "inputSize",
          "hiddenSize", "layers", "pass", "medianSeconds", "minimumSeconds", "medianOperations",
          "gigaflopsPerSecond",
          "shareOfPeak", "greatestDifference", "limitSeconds", "shareOfLimit",
          "peakGigaflopsPerSecond", "bandwidthGigabytesPerSecond",
          "recurrentWeightsGigabytesPerSecond",
        ])
      #expect(row["layers"] as? Int == 2 && row["sequenceLength"] as? Int == 5)
      let median = try #require(row["medianSeconds"] as? Double)
      let minimum = try #require(row["minimumSeconds"] as? Double)
      #expect(minimum > 0 && median >= minimum)
      let speed = try #require(row["gigaflopsPerSecond"] as? Double)
      // 2·T·B·H·(I + H + 2H), the second layer's input being the first one's output.
      let expected = 2.0 * 5 * 2 * 4 * (3 + 4 + 8) / median / 1e9
      #expect((speed - expected).magnitude <= 1e-9 * expected)
      let share = try #require(row["shareOfPeak"] as? Double)
      #expect(share > 0 && share < 1)
      let difference = try #require(row["greatestDifference"] as? Double)
      #expect(difference < 1e-5)
      try checkLimit(row, median: median)
    }
  }

  /// That the limit of T 5, B 2, I 3, H 4, L 2 follows from the row's own roofline.
  private func checkLimit(_ row: [String: Any], median: Double) throws {
    let peak = try #require(row["peakGigaflopsPerSecond"] as? Double)
    let levels = try #require(row["bandwidthGigabytesPerSecond"] as? [String: Double])
    #expect(levels.count >= 2 && levels.values.allSatisfy { $0 > 0 })
    let bandwidth = try #require(row["recurrentWeightsGigabytesPerSecond"] as? Double)
    // 64 bytes lie in the nearest cache.
    #expect(bandwidth == levels["L1"])
    let limit = try #require(row["limitSeconds"] as? Double)
    let input = 2.0 * 5 * 2 * 4 * (3 + 4) / (peak * 1e9)
    let step = max(2 * 2 * 4 * 4 / (peak * 1e9), 64 / (bandwidth * 1e9))
    let expected = input + 5 * 2 * step
    let bound = Tolerance.sumBound(termCount: 16, magnitude: expected, Double.self)
    #expect((limit - expected).magnitude <= bound)
    let share = try #require(row["shareOfLimit"] as? Double)
    let rounding = Tolerance.sumBound(termCount: 4, magnitude: share, Double.self)
    let operations = try #require(row["medianOperations"] as? Double)
    #expect((share - limit * peak * 1e9 / operations).magnitude <= rounding)
    // What it could have done in that time is no more than its best speed allows, but for noise.
    #expect(operations > 0 && operations < 2 * median * peak * 1e9)
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
      ["--hidden-size", "1000000"],
    ])
  func refusesUsage(arguments: [String]) throws {
    let process = try ToolProcess(["bench"] + arguments)
    #expect(process.status == 64)
    #expect(process.output.isEmpty && !process.errors.isEmpty)
  }
}

import Foundation
import RecurrentTestSupport
import Testing

@testable import RecurrentTool

@Suite struct RooflineTests {
  /// 1000 operations each second; the bandwidths of the levels play no part in a limit.
  static let roofline = Roofline(
    threads: 1, operationsPerSecond: 1000, levels: [.init(name: "L1", bytesPerSecond: 64)])
  /// Input products: 2·2·3·5·(4 + 5) = 540 operations. Each of 2·2 recurrent products: 2·3·25 = 150
  /// operations and 100 bytes.
  static let shape = BenchShape(steps: 2, rows: 3, inputSize: 4, hiddenSize: 5, layerCount: 2)

  @Test("the limit is the operations' where the weights come faster than they are used")
  func operations() {
    let seconds = Self.roofline.leastSeconds(Self.shape, weightBytesPerSecond: 1000)
    expectEqual(seconds, 0.54 + 4 * 0.15)
    expectEqual(seconds, Self.shape.operations(of: .forward) / 1000)
  }

  @Test("the limit is the weights' at each step where they come slower, and never for the input product")
  func bytes() {
    expectEqual(Self.roofline.leastSeconds(Self.shape, weightBytesPerSecond: 10), 0.54 + 4 * 10)
    // Where both take equally long, 100 bytes in 0.15 s.
    expectEqual(
      Self.roofline.leastSeconds(Self.shape, weightBytesPerSecond: 100 / 0.15), 0.54 + 0.6)
  }

  @Test(
    "the limit of one time step has the operations of one, and all weights",
    arguments: [BenchPass.stream, .pool])
  func steps(pass: BenchPass) {
    // 2·3·5·(4 + 5) + 2·3·5·(5 + 5) operations, and 4·5·(4 + 5 + 5 + 5) bytes.
    #expect(Self.shape.operations(of: pass) == 570 && Self.shape.repeatedWeightBytes(of: pass) == 380)
    let fast = Self.roofline.leastSeconds(of: pass, Self.shape, weightBytesPerSecond: 1000)
    expectEqual(fast, 0.57)
    let slow = Self.roofline.leastSeconds(of: pass, Self.shape, weightBytesPerSecond: 10)
    expectEqual(slow, 38)
  }

  @Test("the limit of one row of a large layer, with the figures of a real processor")
  func streaming() {
    let roofline = Roofline(threads: 1, operationsPerSecond: 117e9, levels: [])
    let shape = BenchShape(steps: 100, rows: 1, inputSize: 256, hiddenSize: 256, layerCount: 1)
    // 100·(131072 / 117 GFLOP/s + 262144 / 111 GB/s) = 112.0 µs + 236.2 µs
    let seconds = roofline.leastSeconds(shape, weightBytesPerSecond: 111e9)
    #expect((seconds * 1e7).rounded() == 3482)
  }

  @Test("gates multiply operations and weights alike", arguments: [(CellKind.lstm, 4.0), (.gru, 3.0)])
  func gates(cell: CellKind, count: Double) {
    for pass in [BenchPass.forward, .training] {
      let (plain, gated) = (Self.shape, Self.shape.of(cell))
      #expect(gated.operations(of: pass) == count * plain.operations(of: pass))
      #expect(Double(gated.recurrentWeightBytes) == count * Double(plain.recurrentWeightBytes))
      for bandwidth in [10.0, 1000] {
        expectEqual(
          Self.roofline.leastSeconds(of: pass, gated, weightBytesPerSecond: bandwidth),
          count * Self.roofline.leastSeconds(of: pass, plain, weightBytesPerSecond: bandwidth))
      }
    }
  }

  @Test("the line tells the peak, each level and the threads")
  func line() {
    #expect(
      Self.roofline.line
        == "multiply-add peak: 0.0 GFLOP/s, read bandwidth: L1 0 GB/s, on 1 thread")
    let roofline = Roofline(
      threads: 2, operationsPerSecond: 111.24e9,
      levels: [
        .init(name: "L1", bytesPerSecond: 198.4e9), .init(name: "memory", bytesPerSecond: 19.6e9),
      ])
    #expect(
      roofline.line
        == "multiply-add peak: 111.2 GFLOP/s, read bandwidth: L1 198, memory 20 GB/s, on 2 threads")
  }

  @Test("each level has a buffer that it holds and the one before does not, and memory the largest")
  func probes() {
    func bytes(_ caches: [DataCache]) -> [Int] { ReadMeasurement.probes(for: caches).map(\.byteCount) }
    let zen = [
      DataCache(level: 1, byteCount: 32 << 10), DataCache(level: 2, byteCount: 512 << 10),
      DataCache(level: 3, byteCount: 32 << 20),
    ]
    #expect(bytes(zen) == [16 << 10, 256 << 10, 4 << 20, 128 << 20])
    #expect(ReadMeasurement.probes(for: zen).map(\.name) == ["L1", "L2", "L3", "memory"])
    let apple = [DataCache(level: 1, byteCount: 128 << 10), DataCache(level: 2, byteCount: 16 << 20)]
    #expect(bytes(apple) == [64 << 10, 1 << 20, 64 << 20])
    // Not a whole number of blocks, and a cache that no buffer of 512 MiB exceeds.
    let odd = [DataCache(level: 1, byteCount: 48_000), DataCache(level: 3, byteCount: 1 << 30)]
    #expect(bytes(odd) == [23_552, 384_000 / 512 * 512, 512 << 20])
    #expect(bytes([]) == [64 << 20])
  }

  @Test("a smaller buffer is never slower than a level's larger one, nor is the nearest level exceeded")
  func readMeasurement() {
    let reads = ReadMeasurement(caches: DataCache.common)
    #expect(reads.levels.count == 4)
    #expect(reads.levels.allSatisfy { $0.bytesPerSecond > 0 && $0.bytesPerSecond.isFinite })
    #expect(reads.bytesPerSecond(reading: 4) == reads.levels[0].bytesPerSecond)
    #expect(reads.bytesPerSecond(reading: 16 << 10) == reads.levels[0].bytesPerSecond)
    #expect(reads.bytesPerSecond(reading: 1 << 20) >= reads.levels[2].bytesPerSecond)
    #expect(reads.bytesPerSecond(reading: 1 << 40) == reads.levels[3].bytesPerSecond)
  }

  private func expectEqual(
    _ seconds: Double, _ expected: Double, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let bound = Tolerance.sumBound(termCount: 8, magnitude: expected, Double.self)
    #expect((seconds - expected).magnitude <= bound, sourceLocation: sourceLocation)
  }
}

@Suite struct DataCacheTests {
  @Test("the data caches are read as Linux describes them, from the nearest")
  func reads() throws {
    let folder = try TemporaryFolder()
    try describe(in: folder, 0, "3", "Unified", "32M\n")
    try describe(in: folder, 1, "1", "Instruction", "64K\n")
    try describe(in: folder, 2, "2\n", "Unified\n", "512K\n")
    try describe(in: folder, 3, "1\n", "Data\n", "32768\n")
    #expect(
      DataCache.listed(inFolder: folder.path("")) == [
        DataCache(level: 1, byteCount: 32 << 10), DataCache(level: 2, byteCount: 512 << 10),
        DataCache(level: 3, byteCount: 32 << 20),
      ])
  }

  @Test("what makes no sense is left out")
  func leavesOut() throws {
    let folder = try TemporaryFolder()
    try describe(in: folder, 0, "1", "Data", "32K")
    try describe(in: folder, 1, "2", "Unified", "many")
    try describe(in: folder, 2, "3", "Unified", "16K")
    try describe(in: folder, 3, "4", "Unified", "0K")
    try describe(in: folder, 4, "5", "Unified", "99999999999999999M")
    #expect(
      DataCache.listed(inFolder: folder.path("")) == [DataCache(level: 1, byteCount: 32 << 10)])
    #expect(DataCache.listed(inFolder: folder.path("nowhere")).isEmpty)
  }

  @Test("this machine has at least one data cache, each larger than the one before")
  func thisMachine() {
    let caches = DataCache.ofThisMachine
    #expect(!caches.isEmpty)
    #expect(zip(caches, caches.dropFirst()).allSatisfy { $0.byteCount < $1.byteCount })
  }

  private func describe(
    in folder: TemporaryFolder, _ index: Int, _ level: String, _ type: String, _ size: String
  ) throws {
    let path = folder.path("index\(index)")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, text) in [("level", level), ("type", type), ("size", size)] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }
  }
}

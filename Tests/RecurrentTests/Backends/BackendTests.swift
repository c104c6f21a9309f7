import Testing

@testable import Recurrent

@Suite struct BackendTests {
  @Test("the Swift backend is always available, OpenBLAS where it is linked")
  func available() {
    #expect(Backend.available.contains(.swift) && !Backend.available.contains(.automatic))
    #expect(Backend.available.contains(.openBLAS) == OpenBLASLibrary.isLinked)
    #expect((OpenBLASLibrary.coreName != nil) == OpenBLASLibrary.isLinked)
    #expect((OpenBLASLibrary.configuration != nil) == OpenBLASLibrary.isLinked)
    #expect((OpenBLASLibrary.threadCount != nil) == OpenBLASLibrary.isLinked)
  }

  @Test("a named backend is itself, whatever the shape")
  func named() {
    for rows in [1, 100] {
      #expect(Backend.swift.resolved(rows: rows, depth: 512, instructions: .sse2) == .swift)
      #expect(Backend.openBLAS.resolved(rows: rows, depth: 8, instructions: .avx2) == .openBLAS)
    }
  }

  @Test("the automatic backend follows the table of the documentation")
  func automatic() {
    let library: Backend = OpenBLASLibrary.isLinked ? .openBLAS : .swift
    for (rows, depth) in [(1, 16), (1, 2048), (16, 128), (128, 2048)] {
      for set in [InstructionSet.avx2, .avx512, .neon] {
        #expect(Backend.automatic.resolved(rows: rows, depth: depth, instructions: set) == .swift)
      }
    }
    let narrow: [(Int, Int, Backend)] = [
      (1, 16, .swift), (1, 2048, .swift), (3, 512, .swift), (4, 63, .swift), (4, 64, library),
      (64, 512, library),
    ]
    for (rows, depth, expected) in narrow {
      #expect(Backend.automatic.resolved(rows: rows, depth: depth, instructions: .sse2) == expected)
    }
  }

  @Test("OpenBLAS's threads change only when asked, and within limits")
  func threads() throws {
    guard let before = OpenBLASLibrary.threadCount else {
      #expect(throws: RecurrentError.self) { try OpenBLASLibrary.setThreadCount(1) }
      return
    }
    for count in [0, -1, 1025] {
      #expect(throws: RecurrentError.self) { try OpenBLASLibrary.setThreadCount(count) }
    }
    var rnn = RNN<Float>(inputSize: 3, hiddenSize: 4)
    rnn.threadCount = 1
    rnn.backend = .openBLAS
    _ = try rnn(.zeros([2, 3, 3]))
    #expect(OpenBLASLibrary.threadCount == before)
  }

  @Test("a layer takes 1 to 1024 threads", arguments: [0, -1, 1025])
  func layerThreads(count: Int) {
    var rnn = RNN<Float>(inputSize: 3, hiddenSize: 4)
    rnn.threadCount = count
    #expect(
      throws: RecurrentError.invalidSize(
        argument: "threadCount", expected: "1 to 1024", actual: count)
    ) { try rnn(.zeros([2, 3, 3])) }
  }
}

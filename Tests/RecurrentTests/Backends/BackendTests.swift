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
      for depth in [8, 2048] {
        #expect(Backend.swift.resolved(rows: rows, depth: depth, threadCount: 8) == .swift)
        #expect(Backend.openBLAS.resolved(rows: rows, depth: depth, threadCount: 1) == .openBLAS)
      }
    }
  }

  @Test("the automatic backend follows the rule of the documentation")
  func automatic() {
    func resolved(_ rows: Int, _ depth: Int, _ threads: Int, library: Int?) -> Backend {
      Backend.automatic.resolved(
        rows: rows, depth: depth, threadCount: threads, libraryThreadCount: library)
    }
    for (rows, depth) in [(1, 16), (1, 511), (2, 512), (16, 128), (128, 2048)] {
      #expect(resolved(rows, depth, 2, library: 2) == .swift)
    }
    #expect(resolved(1, 512, 2, library: 2) == .openBLAS)
    #expect(resolved(1, 2048, 8, library: 4) == .openBLAS)
    // One thread that is allowed, or one that OpenBLAS has, or no OpenBLAS.
    #expect(resolved(1, 2048, 1, library: 2) == .swift)
    #expect(resolved(1, 2048, 2, library: 1) == .swift)
    #expect(resolved(1, 2048, 2, library: nil) == .swift)
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

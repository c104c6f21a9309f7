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

  @Test("the automatic backend follows the rule of the documentation, a named one is itself")
  func resolution() {
    #expect(Backend.automatic.resolved == .swift)
    #expect(Backend.swift.resolved == .swift)
    #expect(Backend.openBLAS.resolved == .openBLAS)
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

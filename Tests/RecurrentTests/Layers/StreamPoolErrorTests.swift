import RecurrentTestSupport
import Testing

@testable import Recurrent

/// What a pool is not given is an error that says so, after which nothing has happened.
@Suite struct StreamPoolErrorTests {
  private let layer = LSTM<Float>(inputSize: 3, hiddenSize: 5, layerCount: 2, projectionSize: 4)

  /// A pool of three sessions that have been stepped once.
  private func example() throws -> (pool: LSTMStreamPool<Float>, sessions: [RecurrentSession]) {
    let pool = try layer.streamPool()
    let sessions = try (0..<3).map { _ in try pool.join() }
    try pool.step(sessions, .uniform([3, 3], in: -1...1))
    return (pool, sessions)
  }

  private func left(_ session: RecurrentSession, _ argument: String) -> RecurrentError {
    .invalidValue(
      argument: argument, expected: "a session of this pool that has not left", actual: "\(session)")
  }

  @Test("a session that has left, or is another pool's, is never taken for the one in its place")
  func sessions() throws {
    let (pool, sessions) = try example()
    let (other, others) = try example()
    try pool.leave(sessions[1])
    let successor = try pool.join()
    #expect(successor.slot == sessions[1].slot && successor != sessions[1])
    #expect(others[0].slot == sessions[0].slot && others[0] != sessions[0])
    let states = try [sessions[0], successor, sessions[2]].map { try pool.state(of: $0) }
    #expect(pool.contains(sessions[0]) && pool.contains(successor))
    for session in [sessions[1], others[0], others[2]] {
      #expect(!pool.contains(session))
      #expect(throws: left(session, "session")) { try pool.leave(session) }
      #expect(throws: left(session, "session")) { try pool.reset(session) }
      #expect(throws: left(session, "session")) { _ = try pool.state(of: session) }
      #expect(throws: left(session, "sessions[1]")) {
        try pool.step([sessions[0], session], .zeros([2, 3]))
      }
    }
    #expect(try [sessions[0], successor, sessions[2]].map { try pool.state(of: $0) } == states)
    #expect(pool.count == 3 && other.count == 3)
    // One that a pool without sessions has no slot for.
    let empty = try layer.streamPool()
    #expect(throws: left(others[2], "session")) { try empty.leave(others[2]) }
    #expect(empty.count == 0)
  }

  @Test("a tick that has a session twice steps none")
  func twice() throws {
    let (pool, sessions) = try example()
    let states = try sessions.map { try pool.state(of: $0) }
    let expected = RecurrentError.invalidValue(
      argument: "sessions[3]", expected: "another session than sessions[1]", actual: "\(sessions[2])")
    #expect(throws: expected) {
      try pool.step([sessions[0], sessions[2], sessions[1], sessions[2]], .zeros([4, 3]))
    }
    #expect(try sessions.map { try pool.state(of: $0) } == states)
    // The next tick has them all.
    try pool.step(sessions, .zeros([3, 3]))
  }

  @Test("another number of scalars steps nothing and writes nothing")
  func sizes() throws {
    let (pool, sessions) = try example()
    let states = try sessions.map { try pool.state(of: $0) }
    for (inputCount, outputCount, argument, features) in [
      (8, 12, "inputs", 3), (9, 11, "outputs", 4), (0, 12, "inputs", 3), (9, 0, "outputs", 4),
    ] {
      let input = [Float](repeating: 1, count: inputCount)
      var output = [Float](repeating: 7, count: outputCount)
      do {
        var target = output.mutableSpan
        try pool.step(sessions.span, input.span, into: &target)
        Issue.record("took another size")
      } catch {
        #expect(
          error
            == .invalidSize(
              argument: argument, expected: "3 rows of \(features) scalars",
              actual: argument == "inputs" ? inputCount : outputCount))
      }
      #expect(output.allSatisfy { $0 == 7 })
    }
    #expect(throws: RecurrentError.shapeMismatch(argument: "inputs", expected: "[3, 3]", actual: [3, 4])) {
      try pool.step(sessions, .zeros([3, 4]))
    }
    #expect(try sessions.map { try pool.state(of: $0) } == states)
  }

  @Test("states of other shapes are refused")
  func states() throws {
    let (pool, sessions) = try example()
    let before = try pool.state(of: sessions[0])
    #expect(before.hidden.shape == [2, 1, 4] && before.cell.shape == [2, 1, 5])
    let wrong = [
      (
        LSTMState<Float>(hidden: .zeros([2, 1, 5]), cell: .zeros([2, 1, 5])),
        RecurrentError.shapeMismatch(argument: "state.hidden", expected: "[2, 1, 4]", actual: [2, 1, 5])
      ),
      (
        LSTMState<Float>(hidden: .zeros([2, 1, 4]), cell: .zeros([2, 2, 5])),
        RecurrentError.shapeMismatch(argument: "state.cell", expected: "[2, 1, 5]", actual: [2, 2, 5])
      ),
    ]
    for (state, expected) in wrong {
      #expect(throws: expected) { _ = try pool.join(from: state) }
      #expect(throws: expected) { try pool.reset(sessions[0], to: state) }
    }
    #expect(try pool.state(of: sessions[0]) == before)
    #expect(pool.count == 3)
  }

  @Test("a layer that cannot be stepped makes no pool")
  func layers() throws {
    let both = GRU<Float>(inputSize: 2, hiddenSize: 5, directions: .bidirectional)
    let expected = RecurrentError.invalidValue(
      argument: "directions", expected: "a layer that reads forward, for steps that arrive one by one",
      actual: "bidirectional")
    #expect(throws: expected) { _ = try both.streamPool() }
    #expect(throws: RecurrentError.self) { _ = try RNN<Float>(inputSize: 0, hiddenSize: 5).streamPool() }
    var tooMany = layer
    tooMany.threadCount = 0
    #expect(throws: RecurrentError.invalidSize(argument: "threadCount", expected: "1 to 1024", actual: 0)) {
      _ = try tooMany.streamPool()
    }
  }

  @Test(
    "more sessions than can be counted, or than there is memory for, are refused",
    arguments: [-1, .max, 1 << 31])
  func capacity(count: Int) throws {
    let (pool, sessions) = try example()
    #expect {
      try pool.reserveCapacity(count)
    } throws: {
      guard case .invalidSize("sessions", _, count) = $0 as? RecurrentError else { return false }
      return true
    }
    try pool.reserveCapacity(0)
    try pool.reserveCapacity(100)
    try pool.step(sessions, .zeros([3, 3]))
    #expect(pool.count == 3)
  }
}

import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Every session of a pool has the bits of a stream of its own.
@Suite struct StreamPoolTests {
  /// One session, beside the stream that does the same.
  private final class Twin<State: RecurrentState> {
    let session: RecurrentSession
    var stream: RecurrentStream<State>

    init(_ session: RecurrentSession, _ stream: consuming RecurrentStream<State>) {
      self.session = session
      self.stream = stream
    }
  }

  private static func execution(threadCount: Int) -> Execution {
    var execution = Execution(backend: .swift, threadCount: threadCount)
    execution.forcesThreads = true
    return execution
  }

  /// Draws a history: sessions join, leave, are reset and saved, and any of them are stepped.
  private func checkHistory<Layer: RecurrentLayer>(
    of layer: Layer, threadCount: Int, events: Int, joiningAtOnce: Int, seed: UInt64
  ) throws {
    typealias Scalar = Layer.Scalar
    var layer = layer
    layer.backend = .swift
    var generator = SeededGenerator(seed: seed)
    let pool = try layer.streamPool(execution: Self.execution(threadCount: threadCount))
    var twins: [Twin<Layer.State>] = []
    func drawnState() -> Layer.State? {
      guard Bool.random(using: &generator) else { return nil }
      let (stack, layers) = (layer._core.stack, layer.layerCount)
      return Layer.State(
        hidden: .uniform([layers, 1, stack.stateSize], in: -1...1, using: &generator),
        cellState: stack.kind.carriesMemory
          ? .uniform([layers, 1, stack.hiddenSize], in: -1...1, using: &generator) : nil)
    }
    func check(_ twin: Twin<Layer.State>, _ event: Int) throws {
      let (actual, expected) = (try pool.state(of: twin.session), twin.stream.state)
      let context = "state of \(twin.session) at event \(event), \(layer), \(threadCount) threads"
      expectBitwiseEqual(actual.hidden, expected.hidden, context)
      #expect((actual.cellState == nil) == (expected.cellState == nil))
      if let a = actual.cellState, let b = expected.cellState { expectBitwiseEqual(a, b, context) }
    }
    for event in 0..<events {
      switch Int.random(in: 0..<8, using: &generator) {
      case 0:
        for _ in 0..<Int.random(in: 1...joiningAtOnce, using: &generator) {
          let state = drawnState()
          twins.append(Twin(try pool.join(from: state), try layer.stream(from: state)))
        }
      case 1:
        for _ in 0..<min(Int.random(in: 1...joiningAtOnce, using: &generator), twins.count / 2) {
          let twin = twins.remove(at: Int.random(in: twins.indices, using: &generator))
          try check(twin, event)
          try pool.leave(twin.session)
          #expect(throws: RecurrentError.self) { _ = try pool.state(of: twin.session) }
        }
      case 2:
        guard let twin = twins.randomElement(using: &generator) else { continue }
        let state = drawnState()
        try pool.reset(twin.session, to: state)
        try twin.stream.reset(to: state)
      default:
        let count = Int.random(in: 0...twins.count, using: &generator)
        let stepped = twins.shuffled(using: &generator).prefix(count)
        let x = Tensor<Scalar>.normal([count, layer.inputSize], using: &generator)
        let y = try pool.step(stepped.map(\.session), x)
        for (row, twin) in stepped.enumerated() {
          let expected = try twin.stream.step(x[row].reshaped(to: [1, layer.inputSize]))
          expectBitwiseEqual(
            y[row], expected[0],
            "row \(row) of \(count) at event \(event), \(layer), \(threadCount) threads")
        }
      }
      #expect(pool.count == twins.count)
    }
    for twin in twins { try check(twin, events) }
  }

  @Test(
    "in any history, of every layer and any number of threads",
    arguments: SequenceLayer<Float>.Kind.allCases, 1...3)
  func histories(kind: SequenceLayer<Float>.Kind, layerCount: Int) throws {
    for threadCount in [1, 2] {
      let seed = UInt64(10 * layerCount + threadCount)
      try checkHistory(
        of: SequenceLayer<Float>(kind, inputSize: 9, hiddenSize: 37, layerCount: layerCount).layer,
        threadCount: threadCount, events: 60, joiningAtOnce: 30, seed: seed)
      let other = SequenceLayer<Double>.Kind(rawValue: kind.rawValue) ?? .rnn
      try checkHistory(
        of: SequenceLayer<Double>(other, inputSize: 3, hiddenSize: 10, layerCount: layerCount).layer,
        threadCount: threadCount, events: 60, joiningAtOnce: 30, seed: seed + 5)
    }
  }

  @Test("with zoneout, with weights in fewer bits, and of a custom cell that carries no cell state")
  func otherCells() throws {
    var generator = SeededGenerator(seed: 4)
    let zoneout = Zoneout(hidden: 0.1, memory: 0.2)
    try checkHistory(
      of: LSTM<Float>(
        inputSize: 5, hiddenSize: 19, layerCount: 2, zoneout: zoneout, using: &generator),
      threadCount: 2, events: 40, joiningAtOnce: 30, seed: 1)
    try checkHistory(
      of: GRU<Double>(inputSize: 5, hiddenSize: 19, zoneout: 0.1, using: &generator),
      threadCount: 1, events: 40, joiningAtOnce: 30, seed: 2)
    try checkHistory(
      of: LSTM<Float>(inputSize: 5, hiddenSize: 19, using: &generator).converted(to: .int8),
      threadCount: 2, events: 40, joiningAtOnce: 30, seed: 4)
    try checkHistory(
      of: CustomRNN(
        MinimalGatedUnit<Double>(), inputSize: 5, hiddenSize: 19, layerCount: 2, using: &generator),
      threadCount: 2, events: 40, joiningAtOnce: 30, seed: 3)
  }

  @Test("in ticks of every size about those of blocks", arguments: [1, 2])
  func blocks(threadCount: Int) throws {
    let most = PoolTick<Float>.mostRows
    var layer = LSTM<Float>(inputSize: 4, hiddenSize: 12)
    layer.backend = .swift
    for count in [0, 1, 2, 5, 6, 7, most - 1, most, most + 1, 2 * most, 2 * most + 1, 3 * most + 5] {
      let pool = try layer.streamPool(execution: Self.execution(threadCount: threadCount))
      let sessions = try (0..<count).map { _ in try pool.join() }
      var stream = try layer.stream(batchSize: count)
      for step in 0..<2 {
        let x = Tensor<Float>.normal([count, 4])
        expectBitwiseEqual(
          try pool.step(sessions, x), try stream.step(x), "step \(step) of \(count) sessions")
      }
    }
  }

  // Not in `ConcurrencyTests`: ThreadSanitizer does not see that a lock orders the ticks of two tasks
  // and their workers.
  @Test("in many tasks at once, each with sessions of its own", arguments: [1, 2])
  func tasks(threadCount: Int) async throws {
    var generator = SeededGenerator(seed: 7)
    var rnn = RNN<Float>(inputSize: 13, hiddenSize: 140, layerCount: 2, using: &generator)
    rnn.backend = .swift
    let x = Tensor<Float>.normal([8, 4, 13], using: &generator)
    let expected = try rnn(x)
    let pool = try rnn.streamPool(execution: Self.execution(threadCount: threadCount))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask {
          for _ in 0..<4 {
            let sessions = try (0..<4).map { _ in try pool.join() }
            for step in 0..<8 {
              expectBitwiseEqual(
                try pool.step(sessions, x[step]), expected.output[step], "step \(step) of task \(task)")
            }
            for (row, session) in sessions.enumerated() {
              expectBitwiseEqual(
                try pool.state(of: session), expected.finalState.row(row), "state \(row) of task \(task)")
              try pool.leave(session)
            }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(pool.count == 0)
  }

  @Test("10,000 sessions of an LSTM of 64 units")
  func many() throws {
    let (count, size) = (10_000, 64)
    var generator = SeededGenerator(seed: 8)
    var layer = LSTM<Float>(inputSize: 8, hiddenSize: size, using: &generator)
    layer.backend = .swift
    let pool = try layer.streamPool()
    let sessions = try (0..<count).map { _ in try pool.join() }
    #expect(pool.count == count)
    var dense = try layer.stream(batchSize: count)
    for step in 0..<2 {
      let x = Tensor<Float>.normal([count, 8], using: &generator)
      let order = Array(0..<count).shuffled(using: &generator)
      let rows = order.flatMap { x.scalars[($0 * 8)..<($0 * 8 + 8)] }
      let y = try pool.step(order.map { sessions[$0] }, Tensor(unchecked: rows, shape: [count, 8]))
      let expected = try dense.step(x)
      let found = order.enumerated().allSatisfy { row, session in
        y.scalars[(row * size)..<(row * size + size)].elementsEqual(
          expected.scalars[(session * size)..<(session * size + size)], by: haveSameBits)
      }
      #expect(found, "step \(step)")
    }
    for session in sessions { try pool.leave(session) }
    #expect(pool.count == 0)
  }

  @Test("every backend's steps are within the bounds of the definition", arguments: Backend.available)
  func backends(backend: Backend) throws {
    var generator = SeededGenerator(seed: 3)
    var layer = LSTM<Float>(inputSize: 4, hiddenSize: 17, using: &generator)
    layer.backend = backend
    layer.threadCount = 2
    let rows = 70
    let x = Tensor<Float>.normal([3, rows, 4], using: &generator)
    let reference = ReferenceGates(
      .lstm, layer.parameters, input: x.scalars.map { Double($0) }, steps: 3, rows: rows, hidden: nil,
      cell: nil)
    let pool = try layer.streamPool()
    let sessions = try (0..<rows).map { _ in try pool.join() }
    let outputs = try x.map { try pool.step(sessions, $0) }
    expectClose(
      try Tensor.stack(outputs), reference.output.map(\.value), bound: reference.output.map(\.error),
      "\(backend)")
  }

  @Test("a pool keeps the parameters that the layer had")
  func parameters() throws {
    var layer = GRU<Float>(inputSize: 3, hiddenSize: 5)
    layer.backend = .swift
    let pool = try layer.streamPool()
    var stream = try layer.stream()
    layer.parameters[0].weightHH = .zeros([15, 5])
    let session = try pool.join(from: Tensor(repeating: 0.5, shape: [1, 1, 5]))
    try stream.reset(to: Tensor(repeating: 0.5, shape: [1, 1, 5]))
    let x = Tensor<Float>(repeating: 1, shape: [1, 3])
    expectBitwiseEqual(try pool.step([session], x), try stream.step(x), "step")
    expectBitwiseEqual(try pool.state(of: session), stream.state, "state")
  }
}

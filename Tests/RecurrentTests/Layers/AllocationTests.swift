import AllocationCounter
import Testing

@testable import Recurrent

/// What a call allocates does not grow with the sequence, and a step of a stream allocates nothing.
@Suite(.enabled(if: allocations_are_counted())) struct AllocationTests {
  private func allocations(_ body: () throws -> Void) rethrows -> Int {
    let before = allocations_of_this_thread()
    try body()
    return allocations_of_this_thread() - before
  }

  /// What several tries come to. Other tests of the process take large buffers that wait for the
  /// next call, which then allocates more; and workers, without which it allocates less.
  private func counts(_ body: () throws -> Void) rethrows -> Set<Int> {
    Set(try (0..<10).map { _ in try allocations(body) })
  }

  @Test("the counter counts")
  func counter() {
    var array: [Int] = []
    #expect(allocations { array.reserveCapacity(1000) } == 1)
    #expect(array.isEmpty)
  }

  @Test("a call allocates as often for 2000 steps as for 20, in every split", arguments: Backend.available)
  func calls(backend: Backend) throws {
    let rnn = RNN<Float>(inputSize: 5, hiddenSize: 40, layerCount: 3)
    let short = Tensor<Float>.zeros([20, 4, 5])
    let long = Tensor<Float>.zeros([2000, 4, 5])
    for split in [ForwardPlan.Split.rows, .columns, .layers] {
      for threadCount in [1, 2] where threadCount == 1 || backend == .swift {
        var execution = Execution(backend: backend, threadCount: threadCount)
        execution.plan = ForwardPlan(stepsPerChunk: 8, split: split, threadCount: threadCount)
        _ = try rnn.run(short, from: nil, execution: execution)
        let few = try counts { _ = try rnn.run(short, from: nil, execution: execution) }
        let many = try counts { _ = try rnn.run(long, from: nil, execution: execution) }
        if threadCount == 1 { #expect(few.min() == many.min(), "\(split)") }
        // An allocation in each chunk would be 248 instead of 3.
        #expect(!few.isDisjoint(with: many), "\(split) on \(threadCount) threads: \(few), \(many)")
        #expect(few.union(many).allSatisfy { $0 > 0 && $0 < 40 })
      }
    }
  }

  @Test("a step of a stream allocates nothing", arguments: Backend.available)
  func stream(backend: Backend) throws {
    func check<Layer: RecurrentLayer<Double>>(_ layer: Layer) throws {
      var layer = layer
      layer.backend = backend
      // A single row is computed by a kernel of its own.
      for rows in [1, 4] {
        var stream = try layer.stream(batchSize: rows)
        let frame = [Double](repeating: 0.5, count: rows * 5)
        var output = [Double](repeating: 0, count: rows * 40)
        func step() throws {
          var target = output.mutableSpan
          try stream.step(frame.span, into: &target)
        }
        try step()
        #expect(try allocations { for _ in 0..<100 { try step() } } == 0, "\(Layer.self), \(rows) rows")
        #expect(output.contains { $0 != 0 })
        // Blocks, after the first of them.
        let block = [Double](repeating: 0.5, count: 33 * rows * 5)
        var outputs = [Double](repeating: 0, count: 33 * rows * 40)
        func stepBlock() throws {
          var target = outputs.mutableSpan
          try stream.step(block.span, into: &target)
        }
        try stepBlock()
        // OpenBLAS takes memory of its own for products that it shares out to its threads.
        guard backend == .swift else { continue }
        #expect(
          try allocations { for _ in 0..<20 { try stepBlock() } } == 0, "\(Layer.self), blocks of \(rows)")
      }
    }
    try check(RNN(inputSize: 5, hiddenSize: 40, layerCount: 3))
    try check(LSTM(inputSize: 5, hiddenSize: 40, layerCount: 3))
    try check(GRU(inputSize: 5, hiddenSize: 40, layerCount: 3))
  }

  @Test("a tick of a pool allocates nothing, however many sessions it has", arguments: Backend.available)
  func pool(backend: Backend) throws {
    func check<Layer: RecurrentLayer<Double>>(_ layer: Layer) throws {
      var layer = layer
      (layer.backend, layer.threadCount) = (backend, 1)
      let pool = try layer.streamPool()
      // OpenBLAS takes memory of its own for products that it gives to its threads.
      let count = backend == .swift ? 200 : 4
      var sessions = try (0..<count).map { _ in try pool.join() }
      let frames = [Double](repeating: 0.5, count: count * 5)
      var outputs = [Double](repeating: 0, count: count * 40)
      func tick() throws {
        var target = outputs.mutableSpan
        try pool.step(sessions.span, frames.span, into: &target)
      }
      try tick()
      #expect(try allocations { for _ in 0..<20 { try tick() } } == 0, "\(Layer.self)")
      #expect(outputs.contains { $0 != 0 })
      // One session in the place of another.
      try pool.leave(sessions[0])
      sessions[0] = try pool.join()
      #expect(try allocations { try tick() } == 0, "\(Layer.self)")
    }
    try check(RNN(inputSize: 5, hiddenSize: 40, layerCount: 3))
    try check(LSTM(inputSize: 5, hiddenSize: 40, layerCount: 3))
    try check(GRU(inputSize: 5, hiddenSize: 40, layerCount: 3))
  }

  @Test("a tick of a pool on two threads allocates as often for 2000 sessions as for 100")
  func poolOnThreads() throws {
    let layer = LSTM<Float>(inputSize: 5, hiddenSize: 40)
    var execution = Execution(backend: .swift, threadCount: 2)
    execution.forcesThreads = true
    let pool = try layer.streamPool(execution: execution)
    let all = try (0..<2000).map { _ in try pool.join() }
    func tick(_ count: Int) throws -> Set<Int> {
      let sessions = Array(all.prefix(count))
      let frames = [Float](repeating: 0.5, count: count * 5)
      var outputs = [Float](repeating: 0, count: count * 40)
      return try counts {
        var target = outputs.mutableSpan
        try pool.step(sessions.span, frames.span, into: &target)
      }
    }
    _ = try tick(100)
    let (few, many) = (try tick(100), try tick(2000))
    #expect(!few.isDisjoint(with: many), "\(few), \(many)")
    #expect(few.union(many).allSatisfy { $0 < 20 }, "\(few), \(many)")
  }

  @Test(
    "a step of a cell in place allocates nothing while its state is its own", arguments: Backend.available)
  func cells(backend: Backend) throws {
    let x = Tensor<Float>(repeating: 0.5, shape: [2, 5])
    func check(_ name: String, _ step: () throws -> Void) throws {
      try step()
      #expect(try allocations { for _ in 0..<100 { try step() } } == 0, "\(name)")
    }
    var rnn = RNNCell<Float>(inputSize: 5, hiddenSize: 11)
    rnn.backend = backend
    var state = Tensor<Float>.zeros([2, 11])
    try check("RNN") { try rnn.step(x, updating: &state) }
    #expect(state.scalars.contains { $0 != 0 })
    var gru = GRUCell<Float>(inputSize: 5, hiddenSize: 11)
    gru.backend = backend
    try check("GRU") { try gru.step(x, updating: &state) }
    var lstm = LSTMCell<Float>(inputSize: 5, hiddenSize: 11)
    lstm.backend = backend
    var both = LSTMState<Float>(hidden: .zeros([2, 11]), cell: .zeros([2, 11]))
    try check("LSTM") { try lstm.step(x, updating: &both) }
    let copy = state
    #expect(try allocations { try rnn.step(x, updating: &state) } > 0)
    #expect(copy != state)
  }

  @Test("a small call of a cell allocates its result and nothing else", arguments: Backend.available)
  func cellCalls(backend: Backend) throws {
    let x = Tensor<Float>(repeating: 0.5, shape: [2, 5])
    var state = Tensor<Float>.zeros([2, 11])
    var rnn = RNNCell<Float>(inputSize: 5, hiddenSize: 11)
    rnn.backend = backend
    state = try rnn(x, state)
    #expect(try allocations { for _ in 0..<100 { state = try rnn(x, state) } } == 100)
    var gru = GRUCell<Float>(inputSize: 5, hiddenSize: 11)
    gru.backend = backend
    state = try gru(x, state)
    #expect(try allocations { for _ in 0..<100 { state = try gru(x, state) } } == 100)
    var lstm = LSTMCell<Float>(inputSize: 5, hiddenSize: 11)
    lstm.backend = backend
    var both = try lstm(x)
    #expect(try allocations { for _ in 0..<100 { both = try lstm(x, both) } } == 200)
  }

  // OpenBLAS takes memory of its own where it has threads.
  @Test("a step of training allocates its results and nothing else that is large")
  func training() throws {
    let (steps, rows, size) = (60, 16, 160)
    let rnn = RNN<Float>(inputSize: size, hiddenSize: size, layerCount: 3, dropout: 0.1)
    var generator = SeededGenerator(seed: 1)
    let x = Tensor<Float>.normal([steps, rows, size], using: &generator)
    let gradient = Tensor<Float>.normal([steps, rows, size], using: &generator)
    var layer = rnn
    layer.backend = .swift
    layer.threadCount = 1
    func step() throws -> Int {
      // As an optimizer does: the weights are packed anew in each step.
      layer.parameters[0].weightIH[0, 0] += 1
      let before = large_allocations_of_this_thread()
      let pullback = try layer.valueWithPullback(at: x, using: &generator).pullback
      let gradients = try pullback(gradient)
      let count = large_allocations_of_this_thread() - before
      #expect(gradients.parameters.count == 3)
      return count
    }
    for _ in 0..<2 { _ = try step() }
    // The output, the gradient of the input, and those of two matrices in each layer.
    let results = 1 + 1 + 3 * 2
    // Other tests of the process take such buffers too, at times just those that wait for this one.
    let counts = try (0..<20).map { _ in try step() }
    #expect(counts.min() == results, "\(counts)")
  }
}

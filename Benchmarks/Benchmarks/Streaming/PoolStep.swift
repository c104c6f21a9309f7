import BenchmarkSupport
import Recurrent

/// A time step of all sessions of a pool.
struct PoolStep: Step {
  private let pool: LSTMStreamPool<Float>
  /// In another order than they have joined.
  private let sessions: [RecurrentSession]
  private let frames: [Float]
  private var output: [Float]

  /// Makes a pool, after its time steps were checked.
  init(
    _ inputSize: Int, _ hiddenSize: Int, _ contender: Contender, sessions count: Int, threads: Int
  ) throws {
    let (lstm, x) = try layer(inputSize, hiddenSize, contender, rows: count, threads: threads)
    pool = try lstm.streamPool()
    var sessions: [RecurrentSession] = []
    for _ in 0..<count { sessions.append(try pool.join()) }
    var generator = SeededGenerator(seed: 22)
    sessions.shuffle(using: &generator)
    var outputs: [Tensor<Float>] = []
    for frame in x { outputs.append(try pool.step(sessions, frame)) }
    try check(.stack(outputs), lstm(x).output, terms: inputSize + hiddenSize)
    self.sessions = sessions
    frames = x[0].scalars
    output = [Float](repeating: 0, count: count * hiddenSize)
  }

  mutating func perform() throws {
    try Self.perform(pool, sessions, frames, &output)
  }

  private static func perform(
    _ pool: LSTMStreamPool<Float>, _ sessions: [RecurrentSession], _ frames: [Float], _ output: inout [Float]
  ) throws {
    var target = output.mutableSpan
    try pool.step(sessions.span, frames.span, into: &target)
  }
}

/// A stream of 64 rows, which begin and end together, checked.
func denseStep(
  _ inputSize: Int, _ hiddenSize: Int, _ contender: Contender
) throws -> StreamStep<LSTMState<Float>> {
  let (lstm, x) = try layer(inputSize, hiddenSize, contender, rows: 64, threads: 1)
  var stream = try lstm.stream(batchSize: 64)
  var outputs: [Tensor<Float>] = []
  for frame in x { outputs.append(try stream.step(frame)) }
  try check(.stack(outputs), lstm(x).output, terms: inputSize + hiddenSize)
  return StreamStep(try lstm.stream(batchSize: 64), x)
}

/// A layer, and an input of some rows a step.
private func layer(
  _ inputSize: Int, _ hiddenSize: Int, _ contender: Contender, rows: Int, threads: Int
) throws -> (lstm: LSTM<Float>, x: Tensor<Float>) {
  var generator = SeededGenerator(seed: 20)
  var lstm = LSTM<Float>(inputSize: inputSize, hiddenSize: hiddenSize, using: &generator)
  (lstm.backend, lstm.threadCount) = (contender.backend, threads)
  try contender.use(threads: 1)
  return (lstm, .normal([3, rows, inputSize], using: &generator))
}

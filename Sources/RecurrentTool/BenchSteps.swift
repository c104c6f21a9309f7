import Recurrent

/// The frames of a sequence, `[B, I]` each.
struct BenchFrames<Scalar: TensorScalar> {
  /// `[T, B, I]`.
  let scalars: [Scalar]
  let count: Int
  let rows: Int
  private let frameSize: Int

  init(_ input: Tensor<Scalar>) {
    scalars = input.scalars
    (count, rows) = (input.shape[0], input.shape[1])
    frameSize = rows * input.shape[2]
  }

  /// Where the scalars of a frame are.
  func range(of frame: Int) -> Range<Int> { (frame * frameSize)..<((frame + 1) * frameSize) }
}

/// Time steps over the frames of a sequence, from its first one again after its last.
protocol BenchSteps: ~Copyable {
  associatedtype Scalar: TensorScalar

  var frames: BenchFrames<Scalar> { get }
  /// Those of the last step, `[B, P]`.
  var output: [Scalar] { get }

  /// Computes the time step of a frame.
  mutating func step(frame: Int) throws(RecurrentError)
}

extension BenchSteps where Self: ~Copyable {
  /// The outputs of all frames, `[T, B, P]`.
  mutating func outputs() throws(RecurrentError) -> Tensor<Scalar> {
    var outputs: [Tensor<Scalar>] = []
    for frame in 0..<frames.count {
      try step(frame: frame)
      outputs.append(try Tensor(output, shape: [frames.rows, output.count / frames.rows]))
    }
    return try .stack(outputs)
  }

  /// Times single steps for so many seconds, after one that finds another's data in the caches.
  mutating func times(seconds: Double) throws(RecurrentError) -> StepTimes {
    var times = StepTimes()
    let clock = ContinuousClock()
    let end = clock.now + .seconds(seconds)
    try step(frame: 0)
    let count = frames.count
    var frame = 0
    var now = clock.now
    repeat {
      frame = (frame + 1) % count
      let start = clock.now
      try step(frame: frame)
      now = clock.now
      times.add(now - start)
    } while now < end
    return times
  }
}

/// Steps of a stream.
struct StreamSteps<State: RecurrentState>: BenchSteps, ~Copyable {
  private var stream: RecurrentStream<State>
  let frames: BenchFrames<State.Scalar>
  private(set) var output: [State.Scalar]

  /// Steps a stream whose batch size is B.
  init(_ stream: consuming RecurrentStream<State>, over input: Tensor<State.Scalar>) {
    frames = BenchFrames(input)
    output = [State.Scalar](repeating: 0, count: frames.rows * stream.outputSize)
    self.stream = stream
  }

  mutating func step(frame: Int) throws(RecurrentError) {
    try Self.step(&stream, frames, frame, into: &output)
  }

  /// Apart, so that no part of the steps is held while another one is changed.
  private static func step(
    _ stream: inout RecurrentStream<State>, _ frames: BenchFrames<State.Scalar>, _ frame: Int,
    into output: inout [State.Scalar]
  ) throws(RecurrentError) {
    var target = output.mutableSpan
    try stream.step(frames.scalars.span.extracting(frames.range(of: frame)), into: &target)
  }
}

/// Steps of all sessions of a pool.
struct PoolSteps<State: RecurrentState>: BenchSteps {
  private let pool: RecurrentStreamPool<State>
  /// In another order than they have joined.
  private let sessions: [RecurrentSession]
  let frames: BenchFrames<State.Scalar>
  private(set) var output: [State.Scalar]

  /// Lets B sessions join a pool.
  init(_ pool: RecurrentStreamPool<State>, over input: Tensor<State.Scalar>) throws(RecurrentError) {
    frames = BenchFrames(input)
    output = [State.Scalar](repeating: 0, count: frames.rows * pool.outputSize)
    var sessions: [RecurrentSession] = []
    for _ in 0..<frames.rows { sessions.append(try pool.join()) }
    var generator = SeededGenerator(seed: 21)
    sessions.shuffle(using: &generator)
    self.sessions = sessions
    self.pool = pool
  }

  mutating func step(frame: Int) throws(RecurrentError) {
    try Self.step(pool, sessions, frames, frame, into: &output)
  }

  private static func step(
    _ pool: RecurrentStreamPool<State>, _ sessions: [RecurrentSession],
    _ frames: BenchFrames<State.Scalar>, _ frame: Int, into output: inout [State.Scalar]
  ) throws(RecurrentError) {
    var target = output.mutableSpan
    try pool.step(
      sessions.span, frames.scalars.span.extracting(frames.range(of: frame)), into: &target)
  }
}

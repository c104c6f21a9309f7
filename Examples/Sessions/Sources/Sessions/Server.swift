import Recurrent

/// Serves one model to many clients: frames that arrive within a tick are computed together.
actor Server {
  /// More frames wait than the server takes.
  struct Busy: Error {}

  /// A frame of another size, or of a session that is closed.
  struct Refused: Error {}

  /// A frame that waits for the next tick, and who waits for its score.
  private struct Request {
    let session: RecurrentSession
    let frame: Tensor<Float>
    let reply: CheckedContinuation<Float, any Error>
  }

  private let pool: GRUStreamPool<Float>
  private let head: Linear<Float>
  private let mostWaiting: Int
  private var waiting: [Request] = []
  /// The ticks that had frames, and the frames of all of them.
  private(set) var (ticks, frames) = (0, 0)
  /// The most sessions at once.
  private(set) var mostSessions = 0

  init(_ model: Model, mostWaiting: Int) throws {
    pool = try model.gru.streamPool()
    head = model.head
    self.mostWaiting = mostWaiting
  }

  /// Opens a session, from zeros or from the state in which another one was closed.
  func open(from state: Tensor<Float>? = nil) throws -> RecurrentSession {
    let session = try pool.join(from: state)
    mostSessions = max(mostSessions, pool.count)
    return session
  }

  /// Closes a session, whose frames that wait are lost.
  ///
  /// - Returns: Its state, to go on from later.
  func close(_ session: RecurrentSession) throws -> Tensor<Float> {
    for request in waiting where request.session == session {
      request.reply.resume(throwing: CancellationError())
    }
    waiting.removeAll { $0.session == session }
    let state = try pool.state(of: session)
    try pool.leave(session)
    return state
  }

  /// The score of a session's next frame, which the next tick computes.
  func score(_ frame: Tensor<Float>, of session: RecurrentSession) async throws -> Float {
    // One that the pool would refuse would keep the whole tick from being computed.
    guard frame.shape == [pool.inputSize], pool.contains(session) else { throw Refused() }
    // The pool has no queue, so this one has an end.
    guard waiting.count < mostWaiting else { throw Busy() }
    return try await withCheckedThrowingContinuation {
      waiting.append(Request(session: session, frame: frame, reply: $0))
    }
  }

  /// Computes one frame of each session that has one.
  private func tick() {
    var stepped: Set<RecurrentSession> = []
    let batch = waiting.filter { stepped.insert($0.session).inserted }
    guard !batch.isEmpty else { return }
    // Second frames of a session wait for the next tick.
    stepped.removeAll()
    waiting.removeAll { stepped.insert($0.session).inserted }
    ticks += 1
    frames += batch.count
    do {
      let states = try pool.step(batch.map(\.session), .stack(batch.map(\.frame)))
      let scores = try head(states).scalars
      for (request, score) in zip(batch, scores) { request.reply.resume(returning: score) }
    } catch {
      for request in batch { request.reply.resume(throwing: error) }
    }
  }

  /// Ticks once in a while, until the task is cancelled.
  func run(every interval: Duration) async {
    while !Task.isCancelled {
      tick()
      try? await Task.sleep(for: interval)
    }
  }
}

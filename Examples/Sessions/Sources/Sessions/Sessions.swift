import Recurrent

/// Many clients, which come and go, have their frames scored by one server.
///
///     swift run -c release Sessions [clients]
@main
struct Sessions {
  static let features = 40

  /// What a client has found.
  struct Report {
    var frames = 0
    var refusals = 0
    /// Whether every score had the bits that a stream of the client's own gives.
    var isExact = true

    mutating func add(_ other: Report) {
      frames += other.frames
      refusals += other.refusals
      isExact = isExact && other.isExact
    }
  }

  static func main() async throws {
    let clients = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1000
    var generator = SeededGenerator(seed: 1)
    let model = Model(features: features, hiddenSize: 64, using: &generator)
    let server = try Server(model, mostWaiting: 800)

    let ticking = Task { await server.run(every: .milliseconds(1)) }
    let start = ContinuousClock.now
    let total = try await withThrowingTaskGroup(of: Report.self) { group in
      for client in 0..<clients {
        group.addTask { try await serve(UInt64(client), model, server) }
      }
      var total = Report()
      for try await report in group { total.add(report) }
      return total
    }
    let elapsed = ContinuousClock.now - start
    ticking.cancel()

    print("clients   \(clients), at most \(await server.mostSessions) at once")
    print("frames    \(total.frames) in \(await server.ticks) ticks, \(total.refusals) refused at first")
    print("scores    \(total.isExact ? "those of streams of their own, bit for bit" : "wrong")")
    print("time      \(elapsed)")
  }

  /// One client: some frames, a pause in which its state is all that there is of it, and some more.
  static func serve(_ client: UInt64, _ model: Model, _ server: Server) async throws -> Report {
    var generator = SeededGenerator(seed: client)
    var report = Report()
    var stream = try model.gru.stream()
    var state: Tensor<Float>?
    // Clients do not come all at once.
    try await Task.sleep(for: .milliseconds(Int.random(in: 0..<100, using: &generator)))
    for _ in 0..<2 {
      let session = try await server.open(from: state)
      for _ in 0..<Int.random(in: 10..<40, using: &generator) {
        let frame = Tensor<Float>.normal([features], using: &generator)
        let score = try await patiently(&report) { try await server.score(frame, of: session) }
        let alone = try model.head(stream.step(frame.reshaped(to: [1, features])))
        report.frames += 1
        report.isExact = report.isExact && score.bitPattern == alone.scalars[0].bitPattern
      }
      state = try await server.close(session)
      try await Task.sleep(for: .milliseconds(5))
    }
    return report
  }

  /// Asks again while the server is busy.
  static func patiently(_ report: inout Report, _ ask: () async throws -> Float) async throws -> Float {
    while true {
      do {
        return try await ask()
      } catch is Server.Busy {
        report.refusals += 1
        try await Task.sleep(for: .milliseconds(1))
      }
    }
  }
}
